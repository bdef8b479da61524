"""Rows of large tables told apart by value, without a canonical key for each.

A row's signature is a 64-bit number: equal for equal rows (numbers to 12 digits, as in the keys). Two of a million
different rows have the same one with a probability of 3e-8.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Signatures = NDArray[np.uint64]

DIGITS = 12
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # splitmix64 (Steele et al. 2014)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def signatures(columns: Iterable[Any]) -> Signatures:
    """The signature of each of n rows, from columns of n numbers (float64 arrays) or n texts."""
    found: Signatures | None = None
    for column in columns:
        codes = _number_codes(column) if getattr(column, "dtype", None) == np.float64 else _text_codes(column)
        found = _mixed(codes if found is None else codes ^ (found * _GOLDEN))
    if found is None:
        raise ValueError("a row has at least one column")
    return found


def _mixed(codes: Signatures) -> Signatures:
    codes = (codes ^ (codes >> np.uint64(30))) * _MULTIPLIERS[0]
    codes = (codes ^ (codes >> np.uint64(27))) * _MULTIPLIERS[1]
    return np.asarray(codes ^ (codes >> np.uint64(31)), dtype=np.uint64)


def _number_codes(column: Any) -> Signatures:
    """Mantissa and exponent of the numbers, rounded to `DIGITS`."""
    sizes = np.abs(column)
    exponents = np.floor(np.log10(np.where(sizes > 0, sizes, 1.0))).astype(np.int64)
    mantissas = np.rint(column / 10.0 ** (exponents - (DIGITS - 1))).astype(np.int64)
    over = np.abs(mantissas) >= 10**DIGITS
    mantissas, exponents = np.where(over, mantissas // 10, mantissas), np.where(over, exponents + 1, exponents)
    return _mixed(mantissas.astype(np.uint64)) ^ _mixed(exponents.astype(np.uint64) + _GOLDEN)


def _text_codes(column: Sequence[Any]) -> Signatures:
    codes = {text: _text_code(text) for text in set(column)}
    return np.fromiter((codes[text] for text in column), dtype=np.uint64, count=len(column))


def _text_code(text: str) -> int:
    normal = unicodedata.normalize("NFC", text)
    return int.from_bytes(hashlib.blake2b(normal.encode(), digest_size=8).digest(), "little")
