"""Units by their pint names, checked where values enter and converted once."""

import re
from functools import cache
from tokenize import TokenError
from typing import Annotated, Any

from pydantic import AfterValidator

# Names, small single exponents, products, quotients and brackets: what pint evaluates quickly (a tower of powers it
# would work on for hours).
_WRITTEN = re.compile(r"(?=.{1,64}$)(?!.*\d{3})(?!.*\*\*[^*/]*\*\*)(?!.*\)\s*\*\*)[A-Za-z0-9_*/.() %-]+")

_SYNTAX = (SyntaxError, TokenError, AssertionError)  # what pint's parser raises on odd brackets


_PLAIN = {"%": "percent", "°C": "degC", "°F": "degF", "℃": "degC", "µ": "u", "μ": "u", "Å": "angstrom", "·": "*"}
EXAMPLES = "use units such as degC, mol/L, percent"


class UnitError(ValueError):
    """The unit is not known, or measures something else."""


def plain_unit(written: str) -> str:
    """The unit with the signs that spreadsheets use for it spelled as names in ASCII."""
    for sign, name in _PLAIN.items():
        written = written.replace(sign, name)
    return written


def unit_hint(written: str) -> str:
    """What to write instead of a unit that is not known."""
    plain = plain_unit(written)
    if plain == written:
        return EXAMPLES
    try:
        return f"use {check_unit(plain)}"
    except UnitError:
        return EXAMPLES


@cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    return registry


@cache
def _unit(name: str) -> Any:
    import pint

    if not _WRITTEN.fullmatch(name):
        raise UnitError(f"unknown unit {name[:80]!r}; {unit_hint(name[:80])}")
    try:
        unit = _registry().Unit(name)
        points = [float(_registry().Quantity(value, unit).to_base_units().magnitude) for value in (0.0, 1.0, 2.0)]
    except (pint.PintError, ValueError, TypeError, AttributeError, ArithmeticError, *_SYNTAX) as error:
        raise UnitError(f"unknown unit {name!r}; {unit_hint(name)}") from error
    if abs(points[2] - 2 * points[1] + points[0]) > 1e-9 * max(map(abs, points)):
        raise UnitError(f"{name!r} is a logarithmic unit; use its linear one")
    return unit


def check_unit(name: str) -> str:
    """Return the name, or raise `UnitError` if pint does not know it."""
    _unit(name)
    return name


UnitName = Annotated[str, AfterValidator(check_unit)]


@cache
def _affine(source: str, target: str) -> tuple[float, float]:
    """Scale and offset of the conversion; every conversion between units of one dimension is affine here."""
    if source == target:
        return 1.0, 0.0
    if _unit(source).dimensionality != _unit(target).dimensionality:
        raise UnitError(f"cannot convert {source} to {target}: they measure different things")
    quantity = _registry().Quantity
    offset = quantity(0.0, _unit(source)).to(_unit(target)).magnitude
    return quantity(1.0, _unit(source)).to(_unit(target)).magnitude - offset, offset


def convert(value: float, source: str, target: str) -> float:
    """Convert a value, offsets included (20 degC -> 293.15 K)."""
    if source == target:
        return value
    scale, offset = _affine(source, target)
    return value * scale + offset


def convert_difference(value: float, source: str, target: str) -> float:
    """Convert a width or a standard error: offsets do not count (1 degC -> 1 K)."""
    return value if source == target else value * abs(_affine(source, target)[0])


@cache
def base_unit(name: str) -> str:
    """The unit of the same dimension in SI base units."""
    return str(_registry().Quantity(1.0, _unit(name)).to_base_units().units)
