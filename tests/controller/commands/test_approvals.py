"""Approval is durable and binds to what was shown; hazards take two other people."""

from typing import Any

import pytest
from sqlalchemy import select

from controller.access.actors import Actor, Forbidden, Role
from controller.commands import proposals
from controller.commands.errors import Conflict, DoneAlready, NotFound
from controller.store import Unit
from controller.store.proposals import shown_digest
from controller.store.tables import Campaign, Proposal
from tests.controller.stand import Stand

ADA, BOB, CY = (Actor(name, Role.OPERATOR) for name in ("ada", "bob", "cy"))
VISITOR = Actor("vi", Role.VIEWER)


@pytest.fixture
async def waiting(stand: Stand) -> Proposal:
    """A proposal that awaits approval."""

    def make(unit: Unit) -> Proposal:
        row = unit.session.scalars(select(Proposal)).one()
        unit.session.expunge(row)
        fields: dict[str, Any] = row.model_dump()
        fields |= {"id": "other", "number": 2, "state": "awaiting-approval", "made_by": "ada", "ended_event": None}
        fields |= {"iteration_id": None}
        other = Proposal(**fields)
        other.digest = shown_digest(other)
        campaign = unit.session.get_one(Campaign, row.campaign_id)
        campaign.experiments += 1
        unit.record("test", other, campaign)
        return other

    return await stand.store.write(make, name="t")


async def decide(stand: Stand, how: Any, actor: Actor, proposal: Proposal, *rest: str) -> Proposal:
    found: Proposal = await stand.store.write(lambda unit: how(unit, actor, proposal.id, *rest), name="t")
    return found


async def test_one_person_approves_what_was_shown(stand: Stand, waiting: Proposal) -> None:
    with pytest.raises(Conflict, match="not what was shown"):
        await decide(stand, proposals.approve, BOB, waiting, "0" * 64)
    with pytest.raises(Forbidden):
        await decide(stand, proposals.approve, VISITOR, waiting, waiting.digest)
    with pytest.raises(NotFound):
        await stand.store.write(lambda unit: proposals.approve(unit, BOB, "none", waiting.digest), name="t")
    assert (await decide(stand, proposals.approve, BOB, waiting, waiting.digest)).state == "approved"
    with pytest.raises(DoneAlready, match="you have approved proposal 2 of heat already: it is approved"):
        await decide(stand, proposals.approve, BOB, waiting, waiting.digest)
    for how, more in ((proposals.approve, ()), (proposals.reject, ("too hot",))):
        with pytest.raises(Conflict, match=r"^proposal 2 of heat has been decided already: it is approved"):
            await decide(stand, how, CY, waiting, waiting.digest, *more)


async def test_rejecting_gives_the_experiment_back(stand: Stand, waiting: Proposal) -> None:
    assert (await decide(stand, proposals.reject, BOB, waiting, waiting.digest, "too hot")).state == "rejected"
    (campaign,) = await stand.all(Campaign)
    assert campaign.experiments == 1


async def test_hazards_take_two_people_other_than_the_one_who_put_it_forward(stand: Stand, waiting: Proposal) -> None:
    def make_hazardous(unit: Unit) -> str:
        row = unit.session.get_one(Proposal, waiting.id)
        row.needs_two_people = True
        row.digest = shown_digest(row)
        unit.record("test", row)
        return row.digest

    digest = await stand.store.write(make_hazardous, name="t")
    with pytest.raises(Conflict, match="put this proposal forward"):
        await decide(stand, proposals.approve, ADA, waiting, digest)
    assert (await decide(stand, proposals.approve, BOB, waiting, digest)).state == "awaiting-approval"
    with pytest.raises(Conflict, match="another person"):
        await decide(stand, proposals.approve, BOB, waiting, digest)
    assert (await decide(stand, proposals.approve, CY, waiting, digest)).state == "approved"
