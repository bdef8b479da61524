"""Without the extras every command starts, and those that need one say which."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from controller.cli import main
from controller.cli.extras import BROKER, DAEMON, DEMOS, advice

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def canonical(requirement: str) -> str:
    return re.split(r"[\[><=~! ]", requirement)[0].lower().replace("_", "-")


def test_every_package_of_an_extra_is_known() -> None:
    modules: dict[str, set[str]] = {}
    for module, names in packages_distributions().items():
        for name in names:
            modules.setdefault(canonical(name), set()).add(module)
    extras = PROJECT["optional-dependencies"]
    assert [name for name in map(canonical, extras["daemon"]) if not modules[name] & (DAEMON | BROKER)] == []
    assert [name for name in map(canonical, extras["broker"]) if not modules[name] & BROKER] == []
    assert [name for name in map(canonical, extras["demos"]) if not modules[name] & DEMOS] == []
    assert [name for name in map(canonical, PROJECT["dependencies"]) if modules[name] & DAEMON] == []


def test_the_entry_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing() -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch.nn")

    monkeypatch.setattr("controller.cli.app.app", missing)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert 'pip install "FOLDER[daemon]"' in capsys.readouterr().err


def test_a_fault_of_our_own_is_no_missing_extra() -> None:
    assert advice(ModuleNotFoundError("no", name="controller.nothing")) is None
    assert advice(ModuleNotFoundError("no", name="amqtt.broker")) is not None
