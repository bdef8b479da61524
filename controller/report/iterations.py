"""Acts of proposing, the latest first: what was known, what was proposed, what came back, and how the model is."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain
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
TOLD = ("number", "state", "n", "event", "seconds", "error")


def latest_iterations(session: Session, name: str) -> list[Plain]:
    """The last ones: `n` asked for, `known` observations, `proposed` numbers, `states` of these, `best` that came."""
    campaign = find_campaign(session, name)
    known_then = col(Iteration.report)["n"].label("known")
    columns = (col(getattr(Iteration, each)) for each in ("id", *TOLD))
    rows = session.execute(_latest(select(*columns, known_then), campaign)).all()
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
                **{each: getattr(row, each) for each in (*TOLD, "known")},
                "proposed": [number for _, number, _ in made],
                "states": dict(Counter(state for _, _, state in made)),
                "came": {name: [each[name] for each in values if name in each] for name in objectives},
            }
        )
    return found


def _latest(query: Any, campaign: Campaign) -> Any:
    its = query.where(col(Iteration.campaign_id) == campaign.id, col(Iteration.number) > campaign.iterations - MOST)
    return its.order_by(col(Iteration.number).desc()).limit(MOST)


def _proposals(session: Session, iterations: Sequence[str]) -> dict[str | None, list[tuple[str, int, str]]]:
    found: dict[str | None, list[tuple[str, int, str]]] = defaultdict(list)
    columns = select(col(Proposal.iteration_id), col(Proposal.id), col(Proposal.number), col(Proposal.state))
    query = columns.where(col(Proposal.iteration_id).in_(iterations)).order_by(col(Proposal.number))
    for iteration, key, number, state in session.execute(query):
        found[iteration].append((key, number, state))
    return found


def explained_proposals(session: Session, name: str) -> list[Plain]:
    """The proposals of the last iteration that made any, in its order: what is told of each, and what it is near to.

    The report's `proposals` may tell of each, in the same order, `nearest`: the proposal (its number) or else the
    candidate that was measured, and the `distance`. A report without it leaves this empty.
    """
    campaign = find_campaign(session, name)
    query = select(Proposal, Iteration).join(Iteration, col(Iteration.id) == col(Proposal.iteration_id))
    latest = select(col(Proposal.iteration_id)).where(
        col(Proposal.campaign_id) == campaign.id, col(Proposal.iteration_id).is_not(None)
    )
    wanted = session.scalars(latest.order_by(col(Proposal.number).desc()).limit(1)).first()
    rows = session.execute(query.where(col(Proposal.iteration_id) == wanted).order_by(col(Proposal.number))).all()
    return [_explained(row, iteration.report.get("proposals") or []) for row, iteration in rows]


def _explained(row: Proposal, told: Sequence[Plain]) -> Plain:
    nearest = told[row.place].get("nearest") or [] if row.place < len(told) else []
    return {
        **as_dict(row, "number", "candidate", "prediction", "acquisition", "reason"),
        "feasibility": row.facts.get("feasibility"),
        "nearest": [_near(each) for each in nearest],
    }


def _near(told: Plain) -> Plain:
    number, candidate = told.get("proposal"), told.get("candidate") or {}
    known = candidate.get("label") or ", ".join(f"{key} {each}" for key, each in candidate.get("values", {}).items())
    return {"name": known if number is None else f"proposal {number}", "distance": told["distance"]}


def model_health(session: Session, name: str) -> Plain | None:
    """What the latest iteration that fitted models said of them; before there is one, what the last one said."""
    campaign = find_campaign(session, name)
    query = _latest(select(col(Iteration.number), col(Iteration.report)), campaign)
    told = session.execute(query.execution_options(yield_per=1))  # reports are large, and most often the first will do
    rows = ((number, report) for number, report in told if report)
    if (last := next(rows, None)) is None:
        return None
    modelled = (each for each in chain([last], rows) if each[1].get("models"))
    number, report = next(modelled, last)
    spec = spec_of(session, campaign)
    parameters = {each: spec.space.unit(each) for each in spec.space.names()}
    return {"number": number, "report": report, "units": units_of(spec), "parameters": parameters}
