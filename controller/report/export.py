"""A whole campaign as files: a CSV with a row for each proposal, or everything as JSON."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.commands.lookup import find_campaign
from controller.report import lists
from controller.report.failures import reasons_of
from controller.report.table import cell
from controller.store.specs import spec_of, units_of
from controller.store.tables import Event, Proposal, SpecVersion
from controller.store.views import mean_values_of
from strategies.spaces import settings_of

Plain = dict[str, Any]
ALL = 10_000_000
TOLD = ("number", "id", "stage", "state", "replicate", "made_by")
COLUMNS = (*TOLD, "rule", "failure", "reason", "candidate", "prediction")  # of a proposal, for a row of the CSV


def as_json(session: Session, name: str) -> Plain:
    """Everything that the record holds about a campaign, and the hash of the newest event, to hold it against."""
    campaign = find_campaign(session, name)
    versions = select(SpecVersion).where(col(SpecVersion.campaign_id) == campaign.id)
    return {
        "campaign": lists.as_dict(campaign),
        "files": [lists.as_dict(row) for row in session.scalars(versions.order_by(col(SpecVersion.version)))],
        "proposals": lists.proposals(session, name, None, limit=ALL),
        "measurements": lists.measurements(session, name, 0, limit=ALL),
        "iterations": lists.iterations(session, name, 0, limit=ALL),
        "samples": lists.samples(session, name, limit=ALL),
        "newest_event": newest_event(session),
    }


def newest_event(session: Session) -> Plain | None:
    """Number and hash of the newest event, for whoever wants to hold something against the record."""
    newest = session.scalars(select(Event).order_by(col(Event.number).desc()).limit(1)).first()
    return None if newest is None else {"number": newest.number, "hash": newest.hash}


def as_csv(session: Session, name: str) -> str:
    """A row for each proposal: its parameters, what was predicted, the means of what was measured, how it ended."""
    campaign = find_campaign(session, name)
    spec = spec_of(session, campaign)
    parameters, units = spec.space.names(), units_of(spec)
    properties = list(dict.fromkeys([*units, *(each for stage in spec.stages for each in stage.yields)]))
    measured = mean_values_of(session, campaign.id)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    header = [
        *("number", "id", "stage", "state", "replicate", "made by", "approved by"),
        *(_with_unit(each, spec.space.unit(each)) for each in parameters),
        *(
            f"{kind} {_with_unit(each, units.get(each, ''))}"
            for each in properties
            for kind in ("measured", "predicted")
        ),
        *("failure", "why it failed", "why it was proposed"),
    ]
    writer.writerow([cell(each) for each in header])
    reasons = reasons_of(session, campaign.id)
    for row in _proposals(session, campaign.id):
        line = [*_line(row, parameters, properties, measured.get(row["id"], {})), reasons.get(row["id"]), row["reason"]]
        writer.writerow([cell(each) for each in line])
    return text.getvalue()


def _with_unit(name: str, unit: str) -> str:
    return name if unit in ("", "dimensionless") else f"{name} ({unit})"


def _proposals(session: Session, campaign_id: str) -> Iterator[Plain]:
    """In the order in which they were made."""
    its = col(Proposal.campaign_id) == campaign_id
    approved = lists.approved_by(session, select(col(Proposal.id)).where(its))
    query = select(*(col(getattr(Proposal, name)) for name in COLUMNS)).where(its)
    for row in session.execute(query.order_by(col(Proposal.made_event), col(Proposal.number))):
        found = dict(zip(COLUMNS, row, strict=True))
        yield {**found, "approved_by": approved[found["id"]]}


def _line(row: Plain, parameters: Sequence[str], properties: Sequence[str], measured: Mapping[str, float]) -> list[Any]:
    values = settings_of(row["candidate"])
    numbers: list[float | None] = []
    for name in properties:
        numbers += [measured.get(name), row["prediction"].get(name, {}).get("mean")]
    return [
        *(row[name] for name in TOLD),
        ", ".join(row["approved_by"]) or row["rule"],
        *(values.get(name) for name in parameters),
        *numbers,
        row["failure"],
    ]
