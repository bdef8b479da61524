"""Instruments at the command line: enrolled, armed, accepted, paused, removed."""

import stat
from pathlib import Path

from adapters.instruments.messages import encode
from controller.intake.quarantine import Said
from controller.intake.states import take_description
from tests.controller.cli.terminal import Terminal
from tests.controller.stand import DESCRIPTION
from tests.controller.world import World


async def test_one_is_enrolled_with_a_password_that_is_shown_once(admin: Terminal, tmp_path: Path) -> None:
    shown = await admin.run("instrument", "add", "oven-1", "--simulated")
    assert "(simulated) is enrolled" in shown.out
    assert "mosquitto" not in shown.out  # the embedded broker is told by the daemon
    kept = await admin.run("instrument", "add", "oven-2", "--password-file", "oven-2.password", "--json")
    assert (kept.json["password"], kept.json["file"]) == (None, "oven-2.password")
    assert stat.S_IMODE((tmp_path / "oven-2.password").stat().st_mode) == 0o600
    assert len((tmp_path / "oven-2.password").read_text().strip()) == 43
    assert (await admin.run("instrument", "add", "oven-1")).code == 4
    rows = (await admin.run("instrument", "list", "--json")).json
    assert rows == (await admin.run("instruments", "--json")).json
    assert {"oven-1", "oven-2"} <= {row["name"] for row in rows}


async def test_an_external_brokers_lines_are_shown(admin: Terminal, world: World) -> None:
    from dataclasses import replace

    world.app.state.services = replace(world.app.state.services, external_broker=True)
    shown = (await admin.run("instrument", "add", "oven")).out
    assert "\noven:$7$" in shown
    assert "\nuser oven\ntopic write tatara/v1/lab/oven/state\n" in shown
    assert "`tatara broker config`" in (await admin.run("instrument", "remove", "oven", "--why", "sold")).out


async def test_one_is_armed_for_a_while_and_disarmed(admin: Terminal, terminal: Terminal) -> None:
    await admin.run("instrument", "add", "oven")
    assert (await terminal.run("instrument", "arm", "oven", "--for", "ever")).code == 2
    assert (await terminal.run("instrument", "arm", "oven", "--for", "90d")).code == 1
    armed = (await terminal.run("instrument", "arm", "oven", "--for", "8h", "--json")).json
    assert (armed["armed_by"], armed["armed_until"] is None) == ("otto", False)
    assert (await terminal.run("instrument", "disarm", "oven")).out == "oven is disarmed.\n"
    assert (await terminal.run("instrument", "pause", "oven", "--why", "lunch")).code == 0
    assert (await terminal.run("instrument", "resume", "oven", "--why", "back", "--json")).json["wanted_number"] == 2


async def test_a_description_is_shown_and_accepted(admin: Terminal, world: World) -> None:
    assert (await admin.run("instrument", "accept", "reactor-1", "--yes")).code == 1  # none yet
    for mixed in (DESCRIPTION, DESCRIPTION.model_copy(update={"concurrency": 5, "model": "bigger"})):
        said = Said("x", encode(mixed), "reactor-1", None, "description")
        await world.store.write(lambda unit, said=said: take_description(unit, said), name="test")
    digest = next(
        row["description_digest"] for row in (await admin.run("instruments", "--json")).json if row["description"]
    )
    assert (await admin.run("instrument", "accept", "reactor-1")).code == 2  # nobody can be asked
    assert (await admin.run("instrument", "accept", "reactor-1", "--digest", "0" * 64)).code == 4
    shown = await admin.run("instrument", "accept", "reactor-1", "--yes")
    assert (shown.code, '"model": "bigger"' in shown.out) == (0, True)
    accepted = (await admin.run("instrument", "accept", "reactor-1", "--digest", digest, "--json")).json
    assert accepted["accepted_digest"] == digest


async def test_one_with_open_attempts_stays(admin: Terminal, world: World) -> None:
    refused = await admin.run("instrument", "remove", "analyser-1", "--why", "sold")
    assert (refused.code, world.ids["attempt"] in refused.err) == (4, True)
    assert (await admin.run("instrument", "remove", "reactor-2", "--why", "sold")).code == 0
    assert "reactor-2" not in (await admin.run("instruments")).out
