"""How a campaign has gone: its experiments in order, and its measurements, of which there may be a hundred thousand.

They are read once and kept; every event names the rows that it made or changed, so the next look reads only these. What
is kept is checked against the hash of the event up to which it was read, and thrown away if that is another one.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from controller.commands.lookup import find_campaign
from controller.loop.progress import counts, gathered, last_stage, means, merits
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of
from controller.store.tables import Campaign, Event, Measurement, Proposal

KEPT = 8  # campaigns
MOST_EVENTS = 2000  # since the last look; after more of them everything is read again
PART = 500  # ids in one question


class Value(NamedTuple):
    """A measurement; `counts`: it is a value of its candidate."""

    id: str
    proposal: str | None
    property: str
    value: float
    standard_error: float | None
    counts: bool


class Ended(NamedTuple):
    """A proposal that was carried out to the end."""

    id: str
    number: int
    stage: str
    key: str
    ended_event: int
    parents: Sequence[str]


@dataclass(frozen=True)
class Experiment:
    """What `loop.progress` calls an experiment: means of what was measured, with their standard errors, and merits."""

    proposal: str
    number: int
    values: dict[str, float]
    errors: dict[str, float]
    merits: tuple[float, ...] | None


@dataclass
class Course:
    """What is known of one campaign, up to an event."""

    campaign: str
    version: int
    upto: int = 0
    hash: str = ""
    measured: dict[str, Value] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)
    experiments: list[Experiment] = field(default_factory=list)
    _kept: dict[str, Any] = field(default_factory=dict)

    def keep(self, session: Session, what: str, make: Callable[[], Any]) -> Any:
        """What follows from it and is read with `session`, worked out once; not kept of a session that sees less."""
        if what in self._kept:
            return self._kept[what]
        found = make()
        if _newest(session)[0] >= self.upto:
            self._kept[what] = found
        return found


@dataclass
class _Shelf:
    """Where one campaign's course is kept; only who asks for the same campaign waits while it is read."""

    reading: Lock = field(default_factory=Lock)
    course: Course | None = None


_SHELVES: OrderedDict[tuple[str, str], _Shelf] = OrderedDict()
_FINDING = Lock()


def course(session: Session, name: str) -> Course:
    """The course of a campaign by name or id; what it holds must not be changed. Raises `NotFound`."""
    campaign = find_campaign(session, name)
    newest = _newest(session)
    shelf = _shelf_of(session, campaign.id)
    with shelf.reading:
        found = shelf.course
        if found is None or found.version != campaign.version or not _holds(session, found, newest[0]):
            found = Course(campaign.id, campaign.version)
        if newest[0] > found.upto:
            found = _advanced(session, campaign, found)
            found.upto, found.hash = newest
        shelf.course = found
        return found


def _newest(session: Session) -> tuple[int, str]:
    query = select(col(Event.number), col(Event.hash)).order_by(col(Event.number).desc()).limit(1)
    number, digest = session.execute(query).one()
    return number, digest


def _shelf_of(session: Session, campaign_id: str) -> _Shelf:
    """Of this database: a copy of it has campaigns of the same ids."""
    key = (str(session.get_bind().engine.url), campaign_id)
    with _FINDING:
        shelf = _SHELVES.setdefault(key, _Shelf())
        _SHELVES.move_to_end(key)
        while len(_SHELVES) > KEPT:
            _SHELVES.popitem(last=False)
        return shelf


def _holds(session: Session, known: Course, newest: int) -> bool:
    """Whether it is of this very history; another reader may have seen more of it than this session does."""
    if known.upto > newest:
        return True
    return session.scalar(select(col(Event.hash)).where(col(Event.number) == known.upto)) == known.hash


def _advanced(session: Session, campaign: Campaign, known: Course) -> Course:
    """With what has come since; whoever still reads the course that was known is not disturbed."""
    spec = spec_of(session, campaign)
    names = _changed(session, known) if known.upto else None
    if names is None:
        measured, ended = _measured(session, campaign.id, None), _ended(session, campaign.id, None)
        experiments = _experiments(spec, measured.values(), ended.values())
        return Course(campaign.id, campaign.version, measured=measured, ended=ended, experiments=experiments)
    values = _measured(session, campaign.id, names["measurement"])
    ends = _ended(session, campaign.id, names["proposal"])
    if not values and not ends:
        return known
    fresh = Course(campaign.id, campaign.version, measured={**known.measured, **values}, ended={**known.ended, **ends})
    touched = {*ends, *(each.proposal for each in values.values())}
    fresh.experiments = _renewed(spec, known.experiments, fresh, touched)
    return fresh


def _renewed(
    spec: Spec, experiments: Iterable[Experiment], fresh: Course, touched: Collection[str | None]
) -> list[Experiment]:
    """The experiments with those made anew whose candidate was touched; new ones come last, as they ended last."""
    keys = {row.key for row in fresh.ended.values() if row.id in touched}
    ended = {row.id: row for row in fresh.ended.values() if row.key in keys}
    measured = (each for each in fresh.measured.values() if each.proposal in ended)
    made = {each.proposal: each for each in _experiments(spec, measured, ended.values())}
    kept = [made.pop(each.proposal, each) for each in experiments]
    return [*kept, *made.values()]


def _changed(session: Session, known: Course) -> dict[str, list[str]] | None:
    """Keys of the measurements and proposals that events have named since; None where these are too many."""
    query = select(col(Event.rows)).where(col(Event.campaign_id) == known.campaign, col(Event.number) > known.upto)
    events = session.scalars(query.limit(MOST_EVENTS + 1)).all()
    if len(events) > MOST_EVENTS:
        return None
    names: dict[str, dict[str, None]] = {"measurement": {}, "proposal": {}}
    for name in (name for rows in events for name in rows):
        table, _, key = name.partition("/")
        if table in names:
            names[table][key] = None
    return {table: list(keys) for table, keys in names.items()}


def _measured(session: Session, campaign_id: str, keys: list[str] | None) -> dict[str, Value]:
    """In the order of events, all or these."""
    columns = (
        Measurement.id,
        Measurement.proposal_id,
        Measurement.property,
        Measurement.value,
        Measurement.standard_error,
        Measurement.status,
        Measurement.late,
        Measurement.replaced_event,
    )
    query = select(*(col(each) for each in columns)).where(col(Measurement.campaign_id) == campaign_id)
    query = query.order_by(col(Measurement.event), col(Measurement.id))
    rows = (row for part in _parts(query, Measurement, keys) for row in session.execute(part))
    return {
        key: Value(key, proposal, name, value, error, counts(status, late, replaced))
        for key, proposal, name, value, error, status, late, replaced in rows
    }


def _ended(session: Session, campaign_id: str, keys: list[str] | None) -> dict[str, Ended]:
    columns = (Proposal.id, Proposal.number, Proposal.stage, Proposal.key, Proposal.ended_event, Proposal.parents)
    query = select(*(col(each) for each in columns)).where(
        col(Proposal.campaign_id) == campaign_id, col(Proposal.state) == "completed"
    )
    rows = (row for part in _parts(query, Proposal, keys) for row in session.execute(part))
    return {row[0]: Ended(*row) for row in rows}


def _parts(query: Any, table: type[SQLModel], keys: list[str] | None) -> Iterable[Any]:
    if keys is None:
        return [query]
    parts = (keys[start : start + PART] for start in range(0, len(keys), PART))
    return [query.where(col(table.id).in_(part)) for part in parts]  # type: ignore[attr-defined]


def _experiments(spec: Spec, measured: Iterable[Value], ended: Iterable[Ended]) -> list[Experiment]:
    """In the order in which they ended."""
    found: dict[str | None, dict[str, list[Value]]] = {}
    for each in measured:
        if each.counts:
            found.setdefault(each.proposal, {}).setdefault(each.property, []).append(each)
    completed = {row.id: row for row in sorted(ended, key=lambda row: (row.ended_event, row.number))}
    return [
        _experiment(spec, row, gathered(row, completed.get, lambda key: found.get(key, {})))
        for row in completed.values()
        if row.stage == last_stage(spec)
    ]


def _experiment(spec: Spec, row: Ended, found: dict[str, list[Value]]) -> Experiment:
    values = means((name, each.value) for name, rows in found.items() for each in rows)
    errors = {name: error for name, rows in found.items() if (error := _error(rows)) is not None}
    return Experiment(row.id, row.number, values, errors, merits(spec, values))


def _error(rows: list[Value]) -> float | None:
    """The standard error of the mean, where each value has one."""
    errors = [row.standard_error for row in rows if row.standard_error is not None]
    if len(errors) < len(rows):
        return None
    return float(sum(error**2 for error in errors) ** 0.5 / len(rows))
