"""One attempt is called off: nothing is tried in its place, and nobody is told that the candidate is bad."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session

from adapters.instruments.messages import AttemptState, Verdict
from controller.access.actors import Actor, Forbidden, Role
from controller.commands import attempts, doubts
from controller.commands.errors import Conflict
from controller.report.audit import audit
from controller.store import Unit
from controller.store.change import change_attempt
from controller.store.history import request_as_of
from controller.store.tables import Attempt, Campaign, Outbox, Proposal
from tests.controller.stand import ADMIN, Stand


async def cancel(stand: Stand, actor: Actor = ADMIN) -> None:
    attempt = await stand.attempt()
    await stand.store.write(lambda unit: attempts.cancel(unit, actor, attempt.id, "it smokes"), name="t")


def failures(session: Session, campaign_id: str) -> Any:
    return request_as_of(session, session.get_one(Campaign, campaign_id), 10**6).failures


async def test_the_instrument_is_asked_and_its_answer_ends_the_proposal(stand: Stand) -> None:
    await stand.sent()
    await stand.status(AttemptState.RUNNING)
    await cancel(stand)
    [command] = [row for row in await stand.all(Outbox) if row.payload.get("action") == "cancel"]
    assert command.payload["attempts"] == [(await stand.attempt()).id]
    await stand.status(AttemptState.CANCELLED)
    await stand.turn()
    await stand.turn()
    [attempt], [proposal] = await stand.all(Attempt), await stand.all(Proposal)
    assert (attempt.state, proposal.state, proposal.failure) == ("cancelled", "failed", "cancelled")
    [campaign] = await stand.all(Campaign)
    assert not any(campaign.failures.values()), "the circuit breaker does not count it"
    assert await stand.store.read(lambda session: failures(session, stand.campaign_id)) == []
    assert (await stand.store.read(audit)).ok


async def test_what_an_instrument_cancels_by_itself_is_tried_again_and_counts(stand: Stand) -> None:
    await stand.sent()
    await stand.status(AttemptState.CANCELLED)
    await stand.turn()
    [campaign], [proposal] = await stand.all(Campaign), await stand.all(Proposal)
    assert (proposal.state, campaign.failures["bench/cook"]) == ("running", {"cancelled": 1})


async def test_a_result_that_comes_all_the_same_counts(stand: Stand) -> None:
    await stand.sent()
    await cancel(stand)
    assert (await stand.result(0.7)).verdict is Verdict.STORED
    await stand.turn()
    [proposal] = await stand.all(Proposal)
    assert (proposal.state, (await stand.attempt()).late) == ("completed", False)


async def test_only_operators_cancel_and_only_what_is_under_way(stand: Stand) -> None:
    with pytest.raises(Forbidden):
        await cancel(stand, Actor("vera", Role.VIEWER))
    await cancel(stand)
    with pytest.raises(Conflict, match="already"):
        await cancel(stand)
    await stand.status(AttemptState.CANCELLED)
    with pytest.raises(Conflict, match="nothing to cancel"):
        await cancel(stand)


async def test_one_in_doubt_is_decided_not_cancelled(stand: Stand) -> None:
    def doubt(unit: Unit) -> None:
        attempt = unit.session.scalars(select(Attempt)).one()
        attempt.doubt = "silence"
        change_attempt(unit, attempt, "doubt", why="silence")

    await stand.store.write(doubt, name="t")
    with pytest.raises(Conflict, match="doubtful"):
        await cancel(stand)
    attempt = await stand.attempt()
    await stand.store.write(lambda unit: doubts.fail(unit, ADMIN, attempt.id, "looked"), name="t")
    assert (await stand.attempt()).state == "failed"
