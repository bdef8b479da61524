"""What the campaign's page says of what is open, and of its iterations."""

from sqlalchemy import select
from sqlmodel import col

from controller.commands import campaigns
from controller.report import campaign as report
from controller.report.iterations import latest_iterations, model_health
from controller.store import Unit
from controller.store.tables import Campaign, Iteration, Proposal
from tests.controller.report.test_course import experiment
from tests.controller.world import ADMIN, World

NAME = "reactor"


async def test_what_is_in_flight_is_counted(world: World) -> None:
    found = await world.store.read(lambda session: report.in_flight(session, NAME))
    assert found["attempts"] == {}
    assert found["doubtful"] == 1
    assert found["proposals"] == {"awaiting-approval": 1, "running": 1}


async def test_the_state_says_what_people_may_do(world: World) -> None:
    before = await world.store.read(lambda session: report.changes(session, NAME))
    assert before["allowed"] == ["pause", "stop", "abort"]
    assert before["may_inject"]
    await world.store.write(lambda unit: campaigns.stop_campaign(unit, ADMIN, NAME, "enough"), name="test")
    after = await world.store.read(lambda session: report.changes(session, NAME))
    assert after == {"allowed": ["abort"], "open": True, "may_inject": False}


async def test_a_step_that_is_paused_can_be_resumed(world: World) -> None:
    def pause(unit: Unit) -> None:
        row = unit.session.scalars(select(Campaign)).one()
        row.paused_steps = ["flow/react"]
        unit.record("test", row)

    await world.store.write(pause, name="test")
    assert "resume" in (await world.store.read(lambda session: report.changes(session, NAME)))["allowed"]


async def test_open_work_and_failures_are_told(world: World) -> None:
    def fail(unit: Unit) -> None:
        row = unit.session.get_one(Proposal, world.ids["proposal"])
        row.state, row.failure, row.ended_event = "failed", "failed-synthesis", unit.next_event
        unit.record("test", row, campaign_id=row.campaign_id)

    before = await world.store.read(lambda session: report.at_work(session, NAME))
    assert [each["number"] for each in before["proposals"]] == [1, 2]
    assert [(each["resource"], each["state"], each["step"]) for each in before["attempts"]] == [
        ("analyser-1", "doubtful", "analyse")
    ]
    await world.store.write(fail, name="test")
    after = await world.store.read(lambda session: report.at_work(session, NAME))
    assert after["count"] == 1
    assert [(each["number"], each["failure"]) for each in after["failures"]] == [(1, "failed-synthesis")]


async def test_parameters_tell_what_they_may_be(world: World) -> None:
    found = await world.store.read(lambda session: report.injectable(session, NAME))
    fields = {each["name"]: each for each in found["parameters"]}
    assert fields["temperature"] == {"name": "temperature", "unit": "degC", "low": 30.0, "high": 120.0}
    assert found["stages"] == ["flow"]


async def test_an_iteration_tells_what_came_of_its_proposals(world: World) -> None:
    def iterate(unit: Unit) -> None:
        row = unit.session.scalars(select(Campaign)).one()
        row.iterations = 1
        iteration = unit.session.scalars(select(Iteration)).one()
        iteration.state, iteration.report = "done", {"n": 7, "phase": "sobol"}
        experiment(unit, 12.0, 3.0)
        last = unit.session.scalars(select(Proposal).order_by(col(Proposal.number).desc())).first()
        assert last is not None
        last.iteration_id = iteration.id
        unit.record("test", row, iteration, last, campaign_id=row.id)

    await world.store.write(iterate, name="test")
    [found] = await world.store.read(lambda session: latest_iterations(session, NAME))
    assert (found["number"], found["known"], found["proposed"]) == (1, 7, [3])
    assert found["states"] == {"completed": 1}
    assert found["came"] == {"space_time_yield": [12.0], "e_factor": [3.0]}
    health = await world.store.read(lambda session: model_health(session, NAME))
    assert health is not None
    assert health["report"]["phase"] == "sobol"


async def test_the_latest_iteration_with_a_model_tells_of_the_model(world: World) -> None:
    def iterate(unit: Unit) -> None:
        row = unit.session.scalars(select(Campaign)).one()
        row.iterations = 3
        told = ({"models": {"old": {}}}, {"models": {"new": {}}}, {})
        made = [
            Iteration(
                id=unit.new_id(), campaign_id=row.id, number=10 + place, state="done", n=1, seed=1, event=1, report=each
            )
            for place, each in enumerate(told)
        ]
        unit.record("test", row, *made, campaign_id=row.id)

    await world.store.write(iterate, name="test")
    found = await world.store.read(lambda session: model_health(session, NAME))
    assert found is not None
    assert (found["number"], list(found["report"]["models"])) == (11, ["new"])
