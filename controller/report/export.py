"""A whole campaign as files: a CSV with a row for each proposal, or everything as JSON."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.commands.lookup import find_campaign
from controller.report import lists
from controller.report.failures import reasons_of
from controller.report.table import cell
from controller.store.specs import spec_of, units_of
from controller.store.tables import Event, Measurement, SpecVersion

Plain = dict[str, Any]
ALL = 10_000_000


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
    spec = spec_of(session, find_campaign(session, name))
    parameters, units = spec.space.names(), units_of(spec)
    properties = list(dict.fromkeys([*units, *(each for stage in spec.stages for each in stage.yields)]))
    measured = _means(session, name)
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
    rows = lists.proposals(session, name, None, limit=ALL)
    reasons = reasons_of(session, find_campaign(session, name).id)
    for row in rows:
        line = [*_line(row, parameters, properties, measured[row["id"]]), reasons.get(row["id"]), row["reason"]]
        writer.writerow([cell(each) for each in line])
    return text.getvalue()


def _with_unit(name: str, unit: str) -> str:
    return name if unit in ("", "dimensionless") else f"{name} ({unit})"


def _line(row: Plain, parameters: Sequence[str], properties: Sequence[str], measured: Mapping[str, float]) -> list[Any]:
    values = row["candidate"].get("values", {})
    numbers: list[float | None] = []
    for name in properties:
        numbers += [measured.get(name), row["prediction"].get(name, {}).get("mean")]
    return [
        *(row[name] for name in ("number", "id", "stage", "state", "replicate", "made_by")),
        ", ".join(row["approved_by"]) or row["rule"],
        *(values.get(name) for name in parameters),
        *numbers,
        row["failure"],
    ]


def _means(session: Session, name: str) -> dict[str, dict[str, float]]:
    """Means of what counts, by proposal and property."""
    query = select(Measurement).where(
        col(Measurement.campaign_id) == find_campaign(session, name).id,
        col(Measurement.late).is_(False),
        col(Measurement.replaced_event).is_(None),
        col(Measurement.status) == "ok",
    )
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in session.scalars(query):
        found[row.proposal_id or ""][row.property].append(row.value)
    means = {key: {each: sum(v) / len(v) for each, v in values.items()} for key, values in found.items()}
    return defaultdict(dict, means)
