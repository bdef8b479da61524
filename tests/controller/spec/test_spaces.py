"""What a campaign file may say of its space, and how its faults are told."""

from itertools import islice
from pathlib import Path

import pytest

from controller import spec
from strategies.optimize.random import sequence
from strategies.spaces import Categorical, candidate_key, space_contains

REPOSITORY = Path(__file__).parents[3]

HEAD = "campaign: suzuki\nspace:\n"
REST = """
objectives: [{property: yield, goal: maximize}]
stages:
  - name: lab
    steps: [{name: run, adapter: person, instructions: "Run it.", yields: [yield], timeout: 1 h}]
strategy: {name: sobol}
budget: {experiments: 5}
"""
LIGANDS = b"name;pKa;cone;remark\nA;1,5;3;x\nB;2,5;4;y\nC;9;9;z\n"
PARAMETERS = """  parameters:
    ligand:
      type: categorical
      choices: [A, B]
      descriptors: {file: ligands.csv, label: name, columns: [pKa]}
    temperature: {type: continuous, low: 20, high: 120}
"""


def problems(space: str, files: dict[str, bytes] | None = None) -> list[tuple[str, int | None, str]]:
    with pytest.raises(spec.SpecError) as caught:
        spec.load(HEAD + space + REST, files or {})
    return [(each.field, each.line, each.message) for each in caught.value.problems]


def test_descriptors_are_read_from_a_file_beside() -> None:
    campaign = spec.load(HEAD + PARAMETERS + REST, {"ligands.csv": LIGANDS})
    ligand = campaign.space.parameters["ligand"]
    assert isinstance(ligand, Categorical)
    assert ligand.descriptors is not None
    assert ligand.descriptors.table == {"A": {"pKa": 1.5}, "B": {"pKa": 2.5}}
    assert campaign.beside() == {"ligands.csv": ligand.descriptors.sha256}


def test_of_a_campaign_that_transfers_all_labels_of_the_file_are_kept() -> None:
    rest = REST.replace("sobol", "botorch") + "transfer: {from: [{campaign: old}]}\n"
    ligand = spec.load(HEAD + PARAMETERS + rest, {"ligands.csv": LIGANDS}).space.parameters["ligand"]
    assert isinstance(ligand, Categorical)
    assert ligand.descriptors is not None
    assert set(ligand.descriptors.table or {}) == {"A", "B", "C"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name,pKa\nA,1\n", "'B': this choice has no descriptors"),
        (b"name,pKa\nA,1\nB,high\n", "line 3: 'high' in column 'pKa' is no finite number"),
        (b"name,pKa\nA,1\nA,2\nB,2\n", "line 3: 'A' stands there twice"),
        (b"name,cone\nA,1\nB,2\n", "column 'pKa' is missing; columns: name, cone"),
    ],
)
def test_a_file_of_descriptors_that_does_not_fit_is_explained(content: bytes, reason: str) -> None:
    found = problems(PARAMETERS, {"ligands.csv": content})
    assert [(field, line) for field, line, _ in found] == [("space.parameters.ligand.descriptors.file", 7)]
    assert reason in found[0][2]


def test_a_file_that_is_not_there_is_missed() -> None:
    assert "was not sent along" in problems(PARAMETERS)[0][2]


RULED = "  parameters:\n    c: {type: categorical, choices: [A, B]}\n    t: {type: continuous, low: 0, high: 9}\n"


@pytest.mark.parametrize(
    ("rest", "line", "reason"),
    [
        ("  rules:\n    - exclude: {c: [A, X]}\n", 7, "c has no such choice; it has A, B"),
        (
            "  rules:\n    - exclude:\n        c: [A]\n        u: {low: 3}\n",
            9,
            "it is no parameter of the space (c, t)",
        ),
        ("  rules:\n    - exclude: {t: [A]}\n", None, "a condition on it is low, high, above, below or equal"),
        ("  rules:\n    - when: {c: [A]}\n", 7, "either `exclude`, or `when` with `then`, or `same_in_batch`"),
        ("  rules:\n    - exclude: {t: {}}\n", 7, "say low, high, above, below or equal"),
        ("  rules:\n    - exclude: {t: {lowest: 2}}\n", 7, "unknown key; did you mean 'low'?"),
        ("  mixtures:\n    - {of: [a, b], at_most: 5}\n", 7, "at_most (5) must lie between"),
        ("  mixtures:\n    - {of: [a, b], high: 0.4}\n", 7, "no amounts between the bounds add up to the total"),
        ("  mixtures:\n    - {of: [a, b], resolution: 0.3}\n", 7, "total (1) must be a multiple of resolution (0.3)"),
        ("  mixtures:\n    - {of: [a, t]}\n", None, "this name stands for two parameters or components"),
        ("  kind: composition\n  mixtures:\n    - {of: [Fe, Xx]}\n", 8, "no chemical element"),
        ("  kind: mixture\n  mixtures:\n    - {of: [a, b]}\n", 2, "has a `basis`: mole, mass or volume"),
    ],
)
def test_rules_and_mixtures_are_checked_with_their_line(rest: str, line: int | None, reason: str) -> None:
    found = problems(RULED + rest)
    assert any(reason in message for _, _, message in found), found
    if line is not None:
        assert line in [each for _, each, _ in found], found


def test_the_schema_for_editors_knows_them() -> None:
    definitions = spec.json_schema()["$defs"]
    assert {"Ordinal", "Mixture", "Rule", "Range", "Descriptors"} <= set(definitions)
    assert definitions["Continuous"]["properties"]["scale"]["enum"] == ["linear", "log"]


@pytest.mark.parametrize("name", ["electrolyte", "coupling", "resin"])
def test_the_examples_give_candidates_of_their_spaces(name: str) -> None:
    campaign = spec.load((REPOSITORY / f"deploy/campaigns/{name}.yaml").read_bytes())
    drawn = [one for one in islice(sequence(campaign.space, 1, {}), 40) if one]
    assert len(drawn) > 20
    assert [fault for one in drawn for fault in space_contains(campaign.space, one)] == []
    assert len({candidate_key(one) for one in drawn}) == len(drawn)
