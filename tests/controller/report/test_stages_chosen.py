"""A campaign whose strategy chooses candidate and stage, from the file to the last event, with the real loop."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from controller.report.audit import audit
from controller.report.offline import Offline
from controller.spec import Campaign as Spec
from controller.store.history import build_request
from controller.store.tables import Campaign, Iteration, Proposal
from strategies import request_digest
from tests.controller.loop.views import make_spec, stage, step

BUDGET = 90.0
SPACE = {"parameters": {name: {"type": "continuous", "low": 0.0, "high": 1.0} for name in ("a", "b")}}


def spec(**changes: Any) -> Spec:
    fields: dict[str, Any] = {
        "space": SPACE,
        "strategy": {"name": "botorch"},
        "budget": {"cost": BUDGET},
        "parallel": 2,
    }
    return make_spec(
        stage("model", step("run", yields=["yield"], cost=1), promote={"rule": "strategy"}),
        stage("bench", step("cook", yields=["yield"], cost=10)),
        **{**fields, **changes},
    )


def value(step: str, a: float, b: float) -> float:
    truth = 50 - 80 * (a - 0.6) ** 2 - 60 * (b - 0.3) ** 2
    return truth if step == "cook" else 0.5 * truth + 3 * a


@pytest.fixture(scope="module")
def offline() -> Iterator[Offline]:
    offline = Offline(spec())
    while waiting := offline.advance():
        for attempt in waiting:
            values = attempt.request["candidate"]["values"]
            offline.answer(attempt, {"yield": value(attempt.request["step"], values["a"], values["b"])})
    yield offline
    offline.close()


def proposals(offline: Offline) -> list[Proposal]:
    return offline.read(lambda session: list(session.scalars(select(Proposal).order_by(col(Proposal.number)))))


def test_it_proposes_for_both_stages_and_promotes_nothing(offline: Offline) -> None:
    made = proposals(offline)
    assert {each.stage for each in made} == {"model", "bench"}
    assert {each.made_by for each in made} == {"botorch"}
    assert {each.promotion for each in made if each.stage == "model"} == {"dismissed"}
    assert all(each.state == "completed" for each in made)


def test_a_dear_proposal_names_the_cheap_one_of_its_candidate(offline: Offline) -> None:
    made = {each.id: each for each in proposals(offline)}
    first = next(each for each in made.values() if each.stage == "bench")
    [parent] = first.parents
    assert (made[parent].stage, made[parent].key) == ("model", first.key)


def test_the_budget_is_kept_and_counts_what_was_put_forward(offline: Offline) -> None:
    campaign: Campaign = offline.campaign
    assert campaign.state == "completed"
    assert BUDGET - 10 < campaign.cost <= BUDGET
    assert campaign.experiments == len(proposals(offline))


def test_the_record_is_whole_and_every_request_is_rebuilt(offline: Offline) -> None:
    assert offline.read(audit).ok
    assert offline.read(_rebuilt)


def _rebuilt(session: Session) -> bool:
    rows = session.scalars(select(Iteration)).all()
    return bool(rows) and all(request_digest(build_request(session, row)) == row.digest for row in rows)


def test_the_best_is_that_of_the_dear_stage(offline: Offline) -> None:
    best = offline.campaign.progress["best"]["yield"]
    assert best == max(
        value("cook", **each.candidate["values"]) for each in proposals(offline) if each.stage == "bench"
    )
    assert best > 47
