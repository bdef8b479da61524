"""Keys are equal for every writing of one candidate, differ for different ones, and never change."""

import copy
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.spaces import KINDS, candidate_key, canonical_smiles, examples, inchi_key
from strategies.units import convert

RECORDED = json.loads((Path(__file__).parent / "recorded_keys.json").read_text(encoding="utf-8"))

numbers = st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.9g}"))
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True)
amounts = st.dictionaries(names, st.floats(1e-3, 1e3).map(lambda value: float(f"{value:.6g}")), min_size=1, max_size=5)


@pytest.mark.parametrize("record", RECORDED, ids=[f"{n}-{one['candidate']['kind']}" for n, one in enumerate(RECORDED)])
def test_recorded_keys_hold_for_ever(record: dict[str, Any]) -> None:
    assert candidate_key(record["candidate"]) == record["key"]


def test_every_example_is_recorded() -> None:
    recorded = [one["candidate"] for one in RECORDED]
    assert all(example in recorded for kind in KINDS for example in examples(kind))


@given(st.dictionaries(names, numbers | st.text(min_size=1, max_size=9), min_size=1, max_size=5), st.randoms())
def test_order_of_writing_does_not_count(values: dict[str, Any], random: Any) -> None:
    shuffled = list(values.items())
    random.shuffle(shuffled)
    first = {"kind": "conditions", "values": values}
    assert candidate_key(first) == candidate_key({"values": dict(shuffled), "kind": "conditions"})


@given(st.integers(-(10**9), 10**9))
def test_whole_floats_are_integers(value: int) -> None:
    first = {"kind": "conditions", "values": {"x": value}}
    assert candidate_key(first) == candidate_key({"kind": "conditions", "values": {"x": float(value)}})


@given(
    numbers,
    st.sampled_from(
        [
            ("degC", "kelvin"),
            ("degC", "degF"),
            ("minute", "second"),
            ("mol/L", "mmol/mL"),
            ("mL/min", "m**3/s"),
            ("bar", "pascal"),
            ("kg/m**3/h", "g/L/min"),
        ]
    ),
)
def test_unit_of_writing_does_not_count(value: float, units: tuple[str, str]) -> None:
    first = {"kind": "conditions", "values": {"x": value}, "units": {"x": units[0]}}
    other = {"kind": "conditions", "values": {"x": convert(value, *units)}, "units": {"x": units[1]}}
    assert candidate_key(first) == candidate_key(other)


@given(numbers, numbers)
def test_other_values_have_other_keys(first: float, second: float) -> None:
    keys = [candidate_key({"kind": "conditions", "values": {"x": value}}) for value in (first, second)]
    assert (keys[0] == keys[1]) == (first == second)


def test_units_and_labels_count() -> None:
    plain = {"kind": "conditions", "values": {"x": 1.0}}
    assert (
        len(
            {
                candidate_key(plain),
                candidate_key({**plain, "units": {"x": "minute"}}),
                candidate_key({**plain, "label": "a"}),
                candidate_key({**plain, "label": "b"}),
            }
        )
        == 4
    )


@given(st.text(min_size=1, max_size=9))
def test_unicode_writing_does_not_count(text: str) -> None:
    keys = {
        candidate_key({"kind": "conditions", "values": {"x": unicodedata.normalize(form, text)}})
        for form in ("NFC", "NFD")
    }
    assert len(keys) == 1


@given(amounts, st.sampled_from([0.5, 2.0, 4.0, 0.125]))
def test_mixture_counts_ratios_only(parts: dict[str, float], factor: float) -> None:
    first = {"kind": "mixture", "basis": "mass", "amounts": parts}
    scaled = {"kind": "mixture", "basis": "mass", "amounts": {name: part * factor for name, part in parts.items()}}
    padded = {"kind": "mixture", "basis": "mass", "amounts": {**parts, "nothing-0": 0.0}}
    assert candidate_key(first) == candidate_key(scaled) == candidate_key(padded)
    assert candidate_key(first) != candidate_key({**first, "basis": "mole"})


def test_composition_counts_ratios_only() -> None:
    assert candidate_key({"kind": "composition", "elements": {"Fe": 2, "O": 3}}) == candidate_key(
        {"kind": "composition", "elements": {"O": 0.6, "Fe": 0.4}}
    )


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["CC(=O)Nc1ccc(O)cc1", "C[C@H](N)C(=O)O", "*CC(*)c1ccccc1", "F/C=C/F", "[Na+].[Cl-]"]),
    st.integers(1, 10_000),
)
def test_atom_order_does_not_count(smiles: str, seed: int) -> None:
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(smiles)
    written = Chem.MolToRandomSmilesVect(molecule, 1, randomSeed=seed)[0]
    assert candidate_key({"kind": "molecule", "smiles": written}) == canonical_smiles(smiles)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"),
        ("F/C=C/F", "F/C=C\\F"),
        ("CC(=O)O", "CC(=O)[O-]"),
        ("[2H]C", "C"),
        ("Oc1ccccn1", "O=c1cccc[nH]1"),
    ],
)
def test_other_substances_have_other_keys(first: str, second: str) -> None:
    assert candidate_key({"kind": "molecule", "smiles": first}) != candidate_key({"kind": "molecule", "smiles": second})


def test_molecule_is_standardized() -> None:
    assert canonical_smiles("CN(=O)=O") == canonical_smiles("C[N+](=O)[O-]")
    assert canonical_smiles("[CH3:1][OH:2]") == "CO"
    assert inchi_key("CCO") == "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"


def test_route_is_a_set_of_reactions() -> None:
    route = copy.deepcopy(examples("route")[1])
    other = copy.deepcopy(route)
    other["reactions"].reverse()
    other["reactions"].append(copy.deepcopy(other["reactions"][0]))
    for reaction in other["reactions"]:
        reaction["reactants"].reverse()
        reaction["agents"] = ["O"]
    assert candidate_key(route) == candidate_key(other)
    del other["reactions"][0], other["reactions"][-1]
    assert candidate_key(route) != candidate_key(other)


def test_crystal_counts_every_bit_but_not_the_order_of_sites() -> None:
    crystal = copy.deepcopy(examples("crystal")[1])
    order = [5, 0, 7, 2, 1, 6, 3, 4]
    other = {
        **crystal,
        "species": [crystal["species"][n] for n in order],
        "positions": [crystal["positions"][n] for n in order],
    }
    assert candidate_key(crystal) == candidate_key(other)
    other["positions"][0] = [0.5, 0.0, 5e-17]
    assert candidate_key(crystal) != candidate_key(other)
