"""States and descriptions: late wills, new journals, wider limits, e-stops, arming."""

import json
from datetime import timedelta

import pytest

from adapters.instruments.messages import AttemptState, InstrumentMode, ParameterLimits, encode
from controller.commands import instruments
from controller.commands.errors import Conflict
from controller.intake.quarantine import STATES_PER_HOUR, Said, Spoken
from controller.loop.limits import is_wider
from controller.store.tables import EStop, Instrument, Outbox, Quarantine
from controller.store.views import load_resources
from tests.controller.loop.views import NOON
from tests.controller.stand import ADMIN, DESCRIPTION, Stand


async def stove(stand: Stand) -> Instrument:
    return next(row for row in await stand.all(Instrument) if row.name == "stove")


async def obstacle(stand: Stand) -> str | None:
    views = await stand.store.read(lambda session: load_resources(session, ["stove"], stand.store.clock()))
    return views["stove"].obstacle


async def commands(stand: Stand, action: str) -> list[dict[str, object]]:
    return [row.payload for row in await stand.all(Outbox) if row.payload.get("action") == action]


async def test_the_will_of_an_earlier_boot_is_ignored(stand: Stand) -> None:
    await stand.appear(boot="boot-2")
    await stand.appear(boot="boot-1", state=InstrumentMode.OFFLINE)
    assert (await stove(stand)).state == "online"
    await stand.appear(boot="boot-2", state=InstrumentMode.OFFLINE)
    assert (await stove(stand)).state == "offline"


async def test_numbers_beyond_32_bits_are_kept(stand: Stand) -> None:
    await stand.appear(seq=9_000_000_000_000_000_002)
    await stand.status(AttemptState.RUNNING, seq=9_000_000_000_000_000_003)
    assert (await stove(stand)).seq == 9_000_000_000_000_000_002
    assert (await stand.attempt()).said_seq == 9_000_000_000_000_000_003


async def test_what_is_older_than_the_last_is_ignored(stand: Stand) -> None:
    await stand.appear(seq=50)
    await stand.appear(seq=40, state=InstrumentMode.OFFLINE)
    await stand.appear(seq=50, state=InstrumentMode.PAUSED)
    assert (await stove(stand)).state == "online"


async def test_a_new_journal_leaves_open_attempts_to_the_operator(stand: Stand) -> None:
    await stand.status(AttemptState.ACCEPTED)
    await stand.appear(boot="boot-2", journal="journal-2")
    await stand.turn()
    assert (await stand.attempt()).state == "doubtful"


async def test_one_that_returns_is_asked_for_what_is_open(stand: Stand) -> None:
    await stand.appear(boot="boot-2")
    assert (await commands(stand, "report-attempts"))[-1]["attempts"] == [(await stand.attempt()).id]


async def test_a_removed_one_is_a_stranger_and_gets_no_work(stand: Stand) -> None:
    with pytest.raises(Conflict, match="open attempts"):
        await stand.store.write(lambda unit: instruments.remove(unit, ADMIN, "stove", "sold"), name="t")
    await stand.result()
    last = await stand.attempt()
    await stand.store.write(lambda unit: instruments.remove(unit, ADMIN, "stove", "sold"), name="t")
    assert await obstacle(stand) == "is removed"
    assert (await stand.all(Outbox))[-1].kind == "enrolment"
    await stand.appear(boot="boot-2")
    await stand.hear("description", encode(DESCRIPTION))
    assert (await stand.result(attempt_id="other-1")).verdict == "quarantined"
    assert {row.reason for row in await stand.all(Quarantine)} == {"instrument 'stove' is not enrolled"}
    assert ((await stove(stand)).state, (await stove(stand)).boot_id) == ("removed", "boot-1")
    await stand.turn()
    assert (await stand.attempt()).id == last.id


async def test_a_stranger_is_quarantined(stand: Stand) -> None:
    await stand.hear("state", b'{"state":"online"}', instrument="stranger")
    await stand.hear("description", encode(DESCRIPTION), instrument="stranger")
    assert len(await stand.all(Quarantine)) == 2


async def test_a_wider_description_waits_for_an_admin(stand: Stand) -> None:
    wider = DESCRIPTION.model_copy(
        update={
            "capabilities": {
                "cook": DESCRIPTION.capabilities["cook"].model_copy(
                    update={"parameters": {"temperature": ParameterLimits(unit="K", low=290, high=999)}}
                )
            }
        }
    )
    assert is_wider(DESCRIPTION, wider)
    assert not is_wider(wider, DESCRIPTION)
    await stand.hear("description", encode(wider))
    assert "admin must accept" in (await obstacle(stand) or "")
    digest = (await stove(stand)).description_digest or ""
    await stand.store.write(lambda unit: instruments.accept_description(unit, ADMIN, "stove", digest), name="t")
    assert await obstacle(stand) is None


async def test_one_that_calls_itself_real_is_not_taken_for_simulated(stand: Stand) -> None:
    await stand.hear("description", encode(DESCRIPTION.model_copy(update={"simulated": False})))
    assert "admin must accept" in (await obstacle(stand) or "")


async def test_an_old_pause_never_wins(stand: Stand) -> None:
    for paused in (True, False):
        await stand.store.write(
            lambda unit, paused=paused: instruments.set_paused(unit, ADMIN, "stove", paused=paused, why="t"), name="t"
        )
    await stand.appear(wanted=1, state=InstrumentMode.PAUSED)
    assert (await commands(stand, "resume"))[-1]["number"] == 2


async def test_an_estop_holds_until_its_reset_and_is_said_again(stand: Stand) -> None:
    await stand.store.write(lambda unit: instruments.record_estop(unit, ADMIN, "stop-1", None, "smoke"), name="t")
    assert "e-stop" in (await obstacle(stand) or "")
    await stand.appear()
    assert (await commands(stand, "estop"))[-1]["id"] == "stop-1"
    await stand.store.write(lambda unit: instruments.reset(unit, ADMIN, "stop-1", "aired"), name="t")
    await stand.appear(state=InstrumentMode.ESTOPPED, estops=["stop-1"])
    assert (await commands(stand, "reset"))[-1]["estops"] == ["stop-1"]
    await stand.appear()
    assert await obstacle(stand) is None


async def test_an_estop_pressed_at_the_instrument_holds_here_too(stand: Stand) -> None:
    await stand.appear(state=InstrumentMode.ESTOPPED, estops=["local-1"])
    assert [row.id for row in await stand.all(EStop)] == ["local-1"]
    await stand.appear()
    assert "e-stop" in (await obstacle(stand) or "")


async def test_a_real_instrument_takes_work_only_while_armed(stand: Stand) -> None:
    await stand.store.write(lambda unit: instruments.enrol(unit, ADMIN, "oven", simulated=False), name="t")
    real = encode(DESCRIPTION.model_copy(update={"simulated": False}))
    await stand.hear("description", real, instrument="oven")
    online = '{{"state":"online","boot_id":"{boot}","journal_id":"j","seq":1,"at":"2026-01-01T00:00:00Z"}}'

    async def blocked() -> str | None:
        views = await stand.store.read(lambda session: load_resources(session, ["oven"], stand.store.clock()))
        return views["oven"].obstacle

    await stand.hear("state", online.format(boot="a").encode(), instrument="oven")
    assert await blocked() == "is not armed"
    until = stand.store.clock() + timedelta(hours=1)
    await stand.store.write(lambda unit: instruments.arm(unit, ADMIN, "oven", until), name="t")
    assert await blocked() is None
    await stand.hear("state", online.format(boot="b").encode(), instrument="oven")
    assert await blocked() == "is not armed", "a new boot disarms"


async def test_a_late_state_of_an_earlier_boot_is_left_out(stand: Stand) -> None:
    await stand.appear(boot="boot-2")
    await stand.appear(boot="boot-1", state=InstrumentMode.PAUSED)
    seen = await stove(stand)
    assert (seen.state, seen.boot_id, seen.earlier_boots) == ("online", "boot-2", ["boot-1"])


def test_an_instrument_that_never_stops_telling_its_state_is_bounded() -> None:
    spoken = Spoken()
    assert not any(spoken.is_excess("stove", 10) for _ in range(STATES_PER_HOUR))
    assert not spoken.is_excess("other", 10)
    assert spoken.is_excess("stove", 10)
    assert not spoken.is_excess("stove", 3700)


async def test_what_it_says_in_excess_is_refused_unless_it_is_an_estop_or_a_new_boot(stand: Stand) -> None:
    def said(**fields: object) -> Said:
        plain = {"state": "paused", "boot_id": "boot-1", "journal_id": "journal-1", "seq": 99, "at": NOON.isoformat()}
        return Said("t", json.dumps({**plain, **fields}).encode(), "stove", None, "state", excess=True)

    await stand.intake.take([said()])
    assert (await stove(stand)).state == "online"
    assert "3600 states" in (await stand.all(Quarantine))[-1].reason
    await stand.intake.take([said(state="estopped", estops=["pressed-here"])])
    assert (await stove(stand)).state == "estopped"
    await stand.intake.take([said(boot_id="boot-2", seq=1)])
    assert (await stove(stand)).state == "paused"
