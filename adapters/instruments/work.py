"""What an instrument maker's function gets and gives."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.instruments.messages import Capability, EarlierStep, File, Measurement, Outcome, Quantity, Request


class WorkFailed(Exception):
    """The work gave no measurement; raise one of the three below with the reason."""

    outcome = Outcome.FAILED_MEASUREMENT


class FailedSynthesis(WorkFailed):
    """The candidate could not be made: the point itself is bad."""

    outcome = Outcome.FAILED_SYNTHESIS


class FailedMeasurement(WorkFailed):
    """The measurement failed: this says nothing about the point."""

    outcome = Outcome.FAILED_MEASUREMENT


class Invalid(WorkFailed):
    """The candidate makes no sense here and never will."""

    outcome = Outcome.INVALID


@dataclass(frozen=True)
class Finished:
    """What the work gave. `sample_id` names the sample that it made (lower case letters, digits, hyphens)."""

    measurements: Sequence[Measurement] = ()
    files: Sequence[File] = ()
    sample_id: str | None = None


@dataclass(frozen=True)
class Work:
    """One attempt to carry out. `checkpoint` returns at once, or when work that is on hold may go on."""

    request: Request
    checkpoint: Callable[[], Awaitable[None]] = field(repr=False)

    @property
    def attempt_id(self) -> str:
        """Id of the attempt; names raw files and samples well, since no attempt runs twice."""
        return self.request.attempt_id

    @property
    def candidate(self) -> dict[str, Any]:
        """The candidate as plain JSON."""
        return self.request.candidate

    @property
    def sample_id(self) -> str | None:
        """The sample to work on, if an earlier step made one."""
        return self.request.sample_id

    @property
    def replicate(self) -> int:
        """Which repetition of this candidate this is, from 1."""
        return self.request.replicate

    @property
    def earlier(self) -> list[EarlierStep]:
        """What the earlier steps of the stage gave."""
        return self.request.earlier

    def number(self, name: str) -> float:
        """A parameter's value, in the unit of the description."""
        return float(self.request.parameters[name].value)


Handler = Callable[[Work], Awaitable[Finished]]

_NO_UNIT = "dimensionless"


def parameter_fault(capability: Capability, given: dict[str, Quantity]) -> str | None:
    """Say what is wrong with the parameters of a request; None if nothing is."""
    for name in sorted(set(given) ^ set(capability.parameters)):
        return f"parameter {name} is {'not known' if name in given else 'missing'}"
    for name, quantity in given.items():
        limits, value = capability.parameters[name], quantity.value
        given_unit, unit = quantity.unit or _NO_UNIT, limits.unit or _NO_UNIT
        if given_unit != unit:
            return f"parameter {name} is in {given_unit}; this instrument takes {unit}"
        if limits.choices is not None and not limits.offers(value):
            return f"parameter {name} = {value} is none of {limits.choices}"
        if limits.low is None and limits.high is None:
            continue
        if isinstance(value, bool | str):
            return f"parameter {name} = {value!r} is not a number"
        if (limits.low is not None and value < limits.low) or (limits.high is not None and value > limits.high):
            return f"parameter {name} = {value:g} is outside {limits.low} to {limits.high} {limits.unit}"
    return None
