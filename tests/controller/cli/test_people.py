"""Users and tokens at the command line."""

import stat
from pathlib import Path

from tests.controller.cli.terminal import Terminal


async def test_a_person_is_let_in_with_a_token_and_shut_out(admin: Terminal, tmp_path: Path) -> None:
    assert (await admin.run("user", "create", "eve.miller", "--role", "viewer", "--json")).json["role"] == "viewer"
    assert (await admin.run("user", "create", "eve.miller", "--role", "viewer")).code == 4
    assert (await admin.run("user", "create", "x", "--role", "king")).code == 2
    made = await admin.run("token", "create", "eve.miller", "--label", "laptop", "--output", "mine")
    assert made.code == 0, made.err
    secret = (tmp_path / "mine").read_text().strip()
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o600
    assert secret not in made.out
    eve = Terminal(tmp_path, {"TATARA_TOKEN_FILE": "mine"})
    assert (await eve.run("campaign", "list")).code == 0
    assert (await eve.run("user", "list")).code == 5
    assert [row["label"] for row in (await eve.run("token", "list", "--json")).json] == ["laptop"]
    assert (await admin.run("user", "disable", "eve.miller")).out == "User eve.miller is disabled.\n"
    assert "eve.miller" in (await admin.run("user", "list")).out
    assert (await eve.run("campaign", "list")).code == 5
    assert (await admin.run("user", "disable", "ada")).code == 4  # oneself


async def test_a_token_is_shown_once_and_revoked_by_its_id(admin: Terminal, tmp_path: Path) -> None:
    made = (await admin.run("token", "create", "otto", "--label", "script", "--json")).json
    (tmp_path / "given").write_text(made["token"])
    otto = Terminal(tmp_path, {"TATARA_TOKEN_FILE": "given"})
    assert (await otto.run("proposals")).code == 0
    listed = await admin.run("token", "list", "--user", "otto")
    assert made["sha256"][:12] in listed.out
    assert made["token"] not in listed.out
    assert (await admin.run("token", "revoke", made["sha256"][:12], "--why", "lost")).code == 0
    assert (await otto.run("proposals")).code == 5
    shown = await admin.run("token", "create", "otto", "--label", "script")
    assert "not shown again" in shown.out


async def test_a_token_file_is_never_written_over_and_none_is_left_empty(admin: Terminal, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("something else")
    there = await admin.run("token", "create", "otto", "--label", "x", "--output", "mine")
    assert (there.code, there.err) == (1, "tatara: mine: File exists\n")
    assert (tmp_path / "mine").read_text() == "something else"
    assert (await admin.run("token", "list", "--user", "otto", "--json")).json[1:] == []
    assert (await admin.run("token", "create", "nobody", "--label", "x", "--output", "new")).code == 1
    assert not (tmp_path / "new").exists()
