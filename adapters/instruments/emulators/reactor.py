"""An emulated flow reactor: it takes its time and makes a sample."""

from adapters.instruments import Capability, Finished, ParameterLimits, Work

MODEL = "emulated flow reactor"
CAPABILITY = "react"

CAPABILITIES = {
    CAPABILITY: Capability(
        makes_sample=True,
        parameters={
            "residence_time": ParameterLimits(unit="min", low=0.5, high=2.0),
            "equivalents": ParameterLimits(unit="dimensionless", low=1.0, high=5.0),
            "concentration": ParameterLimits(unit="mol/L", low=0.1, high=0.5),
            "temperature": ParameterLimits(unit="degC", low=30.0, high=120.0),
        },
    )
}


def react(work: Work) -> Finished:
    """Make the sample; what is in it follows from the candidate, which the analyser gets too."""
    return Finished(sample_id=f"s-{work.attempt_id}"[:80])
