"""What is drawn of a campaign, bounded: of many experiments the best ones and others evenly between them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlmodel import Session, col

from controller.commands.lookup import find_campaign
from controller.report.course import Course, Experiment, course
from controller.report.measured import by_id
from controller.report.pareto import front as front_of
from controller.store.specs import spec_of
from controller.store.tables import Proposal
from strategies.objectives import is_scored

Plain = dict[str, Any]
MOST_POINTS = 1000
MOST_LINES = 300  # of parallel coordinates; more of them are one grey surface
MOST_BEST = 20


def curves(session: Session, name: str) -> Plain:
    """Experiments for drawing: `points` in order, `lines` with their parameters, and the `best` ones as a table."""
    known = course(session, name)
    found: Plain = known.keep(session, "curves", lambda: _curves(session, name, known))
    return found


def _curves(session: Session, name: str, known: Course) -> Plain:
    spec = spec_of(session, find_campaign(session, name))
    rows = known.experiments
    records, front = _records(rows, len(spec.objectives)), front_of(rows)
    best = _best_first(rows, front)
    lines = thinned(len(rows), MOST_LINES, best)
    shown = {rows[place].proposal for place in (*lines, *best[:MOST_BEST])}
    candidates = by_id(session, col(Proposal.id), col(Proposal.candidate), shown)
    return {
        "objectives": [each.model_dump(mode="json", exclude_none=True) for each in spec.objectives],
        "parameters": [{"name": each, "unit": spec.space.unit(each)} for each in spec.space.names()],
        "total": len(rows),
        "points": [
            _point(rows[place], place, place in front, records.get(place, []))
            for place in thinned(len(rows), MOST_POINTS, [*records, *front])
        ],
        "lines": [_line(rows[place], place, place in front, candidates) for place in lines],
        "best": [_line(rows[place], place, place in front, candidates) for place in best[:MOST_BEST]],
        "tops": [_top(rows, records, index) for index in range(len(spec.objectives))],
        "front": len(front) if len(spec.objectives) > 1 and not is_scored(spec.objectives) else None,
    }


def thinned(count: int, most: int, wanted: Collection[int]) -> list[int]:
    """Places of `count` things in order, at most `most` of them: the last of those wanted, the others evenly."""
    if count <= most:
        return list(range(count))
    kept = set(sorted(set(wanted))[-(most // 2) :]) | {count - 1}
    room = most - len(kept)
    kept |= {place * (count - 1) // max(1, room - 1) for place in range(room)}
    return sorted(kept)


def _records(rows: Sequence[Experiment], objectives: int) -> dict[int, list[int]]:
    """Where which objectives became better than ever before."""
    best: list[float | None] = [None] * objectives
    found: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        for index, merit in enumerate(row.merits or ()):
            so_far = best[index]
            if so_far is None or merit > so_far:
                best[index] = merit
                better = range(objectives) if len(row.merits or ()) == 1 else [index]  # one score is that of all
                found.setdefault(place, []).extend(better)
    return found


def _best_first(rows: Sequence[Experiment], front: Collection[int]) -> list[int]:
    """The front by its first objective; of a single objective all, the best one first."""
    places = [place for place, row in enumerate(rows) if row.merits is not None]
    if places and len(rows[places[0]].merits or ()) > 1:
        places = list(front)
    return sorted(places, key=lambda place: (rows[place].merits or (), -place), reverse=True)


def _top(rows: Sequence[Experiment], records: Mapping[int, list[int]], objective: int) -> Plain | None:
    """The experiment that is best in one objective."""
    places = [place for place, better in records.items() if objective in better]
    return _point(rows[places[-1]], places[-1], True, []) if places else None


def _point(row: Experiment, place: int, best: bool, records: list[int]) -> Plain:
    return {
        "place": place + 1,
        "number": row.number,
        "values": row.values,
        "errors": row.errors,
        "best": best,
        "counts": row.merits is not None,
        "records": records,
    }


def _line(row: Experiment, place: int, best: bool, candidates: dict[str | None, Any]) -> Plain:
    return {**_point(row, place, best, []), "candidate": candidates.get(row.proposal, {})}
