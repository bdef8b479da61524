"""What a campaign file says in short, and what of it the enrolled instruments cannot do."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from adapters.instruments.messages import Capability, Description
from controller import spec as campaign_file
from controller.loop.instrument import REMOVED
from controller.loop.limits import outside_limits, parameters_for
from controller.loop.site_limits import Limits
from controller.spec import Campaign as Spec
from controller.spec import Step
from controller.store.specs import units_of
from controller.store.tables import Campaign, Instrument
from strategies.spaces import Candidate, Discrete, Labelled, Parameter, conditions
from strategies.units import UnitError, convert_difference


def describe(spec: Spec) -> dict[str, Any]:
    """The campaign in short, as plain data."""
    return {
        "campaign": spec.campaign,
        "digest": campaign_file.spec_digest(spec),
        "kind": spec.space.kind,
        "parameters": spec.space.names(),
        "objectives": [each.model_dump(mode="json", exclude_none=True) for each in spec.objectives],
        "stages": [{"name": each.name, "cost": each.cost, "yields": each.yields} for each in spec.stages],
        "strategy": spec.strategy.name,
        "budget": spec.budget.model_dump(mode="json", exclude_none=True),
    }


def warnings(session: Session, spec: Spec, limits: Limits) -> list[str]:
    """What is right in the file and would keep it from being submitted, or its steps from being carried out, now."""
    taken = session.scalars(select(Campaign).where(col(Campaign.name) == spec.campaign)).first()
    said = [f"there is a campaign {spec.campaign!r} already ({taken.state})"] if taken else []
    said += [problem for candidate in _ends(spec) for problem in limits.violations(candidate)]
    for step in (step for stage in spec.stages for step in stage.steps):
        for name in step.instruments:
            said += [f"step {step.name!r}: {each}" for each in _about(session, spec, step, name)]
    return list(dict.fromkeys(said))


def _about(session: Session, spec: Spec, step: Step, name: str) -> Iterator[str]:
    row = session.get(Instrument, name)
    if row is None or row.state == REMOVED:
        yield f"instrument {name!r} is not enrolled"
    elif row.description_digest is None:
        yield f"instrument {name!r} has sent no description yet"
    else:
        capabilities = Description.model_validate(row.description).capabilities
        if (capability := capabilities.get(step.capability or "")) is None:
            offered = ", ".join(sorted(capabilities)) or "nothing"
            yield f"instrument {name!r} does not offer {step.capability!r}; it offers {offered}"
        else:
            yield from _parameters(spec, step, name, capability)
            yield from _channels(spec, step, name, capability)


def _parameters(spec: Spec, step: Step, name: str, capability: Capability) -> Iterator[str]:
    """What the instrument would refuse at the ends of the space, checked as every candidate is before it is sent."""
    for candidate in _ends(spec):
        parameters, problems = parameters_for(candidate, step.parameters, capability)
        for problem in [*problems, *outside_limits(parameters, capability)]:
            yield f"instrument {name!r}: {problem}"


def _ends(spec: Spec) -> Iterator[Candidate]:
    """Candidates at the lower and upper ends and with every label; of a pool none, its rows are checked when sent."""
    if spec.space.pool is not None:
        return
    flat = spec.space.model_copy(update={"kind": "conditions"})  # the ends of a mixture are no mixture
    values = {name: _values(parameter) for name, parameter in flat.settable().items()}
    for place in range(max(map(len, values.values()))):
        yield conditions(flat, {name: each[min(place, len(each) - 1)] for name, each in values.items()})


def _values(parameter: Parameter) -> Sequence[float | str]:
    if isinstance(parameter, Labelled):
        return parameter.choices
    if isinstance(parameter, Discrete):
        return [min(parameter.values), max(parameter.values)]
    return [parameter.low, parameter.high]


def _channels(spec: Spec, step: Step, name: str, capability: Capability) -> Iterator[str]:
    units, channels = units_of(spec), {each.property: each for each in capability.channels.values()}
    for wanted in step.asked:
        if wanted not in channels:
            yield f"instrument {name!r} does not measure {wanted!r} with {step.capability!r}"
            continue
        try:
            convert_difference(1.0, channels[wanted].unit, units.get(wanted, channels[wanted].unit))
        except UnitError as error:
            yield f"instrument {name!r}, {wanted!r}: {error}"
