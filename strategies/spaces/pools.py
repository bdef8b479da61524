"""Pools: candidates listed in a CSV file, read once and kept by the digest of its content."""

import hashlib
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from strategies.spaces.candidates import Candidate, candidate_of
from strategies.spaces.parameters import Labelled, Parameter
from strategies.spaces.sheets import Line, SheetError, read_sheet
from strategies.spaces.space import Pool, Space

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity|\d[\d.]*e\+?\d{3,})", re.IGNORECASE)


LARGE = 1_000_000  # bytes from which a file is first tried as plain numbers


class PoolError(ValueError):
    """The pool's file is missing or cannot be used; the text names line and column."""


if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    TableColumn = NDArray[np.float64] | NDArray[np.object_]


def column_of(values: Sequence[float | int | str], numeric: bool) -> "TableColumn":
    """A column of numbers, or of labels."""
    import numpy as np

    if numeric:
        return np.array(values, dtype=np.float64)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


@dataclass(frozen=True, eq=False)
class PoolTable:
    """The rows of a pool: `columns[name]` holds all numbers (float64), or all labels (objects), of one parameter."""

    columns: Mapping[str, "TableColumn"]
    labels: Sequence[str] | None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def row(self, index: int) -> dict[str, float | str]:
        """The values of one row."""
        return {name: column[index : index + 1].tolist()[0] for name, column in self.columns.items()}

    def is_numeric(self, name: str) -> bool:
        """Whether the column holds numbers."""
        return bool(self.columns[name].dtype != object)

    def candidate(self, space: Space, index: int) -> Candidate:
        """The row as a candidate of the space."""
        return candidate_of(space, self.row(index), None if self.labels is None else self.labels[index])


def read_pool(space: Space, files: Mapping[str, Path]) -> PoolTable:
    """Read the space's pool from `files` (path by SHA-256); raises `PoolError`."""
    pool = space.pool
    if pool is None:
        raise PoolError("the space has no pool")
    if pool.sha256 is None or pool.sha256 not in files:
        raise PoolError(f"the file of pool {pool.file!r} (SHA-256 {pool.sha256}) was not handed over")
    return _read(str(files[pool.sha256]), pool.sha256, pool.model_dump_json(), space.model_dump_json())


@lru_cache(maxsize=4)
def _read(path: str, sha256: str, pool_json: str, space_json: str) -> PoolTable:
    content = Path(path).read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise PoolError(f"the file of the pool does not have the SHA-256 {sha256}")
    return parse_pool(content, Pool.model_validate_json(pool_json), Space.model_validate_json(space_json).parameters)


def parse_pool(content: bytes, pool: Pool, parameters: Mapping[str, Parameter] | None = None) -> PoolTable:
    """The table of a CSV file with a header line; raises `PoolError` naming line and column."""
    plain = plain_numbers(content, pool, parameters or {}) if len(content) > LARGE else None
    if plain is not None:
        return PoolTable(plain, None)
    try:
        sheet = read_sheet(content)
    except SheetError as error:
        raise PoolError(f"{pool.file}: {error}") from error
    header, body = sheet.header, sheet.rows
    if not body:
        raise PoolError(f"{pool.file}: a header line and at least one row are needed")
    for fault in sheet.uneven():
        raise PoolError(f"{pool.file}, {fault}")
    declared = parameters or {}
    columns = {
        name: _column(pool.file, _cells(pool.file, header, body, name), name, declared.get(name))
        for name in pool.columns
    }
    labels = None if pool.label is None else [text for _, text in _cells(pool.file, header, body, pool.label)]
    return PoolTable(columns, labels)


def _cells(file: str, header: Sequence[str], body: Sequence[Line], name: str) -> list[tuple[int, str]]:
    if header.count(name) != 1:
        problem = "is missing" if name not in header else "stands there twice"
        raise PoolError(f"{file}: column {name!r} {problem}; columns: {', '.join(header)}")
    place = header.index(name)
    cells = [(line, row[place]) for line, row in body]
    for line, text in cells:
        if not text:
            raise PoolError(f"{file}, line {line}: column {name!r} is empty")
    return cells


def _column(file: str, cells: list[tuple[int, str]], name: str, parameter: Parameter | None) -> "TableColumn":
    numeric = not isinstance(parameter, Labelled)
    for line, text in cells:
        if numeric and not (_NUMBER.fullmatch(text) and math.isfinite(float(text))):
            if parameter is not None:
                raise PoolError(f"{file}, line {line}: {text!r} in column {name!r} is no number")
            if numeric and _NOT_FINITE.fullmatch(text):
                raise PoolError(f"{file}, line {line}: {text!r} in column {name!r} is no finite number")
            numeric = False
        if numeric and getattr(parameter, "scale", "linear") == "log" and float(text) <= 0:
            raise PoolError(f"{file}, line {line}: {text!r} in column {name!r}, on scale log, is not above 0")
    return column_of([float(text) if numeric else text for _, text in cells], numeric)


def plain_numbers(
    content: bytes, pool: Pool, parameters: Mapping[str, Parameter]
) -> "dict[str, NDArray[np.float64]] | None":
    """The columns of a CSV that holds nothing but numbers between commas, without an object for each cell.

    None for every other file, and for one with a fault: the general reader then says what and where.
    """
    import numpy as np

    header = content.split(b"\n", 1)[0].decode("ascii", "replace").strip().split(",")
    declared = [parameters.get(name) for name in pool.columns]
    labelled = pool.label is not None or any(isinstance(each, Labelled) for each in declared)
    if labelled or b'"' in content or any(header.count(name) != 1 for name in pool.columns):
        return None
    text = np.frombuffer(content.rstrip() + b"\n", dtype=np.uint8)
    commas = np.searchsorted(np.flatnonzero(text == ord(",")), np.flatnonzero(text == ord("\n")))
    if np.any(np.diff(commas, prepend=0) != len(header) - 1):
        return None
    try:
        places = [header.index(name) for name in pool.columns]
        numbers = np.loadtxt(io.BytesIO(content), delimiter=",", skiprows=1, comments=None, usecols=places, ndmin=2)
    except ValueError:
        return None
    above = [place for place, each in enumerate(declared) if getattr(each, "scale", "linear") == "log"]
    if not len(numbers) or not np.isfinite(numbers).all() or (numbers[:, above] <= 0).any():
        return None
    return {name: np.ascontiguousarray(numbers[:, place]) for place, name in enumerate(pool.columns)}
