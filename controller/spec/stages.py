"""Stages and steps: the rungs of the evidence ladder, what they need and who approves."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from controller.spec.fields import Identifier, Name, Seconds, Section

Kind = Literal["instrument", "calculator", "model"]
Adapter = Literal["instrument", "person", "calculator", "model"]
PEOPLE = "people"  # the one resource that is no instrument
OnUnknown = Literal["ask", "retry"]


class ApprovalRule(Section):
    """A condition for approval without people: the fact of that kind is at most `value`.

    cost: of the stage; hazard: class from the site's limits; predicted_deviation: largest predicted standard deviation
    over its objective's scale; known_region: distance outside the convex range of points with an ok measurement, so
    that `value` is the margin by which that range is widened.
    """

    name: Identifier
    kind: Literal["cost", "hazard", "predicted_deviation", "known_region"]
    comparison: Literal["<="] = "<="
    value: float = Field(ge=0)


class Approval(Section):
    """Who approves: `auto` where every rule holds (else an operator), an operator, or two different people.

    A proposal that waits for longer than `deadline` (seconds) expires.
    """

    policy: Literal["auto", "operator", "two-people"] = "operator"
    rules: list[ApprovalRule] = []
    deadline: Seconds | None = None

    @model_validator(mode="after")
    def _rules_have_a_use(self) -> "Approval":
        if self.rules and self.policy != "auto":
            raise ValueError(f"rules approve only under policy 'auto', not under {self.policy!r}")
        names = [rule.name for rule in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("names of rules must be distinct")
        return self


class Promotion(Section):
    """Which candidates that ended well are proposed for the next stage.

    all: every one; best: the best `k` of every `n` by an objective's `property`; region: those whose `property`
    (predicted, else measured, in the objective's unit) lies from `low` to `high`, of which one may be absent;
    strategy: none by rule, since the strategy itself chooses candidates for the next stage as well.
    """

    rule: Literal["all", "best", "region", "strategy"]
    property: Name | None = None
    k: int | None = Field(default=None, ge=1)
    n: int | None = Field(default=None, ge=1, le=100_000)
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Promotion":
        given = {name for name in ("property", "k", "n", "low", "high") if getattr(self, name) is not None}
        allowed: dict[str, list[set[str]]] = {
            "all": [set()],
            "strategy": [set()],
            "best": [{"property", "k", "n"}],
            "region": [{"property", "low"}, {"property", "high"}, {"property", "low", "high"}],
        }
        if given not in allowed[self.rule]:
            needs = {"best": "property, k and n", "region": "property and low and/or high"}
            raise ValueError(f"rule {self.rule!r} takes {needs.get(self.rule, 'no further key')}")
        if self.k is not None and self.n is not None and self.k > self.n:
            raise ValueError(f"k ({self.k}) must not be above n ({self.n})")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.high:g})")
        return self


class Analysis(Section):
    """Values that are read from a file which the step's result names.

    `function`: peak or integral; `file`: name of the file, in which * stands for anything; `options`: of the function,
    such as x_unit; `gives`: what the function gives -> property that the step yields.
    """

    function: Name
    file: Annotated[str, Field(min_length=1, max_length=200)] = "*"
    options: dict[str, Any] = {}
    gives: Annotated[dict[Name, Name], Field(min_length=1)]

    def choose(self, names: Sequence[str]) -> int:
        """Which of the files that a result names is the one; raises `ValueError` if not exactly one can be."""
        pattern = self.file.replace("[", "[[]").replace("?", "[?]")
        found = [place for place, name in enumerate(names) if fnmatchcase(name, pattern)]
        if len(found) != 1:
            told = ", ".join(names) or "no file"
            raise ValueError(f"analysis {self.function!r} needs one file named {self.file!r}; the result has {told}")
        return found[0]


def _default_on_unknown(values: dict[str, Any]) -> OnUnknown:
    return "ask" if values["adapter"] in ("instrument", "person") else "retry"


def _default_start_within(values: dict[str, Any]) -> float:
    return float(values["timeout"])


class Step(Section):
    """Work of one adapter: one job per proposal, on any one of `instruments`, or by hand as `instructions` say.

    `capability`: what an instrument is asked for; `instructions`: what a person is told, in which {NAME} stands for the
    candidate's value of that parameter; `parameters`: names that are sent (None: all); `yields`: properties that it
    measures; `analysis`: how some of them are read from its files; `uses_up_sample`: nothing is left of the sample that
    an earlier step made; `cost` in the budget's unit; `timeout` and `start_within` in seconds (an attempt not begun
    within `start_within` of its sending is not run); `retries`: further attempts after a failure that says nothing
    about the candidate; `on_unknown`: what to do when nobody can say what became of an attempt; `breaker`: this many
    failures of one kind in a row pause the step.
    """

    name: Identifier
    adapter: Adapter = "instrument"
    instruments: list[Identifier] = Field(default=[], max_length=100)
    capability: Name | None = None
    instructions: str | None = Field(default=None, min_length=1, max_length=10_000)
    parameters: list[Name] | None = None
    yields: list[Name] = []
    analysis: list[Analysis] = Field(default=[], max_length=20)
    uses_up_sample: bool = False
    cost: float = Field(default=0.0, ge=0)
    timeout: Seconds
    retries: int = Field(default=0, ge=0, le=100)
    on_unknown: OnUnknown = Field(default_factory=_default_on_unknown)
    start_within: Seconds = Field(default_factory=_default_start_within)
    breaker: int = Field(default=3, ge=1, le=1000)

    @model_validator(mode="after")
    def _fits_its_adapter(self) -> "Step":
        on_instrument = self.adapter == "instrument"
        if on_instrument != bool(self.instruments) or on_instrument != (self.capability is not None):
            raise ValueError(
                "a step on an instrument names at least one of `instruments` and its `capability`; no other does"
            )
        if (self.adapter == "person") != (self.instructions is not None):
            raise ValueError("a step by a person has `instructions`; other adapters take none")
        for name, listed in (("instruments", self.instruments), ("yields", self.yields)):
            if len(set(listed)) != len(listed):
                raise ValueError(f"{name} must be distinct")
        return self

    @model_validator(mode="after")
    def _files_give_what_it_yields(self) -> "Step":
        given = [name for each in self.analysis for name in each.gives.values()]
        if strange := [name for name in given if name not in self.yields]:
            raise ValueError(f"analysis gives {', '.join(strange)}, which the step's `yields` does not list")
        if len(set(given)) != len(given):
            raise ValueError("one property must be given by one analysis")
        return self

    @property
    def asked(self) -> list[str]:
        """The properties that its results hold; the others are read from its files."""
        given = {name for each in self.analysis for name in each.gives.values()}
        return [name for name in self.yields if name not in given]

    @property
    def resources(self) -> list[str]:
        """Names of the resources of which any one may run it."""
        return [PEOPLE] if self.adapter == "person" else self.instruments


class Stage(Section):
    """Steps in order. At most `concurrency` proposals run here at once (None: as many as `parallel` allows).

    `fidelity` says how near to the truth its measurements are (1: the truth). Without `promote`, every proposal that
    ends well here is proposed for the next stage.
    """

    name: Identifier
    kind: Kind = "instrument"
    concurrency: int | None = Field(default=None, ge=1, le=1000)
    fidelity: float = Field(default=1.0, gt=0, le=1)
    approval: Approval = Approval()
    promote: Promotion | None = None
    steps: Annotated[list[Step], Field(min_length=1, max_length=50)]

    @property
    def yields(self) -> list[str]:
        """The properties that its steps measure."""
        return [name for step in self.steps for name in step.yields]

    @property
    def cost(self) -> float:
        """What one proposal costs here if nothing is repeated."""
        return sum(step.cost for step in self.steps)
