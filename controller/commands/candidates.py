"""Candidates that people put forward: injected, or edited from what a strategy proposed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict, Invalid
from controller.commands.lookup import find, find_campaign, in_words
from controller.loop import CAMPAIGN
from controller.spec import Campaign as Spec
from controller.store import Unit
from controller.store.apply.proposals import withdraw
from controller.store.chain import canonical, sha256
from controller.store.history import request_as_of
from controller.store.proposals import make_proposal
from controller.store.specs import spec_of
from controller.store.tables import Campaign, Event, Proposal
from strategies import Request
from strategies.spaces import CandidateError, Continuous, Discrete, Integer, candidate_of, settings_of, values_in

EDITABLE = ("proposed", "awaiting-approval", "approved")


@dataclass(frozen=True)
class Assessment:
    """What a worker found out about a candidate: its key, a fresh prediction, and the facts that rules compare."""

    candidate: dict[str, Any]
    key: str
    prediction: dict[str, Any]
    facts: dict[str, float]

    @property
    def digest(self) -> str:
        """SHA-256 of all of it: who confirms names it, and is refused where it is another one by then."""
        return sha256(canonical(asdict(self)))


def question(session: Session, name: str) -> tuple[Spec, Request]:
    """The campaign's spec, and what its strategy would be asked now."""
    campaign = find_campaign(session, name)
    newest = session.scalar(select(func.max(Event.number))) or 0
    return spec_of(session, campaign), request_as_of(session, campaign, newest)


def candidate_from(
    spec: Spec, values: Mapping[str, float | str], base: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A candidate with these values, in the space's units; with `base`, those of that candidate otherwise."""
    if unknown := sorted(set(values) - set(spec.space.names())):
        raise Invalid(f"the space has no parameter {unknown[0]!r}; it has {', '.join(spec.space.names())}")
    given: dict[str, float | int | str] = {**_values_of(spec, base), **values}
    absent = {name for mixture in spec.space.mixtures for name in mixture.of if mixture.low == 0}
    if missing := [each for each in spec.space.names() if each not in given and each not in absent]:
        raise Invalid(f"no value for {', '.join(missing)}")
    for name, value in given.items():
        if isinstance(value, str) and isinstance(spec.space.parameter(name), (Continuous, Integer, Discrete)):
            raise Invalid(f"{name}: {value!r} is no number")
    try:
        return candidate_of(spec.space, given)
    except ValueError as error:
        raise Invalid(str(error)) from error


def _values_of(spec: Spec, base: Mapping[str, Any] | None) -> Mapping[str, float | int | str]:
    """A candidate's values; of one from a space that was another, those that it has."""
    if base is None:
        return {}
    try:
        return values_in(spec.space, dict(base))
    except CandidateError:
        return settings_of(base)


def inject(unit: Unit, actor: Actor, name: str, assessed: Assessment, why: str, stage: str | None = None) -> Proposal:
    """Put a candidate forward; the stage's rules and people approve it as any other."""
    actor.require(Role.OPERATOR)
    campaign = find_campaign(unit.session, name)
    if campaign.state not in ("running", "paused"):
        raise Conflict(f"campaign {campaign.name} is {campaign.state}: nothing new begins")
    spec = spec_of(unit.session, campaign)
    wanted = stage or spec.stages[0].name
    if wanted not in [each.name for each in spec.stages]:
        raise Invalid(f"no stage {wanted!r}; the campaign has {', '.join(each.name for each in spec.stages)}")
    proposal = _make(unit, actor, campaign, spec, assessed, wanted, why, parents=[])
    if spec.is_entry(wanted):
        campaign.experiments += 1
    unit.record(
        "proposal.inject", proposal, campaign, campaign_id=campaign.id, subject=proposal.id, actor=actor.name, why=why
    )
    return proposal


def edit(unit: Unit, actor: Actor, proposal_id: str, digest: str, assessed: Assessment, why: str) -> Proposal:
    """Replace a proposal that has not begun by one with other values; approvals do not carry over."""
    actor.require(Role.OPERATOR)
    old = find(unit.session, Proposal, proposal_id)
    if old.state not in EDITABLE:
        raise Conflict(f"{in_words(unit.session, old)} is {old.state}: only what has not begun can be edited")
    if old.digest != digest:
        raise Conflict(f"{in_words(unit.session, old)} is not what was shown (digest differs); look at it again")
    if old.key == assessed.key:
        raise Invalid("nothing would change")
    campaign = unit.session.get_one(Campaign, old.campaign_id)
    if CAMPAIGN.final(campaign.state):
        raise Conflict(f"campaign {campaign.name} is {campaign.state}")
    spec = spec_of(unit.session, campaign)
    proposal = _make(unit, actor, campaign, spec, assessed, old.stage, why, parents=[old.id])
    withdraw(unit, campaign, old, "supersede", actor=actor.name)
    if spec.is_entry(old.stage):
        campaign.experiments += 1
    unit.record(
        "proposal.edit", proposal, campaign, campaign_id=campaign.id, subject=proposal.id, actor=actor.name, why=why
    )
    return proposal


def _make(
    unit: Unit,
    actor: Actor,
    campaign: Campaign,
    spec: Spec,
    assessed: Assessment,
    stage: str,
    why: str,
    parents: list[str],
) -> Proposal:
    hazard = unit.limits.hazard_class(assessed.candidate)
    cost = next(each.cost for each in spec.stages if each.name == stage)
    return make_proposal(
        unit,
        campaign,
        stage=stage,
        key=assessed.key,
        candidate=assessed.candidate,
        parents=parents,
        prediction=assessed.prediction,
        reason=why,
        facts={**assessed.facts, "cost": cost, "hazard": float(hazard)},
        needs_two_people=hazard >= unit.limits.two_people_from,
        made_by=actor.name,
    )
