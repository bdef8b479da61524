"""The queue of proposals that wait for people, and what helps to decide about one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.commands.lookup import find
from controller.loop.progress import means
from controller.report import lists
from controller.report.pareto import Tried, tried
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of, units_of
from controller.store.tables import ApprovalDecision, Campaign, Proposal
from strategies.spaces import Discrete, Labelled, settings_of

Plain = dict[str, Any]
SHOWN = 25  # the others come when these are decided; each card costs the event loop some milliseconds
NEAREST = 3
LATELY = 10


def queue(session: Session) -> dict[str, Plain]:
    """Proposals that wait for approval by id, the most urgent first: by deadline, then priority, then age."""
    query = select(Proposal, Campaign).join(Campaign, col(Campaign.id) == col(Proposal.campaign_id))
    urgent = (col(Proposal.deadline).is_(None), col(Proposal.deadline), col(Campaign.priority).desc())
    query = query.where(col(Proposal.state) == "awaiting-approval").order_by(*urgent, col(Proposal.made_event))
    rows = session.execute(query.limit(SHOWN)).all()
    units = {campaign.id: units_of(spec_of(session, campaign)) for _, campaign in rows}
    return {row["id"]: {**row, "units": units[row["campaign_id"]]} for row in lists.shown(session, rows)}


def waiting(session: Session) -> int:
    """How many proposals wait for approval."""
    return session.scalar(select(func.count()).where(col(Proposal.state) == "awaiting-approval")) or 0


def decided_lately(session: Session) -> list[Plain]:
    """What people decided last, the latest first."""
    query = select(ApprovalDecision, Proposal, Campaign)
    query = query.join(Proposal, col(Proposal.id) == col(ApprovalDecision.proposal_id))
    query = query.join(Campaign, col(Campaign.id) == col(Proposal.campaign_id))
    rows = session.execute(query.order_by(col(ApprovalDecision.id).desc()).limit(LATELY)).all()
    return [
        {
            **lists.as_dict(decision, "user", "verdict", "why", "at"),
            "campaign": campaign.name,
            "number": proposal.number,
        }
        for decision, proposal, campaign in rows
    ]


def nearest(session: Session, proposal_id: str) -> list[Plain]:
    """The measured points that are most alike: candidate, measured values, and the distance in shares of the ranges.

    Raises `NotFound`.
    """
    row = find(session, Proposal, proposal_id)
    campaign = session.get_one(Campaign, row.campaign_id)
    spec = spec_of(session, campaign)
    known = tried(session, campaign)
    scales = _scales(spec, [each.candidate for each in known])
    repeats: dict[str, list[Tried]] = defaultdict(list)
    for each in known:
        repeats[each.key].append(each)
    found = [(distance(scales, row.candidate, rows[0].candidate), rows) for rows in repeats.values()]
    found.sort(key=lambda pair: pair[0])
    return [
        {
            "distance": far,
            "candidate": rows[0].candidate,
            "numbers": [each.number for each in rows],
            "values": means(pair for each in rows for pair in each.values.items()),
        }
        for far, rows in found[:NEAREST]
    ]


def distance(scales: Mapping[str, float], one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Euclidean, each number in shares of its range; another label counts as a whole range."""
    total = 0.0
    for name, value in settings_of(one).items():
        there = settings_of(other).get(name)
        if isinstance(value, (int, float)) and isinstance(there, (int, float)):
            total += ((value - there) / scales.get(name, 1.0)) ** 2
        else:
            total += float(value != there)
    return float(total**0.5)


def _scales(spec: Spec, known: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The length of each parameter's range: as declared, or as measured where a pool declares none."""
    scales: dict[str, float] = {}
    for name in spec.space.names():
        parameter = spec.space.parameter(name)
        if isinstance(parameter, Labelled):
            continue
        if isinstance(parameter, Discrete):
            length = max(parameter.values) - min(parameter.values)
        elif parameter is not None:
            length = float(parameter.high - parameter.low)
        else:
            values = [v for each in known if isinstance(v := settings_of(each).get(name), (int, float))]
            length = max(values) - min(values) if values else 0.0
        scales[name] = length or 1.0
    return scales
