"""Canonical names of molecules by RDKit: the one door through which a structure is standardized."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any


def parse_smiles(text: str) -> Any:
    """The RDKit molecule of a SMILES, not yet standardized; raises `ValueError` with RDKit's complaint."""
    from rdkit import Chem, rdBase

    if not text.strip() or len(text) > 10_000:
        raise ValueError("a SMILES has 1 to 10,000 characters")
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(text, sanitize=False)
        if molecule is None:
            raise ValueError(f"{text[:200]!r} is no SMILES")
        problems = Chem.DetectChemistryProblems(molecule)
        if problems:
            raise ValueError(f"{text[:200]!r}: {problems[0].Message()}")
        Chem.SanitizeMol(molecule)
    if molecule.GetNumAtoms() == 0:
        raise ValueError(f"{text[:200]!r} has no atoms")
    return molecule


@lru_cache(maxsize=65_536)
def canonical_smiles(text: str) -> str:
    """Canonical isomeric SMILES after standardization.

    Standardization = RDKit's `Cleanup` (explicit hydrogens off, metals disconnected, functional groups normalized,
    acids reionized) with atom maps removed. Salts, charges, isotopes, stereo and tautomers stay as drawn: they are
    different substances on the bench.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem.MolStandardize import rdMolStandardize

    molecule = parse_smiles(text)
    with rdBase.BlockLogs():
        for atom in molecule.GetAtoms():
            atom.SetAtomMapNum(0)
        smiles = Chem.MolToSmiles(rdMolStandardize.Cleanup(Chem.MolFromSmiles(Chem.MolToSmiles(molecule))))
        # Once more: the first writing need not be a fixed point.
        return str(Chem.MolToSmiles(Chem.MolFromSmiles(smiles)))


def check_elements(symbols: Iterable[str]) -> None:
    """Raise `ValueError` for a symbol that is no chemical element's."""
    from pymatgen.core.periodic_table import Element

    for symbol in symbols:
        if not Element.is_valid_symbol(symbol):
            raise ValueError(f"{symbol!r}: no chemical element")


def inchi_key(text: str) -> str:
    """The InChIKey of a SMILES after standardization, for stock and literature; empty where InChI has none (`*`)."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        return str(Chem.MolToInchiKey(Chem.MolFromSmiles(canonical_smiles(text))))  # type: ignore[no-untyped-call]
