"""What the best of a campaign is, said once: the loop carries it along, so no decision reads back; reports ask here.

An experiment is a completed proposal of the last stage (`last_stage`); a candidate that is carried out again is another
experiment. Its values are means (`means`) of what was measured for it and counts (`counts`); what it is silent on comes
from the stages before (`gathered`). It competes where its objectives are measured and its constraints hold (`merits`).
The best is what no other experiment dominates; of equal ones the first. What a stopping rule looks back upon is carried
along as well, as far as that rule looks.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, Protocol, TypeVar

from controller.spec import Campaign as Spec
from strategies.objectives import is_scored
from strategies.objectives import merits as judged

T = TypeVar("T")


class Done(Protocol):
    """A completed proposal. `key` says which candidate it is; `parents` are ids, also of what is no proposal."""

    @property
    def id(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def parents(self) -> Sequence[str]: ...


def last_stage(spec: Spec) -> str:
    """The stage whose completed proposals are the experiments."""
    return spec.stages[-1].name


def counts(status: str, late: bool, replaced_event: int | None) -> bool:
    """Whether a measurement is a value of its candidate: within range, in time, and not corrected since."""
    return status == "ok" and not late and replaced_event is None


def means(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The mean of each property, whatever the order in which it was measured."""
    found: dict[str, list[float]] = defaultdict(list)
    for name, value in values:
        found[name].append(value)
    return {name: fmean(each) for name, each in found.items()}


def gathered(
    row: Done, completed: Callable[[str], Done | None], measured: Callable[[str], Mapping[str, T]]
) -> dict[str, T]:
    """What was measured for a candidate here and, where that is silent, by those parents that are the same candidate.

    `completed` gives the completed proposal of an id; `measured` what was measured for it, by property.
    """
    found: dict[str, T] = {}
    for name in row.parents:
        earlier = completed(name)
        if earlier is not None and earlier.key == row.key:
            found |= gathered(earlier, completed, measured)
    return found | dict(measured(row.id))


def merits(spec: Spec, values: Mapping[str, float]) -> tuple[float, ...] | None:
    """Numbers of which more is better, one for each objective or the one score of their desirabilities.

    None where a value is missing or a constraint is broken.
    """
    names = [objective.property for objective in spec.objectives]
    if not feasible(spec, values) or any(name not in values for name in names):
        return None
    return judged(spec.objectives, [values[name] for name in names])


def advance(
    progress: Mapping[str, Any], spec: Spec, key: str, values: Mapping[str, float], *, imported: bool = False
) -> dict[str, Any]:
    """Return the progress after one more experiment; what was imported is no sign that the campaign stands still.

    `key` is that of its candidate.
    """
    after = improved(progress, spec, values, 0 if imported else progress.get("without_improvement", 0) + 1)
    return after | _good(after, spec, key, values) | _volumes(after, spec, imported)


def expect(progress: Mapping[str, Any], spec: Spec, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the progress after one more iteration, whose report may say what it expects to gain."""
    longest = look_back(spec)
    if not longest:
        return dict(progress)
    gain = report.get("expected_improvement")
    told = isinstance(gain, int | float) and not isinstance(gain, bool)
    return {**progress, "expected": [*progress.get("expected", []), gain][-longest:] if told else []}


def look_back(spec: Spec) -> int:
    """Upon how many iterations the stopping rules look back."""
    return max((rule.in_a_row for rule in spec.stop if rule.rule == "expected_gain"), default=0)


def _good(progress: Mapping[str, Any], spec: Spec, key: str, values: Mapping[str, float]) -> dict[str, Any]:
    """The keys of the first candidates that are good enough, for each rule that wants several."""
    rules = [rule for rule in spec.stop if rule.rule == "target_reached" and rule.times > 1]
    if not rules:
        return {}
    found = {name: list(keys) for name, keys in progress.get("good", {}).items()}
    for rule in rules if merits(spec, values) is not None else ():
        keys = found.setdefault(rule.asks(), [])
        if rule.good(values[rule.property]) and key not in keys and len(keys) < rule.times:
            keys.append(key)
    return {"good": found}


def _volumes(progress: Mapping[str, Any], spec: Spec, imported: bool) -> dict[str, Any]:
    """The hypervolume after each of the last experiments; what is imported is where the next one begins."""
    longest = max((rule.experiments for rule in spec.stop if rule.rule == "hypervolume_stalled"), default=0)
    if not longest:
        return {}
    volumes = list(progress.get("volumes", []))
    kept = volumes[:-1] if imported else volumes
    return {"volumes": [*kept, progress.get("hypervolume") or 0.0][-1 - longest :]}


def improved(progress: Mapping[str, Any], spec: Spec, values: Mapping[str, float], waited: int = 0) -> dict[str, Any]:
    """Return the progress with the best as it is now; where it is no better, `waited` experiments improved nothing."""
    point = merits(spec, values)
    if point is None:
        return {**progress, "without_improvement": waited}
    # A better single value always enters the front, so that entering it is what improvement means.
    front, improved = _enter(progress.get("front", []), point)
    best = dict(progress.get("best", {}))
    for objective in spec.objectives:
        name = objective.property
        better = name not in best or objective.merit(values[name]) > objective.merit(best[name])
        if improved if is_scored(spec.objectives) else better:
            best[name] = values[name]
    return {
        **progress,
        "best": best,
        "front": front,
        "hypervolume": hypervolume(spec, front),
        "without_improvement": 0 if improved else waited,
    }


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
    if (
        len(spec.objectives) != 2
        or is_scored(spec.objectives)
        or any(each.reference is None for each in spec.objectives)
    ):
        return None
    corner = [each.merit(each.reference or 0.0) for each in spec.objectives]
    volume, floor = 0.0, corner[1]
    for x, y in sorted((tuple(point) for point in front), reverse=True):
        if x > corner[0] and y > floor:
            volume += (x - corner[0]) * (y - floor)
            floor = y
    return volume
