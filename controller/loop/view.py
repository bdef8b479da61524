"""What a decision sees: only what is open, never history, so that it costs the same after 100,000 measurements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controller.spec import Campaign as Spec
    from controller.spec import Stage


@dataclass(frozen=True)
class AttemptView:
    """The last attempt of a job."""

    id: str
    state: str
    resource: str
    made_at: datetime
    deadline: datetime
    open: bool  # its end is not known yet
    asked_at: datetime | None = None  # when we last sent report-attempts for it
    cancel_asked: bool = False
    unknown: str | None = None  # why nobody can know what became of it
    doubt: str | None = None
    failure: str | None = None  # kind of failure once it has ended without success
    repeat: bool = False  # an operator wants it repeated
    final: bool = False  # an operator wants it to stay failed


@dataclass(frozen=True)
class JobView:
    """The present job of a proposal."""

    id: str
    step: int
    state: str
    tries: int  # attempts made
    spent: int = 0  # of these, how many used up a retry
    not_before: datetime | None = None
    failure: str | None = None
    attempt: AttemptView | None = None


@dataclass(frozen=True)
class ProposalView:
    """An open proposal."""

    id: str
    stage: str
    state: str
    facts: Mapping[str, float] = field(default_factory=dict)  # kind of approval rule -> value, as shown
    needs_two_people: bool = False
    deadline: datetime | None = None
    job: JobView | None = None

    @property
    def steps_begun(self) -> int:
        """How many steps of its stage have been paid for."""
        return 0 if self.job is None else self.job.step + (self.job.tries > 0)

    @property
    def attempts_open(self) -> bool:
        """Whether work for it may still be going on."""
        return bool(self.job and self.job.attempt and self.job.attempt.open)


@dataclass(frozen=True)
class FinishedView:
    """A proposal that ended well at a stage that is not the last, and has not been promoted or dismissed yet."""

    id: str
    stage: str
    values: Mapping[str, float] = field(default_factory=dict)  # property -> mean measured value
    predicted: Mapping[str, float] = field(default_factory=dict)  # property -> predicted mean


@dataclass(frozen=True)
class ResourceView:
    """Where a step of this campaign may run: an instrument, or the people of the laboratory."""

    name: str
    simulated: bool | None  # None: it serves simulated and real campaigns
    concurrency: int | None  # None: without limit
    busy: int  # attempts under way there, of all campaigns; not counted where there is no limit
    present: bool = True  # it can be asked
    obstacle: str | None = None  # why it may not be given work

    def takes(self, simulated: bool, busy: int) -> bool:
        """Whether it may be given one attempt of a campaign that is simulated or real, beside so many."""
        if self.obstacle is not None or self.simulated not in (None, simulated):
            return False
        return self.concurrency is None or busy < self.concurrency


@dataclass(frozen=True)
class CampaignView:
    """One campaign and what is open in it."""

    id: str
    state: str
    spec: "Spec"
    started_at: datetime
    simulated: bool = True
    reason: str | None = None
    iteration_running: bool = False
    experiments: int = 0
    cost: float = 0.0
    pool_exhausted: bool = False
    halted: bool = False  # no dispatch at all (disk nearly full)
    progress: Mapping[str, Any] = field(default_factory=dict)
    failures: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # stage/step -> kind -> in a row
    paused_steps: frozenset[str] = frozenset()
    proposals: tuple[ProposalView, ...] = ()  # in the order in which they were made
    finished: tuple[FinishedView, ...] = ()
    resources: Mapping[str, ResourceView] = field(default_factory=dict)

    @property
    def cost_ahead(self) -> float:
        """What the steps of open proposals will still cost if nothing is repeated."""
        return sum(
            step.cost
            for proposal in self.proposals
            for step in self.stage(proposal.stage).steps[proposal.steps_begun :]
        )

    def stage(self, name: str) -> "Stage":
        """The stage of that name."""
        return next(stage for stage in self.spec.stages if stage.name == name)
