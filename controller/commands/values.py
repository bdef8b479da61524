"""Values that a person enters for an attempt."""

import re
from collections.abc import Mapping

from sqlmodel import SQLModel

from controller.commands.errors import Invalid
from controller.intake.results import LARGEST, sample_of
from controller.store import Unit
from controller.store.specs import spec_of, units_of
from controller.store.tables import Attempt, Campaign, Measurement
from strategies.units import UnitError, check_unit, convert

_SAMPLE = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")  # as on the wire, where a later step's request names it


def entered(
    unit: Unit, attempt: Attempt, values: Mapping[str, tuple[float, str]], sample: str | None = None
) -> list[SQLModel]:
    """Rows of exactly what the step yields; `values` is property -> (value, unit), `sample` the name of what it made.

    Raises `Invalid`.
    """
    wanted = set(attempt.request.get("yields", []))
    if set(values) != wanted:
        raise Invalid(f"the step yields {', '.join(sorted(wanted)) or 'nothing'}; give exactly these")
    if sample is not None and not _SAMPLE.fullmatch(sample):
        raise Invalid(f"{sample!r} cannot be a sample's name: lower-case letters, digits and '-', at most 80")
    campaign = unit.session.get_one(Campaign, attempt.campaign_id)
    units = units_of(spec_of(unit.session, campaign))
    rows: list[SQLModel] = [
        _row(unit, campaign, attempt, name, number, given, units.get(name, given))
        for name, (number, given) in values.items()
    ]
    return rows if sample is None else [*rows, sample_of(campaign, attempt, sample)]


def _row(
    unit: Unit, campaign: Campaign, attempt: Attempt, name: str, number: float, given: str, target: str
) -> Measurement:
    try:
        converted = convert(number, check_unit(given), target)
    except UnitError as error:
        raise Invalid(f"{name}: {error}") from error
    if not abs(converted) <= LARGEST:
        raise Invalid(f"{name}: {number} {given} is beyond {LARGEST:g} {target}")
    origin = "person" if attempt.adapter == "person" else "operator"
    return Measurement(
        id=f"{attempt.id}/{name}/{origin}",
        campaign_id=campaign.id,
        proposal_id=attempt.proposal_id,
        attempt_id=attempt.id,
        channel=name,
        place=0,
        property=name,
        value=float(converted),
        unit=target,
        origin=origin,
        simulated=campaign.simulated,
        event=unit.next_event,
    )
