"""The command line answers at once: it imports nothing heavy before a command runs."""

import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "sqlmodel", "sqlalchemy", "fastapi", "pydantic", "httpx", "numpy", "uvicorn", "aiomqtt", "asyncio")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from controller.cli import main\n"
        "sys.argv = ['tatara', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    for word in ("serve", "demo", "campaign", "proposals", "estop", "replay", "audit", "Exit codes"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve"],
        ["demo"],
        ["demo", "reactor"],
        ["demo", "freesolv"],
        ["emulate"],
        ["instrument", "test"],
        *(
            ["campaign", each]
            for each in ("check", "submit", "list", "show", "pause", "resume", "stop", "abort", "amend")
        ),
        *(
            [each]
            for each in ("proposals", "approve", "reject", "doubts", "resolve", "quarantine", "orphans", "instruments")
        ),
        *(["instrument", each] for each in ("list", "add", "arm", "disarm", "accept", "remove", "pause", "resume")),
        *(["alerts", *each] for each in ([], ["test"])),
        ["broker", "config"],
        ["doctor"],
        ["backup"],
        ["restore"],
        ["db", "upgrade"],
        *(["user", each] for each in ("create", "list", "disable", "enable")),
        *(["token", each] for each in ("create", "list", "revoke")),
        *([each] for each in ("estop", "estops", "reset", "events", "replay", "audit")),
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(arguments: list[str]) -> None:
    from typer.testing import CliRunner

    from controller.cli.app import app

    done = CliRunner().invoke(app, [*arguments, "--help"])
    assert done.exit_code == 0
    assert "Usage: " in done.output


def _completing(instruction: str, words: str = "") -> str:
    """What the entry prints for a shell's completion."""
    code = "import sys; from controller.cli import main; sys.argv = ['tatara']; main()"
    environment = {**os.environ, "_TATARA_COMPLETE": instruction, "COMP_WORDS": words, "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_told_how_to_complete(shell: str) -> None:
    assert "_TATARA_COMPLETE=complete_" in _completing(f"source_{shell}")


def test_commands_are_completed() -> None:
    assert _completing("complete_bash", "tatara camp").split() == ["campaign"]


def test_wrong_usage_is_exit_code_2() -> None:
    from typer.testing import CliRunner

    from controller.cli.app import app

    for arguments in (["campaign", "pause", "x"], ["resolve", "x", "shrug", "--why", "y"], ["nothing"]):
        assert CliRunner().invoke(app, arguments).exit_code == 2
