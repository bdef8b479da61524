"""Earlier measurements as rows of a campaign: proposals that had ended before it began, with origin `imported`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict, Invalid
from controller.commands.lookup import find_campaign
from controller.loop import CAMPAIGN
from controller.loop.progress import advance
from controller.spec import Campaign as Spec
from controller.spec import TableError, read_candidates
from controller.store import Unit
from controller.store.proposals import IMPORT, make_proposal
from controller.store.specs import spec_of, units_of
from controller.store.tables import Campaign, Measurement, Proposal
from strategies.spaces import candidate_key

MOST_NOTES = 10


@dataclass(frozen=True)
class ImportedRow:
    """One line of a table, checked: its candidate and what was measured; None: its synthesis failed."""

    line: int
    key: str
    candidate: dict[str, Any]
    values: Mapping[str, float] | None
    outside: Sequence[str] = ()  # what keeps it out of the space: data all the same


@dataclass(frozen=True)
class Table:
    """A table of earlier measurements, ready to be written."""

    name: str
    sha256: str
    rows: Sequence[ImportedRow]


def read_table(spec: Spec, name: str, sha256: str, content: bytes, files: Mapping[str, Path]) -> Table:
    """Read and check a CSV; raises `TableError`. Takes long for many rows: call it off the event loop."""
    found = read_candidates(content, spec, files)
    rows = [
        ImportedRow(one.row.line, candidate_key(one.candidate), one.candidate, one.row.values, one.outside)
        for one in found
    ]
    return Table(name, sha256, rows)


def checked_table(spec: Spec, name: str, sha256: str, content: bytes, files: Mapping[str, Path]) -> Table:
    """As `read_table`, for what people send; raises `Invalid`."""
    try:
        return read_table(spec, name, sha256, content, files)
    except TableError as error:
        raise Invalid(f"{name}: {error}") from error


def notes(table: Table) -> list[str]:
    """The rows that lie outside the space, with the reasons; `MOST_NOTES` of them, and how many more."""
    found = [f"line {row.line} lies outside the space: {', '.join(row.outside)}" for row in table.rows if row.outside]
    more = len(found) - MOST_NOTES
    return [*found[:MOST_NOTES], *([f"and {more} more"] if more > 0 else [])]


def import_table(unit: Unit, actor: Actor, name: str, table: Table) -> Campaign:
    """Add a table to a campaign that is under way; the next request to its strategy knows it."""
    actor.require(Role.OPERATOR)
    campaign = find_campaign(unit.session, name)
    if CAMPAIGN.final(campaign.state):
        raise Conflict(f"campaign {campaign.name} is {campaign.state}")
    write_table(unit, actor, campaign, spec_of(unit.session, campaign), table)
    return campaign


def write_table(unit: Unit, actor: Actor, campaign: Campaign, spec: Spec, table: Table) -> None:
    """One event for each row. A table whose rows are there already is refused."""
    first = unit.session.get(Measurement, _measurement_id(campaign, table, table.rows[0].line, spec))
    if first is not None:
        raise Conflict(f"the table {table.name} has been imported into {campaign.name} already")
    for row in table.rows:
        rows = _rows(unit, campaign, spec, table, row)
        campaign.exhausted = False
        unit.record(
            "data.import",
            campaign,
            *rows,
            campaign_id=campaign.id,
            subject=table.name,
            actor=actor.name,
            sha256=table.sha256,
            line=row.line,
            **({"outside": list(row.outside)} if row.outside else {}),
        )


def _outside(row: ImportedRow) -> list[str]:
    return [f"outside the space: {', '.join(row.outside)}"[:1000]] if row.outside else []


def _measurement_id(campaign: Campaign, table: Table, line: int, spec: Spec, name: str | None = None) -> str:
    return f"{campaign.id}/{table.sha256}/{line}/{name or spec.objectives[0].property}"


def _rows(unit: Unit, campaign: Campaign, spec: Spec, table: Table, row: ImportedRow) -> list[Proposal | Measurement]:
    proposal = make_proposal(
        unit,
        campaign,
        stage=spec.stages[-1].name,
        key=row.key,
        candidate=row.candidate,
        reason="; ".join([f"line {row.line} of {table.name}", *_outside(row)]),
        made_by=IMPORT,
    )
    proposal.ended_event = unit.next_event
    proposal.promotion = "last"
    if row.values is None:
        proposal.state, proposal.failure = "failed", "failed-synthesis"
        return [proposal]
    proposal.state = "completed"
    campaign.progress = advance(campaign.progress, spec, row.key, row.values, imported=True)
    units = units_of(spec)
    measured = [
        Measurement(
            id=_measurement_id(campaign, table, row.line, spec, name),
            campaign_id=campaign.id,
            proposal_id=proposal.id,
            channel=name,
            place=row.line,
            property=name,
            value=float(value),
            unit=units[name],
            origin="imported",
            simulated=campaign.simulated,
            event=unit.next_event,
        )
        for name, value in row.values.items()
    ]
    return [proposal, *measured]
