"""Rules: combinations that are excluded, what follows from what, and what a batch shares."""

from collections.abc import Callable, Iterator, Mapping
from operator import ge, gt, le, lt
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from strategies.spaces.parameters import Label, Labelled, Moderate, Parameter, Section


class Range(Section):
    """Numbers from `low` to `high` (both included), `above` or `below` a value (not included), or `equal` to one."""

    low: Moderate | None = None
    high: Moderate | None = None
    above: Moderate | None = None
    below: Moderate | None = None
    equal: Moderate | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Range":
        given = [name for name in ("low", "high", "above", "below", "equal") if getattr(self, name) is not None]
        if not given:
            raise ValueError("say low, high, above, below or equal")
        if self.equal is not None and len(given) > 1:
            raise ValueError("`equal` stands alone")
        return self

    def meets(self, value: Any) -> Any:
        """Whether a number, or each of an array, lies within; equal up to the 12th digit."""
        if self.equal is not None:
            return abs(value - self.equal) <= 1e-11 * max(abs(self.equal), 1e-88)
        inside: Any = True
        for name, compare in _COMPARISONS.items():
            bound = getattr(self, name)
            inside = inside if bound is None else inside & compare(value, bound)
        return inside


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {"low": ge, "high": le, "above": gt, "below": lt}


def _kind_of_condition(value: Any) -> str:
    return "labels" if isinstance(value, list) else "numbers"


Labels = Annotated[list[Label], Field(min_length=1)]
Condition = Annotated[
    Annotated[Range, Tag("numbers")] | Annotated[Labels, Tag("labels")], Discriminator(_kind_of_condition)
]
Conditions = Annotated[dict[str, Condition], Field(min_length=1)]


class Rule(Section):
    """One of: `exclude` combinations that meet all conditions; `when` all are met, `then` these are met too;
    `same_in_batch`, parameters that proposals made together share.

    A condition names a parameter with the labels, or the range of numbers, that meet it.
    """

    exclude: Conditions | None = None
    when: Conditions | None = None
    then: Conditions | None = None
    same_in_batch: Annotated[list[str], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Rule":
        given = {name for name in ("exclude", "when", "then", "same_in_batch") if getattr(self, name) is not None}
        if given not in ({"exclude"}, {"when", "then"}, {"same_in_batch"}):
            raise ValueError("a rule is either `exclude`, or `when` with `then`, or `same_in_batch`")
        return self

    def conditions(self) -> Iterator[tuple[str, "Range | list[str]"]]:
        """All its conditions with the parameters that they are about."""
        for part in (self.exclude, self.when, self.then):
            yield from (part or {}).items()

    def holds(self, values: Mapping[str, Any]) -> Any:
        """Whether the values keep it; for columns (arrays of n) an array of n."""
        if self.exclude is not None:
            return _all_met(self.exclude, values) ^ True
        if self.when is not None and self.then is not None:
            return (_all_met(self.when, values) ^ True) | _all_met(self.then, values)
        return True

    def text(self) -> str:
        """The rule in words."""
        if self.exclude is not None:
            return f"excluded: {_told(self.exclude)}"
        if self.when is not None and self.then is not None:
            return f"when {_told(self.when)}, then {_told(self.then)}"
        return f"the same in a batch: {', '.join(self.same_in_batch or [])}"


def _all_met(conditions: Mapping[str, Range | list[str]], values: Mapping[str, Any]) -> Any:
    met: Any = True
    for name, condition in conditions.items():
        met = met & condition_met(condition, values[name])
    return met


def condition_met(condition: Range | list[str], value: Any) -> Any:
    """Whether a value, or each of a column, meets a condition; a label meets no range, a number no list of labels."""
    if isinstance(value, (str, int, float)):
        if isinstance(condition, Range):
            return not isinstance(value, str) and bool(condition.meets(value))
        return value in condition
    import numpy as np

    if isinstance(condition, Range):
        return np.zeros(len(value), dtype=bool) if value.dtype == object else condition.meets(value)
    return np.isin(value, condition)


def _told(conditions: Mapping[str, Range | list[str]]) -> str:
    return " and ".join(f"{name} {_condition_text(condition)}" for name, condition in conditions.items())


def _condition_text(condition: Range | list[str]) -> str:
    if not isinstance(condition, Range):
        return "is " + " or ".join(condition)
    signs = {"low": ">=", "high": "<=", "above": ">", "below": "<", "equal": "="}
    return " and ".join(
        f"{sign} {getattr(condition, name):g}" for name, sign in signs.items() if getattr(condition, name) is not None
    )


def check_rule(rule: Rule, names: list[str], parameter: Callable[[str], Parameter | None]) -> None:
    """Raise `ValueError` for a parameter or a label that the space does not have, or of the wrong kind."""
    for name in rule.same_in_batch or []:
        _check_name(name, names)
    for name, condition in rule.conditions():
        _check_name(name, names)
        declared = parameter(name)
        if declared is None:
            continue
        if isinstance(declared, Labelled) == isinstance(condition, Range):
            wanted = "a list of labels" if isinstance(declared, Labelled) else "low, high, above, below or equal"
            raise ValueError(f"{name!r}: a condition on it is {wanted}")
        if isinstance(declared, Labelled) and isinstance(condition, list):
            for label in condition:
                if label not in declared.choices:
                    raise ValueError(f"{label!r}: {name} has no such choice; it has {', '.join(declared.choices)}")


def _check_name(name: str, names: list[str]) -> None:
    if name not in names:
        raise ValueError(f"{name!r}: a rule names it, but it is no parameter of the space ({', '.join(names)})")
