"""Values that a person enters for an attempt."""

import re
from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from controller.commands.errors import Invalid
from controller.intake.results import sample_of
from controller.store import Unit
from controller.store.measured import Unusable, measurement
from controller.store.specs import spec_of, step_of, units_of
from controller.store.tables import Attempt, Campaign, Measurement

Given = tuple[float, str | None]

_SAMPLE = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")  # as on the wire, where a later step's request names it


def entered(
    unit: Unit,
    attempt: Attempt,
    values: Mapping[str, Given],
    wanted: Collection[str],
    sample: str | None = None,
) -> list[SQLModel]:
    """Rows of exactly the properties `wanted`; raises `Invalid`.

    `values` is property -> (value, unit; None: that of the campaign file), `sample` the name of what the attempt made.
    """
    if strange := sorted(set(values) - set(wanted)):
        raise Invalid(f"{', '.join(strange)}: not wanted here; {_wanted(wanted)}")
    if set(values) != set(wanted):
        raise Invalid(_wanted(wanted))
    if sample is not None and not _SAMPLE.fullmatch(sample):
        raise Invalid(f"{sample!r} cannot be a sample's name: lower-case letters, digits and '-', at most 80")
    origin = "person" if attempt.adapter == "person" else "operator"
    units = units_of(spec_of(unit.session, unit.session.get_one(Campaign, attempt.campaign_id)))
    try:
        rows: list[SQLModel] = [
            measurement(
                unit,
                attempt,
                name,
                number,
                given or units.get(name, "dimensionless"),
                units,
                origin=origin,
                place=origin,
            )
            for name, (number, given) in values.items()
        ]
    except Unusable as error:
        raise Invalid(str(error)) from error
    if sample is None:
        return rows
    return [*rows, sample_of(unit.session.get_one(Campaign, attempt.campaign_id), attempt, sample)]


def _wanted(names: Collection[str]) -> str:
    return f"give exactly {', '.join(sorted(names))}" if names else "there is nothing to enter"


def unmeasured(session: Session, attempt: Attempt) -> list[str]:
    """The properties of an attempt's step of which there is no value yet; a result may have brought some of them."""
    query = select(col(Measurement.property)).where(col(Measurement.attempt_id) == attempt.id)
    there = set(session.scalars(query))
    return [name for name in step_of(session, attempt).yields if name not in there]
