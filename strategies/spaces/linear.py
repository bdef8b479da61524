"""Linear constraints as people write them: `2 * a + b <= 3`, `x + y + z == 1`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

Comparison = Literal["<=", ">=", "=="]

TOLERANCE = 1e-9  # relative to the sum of the terms' sizes: what float arithmetic may lose

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<comparison><=|>=|==)|(?P<sign>[+-])|(?P<times>\*)|(?P<other>\S))"
)


@dataclass(frozen=True)
class LinearConstraint:
    """sum(coefficients[name] * value[name]) `comparison` bound, each value in its parameter's own unit."""

    text: str
    coefficients: tuple[tuple[str, float], ...]
    comparison: Comparison
    bound: float

    @property
    def names(self) -> list[str]:
        """The parameters that take part."""
        return [name for name, _ in self.coefficients]

    def excess(self, values: Mapping[str, Any]) -> Any:
        """How far the values (numbers, or columns of them) are beyond the bound (0 or less: the constraint holds)."""
        terms = [coefficient * values[name] for name, coefficient in self.coefficients]
        difference = sum(terms) - self.bound
        slack = TOLERANCE * (sum(map(abs, terms)) + abs(self.bound))
        size = {"<=": difference, ">=": -difference, "==": abs(difference)}[self.comparison]
        return size - slack

    def holds(self, values: Mapping[str, float]) -> bool:
        """Whether the values satisfy the constraint, float rounding forgiven."""
        return bool(self.excess(values) <= 0)


def numbers_of(constraint: LinearConstraint, values: Mapping[str, float | int | str]) -> dict[str, float]:
    """The values that take part in a constraint, as numbers."""
    return {name: float(values[name]) for name in constraint.names}


def parse_linear(text: str, names: Iterable[str]) -> LinearConstraint:
    """Parse one constraint over the numeric parameters `names`; raises `ValueError` saying what is wrong."""
    tokens = _tokens(text)
    places = [place for place, (kind, _) in enumerate(tokens) if kind == "comparison"]
    if len(places) != 1:
        raise ValueError(f"{text!r}: write one comparison (<=, >= or ==), such as '2 * a + b <= 3'")
    left, left_constant = _side(text, tokens[: places[0]])
    right, right_constant = _side(text, tokens[places[0] + 1 :])
    coefficients = {name: left.get(name, 0.0) - right.get(name, 0.0) for name in [*left, *right]}
    _check_names(text, coefficients, list(names))
    coefficients = {name: value for name, value in coefficients.items() if value != 0}
    if not coefficients:
        raise ValueError(f"{text!r}: no parameter is left in it")
    comparison = cast(Comparison, tokens[places[0]][1])
    return LinearConstraint(text, tuple(coefficients.items()), comparison, right_constant - left_constant)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = [(str(match.lastgroup), match.group().strip()) for match in _TOKEN.finditer(text)]
    for kind, token in tokens:
        if kind == "other":
            hint = "; use <= or >=" if token in "<>" else "; use ==" if token == "=" else ""
            raise ValueError(f"{text!r}: cannot read {token!r}{hint}; write sums such as '2 * a + b <= 3'")
    return tokens


def _side(text: str, tokens: list[tuple[str, str]]) -> tuple[dict[str, float], float]:
    """Coefficients by name and the constant of one side."""
    coefficients: dict[str, float] = {}
    constant = 0.0
    rest = tokens
    while rest or rest is tokens:
        sign, rest = _sign(text, rest, first=rest is tokens)
        name, factor, rest = _term(text, rest)
        if name is None:
            constant += sign * factor
        else:
            coefficients[name] = coefficients.get(name, 0.0) + sign * factor
    return coefficients, constant


def _sign(text: str, tokens: list[tuple[str, str]], first: bool) -> tuple[float, list[tuple[str, str]]]:
    if tokens and tokens[0][0] == "sign":
        return (-1.0 if tokens[0][1] == "-" else 1.0), tokens[1:]
    if first:
        return 1.0, list(tokens)
    raise ValueError(f"{text!r}: expected + or - before {tokens[0][1]!r}")


def _term(text: str, tokens: list[tuple[str, str]]) -> tuple[str | None, float, list[tuple[str, str]]]:
    """One product of numbers and at most one name, and what follows it."""
    name: str | None = None
    factor = 1.0
    while True:
        if not tokens or tokens[0][0] not in ("number", "name"):
            found = repr(tokens[0][1]) if tokens else "nothing"
            raise ValueError(f"{text!r}: expected a number or a parameter, found {found}")
        kind, token = tokens[0]
        if kind == "number":
            factor *= float(token)
        elif name is None:
            name = token
        else:
            raise ValueError(f"{text!r}: {name} * {token} is not linear")
        tokens = tokens[1:]
        if not tokens or tokens[0][0] != "times":
            return name, factor, tokens
        tokens = tokens[1:]


def _check_names(text: str, used: Iterable[str], known: list[str]) -> None:
    for name in used:
        if name not in known:
            raise ValueError(f"{text!r}: {name!r} is no numeric parameter; known: {', '.join(known) or 'none'}")
