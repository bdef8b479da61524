"""The campaign, as its file says it, checked and with durations in seconds.

    Campaign   campaign description seed priority parallel space objectives constraints stages strategy budget stop
               windows data transfer
    Stage      name kind concurrency fidelity approval promote steps; yields and cost are summed up from the steps
    Approval   policy rules deadline(s)          ApprovalRule  name kind comparison value
    Promotion  rule property k n low high
    Step       name adapter instruments capability parameters yields cost timeout(s) retries on_unknown start_within(s)
               breaker
    Strategy   name options batch deadline(s)
    Budget     experiments cost wall_time(s) deadline
    Transfer   method sources (`from` in the file)   TransferSource  campaign file values sha256 rows
    stop       rule ...; reached(progress)       Window  days start end timezone (`from` and `to` in the file)

(s): seconds, as float; the file may say `10 min`. Constraints are in the unit of the objective of that property.
"""

from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field

from controller.spec.fields import Identifier, Seconds, Section
from controller.spec.stages import Stage
from controller.spec.stopping import Budget, StoppingRule
from controller.spec.transfer import Transfer
from controller.spec.windows import Window
from strategies.objectives import Objective, OutcomeConstraint
from strategies.spaces import Categorical, Space


class Strategy(Section):
    """The strategy's registered name and options; at most `batch` proposals per iteration (None: as many as fit).

    An iteration that takes longer than `deadline` (seconds) is ended and counts as failed.
    """

    name: Identifier
    options: dict[str, Any] = {}
    batch: int | None = Field(default=None, ge=1, le=100_000)
    deadline: Seconds = 600.0


class Data(Section):
    """Earlier measurements: a CSV beside the campaign file, columns named as the parameters and the properties.

    In the units of the space and the objectives; an empty property tells of a failed synthesis. `sha256` is set once
    the file is stored.
    """

    file: str
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class Campaign(Section):
    """A goal, a search space, stages and a budget. At most `parallel` proposals are open at once."""

    campaign: Identifier
    description: str = Field(default="", max_length=10_000)
    seed: int = Field(default=0, ge=0, le=2**53)
    priority: int = Field(default=0, ge=-1000, le=1000)
    parallel: int = Field(default=1, ge=1, le=10_000)
    space: Space
    objectives: Annotated[list[Objective], Field(min_length=1, max_length=20)]
    constraints: list[OutcomeConstraint] = []
    stages: Annotated[list[Stage], Field(min_length=1, max_length=20)]
    strategy: Strategy
    budget: Budget = Budget()
    stop: list[StoppingRule] = []
    windows: list[Window] = []
    data: list[Data] = Field(default=[], max_length=100)
    transfer: Transfer | None = None

    @property
    def entries(self) -> list[Stage]:
        """The stages that the strategy makes proposals for: the first, and those to which no rule promotes."""
        behind = [
            following
            for stage, following in pairwise(self.stages)
            if stage.promote is not None and stage.promote.rule == "strategy"
        ]
        return [self.stages[0], *behind]

    def is_entry(self, stage: str) -> bool:
        """Whether the strategy makes proposals for it."""
        return stage in [each.name for each in self.entries]

    @property
    def dearest_entry(self) -> float:
        """What a proposal of the strategy costs at most: where that cannot be paid, nothing else leads on either."""
        return max(stage.cost for stage in self.entries)

    def beside(self) -> dict[str, str]:
        """The files that stand beside it, as far as they were stored: SHA-256 by name."""
        digests = {each.file: each.sha256 for each in self.data}
        for parameter in self.space.parameters.values():
            if isinstance(parameter, Categorical) and parameter.descriptors and parameter.descriptors.file:
                digests[parameter.descriptors.file] = parameter.descriptors.sha256
        for source in self.transfer.sources if self.transfer else []:
            if source.file is not None:
                digests[source.file] = source.sha256
        if self.space.pool:
            digests[self.space.pool.file] = self.space.pool.sha256
        return {name: sha256 for name, sha256 in digests.items() if sha256}
