"""Corrections: a new row in the place of a measurement; whoever saw the old one saw it."""

import math

from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict, Invalid
from controller.commands.lookup import find
from controller.store import Unit
from controller.store.apply.proposals import judge_anew
from controller.store.measured import LARGEST, replacement
from controller.store.tables import Campaign, Measurement


def correct(unit: Unit, actor: Actor, measurement_id: str, value: float, why: str) -> Measurement:
    """Replace a value, in the unit of the measurement. Iterations that saw the old one stay as they were."""
    actor.require(Role.OPERATOR)
    old = find(unit.session, Measurement, measurement_id)
    if old.replaced_event is not None:
        raise Conflict(f"measurement {measurement_id} was corrected before; correct the row that took its place")
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise Invalid(f"{value} is no value that can be kept")
    if value == old.value:
        raise Invalid("it has this value")
    fresh = replacement(unit, old, value, old.unit, "operator")
    campaign = unit.session.get_one(Campaign, old.campaign_id)
    unit.session.add(fresh)
    judge_anew(unit, campaign)
    unit.record(
        "measurement.correct",
        old,
        fresh,
        campaign,
        campaign_id=campaign.id,
        subject=fresh.id,
        actor=actor.name,
        why=why,
        replaces=old.id,
    )
    return fresh
