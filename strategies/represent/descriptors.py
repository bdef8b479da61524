"""Blocks of descriptors: a row of numbers for each label of a category.

Columns lie in [0, 1] over the labels. Constant columns are dropped; of given and Mordred columns those that repeat
another one too (|Pearson r| of at least 0.7): of given ones the first by name stays, of Mordred's the first in its
order. A fingerprint keeps its bits.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strategies.spaces.chemistry import canonical_smiles, parse_smiles
from strategies.spaces.descriptors import Descriptors
from strategies.spaces.parameters import Categorical

Array = NDArray[np.float64]

CORRELATED = 0.7
RADIUS, BITS = 2, 2048
BEYOND = 1.0  # ranges of the choices by which a label that is none of them may lie outside


@dataclass(frozen=True)
class Block:
    """Descriptors of the choices (labels x p) in [0, 1], the columns' `names`, and what was 0 and the range of 1."""

    rows: Array
    names: list[str]
    low: Array  # p
    width: Array  # p

    def place(self, numbers: dict[str, float]) -> Array | None:
        """The row (p) of a label that is no choice, from its descriptors; None where one is missing."""
        if not all(name in numbers for name in self.names):
            return None
        found = (np.array([numbers[name] for name in self.names]) - self.low) / self.width
        return np.clip(found, -BEYOND, 1.0 + BEYOND)


def descriptor_block(parameter: Categorical) -> tuple[Array, list[str]]:
    """The block (labels x p) of a category with descriptors, in the order of its choices, and the columns' names.

    Raises `ValueError` when no column tells the labels apart.
    """
    block = _block(parameter)
    return block.rows, block.names


def label_row(parameter: Categorical, label: str) -> Array | None:
    """The row (p) of a label that is no choice, in the columns that tell the choices apart.

    None where the descriptors say nothing of it: no SMILES, or no line in the table.
    """
    given = parameter.descriptors
    if given is None or (numbers := _numbers(given, label)) is None:
        return None
    return _block(parameter).place(numbers)


def _numbers(given: Descriptors, label: str) -> dict[str, float] | None:
    """All descriptors of a label by name."""
    if given.method is None:
        return (given.table or {}).get(label)
    if given.smiles is not None and label not in given.smiles:
        return None
    try:
        smiles = canonical_smiles(given.smiles_of(label))
    except ValueError:
        return None
    if given.method == "fingerprint":
        return {f"bit {place}": float(bit) for place, bit in enumerate(_fingerprint(smiles))}
    return _mordred(smiles)


def _block(parameter: Categorical) -> Block:
    given = parameter.descriptors
    if given is None:
        raise ValueError("the category has no descriptors")
    if given.method is not None:
        return _computed(given.method, tuple(canonical_smiles(given.smiles_of(each)) for each in parameter.choices))
    if given.table is None:
        raise ValueError(f"the file of descriptors {given.file!r} was not read")
    names = sorted(given.table[parameter.choices[0]])  # the store keeps no order of keys
    numbers = np.array([[given.table[choice][name] for name in names] for choice in parameter.choices])
    return _named(numbers, names, decorrelate=True)


@lru_cache(maxsize=64)
def _computed(method: str, smiles: tuple[str, ...]) -> Block:
    if method == "fingerprint":
        bits = np.array([_fingerprint(each) for each in smiles])
        return _named(bits, [f"bit {place}" for place in range(BITS)], decorrelate=False)
    found = [_mordred(each) for each in smiles]
    names = [name for name in found[0] if all(name in each for each in found)]
    return _named(np.array([[each[name] for name in names] for each in found]), names, decorrelate=True)


def _named(numbers: Array, names: list[str], decorrelate: bool) -> Block:
    kept = telling_columns(numbers, decorrelate)
    if not kept:
        raise ValueError("the descriptors are the same for all choices: they tell nothing apart")
    chosen = numbers[:, kept]
    low, width = chosen.min(axis=0), np.ptp(chosen, axis=0)
    return Block((chosen - low) / width, [names[place] for place in kept], low, width)


def telling_columns(numbers: Array, decorrelate: bool) -> list[int]:
    """Columns (of n x p) that are not constant and, where asked for, not correlated with one kept before."""
    spread = np.ptp(numbers, axis=0)
    varied = np.flatnonzero(spread > 1e-12 * np.abs(numbers).max(axis=0, initial=0.0)).tolist()
    if not decorrelate:
        return varied
    standard = (numbers - numbers.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    standard /= np.maximum(np.linalg.norm(standard, axis=0), 1e-300)
    kept: list[int] = []
    for place in varied:
        if not kept or np.abs(standard[:, kept].T @ standard[:, place]).max() < CORRELATED:
            kept.append(place)
    return kept


def _fingerprint(smiles: str) -> Array:
    """Morgan bits (Rogers and Hahn 2010)."""
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)
    return np.asarray(generator.GetFingerprintAsNumPy(parse_smiles(smiles)), dtype=np.float64)


@lru_cache(maxsize=1)
def _calculator() -> Any:
    from mordred import Calculator, descriptors

    return Calculator(descriptors, ignore_3D=True)


@lru_cache(maxsize=100_000)
def _mordred(smiles: str) -> dict[str, float]:
    """The 2-D descriptors that are finite numbers (Moriwaki et al. 2018); slow: about 7 molecules per second."""
    values = _calculator()(parse_smiles(smiles)).asdict()
    numbers = {name: float(value) for name, value in values.items() if isinstance(value, (bool, int, float, np.number))}
    return {name: value for name, value in numbers.items() if np.isfinite(value) and abs(value) < 1e100}
