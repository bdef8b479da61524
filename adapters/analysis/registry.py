"""The analysis functions by name: what each takes, what it gives, and where it stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from adapters.analysis.options import CurveOptions, PeakOptions


class UnreadableFile(ValueError):
    """The file is not what the options say; somebody must look."""


class NothingThere(ValueError):
    """The file can be read and does not hold what is looked for: the measurement failed."""


class Value(NamedTuple):
    """One value with its unit (a pint name)."""

    value: float
    unit: str


@dataclass(frozen=True)
class _Analysis:
    """`version` goes up whenever the same file could give another value."""

    version: int
    options: type[CurveOptions]
    place: str  # module:function, from a file and its options to numbers by name
    outputs: tuple[str, ...]


_ANALYSES = {
    "integral": _Analysis(1, CurveOptions, "adapters.analysis.curves:integral", ("integral",)),
    "peak": _Analysis(1, PeakOptions, "adapters.analysis.curves:peak", ("area", "position", "height")),
}


def analysis_names() -> list[str]:
    """Names of all functions."""
    return sorted(_ANALYSES)


def version(name: str) -> int:
    """The version of a function, to be kept beside what it gave."""
    return _named(name).version


def output_units(name: str, options: Mapping[str, Any]) -> dict[str, str]:
    """What the function gives with these options: name -> unit. Raises `ValueError` for wrong ones."""
    analysis = _named(name)
    units = _read(analysis, options).units()
    return {output: units[output] for output in analysis.outputs}


def analyse(name: str, path: Path, options: Mapping[str, Any]) -> dict[str, Value]:
    """Read a file. Raises `UnreadableFile`, `NothingThere`, and `ValueError` for wrong options."""
    analysis = _named(name)
    given = _read(analysis, options)
    module, _, function = analysis.place.partition(":")
    compute: Callable[[Path, BaseModel], dict[str, float]] = getattr(import_module(module), function)
    units = given.units()
    return {output: Value(value, units[output]) for output, value in compute(path, given).items()}


def _named(name: str) -> _Analysis:
    if name not in _ANALYSES:
        raise ValueError(f"there is no analysis {name!r}; there are {', '.join(analysis_names())}")
    return _ANALYSES[name]


def _read(analysis: _Analysis, options: Mapping[str, Any]) -> CurveOptions:
    try:
        return analysis.options.model_validate(options)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'options'}: {fault['msg']}" for fault in error.errors()[:5]]
        raise ValueError("; ".join(faults)) from error
