"""An emulated analyser: it computes what the reactor would have made of the candidate, and adds noise."""

import numpy as np

from adapters.instruments import Capability, Channel, Finished, Invalid, Measurement, Work
from adapters.instruments.emulators import kinetics
from adapters.instruments.emulators.noise import generator

MODEL = "emulated analyser"
CAPABILITY = "analyse"

UNITS = {"residence_time": "min", "equivalents": "dimensionless", "concentration": "mol/L", "temperature": "degC"}
PROPERTIES = {"space_time_yield": "kg/m**3/h", "e_factor": "dimensionless"}

CAPABILITIES = {
    CAPABILITY: Capability(
        channels={name: Channel(property=name, unit=unit) for name, unit in PROPERTIES.items()},
    )
}


def analyse(work: Work, seed: int, noise: float) -> Finished:
    """Measure the outlet of the candidate's run; `noise` is relative to each concentration."""
    conditions = _conditions(work)
    concentrations = kinetics.outlet(conditions)
    draws = generator(seed, work.candidate, work.replicate).standard_normal(concentrations.shape)
    measured = np.maximum(concentrations * (1 + noise * draws), 0.0)
    values = {
        "space_time_yield": float(kinetics.space_time_yield(conditions, measured)[0]),
        "e_factor": float(kinetics.e_factor(measured)[0]),
    }
    wanted = work.request.yields or list(values)
    return Finished(
        [
            Measurement(channel=name, property=name, value=value, unit=PROPERTIES[name])
            for name, value in values.items()
            if name in wanted
        ]
    )


def _conditions(work: Work) -> kinetics.Conditions:
    values, units = work.candidate.get("values", {}), work.candidate.get("units", {})
    for name, unit in UNITS.items():
        if not isinstance(values.get(name), int | float):
            raise Invalid(f"the candidate has no number {name}")
        if (units.get(name) or "dimensionless") != unit:
            raise Invalid(f"{name} is in {units.get(name)}; this analyser takes {unit}")
    return kinetics.Conditions.of(**{name: values[name] for name in UNITS})
