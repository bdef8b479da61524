"""Attacks by a hostile or unlucky world: each may cost one message, one attempt or one campaign, never the daemon.

What can be decided without a daemon is tested without one. Each test states what should happen.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import select

from adapters.broker import EmbeddedBroker
from adapters.broker.process import BrokerFailed
from adapters.compute import Workers
from adapters.instruments.messages import (
    Capability,
    InstrumentState,
    MalformedMessage,
    Measurement,
    ParameterLimits,
    encode,
    parse,
)
from controller.access.limits import load_limits
from controller.commands import campaigns, doubts
from controller.commands.errors import Invalid
from controller.effects.propose import Proposer
from controller.effects.runner import Runner
from controller.loop.limits import parameters_for
from controller.loop.site_limits import Limits
from controller.schedule.turns import Turns, turn
from controller.spec import SpecError, load
from controller.store import LostLock, StoreUnavailable, Unit
from controller.store.change import change_attempt
from controller.store.proposals import make_proposal
from controller.store.specs import spec_of
from controller.store.tables import Attempt, Campaign, Instrument, Quarantine
from strategies import Request, propose
from strategies.spaces import PoolError, parse_pool
from strategies.spaces.space import Pool
from tests.controller.stand import ADMIN, DESCRIPTION, TEXT, Stand

LIMIT_S = 20.0
LOOK_S = 0.02
HOT = {"kind": "conditions", "values": {"temperature": 50.0, "solvent": "water"}, "units": {"temperature": "degC"}}
SPACE = "space: {parameters: {temperature: {type: continuous, low: 20, high: 90, unit: degC}}}"
TWO_STEPS = TEXT.replace(
    "yields: [yield], timeout: 60, retries: 1}",
    "yields: [mass], timeout: 60}\n"
    "      - {name: look, instruments: [stove], capability: cook, yields: [yield], timeout: 60}",
)


# The daemon's own loop: whatever it meets, it goes on, and the campaign says why it does not.


@asynccontextmanager
async def running(stand: Stand) -> AsyncIterator[Callable[[Callable[[Campaign], bool], str], Any]]:
    """Turns and effects as the daemon runs them; gives a way to wait for a campaign while they live."""
    workers, scheduler = Workers(1), AsyncIOScheduler(timezone="UTC")
    scheduler.start()
    proposer = Proposer(stand.store, workers, stand.files)
    turns = Turns(stand.store, scheduler, lambda: False)
    runner = Runner(stand.store, {"propose": proposer.propose, "request": _nothing, "command": _nothing}, {})
    tasks = [asyncio.create_task(turns.run()), asyncio.create_task(runner.run())]

    async def until(condition: Callable[[Campaign], bool], name: str) -> Campaign:
        async with asyncio.timeout(LIMIT_S):
            while True:
                for task in tasks:
                    if task.done():
                        task.result()  # the daemon would have ended here
                row = await _named(stand, name)
                if condition(row):
                    return row
                await asyncio.sleep(LOOK_S)

    try:
        yield until
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        scheduler.shutdown(wait=False)
        await workers.stop()


async def _nothing(_row: Any) -> None:
    """An instrument that never answers."""
    await asyncio.Event().wait()


async def _named(stand: Stand, name: str) -> Campaign:
    found: Campaign = next(row for row in await stand.all(Campaign) if row.name == name)
    return found


async def _submit(stand: Stand, text: str, **files: bytes) -> None:
    submission = campaigns.prepare(text, files, stand.files)
    await stand.store.write(lambda unit: campaigns.submit(unit, ADMIN, submission), name="t")


async def _describe(stand: Stand, **parameters: dict[str, Any]) -> None:
    """Another description of the stove, accepted, with room for more work."""
    plain = json.loads(encode(DESCRIPTION))
    plain["concurrency"] = 100
    plain["capabilities"]["cook"]["parameters"].update(parameters)
    await stand.hear("description", json.dumps(plain).encode())
    await stand.store.write(_accept, name="t")


def _accept(unit: Unit) -> None:
    row = unit.session.get_one(Instrument, "stove")
    row.accepted_digest = row.description_digest
    unit.record("t", row)


async def test_a_pool_that_is_gone_pauses_its_campaign(stand: Stand) -> None:
    text = TEXT.replace("campaign: heat", "campaign: pool").replace(
        "{parameters:", "{pool: {file: p.csv, columns: [temperature]}, parameters:"
    )
    await _submit(stand, text, **{"p.csv": b"temperature\n30\n40\n"})
    stand.files.path(await _pool_digest(stand)).unlink()
    async with running(stand) as until:
        row = await until(lambda row: row.state != "running", "pool")
    assert row.state == "paused"
    assert "restore it from a backup" in row.reason


async def _pool_digest(stand: Stand) -> str:
    row = await _named(stand, "pool")
    spec = await stand.store.read(lambda session: spec_of(session, row))
    return str(spec.space.pool and spec.space.pool.sha256)


async def test_a_deadline_at_the_end_of_time_is_no_fault(stand: Stand) -> None:
    text = TEXT.replace("campaign: heat", "campaign: late")
    text = text.replace("{experiments: 3}", "{deadline: 9999-12-31T23:59:59-12:00}")
    try:
        await _submit(stand, text)
    except SpecError:
        return
    async with running(stand) as until:
        await until(lambda row: row.iterations > 0, "late")
        await until(lambda row: row.proposals > 0 or row.state == "paused", "late")


async def test_a_misdescribed_instrument_does_not_eat_the_budget(stand: Stand) -> None:
    """What no instrument takes is a failure of the step: its breaker pauses it."""
    await stand.result()
    await stand.turn()
    await _describe(stand, temperature={"unit": "bar"})

    def add(unit: Unit) -> None:
        campaign = unit.session.get_one(Campaign, stand.campaign_id)
        for number in range(4):
            candidate = {**HOT, "values": {"temperature": 50.0 + number}}
            fields = {"stage": "bench", "key": str(number), "candidate": candidate, "reason": "", "made_by": "test"}
            proposal = make_proposal(unit, campaign, facts={"cost": 0.0, "hazard": 0.0}, **fields)
            unit.record("t", proposal, campaign, campaign_id=campaign.id)

    await stand.store.write(add, name="t")
    await stand.turn()
    row = await _named(stand, "heat")
    assert row.paused_steps == ["bench/cook"] or sum(row.failures.get("bench/cook", {}).values()) >= 3


async def test_a_value_in_no_unit_is_refused(stand: Stand) -> None:
    """The property is none of an objective, so that its unit is only what the operator says."""
    await _submit(stand, TWO_STEPS.replace("campaign: heat", "campaign: two"))
    attempt = await _doubtful_attempt(stand, "two")
    with pytest.raises(Invalid):
        await stand.store.write(
            lambda unit: doubts.value(unit, ADMIN, attempt, {"mass": (5.0, "spoonfuls \u2603")}, "read"), name="t"
        )


async def test_an_odd_unit_of_an_earlier_step_does_not_end_the_daemon(stand: Stand) -> None:
    await _submit(stand, TWO_STEPS.replace("campaign: heat", "campaign: two"))
    attempt = await _doubtful_attempt(stand, "two")
    try:
        await stand.store.write(lambda unit: doubts.value(unit, ADMIN, attempt, {"mass": (5.0, "%")}, "read"), name="t")
    except Invalid:
        return
    async with running(stand) as until:
        row = await _named(stand, "two")
        await stand.store.write(lambda unit: unit.wake(row.id), name="t")
        await until(lambda row: row.state == "paused" or row.cost > 0, "two")


async def _doubtful_attempt(stand: Stand, name: str) -> str:
    """The campaign's first attempt, in doubt."""
    await _describe(stand)
    row = await _named(stand, name)

    def make(unit: Unit) -> None:
        campaign = unit.session.get_one(Campaign, row.id)
        candidate = {"kind": "conditions", "values": {"temperature": 50.0}, "units": {"temperature": "degC"}}
        fields = {"stage": "bench", "key": "k", "candidate": candidate, "reason": "", "made_by": "test"}
        proposal = make_proposal(unit, campaign, facts={"cost": 0.0, "hazard": 0.0}, **fields)
        unit.record("t", proposal, campaign, campaign_id=campaign.id)

    def doubt(unit: Unit) -> str:
        attempt = next(each for each in unit.session.scalars(select(Attempt)) if each.campaign_id == row.id)
        change_attempt(unit, attempt, "doubt", why="test")
        return str(attempt.id)

    await stand.store.write(make, name="t")
    await stand.store.write(lambda unit: turn(unit, row.id), name="t")
    return await stand.store.write(doubt, name="t")


# What instruments say.


async def test_a_standard_error_that_overflows_is_refused(stand: Stand) -> None:
    """1e307 is no finite number of percent. Kept, it would make every later request of the campaign invalid."""
    said = Measurement(channel="y", property="yield", value=0.5, unit="dimensionless", standard_error=1e307)
    assert (await stand.result(measurements=[said])).verdict == "quarantined"


async def test_the_mean_of_huge_values_is_finite_or_refused(stand: Stand) -> None:
    said = [Measurement(channel="y", index=i, property="yield", value=1.7e306, unit="dimensionless") for i in range(9)]
    await stand.result(measurements=said)
    await stand.turn()
    json.dumps((await _named(stand, "heat")).progress, allow_nan=False)


async def test_a_bad_heartbeat_is_quarantined_like_any_message(stand: Stand) -> None:
    await stand.hear("heartbeat", b"{")
    assert [row.topic for row in await stand.all(Quarantine)] == ["stove/heartbeat"]


def test_a_state_names_few_estops() -> None:
    """Each becomes a row that an operator must reset."""
    fields = {"state": "online", "boot_id": "b", "journal_id": "j", "seq": 1, "at": "2026-01-01T00:00:00Z"}
    payload = json.dumps({**fields, "estops": [f"e{number}" for number in range(10_000)]}).encode()
    with pytest.raises(MalformedMessage):
        parse(InstrumentState, payload)


@pytest.mark.parametrize("number", [2**63, 10**300], ids=["2**63", "10**300"])
def test_numbers_that_no_database_keeps_are_malformed(number: int) -> None:
    fields = {"state": "online", "boot_id": "b", "journal_id": "j", "at": "2026-01-01T00:00:00Z"}
    with pytest.raises(MalformedMessage):
        parse(InstrumentState, json.dumps({**fields, "seq": number}).encode())


def test_a_value_that_overflows_in_the_units_of_the_description_is_a_problem() -> None:
    candidate = {"kind": "conditions", "values": {"length": 1e299}, "units": {"length": "m"}}
    capability = Capability(parameters={"length": ParameterLimits(unit="fm")})
    assert parameters_for(candidate, None, capability)[1]


# What the site says.


@pytest.mark.parametrize(
    "hazard",
    [
        {"parameter": "temperature", "above": 3, "unit": "bar", "class": 2},
        {"parameter": "solvent", "above": 3, "class": 2},
    ],
)
def test_a_hazard_that_cannot_be_judged_counts(hazard: dict[str, Any]) -> None:
    assert Limits.model_validate({"hazards": [hazard]}).hazard_class(HOT) == 2


def test_a_range_of_a_label_is_a_violation() -> None:
    assert Limits.model_validate({"parameters": {"solvent": {"low": 3}}}).violations(HOT)


@pytest.mark.parametrize("text", ["[]", "false", "0", "''"])
def test_limits_that_are_no_mapping_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "limits.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"limits\.yaml"):
        load_limits(tmp_path / "limits.yaml")


async def test_a_database_that_was_deleted_is_noticed(stand: Stand, tmp_path: Path) -> None:
    """What is written into a file without a name is lost at the next start."""
    (tmp_path / "tatara.db").unlink()
    with pytest.raises((StoreUnavailable, LostLock)):
        await stand.store.write(_accept, name="t")


async def test_a_port_that_is_taken_is_no_broker(tmp_path: Path) -> None:
    """Otherwise the daemon gives its password to whoever listens there."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        broker = EmbeddedBroker(tmp_path, {}, other.getsockname()[1])
        try:
            with pytest.raises(BrokerFailed):
                await broker.start()
        finally:
            await broker.kill()


# What campaign files say.


@pytest.mark.parametrize(
    "parameters",
    [
        "a: {type: continuous, low: -1.7e+308, high: 1.7e+308}",
        "a: {type: continuous, low: 0, high: 1.0e+308}",
        "a: {type: continuous, low: 0, high: 1, resolution: 5.0e-324}",
        "a: {type: discrete, values: [0, 1.0e+308]}",
        "a: {type: categorical, choices: [x, '']}",
        "a: {type: categorical, choices: [x, " + "y" * 1001 + "]}",
    ],
)
def test_what_can_be_no_candidate_is_refused_at_once(parameters: str) -> None:
    with pytest.raises(SpecError):
        load(TEXT.replace(SPACE, "space: {parameters: {" + parameters + "}}"), {})


@pytest.mark.parametrize("cell", ["nan", "inf", "-inf", "1e309"])
def test_a_number_that_is_not_finite_makes_no_category(cell: str) -> None:
    with pytest.raises(PoolError):
        parse_pool(f"a\n1\n{cell}\n".encode(), Pool(file="p.csv", columns=["a"]))


@pytest.mark.parametrize("constraints", [["a + b == 1", "a + b == 0.5"], ["a + b >= 1.5", "b - a >= 0.9"]])
def test_a_space_without_a_point_is_not_exhausted(constraints: list[str]) -> None:
    """No proposals would mean that every candidate has been tried, and complete the campaign."""
    parameter = {"type": "continuous", "low": 0, "high": 1}
    space = {"parameters": {"a": parameter, "b": parameter}, "constraints": constraints}
    with pytest.raises(ValueError, match="constraints"):
        propose(_request(space, "random", []), {})


@pytest.mark.slow
@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0, 1e200], [1e308, -1e308, 0.0, 1.0], [0.0, 5e-324, 1e-323, 0.0]])
def test_one_absurd_value_does_not_end_a_campaign(values: list[float]) -> None:
    """It cannot be taken back, so that every resume would fail again."""
    space = {"parameters": {"a": {"type": "continuous", "low": 0, "high": 1}}}
    assert propose(_request(space, "botorch", values * 3), {}).proposals


def _request(space: dict[str, Any], strategy: str, values: list[float]) -> Request:
    def row(number: int, value: float) -> dict[str, Any]:
        candidate = {"kind": "conditions", "values": {"a": (number * 0.37) % 1}}
        return {"candidate": candidate, "stage": "s", "values": [{"property": "y", "value": value}]}

    return Request.model_validate(
        {
            "space": space,
            "objectives": [{"property": "y", "goal": "maximize"}],
            "stages": [{"name": "s", "yields": ["y"]}],
            "strategy": {"name": strategy},
            "observations": [row(number, value) for number, value in enumerate(values)],
            "n": 1,
            "seed": 0,
            "event": 1,
        }
    )
