"""What a strategy is asked and what it answers: plain data, rebuilt from rows as of one event number.

A strategy is a pure function from `Request` to `Response`. Everything it may use stands in the request; big inputs
(pools, trained models) stand there by the SHA-256 of their file and are read from the paths given beside the request.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from strategies.objectives import Objective, OutcomeConstraint
from strategies.spaces import Space

Candidate = dict[str, Any]


class Plain(BaseModel):
    """Plain data across the border."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class StageOutline(Plain):
    """One rung of the evidence ladder, cheapest first.

    `promote`: who puts forward for the next stage what ended well here: a rule of the campaign, or the strategy.
    """

    name: str
    cost: float = 0.0
    yields: list[str] = []
    promote: Literal["rule", "strategy"] = "rule"


class Row(Plain):
    """A candidate at a stage, and the proposal it came from, with what its generator put in that proposal's memory."""

    candidate: Candidate
    stage: str
    proposal: str | None = None
    memory: dict[str, Any] = {}


class Value(Plain):
    """One property of one attempt in the objective's unit; `status` is ok, below, above or out-of-range."""

    property: str
    value: float
    standard_error: float | None = None
    status: str = "ok"


class Observation(Row):
    """What one proposal gave at one stage; `proposal` is absent for imported data."""

    values: list[Value]
    replicate: int = 1


class Failure(Row):
    """A candidate that cannot be carried out: `kind` is failed-synthesis, invalid or outside-limits."""

    kind: str


class Open(Row):
    """A proposal that is pending (not yet answered) or rejected."""


class StrategyChoice(Plain):
    """The strategy's registered name and its options, as in the campaign file."""

    name: str
    options: dict[str, Any] = {}


class Source(Plain):
    """What an earlier campaign measured, in this request's names and units, in event order.

    Of each property only what the dearest of its stages gave. Labels may be others than this space's choices.
    `left_out` counts the measured points that could not be brought to this space.
    """

    name: str
    observations: list[Observation]
    left_out: int = Field(default=0, ge=0)


class Request(Plain):
    """Ask for `n` proposals, knowing all that happened up to event number `event`."""

    space: Space
    objectives: list[Objective]
    constraints: list[OutcomeConstraint] = []
    stages: list[StageOutline]
    strategy: StrategyChoice
    observations: list[Observation] = []  # in event order
    failures: list[Failure] = []
    pending: list[Open] = []
    rejected: list[Open] = []
    sources: list[Source] = []
    transfer: str = "multitask"  # how sources are learned from
    artifacts: dict[str, str] = {}  # name -> SHA-256
    n: int = Field(ge=1)
    seed: int = Field(ge=0)
    event: int

    def rows(self) -> list[Row]:
        """All candidates that the request knows: observed, failed, pending, rejected."""
        return [*self.observations, *self.failures, *self.pending, *self.rejected]


class Prediction(Plain):
    """Posterior mean and standard deviation of a property, in the objective's unit."""

    mean: float
    standard_deviation: float


class Suggestion(Plain):
    """One proposal. `reason` is one sentence for the operator; `memory` is what the generator must find again.

    `repeat`: it is wanted once more on purpose, a replicate of a candidate that has been measured. `feasibility`: how
    probable it is that it can be carried out at all, where a model of that was learned from failures.
    """

    candidate: Candidate
    stage: str
    parents: list[str] = []
    prediction: dict[str, Prediction] = {}
    acquisition: float | None = None
    reason: str
    memory: dict[str, Any] = {}
    repeat: bool = False
    feasibility: float | None = None


class Response(Plain):
    """The proposals and a report on the model (fit quality, hyperparameters, warnings)."""

    proposals: list[Suggestion]
    report: dict[str, Any] = {}
