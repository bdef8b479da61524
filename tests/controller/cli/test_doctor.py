"""`tatara doctor` on set-ups that are wrong in one thing; a whole one that is right is in `tests/deploy`."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.broker import Login, daemon_rules, hash_password
from adapters.broker.access import Rule
from adapters.broker.process import free_port
from adapters.broker.testing import MOSQUITTO, MosquittoBroker
from controller.access.site import load_site
from controller.report.doctor import Finding, database, examine, machine, service
from tests.controller.cli.terminal import Terminal

needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
RULES = daemon_rules("lab")


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    """A data folder as a daemon leaves it."""
    made = tmp_path / "data"
    made.mkdir()
    shutil.copy(template, made / "tatara.db")
    (made / "admin-token").write_text("x" * 43)
    (made / "admin-token").chmod(0o600)
    return made


async def found(data: Path, site: Path | None = None) -> dict[str, Finding]:
    return {each.looked_at: each for each in await examine(load_site(site), data)}


def wrong(findings: dict[str, Finding]) -> set[str]:
    return {name for name, each in findings.items() if not each.ok}


async def test_without_a_daemon_only_that_is_wrong_and_is_said(data: Path, tmp_path: Path) -> None:
    assert wrong(await found(data)) == {"daemon"}
    done = await Terminal(tmp_path, {}).run("doctor", "--data", "data")
    assert done.code == 1
    assert "-> start it: systemctl start tatara" in done.out
    assert done.out.endswith("\n1 to mend.\n")
    told = (await Terminal(tmp_path, {}).run("doctor", "--data", "data", "--json")).json
    assert [each["looked_at"] for each in told if not each["ok"]] == ["daemon"]


async def test_a_daemon_that_runs_is_asked(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {})
    daemon = await terminal.start("serve")
    try:
        async with asyncio.timeout(60):
            while (done := await terminal.run("doctor", "--json")).code:
                assert daemon.returncode is None
        rights = {each["looked_at"]: each["found"] for each in done.json if each["looked_at"].startswith("right")}
        assert rights["right tatara/v1/lab/daemon/command"] == "what the daemon writes arrives"
        assert rights["right tatara/v1/lab/daemon/state"] == "the daemon cannot write there"
        assert len(rights) == 9
    finally:
        daemon.terminate()
        await daemon.communicate()


async def test_an_empty_folder(tmp_path: Path) -> None:
    findings = await found(tmp_path)
    assert wrong(findings) == {"database", "daemon", "secret admin-token"}
    assert list(tmp_path.iterdir()) == [], "it changes nothing"


async def test_secrets_that_others_may_read_and_limits_that_nobody_can(data: Path) -> None:
    (data / "admin-token").chmod(0o640)
    (data / "limits.yaml").write_text("parameters: 7\n")
    findings = await found(data)
    assert {"secret admin-token", "limits"} <= wrong(findings)
    assert "mode 640" in findings["secret admin-token"].found
    assert str(data / "limits.yaml") in findings["limits"].found


def test_a_disk_that_is_almost_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type(shutil.disk_usage(tmp_path))
    for free, mend in ((50, None), (9, "soon"), (4, "make room: ")):
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda _, free=free: usage(100, 100 - free, free))
        said = machine.disk(tmp_path).mend
        assert said is mend is None or mend in (said or "")


def test_packages_that_are_missing_or_of_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.packages().ok
    lines = ["aiomqtt<1", 'no-such-package>=1; extra == "daemon"', 'ruff<0.1; extra == "dev"']
    monkeypatch.setattr(machine.importlib.metadata, "requires", lambda _: lines)
    said = machine.packages().found
    assert "no-such-package is missing" in said
    assert "is not <1" in said
    assert "ruff" not in said


async def test_a_database_of_another_version(data: Path) -> None:
    from tests.controller.store.ledger import spoil

    spoil(data / "tatara.db", "UPDATE alembic_version SET version_num = '9999'")
    findings = await found(data)
    assert (findings["schema"].found, findings["schema"].ok) == ("version 9999 of a newer Tatara", False)


def test_a_port_that_is_taken(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert not service.port("127.0.0.1", taken.getsockname()[1]).ok
    assert service.port("127.0.0.1", free_port()).ok


@pytest.mark.parametrize(("ahead", "ok"), [(0.5, True), (-0.5, True), (30.0, False), (-30.0, False)])
def test_a_clock_that_is_wrong(ahead: float, ok: bool) -> None:
    assert database.compared("clock", ahead).ok is ok


@needs_mosquitto
@pytest.mark.parametrize(
    ("rules", "not_as_wanted"),
    [
        (RULES, set()),
        ([rule for rule in RULES if rule[1].endswith("#")], {"request", "receipt", "command", "daemon-trial/state"}),
        ([rule for rule in RULES if not rule[1].endswith("command")], {"command"}),
        ([*RULES, ("write", "tatara/v1/lab/+/attempt/+/result")], {"result"}),
    ],
)
async def test_rights_by_a_round_trip(
    data: Path, tmp_path: Path, rules: list[Rule], not_as_wanted: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.instruments.rights.PATIENCE_S", 0.5)
    async with _broker(tmp_path, rules) as site:
        findings = await found(data, site)
    wrong_rights = {each for each in wrong(findings) if each.startswith("right")}
    assert {each.split("/", 3)[3].split("/")[-1] for each in wrong_rights} == {
        each.split("/")[-1] for each in not_as_wanted
    }
    assert findings["broker, anonymous"].found.startswith("is refused")


@needs_mosquitto
async def test_a_broker_that_does_not_know_the_daemon(data: Path, tmp_path: Path) -> None:
    async with _broker(tmp_path, RULES) as site:
        (tmp_path / "password").write_text("another")
        findings = await found(data, site)
    assert "does not let the daemon in" in findings["rights"].found


async def test_a_broker_that_is_not_there_and_an_authority_that_is_none(data: Path, tmp_path: Path) -> None:
    site = _site(tmp_path, free_port())
    assert "broker" in wrong(await found(data, site))
    (tmp_path / "ca.crt").write_text("none")
    site.write_text(site.read_text() + f"  ca_file: {tmp_path / 'ca.crt'}\n")
    assert "broker TLS" in wrong(await found(data, site))


def _site(folder: Path, port: int) -> Path:
    (folder / "password").write_text("secret")
    (folder / "password").chmod(0o600)
    site = folder / "site.yaml"
    site.write_text(f"broker:\n  host: localhost\n  port: {port}\n  password_file: {folder / 'password'}\n")
    return site


@asynccontextmanager
async def _broker(folder: Path, rules: list[Rule]) -> AsyncIterator[Path]:
    login = Login(hash_password("secret", 101), tuple(rules))
    async with MosquittoBroker(folder / "broker", {"daemon": login}) as running:
        yield _site(folder, running.port)
