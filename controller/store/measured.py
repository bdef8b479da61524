"""How a value becomes a measurement, converted once into the unit of the spec, and how another takes its place."""

from collections.abc import Mapping

from controller.store.tables import Attempt, Campaign, Measurement
from controller.store.unit import Unit
from strategies.units import UnitError, check_unit, convert, convert_difference

# No property of the real world is larger in its own unit; sums and squares of what is smaller stay finite.
LARGEST = 1e100


class Unusable(ValueError):
    """The value cannot be kept: its unit measures something else, or it is beyond everything real."""


def measurement(
    unit: Unit,
    attempt: Attempt,
    name: str,
    value: float,
    given: str,
    units: Mapping[str, str],
    *,
    origin: str,
    channel: str | None = None,
    place: str | int,
    standard_error: float | None = None,
    status: str = "ok",
) -> Measurement:
    """The row of a property that an attempt gave in the unit `given`; errors convert as differences.

    `units` are those of the spec (`units_of`); a property that stands in none of its goals keeps the unit given.
    `place` tells it from other values of the same channel (without one: of the property). Raises `Unusable`.
    """
    campaign = unit.session.get_one(Campaign, attempt.campaign_id)
    target = units.get(name, given)
    try:
        check_unit(given)
        converted = convert(value, given, target)
        error = None if standard_error is None else convert_difference(standard_error, given, target)
    except UnitError as problem:
        raise Unusable(f"{name}: {problem}") from problem
    if not max(abs(converted), error or 0.0) <= LARGEST:
        raise Unusable(f"{name}: {value:g} {given} is beyond {LARGEST:g} {target}")
    return Measurement(
        id=f"{attempt.id}/{channel or name}/{place}",
        campaign_id=attempt.campaign_id,
        proposal_id=attempt.proposal_id,
        attempt_id=attempt.id,
        channel=channel or name,
        place=place if isinstance(place, int) else 0,
        property=name,
        value=float(converted),
        unit=target,
        standard_error=error,
        status=status,
        origin=origin,
        simulated=campaign.simulated,
        late=attempt.late,
        event=unit.next_event,
    )


def replacement(unit: Unit, old: Measurement, value: float, given: str, origin: str) -> Measurement:
    """The row, in unit `given`, that takes the place of `old` from the next event on, and counts as measured well."""
    fields = old.model_dump(exclude={"id", "value", "unit", "event", "replaced_event", "origin", "status", "made_from"})
    stem = old.id.rsplit("/correction-", 1)[0]
    fresh = Measurement(
        **fields,
        id=f"{stem}/correction-{unit.next_event}",
        value=value,
        unit=given,
        event=unit.next_event,
        origin=origin,
    )
    old.replaced_event = unit.next_event
    return fresh
