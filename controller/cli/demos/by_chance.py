"""Random search beside a campaign: the strategy `random` with 20 seeds, asked directly."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from controller.spec import Campaign as Spec
from strategies import Request, propose

SEEDS = range(20)


def random_candidates(
    spec: Spec, seed: int, experiments: int, files: Mapping[str, Path] | None = None
) -> Sequence[dict[str, Any]]:
    """What the strategy `random` proposes with this seed; `files` holds a pool's by its digest."""
    request = Request.model_validate(
        {
            "space": spec.space.model_dump(),
            "objectives": [each.model_dump() for each in spec.objectives],
            "stages": [{"name": spec.stages[0].name}],
            "strategy": {"name": "random"},
            "n": experiments,
            "seed": seed,
            "event": 0,
        }
    )
    return [each.candidate for each in propose(request, files or {}).proposals]
