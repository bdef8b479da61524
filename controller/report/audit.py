"""The audit: events against each other, and every row against the event that told of it last. It changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Dialect, Float, select, type_coerce
from sqlalchemy import Table as SqlTable
from sqlalchemy.types import NullType
from sqlmodel import Session

from controller.store.chain import GENESIS, digest_of, event_hash
from controller.store.tables import Epoch, Event, Outbox, Table

NOT_TOLD = {each.__tablename__ for each in (Event, Outbox, Epoch)}
KEPT_FAULTS = 1000
PAGE = 1000

Values = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """Something that is not as it was written: `kind` names the sort, `where` the event or row."""

    kind: str
    where: str
    message: str


@dataclass
class AuditReport:
    """What was checked, the hash of the newest event, and the first faults of however many there are."""

    events: int = 0
    rows: int = 0
    head: str = GENESIS
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)
    proven: int | None = None  # number of the event with the hash that was asked for, if nothing before it is at fault

    @property
    def ok(self) -> bool:
        """Whether everything is as it was written."""
        return not self.fault_count

    def add(self, kind: str, where: str, message: str) -> None:
        """Count a fault, and keep it if there is room."""
        self.fault_count += 1
        if len(self.faults) < KEPT_FAULTS:
            self.faults.append(Fault(kind, where, message))


class Unreadable(str):
    """In the place of a value that the database holds and its column cannot hold."""


def audit(session: Session, head: str | None = None) -> AuditReport:
    """Check the whole database in one pass over events and rows.

    With `head`, the newest hash of an earlier time: prove that the event with it is there, and that nothing before it
    was cut or rewritten.

    Memory holds the last digest of each row, never the rows. The session should be one read-only snapshot.
    """
    report = AuditReport()
    told = _check_events(session, report, head)
    if head is not None and report.proven is None:
        report.add("head-missing", head, "no event has this hash, or events before it were cut or rewritten")
    for table in Table.metadata.sorted_tables:
        if table.name not in NOT_TOLD:
            _check_rows(session, table, told, report)
    for name in told:
        report.add("row-missing", name, "an event tells of this row, and it is not there")
    return report


def _check_events(session: Session, report: AuditReport, head: str | None) -> dict[str, bytes]:
    """Walk along the chain; returns the last digest that is told of each row."""
    told: dict[str, bytes] = {}
    previous, number = GENESIS, 0
    for event in _stream(session, _table(Event), by="number"):
        number = _check_number(event["number"], number, report)
        _check_links(event, previous, report)
        previous = event["hash"]
        told.update(_digests(event["rows"]))
        report.events += 1
        if previous == head and report.ok:
            report.proven = number
    report.head = previous
    return told


def _check_number(found: Any, last: int, report: AuditReport) -> int:
    if found != last + 1:
        missing = f"event {last + 1}" if found == last + 2 else f"events {last + 1} to {found - 1}"
        report.add("event-missing", missing, "cut out of the chain: the numbers have a gap")
    return int(found)


def _check_links(event: Values, previous: str, report: AuditReport) -> None:
    where = f"event {event['number']}"
    if event["previous"] != previous:
        report.add("chain-broken", where, "it does not follow from the event before it")
    if _or_nothing(event_hash, event) != event["hash"]:
        report.add("event-changed", where, "its hash is not that of what it says")


def _digests(rows: Any) -> dict[str, bytes]:
    if not isinstance(rows, dict):
        return {}  # its event has been reported as changed
    return {name: str(digest).encode() for name, digest in rows.items()}


def _check_rows(session: Session, table: SqlTable, told: dict[str, bytes], report: AuditReport) -> None:
    keys = [column.name for column in table.primary_key.columns]
    for row in _stream(session, table):
        name = f"{table.name}/{'/'.join(str(row[key]) for key in keys)}"
        wanted = told.pop(name, None)
        if wanted is None:
            report.add("row-unknown", name, "no event tells of this row")
        elif _or_nothing(_row_digest, row).encode() != wanted:
            report.add("row-changed", name, "it is not what the last event about it tells")
        report.rows += 1


def _row_digest(row: Values) -> str:
    return digest_of(row)


def _or_nothing(digest: Callable[[Values], str], values: Values) -> str:
    """The digest as the store makes it; of what it could never have written, none."""
    try:
        return digest(values)
    except (ValueError, RecursionError):
        return ""


def _stream(session: Session, table: SqlTable, by: str | None = None) -> Iterator[Values]:
    """Rows as plain values, a page at a time; a value that cannot be read stands as `Unreadable`."""
    dialect = session.get_bind().dialect
    columns = list(table.columns)
    readers = [_reader(column, dialect) for column in columns]
    # Fetched raw and converted here: one spoilt value must not end the audit.
    query = select(*(type_coerce(column, NullType()).label(column.name) for column in columns))
    if by is not None:
        query = query.order_by(table.c[by])
    for row in session.execute(query.execution_options(yield_per=PAGE)):
        yield {column.name: _read(read, value) for column, read, value in zip(columns, readers, row, strict=True)}


def _reader(column: Column[Any], dialect: Dialect) -> Any:
    if isinstance(column.type, Float):
        return None  # every driver gives floats; psycopg's processor would ask for the server's type code
    return column.type.dialect_impl(dialect).result_processor(dialect, None)


def _read(reader: Any, value: Any) -> Any:
    if reader is None or value is None:
        return value
    try:
        return reader(value)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Unreadable(value)


def _table(row: type[Table]) -> SqlTable:
    found: SqlTable = row.__table__  # type: ignore[attr-defined]
    return found
