"""Categories in numbers: blocks of descriptors, ranks, logarithms."""

from typing import Any

import numpy as np
import pytest

from strategies.represent.descriptors import telling_columns
from strategies.represent.encoding import Encoding
from strategies.spaces import Space, conditions

ALCOHOLS = {"methanol": "CO", "ethanol": "CCO", "propanol": "CCCO", "phenol": "Oc1ccccc1"}


def encoding_of(**parameters: dict[str, Any]) -> Encoding:
    return Encoding.of(Space.model_validate({"parameters": parameters}), {})


def category(**descriptors: Any) -> dict[str, Any]:
    return {"type": "categorical", "choices": list(ALCOHOLS), "descriptors": descriptors}


def test_given_numbers_are_scaled_and_what_repeats_them_is_dropped() -> None:
    carbons = {"methanol": 1, "ethanol": 2, "propanol": 3, "phenol": 6}
    acid = {"methanol": 15.5, "ethanol": 15.9, "propanol": 16.1, "phenol": 3.0}
    odd = {"methanol": 1, "ethanol": -1, "propanol": 1, "phenol": 0}
    table = {
        name: {"carbons": carbons[name], "twice": 2 * carbons[name], "one": 1, "odd": odd[name], "pKa": acid[name]}
        for name in ALCOHOLS
    }
    encoding = encoding_of(x={"type": "continuous", "low": 0, "high": 2}, c=category(table=table))
    assert [column.kind for column in encoding.columns] == ["number", "descriptors"]
    assert encoding.labels() == ["x", "c=carbons", "c=odd"]
    rows = encoding.encode_values([{"x": 1.0, "c": name} for name in [*ALCOHOLS, "new"]])
    assert rows[:, 1].tolist() == pytest.approx([0, 0.2, 0.4, 1, 0])
    assert rows[:, 2].tolist() == pytest.approx([1, 0, 1, 0.5, 0])
    for name, row in zip(ALCOHOLS, rows, strict=False):
        assert encoding.decode(row)["values"]["c"] == name


def test_columns_are_kept_in_order_while_they_say_something_new() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.random((2, 40))
    numbers = np.stack([first, np.ones(40), first + 0.1 * second, second, -first], axis=1)
    assert telling_columns(numbers, decorrelate=True) == [0, 3]
    assert telling_columns(numbers, decorrelate=False) == [0, 2, 3, 4]


def test_fingerprints_are_bits_without_those_that_all_share() -> None:
    encoding = encoding_of(c=category(method="fingerprint", smiles=ALCOHOLS))
    block = encoding.columns[0].block
    assert encoding.columns[0].kind == "fingerprint"
    assert block is not None
    assert set(np.unique(block)) == {0.0, 1.0}
    assert np.all(np.ptp(block, axis=0) == 1)
    assert len({tuple(row) for row in block}) == 4


def test_a_label_that_is_no_choice_stands_where_its_descriptors_put_it() -> None:
    table = {"a": {"pKa": 2.0}, "b": {"pKa": 4.0}, "c": {"pKa": 3.0}, "far": {"pKa": 90.0}}
    given = {"type": "categorical", "choices": ["a", "b"], "descriptors": {"table": table}}
    plain = {"type": "categorical", "choices": ["u", "v"]}
    encoding = encoding_of(c=given, d=plain)
    rows = encoding.encode_values([{"c": name, "d": "u"} for name in ("a", "b", "c", "far", "nobody")])
    assert rows[:, 0].tolist() == [0.0, 1.0, 0.5, 2.0, 0.0]
    assert [encoding.columns[0].places_it(each) for each in ("a", "far", "nobody", 3.0)] == [True, True, False, False]
    assert [encoding.columns[1].places_it(each) for each in ("u", "w")] == [True, False]


def test_the_halogens_of_another_molecule_are_those_of_the_choices() -> None:
    pytest.importorskip("mordred", reason="mordredcommunity is not installed")
    choices = [f"COc1ccc({halogen})cc1" for halogen in ("Cl", "Br", "I")]
    others = [f"FC(F)(F)c1ccc({halogen})cc1" for halogen in ("Cl", "Br", "I")]
    parameter = {"type": "categorical", "choices": choices, "descriptors": {"method": "mordred"}}
    encoding = encoding_of(c=parameter)
    known, new = (encoding.encode_values([{"c": each} for each in labels]) for labels in (choices, others))
    assert np.array_equal(np.argmin(np.square(known[:, None] - new[None]).sum(-1), axis=0), [0, 1, 2])
    assert not encoding.columns[0].places_it("no molecule")


def test_labels_may_be_smiles_and_mordred_describes_them() -> None:
    pytest.importorskip("mordred", reason="mordredcommunity is not installed")
    smiles = list(ALCOHOLS.values())
    parameter = {"type": "categorical", "choices": smiles, "descriptors": {"method": "mordred"}}
    column = encoding_of(c=parameter).columns[0]
    block = column.block
    assert block is not None
    assert column.kind == "descriptors"
    assert block.min() == 0
    assert block.max() == 1
    correlation = np.corrcoef(block.T) - np.eye(block.shape[1])
    assert np.abs(correlation).max() < 0.7
    assert len({tuple(row) for row in block}) == 4


def test_ordered_labels_are_ranks_and_logarithms_are_even() -> None:
    encoding = encoding_of(
        o={"type": "ordinal", "choices": ["low", "middle", "high"]},
        n={"type": "continuous", "low": 0.01, "high": 100, "scale": "log"},
        d={"type": "discrete", "values": [1, 10, 100], "scale": "log"},
    )
    rows = encoding.encode_values([{"o": "middle", "n": 1.0, "d": 10.0}, {"o": "high", "n": 0.0, "d": 1000.0}])
    assert rows[0].tolist() == pytest.approx([0.5, 0.5, 0.5])
    assert rows[1].tolist() == pytest.approx([1.0, -1.0, 1.5])  # a zero has no logarithm: one range below
    space = encoding.space
    assert encoding.decode(np.array([0.3, 0.75, 0.4])) == conditions(space, {"o": "middle", "n": 10.0, "d": 10.0})


@pytest.mark.parametrize(
    ("descriptors", "reason"),
    [
        ({}, "either a `table`, a `file`"),
        ({"table": {"a": {"x": 1}}}, "'b': this choice has no descriptors"),
        ({"table": {"a": {"x": 1}, "b": {"y": 1}}}, "descriptor 'x' is not given for every choice"),
        ({"method": "mordred", "smiles": {"a": "C"}}, "'b': this choice has no SMILES"),
        ({"method": "fingerprint"}, "'a': "),
        ({"file": "ligands.csv"}, "column `label`"),
    ],
)
def test_descriptors_must_fit_the_choices(descriptors: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        encoding_of(c={"type": "categorical", "choices": ["a", "b"], "descriptors": descriptors})


def test_descriptors_that_tell_nothing_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="the same for all choices"):
        encoding_of(
            c={"type": "categorical", "choices": ["a", "b"], "descriptors": {"table": {"a": {"x": 1}, "b": {"x": 1}}}}
        )
