"""The command line against the real API, as processes of their own."""

import asyncio
import json
from pathlib import Path

from controller.store import Unit
from controller.store.change import change_proposal
from controller.store.tables import Proposal
from tests.controller.cli.terminal import Terminal
from tests.controller.world import REACTOR, World

CAMPAIGNS = Path(__file__).parents[3] / "deploy" / "campaigns"


async def test_a_campaign_is_checked_submitted_shown_and_steered(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(REACTOR.replace("campaign: reactor", "campaign: mine"))
    checked = await terminal.run("campaign", "check", "mine.yaml")
    assert (checked.code, "The file can be used." in checked.out) == (0, True)
    assert (await terminal.run("campaign", "submit", "mine.yaml", "--json")).json["state"] == "running"
    again = await terminal.run("campaign", "submit", "mine.yaml")
    assert (again.code, again.out) == (4, "")
    assert again.err == "tatara: there is a campaign 'mine' already (running); choose another name\n"
    unchanged = await terminal.run("campaign", "amend", "mine", "mine.yaml")
    assert (unchanged.code, unchanged.err) == (4, "tatara: nothing is changed: version 1 of mine says the same\n")
    file.write_text(file.read_text().replace("seed: 1", "seed: 2"))
    assert (await terminal.run("campaign", "amend", "mine", "mine.yaml", "--json")).json["version"] == 2
    assert "is paused" in (await terminal.run("campaign", "pause", "mine", "--why", "lunch")).out
    assert (await terminal.run("campaign", "pause", "mine", "--why", "lunch")).code == 4
    assert "is running" in (await terminal.run("campaign", "resume", "mine", "--why", "back")).out
    shown = await terminal.run("campaign", "show", "reactor")
    assert "awaiting-approval=1" in shown.out
    assert "residence_time=1 min" in shown.out
    listed = await terminal.run("campaign", "list")
    assert "mine" in listed.out
    assert "of 40" in listed.out
    assert (await terminal.run("campaign", "show", "nobody")).code == 1


async def test_faults_in_a_file_are_told_with_their_lines(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(REACTOR.replace("low: 0.5", "low: 50"))
    done = await terminal.run("campaign", "check", "bad.yaml")
    assert (done.code, done.out) == (1, "")
    assert "line 10: space.parameters.residence_time" in done.err
    as_json = await terminal.run("campaign", "check", "bad.yaml", "--json")
    assert (as_json.code, as_json.json["error"], as_json.json["problems"][0]["line"]) == (1, "spec", 10)
    (tmp_path / "bad.yaml").write_bytes(b"\xff")
    assert "UTF-8" in (await terminal.run("campaign", "check", "bad.yaml")).err
    assert (
        await terminal.run("campaign", "check", "none.yaml")
    ).err == "tatara: none.yaml: No such file or directory\n"


async def test_only_files_beside_the_campaign_are_sent(terminal: Terminal, tmp_path: Path) -> None:
    text = (CAMPAIGNS / "solvents.yaml").read_text()
    (tmp_path / "solvents.yaml").write_text(text)
    missing = await terminal.run("campaign", "check", "solvents.yaml")
    assert "the file was not sent along" in missing.err
    (tmp_path / "solvents.csv").write_bytes((CAMPAIGNS / "solvents.csv").read_bytes())
    assert (await terminal.run("campaign", "check", "solvents.yaml")).code == 0
    (tmp_path / "solvents.csv").unlink()
    (tmp_path / "solvents.csv").symlink_to("/etc/passwd")
    assert "a link to somewhere else" in (await terminal.run("campaign", "check", "solvents.yaml")).err
    for name in ("../solvents.csv", "/etc/passwd", ".."):
        (tmp_path / "solvents.yaml").write_text(text.replace("solvents.csv", name))
        refused = await terminal.run("campaign", "check", "solvents.yaml")
        assert (refused.code, "only plain names" in refused.err) == (1, True)


async def test_proposals_are_shown_and_decided(terminal: Terminal, world: World) -> None:
    name = world.ids["proposal"]
    terminal.environment["COLUMNS"] = "60"
    assert name in (await terminal.run("proposals")).out  # whole, to be copied
    assert [each["id"] for each in (await terminal.run("proposals", "--json")).json] == [name]
    assert (await terminal.run("approve", name, "--digest", "0" * 64)).code == 4
    done = await terminal.run("approve", name, "--yes")
    assert world.ids["digest"] in done.out
    assert done.out.endswith(f"Proposal {name} is approved.\n")
    assert (await terminal.run("reject", name, "--why", "no", "--yes")).code == 4
    assert (await terminal.run("proposals")).out == "No such proposals.\n"


async def test_many_are_decided_at_once_and_one_refusal_stops_no_other(terminal: Terminal, world: World) -> None:
    inject = ("inject", "reactor", "residence_time=1", "equivalents=2", "concentration=0.2", "--why", "a row", "--json")
    for temperature in (50, 60, 70):
        assert (await terminal.run(*inject, f"temperature={temperature}")).code == 0
    assert (await terminal.run("approve")).code == 2
    assert (await terminal.run("approve", "--campaign", "reactor")).code == 2  # nobody to ask
    mine = [row["id"] for row in (await terminal.run("proposals", "--state", "proposed", "--json")).json]
    await world.store.write(lambda unit: _submit(unit, mine), name="test")
    decided = await terminal.run("approve", mine[0], mine[1], "--yes")
    assert decided.out.endswith(f"Proposal {mine[0]} is approved.\nProposal {mine[1]} is approved.\n"), decided.err
    refused = await terminal.run("reject", mine[0], mine[2], "--why", "no", "--json", "--yes")
    assert (refused.code, [row["id"] for row in refused.json["decided"]]) == (4, [mine[2]])
    assert mine[0] in refused.err
    rest = await terminal.run("approve", "--campaign", "reactor", "--json", "--yes")
    assert [row["id"] for row in rest.json] == [world.ids["proposal"]]


def _submit(unit: Unit, names: list[str]) -> None:
    for name in names:
        change_proposal(unit, unit.session.get_one(Proposal, name), "submit")


async def test_a_doubt_is_shown_and_resolved(terminal: Terminal, world: World) -> None:
    attempt = world.ids["attempt"]
    assert attempt in (await terminal.run("doubts")).out
    assert "x-1" in (await terminal.run("orphans")).out
    assert "not JSON" in (await terminal.run("quarantine")).out
    assert "\x1b" not in (await terminal.run("quarantine")).out
    values = ["--value", "space_time_yield=1000 g/m**3/h", "--value", "e_factor=5"]
    assert (await terminal.run("resolve", attempt, "value", "--why", "read", "--value", "e_factor=x")).code == 2
    assert (await terminal.run("resolve", attempt, "fail", "--why", "read", *values)).code == 1
    done = await terminal.run("resolve", attempt, "value", "--why", "read off the screen", *values, "--json")
    assert done.json["state"] == "succeeded"
    assert (await terminal.run("doubts", "--json")).json == []


async def test_estop_and_reset(terminal: Terminal, world: World) -> None:
    stopped = (await terminal.run("estop", "reactor-1", "--why", "smoke", "--json")).json
    assert world.broker.published == [(stopped["id"], "reactor-1", "smoke")]
    assert "stopped by an e-stop" in (await terminal.run("instruments")).out
    assert stopped["id"] in (await terminal.run("estops")).out
    assert (await terminal.run("reset", stopped["id"], "--why", "no fire")).code == 0
    world.broker.away = True
    failed = await terminal.run("estop")
    assert (failed.code, "NOT PUBLISHED" in failed.err) == (3, True)


async def test_events_are_listed_and_followed(terminal: Terminal, world: World) -> None:
    listed = (await terminal.run("events", "--limit", "3", "--json")).json
    assert [each["number"] for each in listed] == list(range(listed[0]["number"], listed[0]["number"] + 3))
    process = await terminal.start("events", "--follow", "--json", "--limit", "1")
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert json.loads(await process.stdout.readline())["number"] == listed[-1]["number"]
        await world.store.write(lambda unit: unit.record("test", campaign_id="none"), name="test")
        assert json.loads(await process.stdout.readline())["kind"] == "test"
        process.terminate()
        await process.wait()


async def test_who_is_not_signed_in_or_may_not_is_exit_code_5(terminal: Terminal, world: World, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(world.tokens["viewer"])
    assert (await terminal.run("campaign", "list", "--token-file", "mine")).code == 0
    refused = await terminal.run("campaign", "stop", "reactor", "--why", "x", "--token-file", "mine", "--json")
    assert (refused.code, refused.json["error"]) == (5, "forbidden")
    (tmp_path / "mine").write_text("wrong")
    assert (await terminal.run("campaign", "list", "--token-file", "mine")).code == 5
    assert (await terminal.run("campaign", "list", "--token-file", "none")).code == 5


async def test_a_daemon_that_is_not_there_is_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x")
    away = Terminal(tmp_path, {"TATARA_URL": "http://127.0.0.1:1", "TATARA_TOKEN_FILE": "token"})
    done = await away.run("instruments", "--json")
    assert (done.code, done.json["error"]) == (3, "unreachable")
    assert done.err.count("\n") == 1
    never = await Terminal(tmp_path, {}).run("instruments")
    assert (never.code, "tatara serve" in never.err) == (3, True)


async def test_audit_reads_the_database_beside_the_daemon(terminal: Terminal, tmp_path: Path) -> None:
    import sqlite3

    whole = await terminal.run("audit", "--database", "tatara.db")
    assert (whole.code, "Everything is as it was written." in whole.out) == (0, True)
    with sqlite3.connect(tmp_path / "tatara.db") as database:
        database.execute("UPDATE measurement SET value = 1")
    database.close()
    found = await terminal.run("audit", "--database", "tatara.db", "--json")
    assert (found.code, found.json["fault_count"], found.json["faults"][0]["kind"]) == (1, 1, "row-changed")
    (tmp_path / "junk.db").write_bytes(b"no database" * 1000)
    junk = await terminal.run("audit", "--database", "junk.db")
    assert (junk.code, "junk.db cannot be read" in junk.err) == (1, True)
    missing = await terminal.run("audit")
    assert (missing.code, missing.err) == (
        1,
        "tatara: no database at tatara-data/tatara.db; give --data or --database\n",
    )
    assert not (tmp_path / "tatara-data" / "tatara.db").exists()


async def test_audit_reads_a_database_that_no_daemon_holds_and_does_not_change_it(
    template: Path, tmp_path: Path
) -> None:
    content = template.read_bytes()
    (tmp_path / "alone.db").write_bytes(content)
    done = await Terminal(tmp_path, {}).run("audit", "--database", "alone.db", "--json")
    assert (done.code, done.json["ok"]) == (0, True)
    assert (tmp_path / "alone.db").read_bytes() == content


async def test_replay_reads_the_database_beside_the_daemon(terminal: Terminal) -> None:
    missing = await terminal.run("replay", "nobody", "--database", "tatara.db", "--json")
    assert (missing.code, missing.json["error"]) == (1, "not-found")
    done = await terminal.run("replay", "reactor", "--database", "tatara.db", "--json")
    assert (done.code, done.json) == (0, {"campaign": "reactor", "ok": True, "iterations": []})
