"""An earlier campaign's measurements become the source of a later one, in its names and units, as of an event."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.commands import campaigns
from controller.commands.errors import Invalid, NotFound
from controller.report.offline import NOBODY, Offline
from controller.spec import Campaign as Spec
from controller.store.history import build_request, request_as_of
from controller.store.tables import Campaign, Event, Iteration
from strategies import Request, request_digest
from tests.controller.loop.views import make_spec, stage, step

Plain = dict[str, Any]
TIME = {"type": "continuous", "low": 60, "high": 600, "unit": "s"}
LABELS = {"type": "categorical", "choices": ["x", "y"]}


def earlier_spec() -> Spec:
    parameters = {
        "temperature": {"type": "continuous", "low": 20, "high": 90, "unit": "degC"},
        "time": TIME,
        "flask": LABELS,
    }
    bench = stage("bench", step(yields=["yield"], parameters=["time"]))
    return make_spec(bench, space={"parameters": parameters}, budget={"experiments": 6})


def later_spec(**given: Any) -> Spec:
    parameters = {
        "temperature": {"type": "continuous", "low": 300, "high": 350, "unit": "kelvin"},
        "time": {**TIME, "low": 1, "high": 10, "unit": "min"},
        "solvent": {"type": "categorical", "choices": ["water", "ethanol"]},
    }
    return make_spec(
        stage("bench", step(yields=["yield"], parameters=["time"])),
        campaign="later",
        space={"parameters": parameters},
        objectives=[{"property": "yield", "goal": "maximize"}],
        strategy={"name": "botorch"},
        budget={"experiments": 7},
        transfer={"from": [{"campaign": "heat", "values": {"solvent": "water", **given}}]},
    )


@pytest.fixture
def offline() -> Iterator[Offline]:
    """A database in which campaign `heat` has measured six points."""
    first = Offline(earlier_spec())
    run(first)
    yield first
    first.close()


def run(offline: Offline) -> None:
    while waiting := offline.advance():
        for attempt in waiting:
            offline.answer(attempt, {"yield": attempt.request["candidate"]["values"]["temperature"] - 10.0})


def find(session: Session, name: str) -> Campaign:
    return session.scalars(select(Campaign).where(col(Campaign.name) == name)).one()


def asked(offline: Offline, name: str, event: int = 10**6) -> Request:
    return offline.read(lambda session: request_as_of(session, find(session, name), event))


def submit(offline: Offline, spec: Spec) -> None:
    submission = campaigns.Submission("", spec)
    offline.campaign_id = offline.do(lambda unit: campaigns.submit(unit, NOBODY, submission).id)
    offline.spec = spec


def test_measurements_are_brought_over_by_name_and_unit(offline: Offline) -> None:
    submit(offline, later_spec())
    before, request = asked(offline, "heat"), asked(offline, "later")
    (source,) = request.sources
    assert (source.name, source.left_out, len(source.observations)) == ("heat", 0, 6)
    for old, new in zip(before.observations, source.observations, strict=True):
        then, now = old.candidate["values"], new.candidate["values"]
        assert now["temperature"] == pytest.approx(then["temperature"] + 273.15)
        assert now["time"] == pytest.approx(then["time"] / 60)
        assert now["solvent"] == "water"
        assert "flask" not in now
        assert new.values[0].value == pytest.approx(old.values[0].value / 100)  # percent to a share


def test_rows_are_chosen_by_what_only_the_earlier_one_varied(offline: Offline) -> None:
    submit(offline, later_spec(flask="x"))
    before, request = asked(offline, "heat"), asked(offline, "later")
    wanted = [row for row in before.observations if row.candidate["values"]["flask"] == "x"]
    assert 0 < len(wanted) < 6
    assert len(request.sources[0].observations) == len(wanted)
    assert request.sources[0].left_out == 0


def test_a_campaign_uses_its_source_and_replays_exactly(offline: Offline) -> None:
    submit(offline, later_spec())
    run(offline)
    query = select(Iteration).where(col(Iteration.campaign_id) == offline.campaign_id).order_by(col(Iteration.number))
    iterations = offline.read(lambda session: list(session.scalars(query)))
    rebuilt = [offline.read(lambda session, row=row: build_request(session, row)) for row in iterations]
    assert [request_digest(each) for each in rebuilt] == [row.digest for row in iterations]
    assert {len(each.sources[0].observations) for each in rebuilt} == {6}
    (told,) = iterations[-1].report["transfer"]
    assert (told["source"], told["measured"]) == ("heat", 6)
    assert told["decision"] in ("used", "dropped")


def test_what_is_measured_later_is_not_seen_before() -> None:
    offline = Offline(earlier_spec())
    for number in range(3):
        (attempt,) = offline.advance()
        offline.answer(attempt, {"yield": float(number)})
    (attempt,) = offline.advance()
    heat = offline.campaign_id
    submit(offline, later_spec())
    event = offline.read(lambda session: session.scalars(select(func.max(Event.number))).one())
    offline.campaign_id = heat
    offline.answer(attempt, {"yield": 3.0})
    offline.advance()
    counts = [len(asked(offline, "later", as_of).sources[0].observations) for as_of in (event, 10**6)]
    assert counts == [3, 4]
    offline.close()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"transfer": {"from": [{"campaign": "heat"}]}}, "heat has no parameter 'solvent'; say what it was"),
        ({"transfer": {"from": [{"campaign": "heat", "values": {"solvent": "water", "time": 3}}]}}, "leave it out"),
        ({"transfer": {"from": [{"campaign": "heat", "values": {"solvent": "water", "x": 3}}]}}, "neither campaign"),
        ({"objectives": [{"property": "purity", "goal": "maximize"}]}, "heat measured none of purity"),
        ({"objectives": [{"property": "yield", "goal": "maximize", "unit": "kg"}]}, "yield: cannot convert"),
    ],
)
def test_what_cannot_be_brought_over_is_refused(offline: Offline, changes: Plain, message: str) -> None:
    spec = Spec.model_validate({**later_spec().model_dump(), **changes})
    with pytest.raises(Invalid, match=message):
        submit(offline, spec)


def test_an_unknown_campaign_is_refused(offline: Offline) -> None:
    spec = later_spec().model_dump()
    spec["transfer"]["from"][0]["campaign"] = "nowhere"
    with pytest.raises(NotFound, match="no campaign 'nowhere'"):
        submit(offline, Spec.model_validate(spec))


def test_a_real_campaign_does_not_learn_from_a_simulated_one(offline: Offline) -> None:
    by_hand = {"name": "weigh", "adapter": "person", "instructions": "Weigh.", "yields": ["yield"], "timeout": 10}
    spec = Spec.model_validate({**later_spec().model_dump(), "stages": [stage("bench", by_hand)]})
    with pytest.raises(Invalid, match="heat is simulated"):
        submit(offline, spec)


def test_only_the_dearest_stage_that_measured_a_property_counts() -> None:
    guess = stage("guess", step("look", yields=["yield"], parameters=["time"]), promote={"rule": "all"})
    bench = stage("bench", step(yields=["yield"], parameters=["time"]))
    parameters = earlier_spec().space.model_dump()["parameters"]
    offline = Offline(make_spec(guess, bench, space={"parameters": parameters}, budget={"experiments": 4}))
    while waiting := offline.advance():
        for attempt in waiting:
            offline.answer(attempt, {"yield": 1.0 if "look" in attempt.request["step"] else 80.0})
    submit(offline, later_spec())
    found = [value.value for row in asked(offline, "later").sources[0].observations for value in row.values]
    assert found
    assert set(found) == {0.8}
    offline.close()
