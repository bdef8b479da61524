"""How full resources and stages are, counted along while one decision hands out work."""

from collections import Counter
from dataclasses import dataclass

from controller.loop.view import CampaignView


@dataclass
class Occupancy:
    """Attempts under way at each resource and proposals running in each stage; a decision adds what it begins."""

    attempts: Counter[str]
    proposals: Counter[str]

    @classmethod
    def of(cls, view: CampaignView) -> "Occupancy":
        """As the view shows it."""
        return cls(
            Counter({name: there.busy for name, there in view.resources.items()}),
            Counter(proposal.stage for proposal in view.proposals if proposal.state == "running"),
        )

    def free(self, view: CampaignView, names: list[str]) -> str | None:
        """The least busy of these resources that takes one more attempt; among equals the first that is named."""
        takers = [
            name
            for name in names
            if (there := view.resources.get(name)) and there.takes(view.simulated, self.attempts[name])
        ]
        return min(takers, key=lambda name: self.attempts[name], default=None)

    def has_room(self, view: CampaignView, stage: str) -> bool:
        """Whether one more proposal may run in this stage."""
        limit = view.stage(stage).concurrency
        return limit is None or self.proposals[stage] < limit
