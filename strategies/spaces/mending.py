"""Bringing values that break a rule to values near them that keep it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from strategies.spaces.parameters import Labelled, Parameter
from strategies.spaces.rules import Range, Rule, condition_met
from strategies.spaces.settings import Setting, at_share, limits, nearest_values, snap, tidy
from strategies.spaces.space import Space

if TYPE_CHECKING:
    import numpy as np

ROUNDS = 20
DRAWS = 20


def mend(
    space: Space, values: Mapping[str, Setting], generator: "np.random.Generator | None" = None
) -> dict[str, Setting]:
    """The values changed until all rules hold, or for `ROUNDS` rounds: then some may still be broken.

    What follows from a `when` is set; of an excluded combination one parameter is changed. With a generator that
    parameter and its new value are drawn, else the smallest change is made (of labels the first that is allowed).
    """
    changed = dict(values)
    for _ in range(ROUNDS):
        broken = [rule for rule in space.rules if not rule.holds(changed)]
        if not broken:
            break
        changed |= _changes(space, broken[0], changed, generator)
    return changed


def _changes(
    space: Space, rule: Rule, values: Mapping[str, Setting], generator: "np.random.Generator | None"
) -> dict[str, Setting]:
    if rule.then is not None:
        unmet = [name for name, condition in rule.then.items() if not condition_met(condition, values[name])]
        found = {name: _other(space, name, rule.then[name], True, values[name], generator) for name in unmet}
        if None not in found.values():
            return {name: value for name, value in found.items() if value is not None}
    barred = rule.exclude or rule.when or {}
    options = {name: _other(space, name, barred[name], False, values[name], generator) for name in barred}
    ways = {name: value for name, value in options.items() if value is not None}
    if not ways:
        return {}
    if generator is not None:
        chosen = list(ways)[int(generator.integers(len(ways)))]
    else:
        chosen = min(ways, key=lambda name: _shift(space, name, values[name], ways[name]))
    return {chosen: ways[chosen]}


def _shift(space: Space, name: str, before: Setting, after: Setting) -> float:
    """How far a value moves, in shares of its range; to another label, the whole of it."""
    parameter = space.settable()[name]
    if isinstance(parameter, Labelled):
        return 1.0
    low, high = limits(parameter)
    return abs(float(after) - float(before)) / (high - low)


def _other(
    space: Space,
    name: str,
    condition: "Range | list[str]",
    wanted: bool,
    value: Setting,
    generator: "np.random.Generator | None",
) -> Setting | None:
    """A value of the parameter that meets the condition (or does not, as wanted); None where there is none."""
    parameter = space.settable()[name]
    if isinstance(parameter, Labelled):
        labels = [each for each in parameter.choices if bool(condition_met(condition, each)) == wanted]
        if not labels:
            return None
        return labels[0] if generator is None else labels[int(generator.integers(len(labels)))]
    if not isinstance(condition, Range):
        return None
    drawn = [] if generator is None else [at_share(parameter, float(share)) for share in generator.random(DRAWS)]
    fitting = [each for each in drawn if bool(condition.meets(float(_set(parameter, each)))) == wanted]
    if fitting:
        return fitting[0]
    edges = sorted(_edges(parameter, condition), key=lambda each: abs(each - float(value)))
    return next((each for each in edges if bool(condition.meets(each)) == wanted), None)


def _set(parameter: Parameter, value: Setting) -> Setting:
    return tidy(parameter, snap(parameter, value))


def _edges(parameter: Parameter, condition: Range) -> list[float]:
    """The settable values at, just below and just above each bound of a range, and at the parameter's limits."""
    low, high = limits(parameter)
    found = {low, high}
    for bound in (condition.low, condition.high, condition.above, condition.below, condition.equal):
        if bound is None:
            continue
        hair = 1e-9 * max(abs(bound), (high - low) * 1e-3)
        for place in (bound, bound - hair, bound + hair):
            found |= {float(_set(parameter, each)) for each in nearest_values(parameter, place)}
    return sorted(found)
