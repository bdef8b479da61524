"""Acts of proposing, the latest first: what was known, what was proposed, what came back, and how the model is."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.commands.lookup import find_campaign
from controller.report.course import Experiment, course
from controller.report.lists import as_dict
from controller.store.specs import spec_of, units_of
from controller.store.tables import Campaign, Iteration, Proposal

Plain = dict[str, Any]
MOST = 50


def latest_iterations(session: Session, name: str) -> list[Plain]:
    """The last ones: `n` asked for, `known` observations, `proposed` numbers, `states` of these, `best` that came."""
    campaign = find_campaign(session, name)
    rows = session.scalars(_latest(campaign).limit(MOST)).all()
    proposals = _proposals(session, [row.id for row in rows])
    objectives = [each.property for each in spec_of(session, campaign).objectives]
    known = course(session, name)
    experiments: dict[str, Experiment] = known.keep(
        session, "by proposal", lambda: {each.proposal: each for each in known.experiments}
    )
    found = []
    for row in rows:
        made = proposals[row.id]
        values = [experiments[key].values for key, _, _ in made if key in experiments]
        found.append(
            {
                **as_dict(row, "number", "state", "n", "event", "seconds", "error"),
                "known": row.report.get("n"),
                "proposed": [number for _, number, _ in made],
                "states": dict(Counter(state for _, _, state in made)),
                "came": {name: [each[name] for each in values if name in each] for name in objectives},
            }
        )
    return found


def _latest(campaign: Campaign) -> Any:
    return (
        select(Iteration)
        .where(col(Iteration.campaign_id) == campaign.id, col(Iteration.number) > campaign.iterations - MOST)
        .order_by(col(Iteration.number).desc())
    )


def _proposals(session: Session, iterations: Sequence[str]) -> dict[str | None, list[tuple[str, int, str]]]:
    found: dict[str | None, list[tuple[str, int, str]]] = defaultdict(list)
    columns = select(col(Proposal.iteration_id), col(Proposal.id), col(Proposal.number), col(Proposal.state))
    query = columns.where(col(Proposal.iteration_id).in_(iterations)).order_by(col(Proposal.number))
    for iteration, key, number, state in session.execute(query):
        found[iteration].append((key, number, state))
    return found


def model_health(session: Session, name: str) -> Plain | None:
    """What the latest iteration that fitted models said of them; before there is one, what the last one said."""
    campaign = find_campaign(session, name)
    rows = [row for row in session.scalars(_latest(campaign).limit(MOST)) if row.report]
    if not rows:
        return None
    row = next((row for row in rows if row.report.get("models")), rows[0])
    return {"number": row.number, "report": row.report, "units": units_of(spec_of(session, campaign))}
