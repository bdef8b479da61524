"""How far a campaign has come: best values, Pareto front, hypervolume; carried along, so no decision reads back."""

from collections.abc import Mapping, Sequence
from typing import Any

from controller.spec import Campaign as Spec


def advance(progress: Mapping[str, Any], spec: Spec, values: Mapping[str, float]) -> dict[str, Any]:
    """Return the progress after one more completed experiment with these measured values."""
    names = [objective.property for objective in spec.objectives]
    if not feasible(spec, values) or any(name not in values for name in names):
        return {**progress, "without_improvement": progress.get("without_improvement", 0) + 1}
    best = dict(progress.get("best", {}))
    for index, name in enumerate(names):
        if name not in best or merit(spec, index, values[name]) > merit(spec, index, best[name]):
            best[name] = values[name]
    # A better single value always enters the front, so that entering it is what improvement means.
    merits = [merit(spec, index, values[name]) for index, name in enumerate(names)]
    front, improved = _enter(progress.get("front", []), merits)
    return {
        "best": best,
        "front": front,
        "hypervolume": hypervolume(spec, front),
        "without_improvement": 0 if improved else progress.get("without_improvement", 0) + 1,
    }


def merit(spec: Spec, index: int, value: float) -> float:
    """A number of which more is better; for a target region, minus the distance to it."""
    objective = spec.objectives[index]
    if objective.goal == "target":
        low = objective.low if objective.low is not None else value
        high = objective.high if objective.high is not None else value
        return -max(low - value, value - high, 0.0)
    return value if objective.goal == "maximize" else -value


def feasible(spec: Spec, values: Mapping[str, float]) -> bool:
    """Whether measured values keep the outcome constraints; a value that is missing does not."""
    return all(
        each.property in values
        and (values[each.property] <= each.value if each.comparison == "<=" else values[each.property] >= each.value)
        for each in spec.constraints
    )


def _enter(front: Sequence[Sequence[float]], point: Sequence[float]) -> tuple[list[list[float]], bool]:
    """Add a point to a non-dominated set; says whether it belongs there."""
    if any(all(a >= b for a, b in zip(other, point, strict=True)) for other in front):
        return [list(other) for other in front], False
    kept = [list(o) for o in front if not all(b >= a for a, b in zip(o, point, strict=True))]
    return [*kept, list(point)], True


def hypervolume(spec: Spec, front: Sequence[Sequence[float]]) -> float | None:
    """Hypervolume of a front of two objectives above their reference points; None where it is not defined."""
    if len(spec.objectives) != 2 or any(each.reference is None for each in spec.objectives):
        return None
    corner = [merit(spec, index, each.reference or 0.0) for index, each in enumerate(spec.objectives)]
    volume, floor = 0.0, corner[1]
    for x, y in sorted((tuple(point) for point in front), reverse=True):
        if x > corner[0] and y > floor:
            volume += (x - corner[0]) * (y - floor)
            floor = y
    return volume
