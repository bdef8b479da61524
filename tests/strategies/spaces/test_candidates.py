"""Candidates of all kinds are checked by schema and by sense."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from strategies.spaces import KINDS, CandidateError, examples, schema, validate_candidate


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_valid_and_their_examples_pass(kind: str) -> None:
    Draft202012Validator.check_schema(schema(kind))
    assert examples(kind)
    for example in examples(kind):
        validate_candidate(example)


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        ({}, "with a 'kind'"),
        ([], "with a 'kind'"),
        ({"kind": "cake"}, "unknown candidate kind 'cake'"),
        ({"kind": "conditions"}, "'values' is a required property"),
        ({"kind": "conditions", "values": {}}, "values"),
        ({"kind": "conditions", "values": {"x": True}}, "values.x"),
        ({"kind": "conditions", "values": {"x": None}}, "values.x"),
        ({"kind": "conditions", "values": {"x": float("nan")}}, "not a finite number"),
        ({"kind": "conditions", "values": {"x": 10**400}}, "not a finite number"),
        ({"kind": "conditions", "values": {"x": 1}, "units": {"x": "furlongs_"}}, "unknown unit"),
        ({"kind": "conditions", "values": {"x": 1}, "units": {"y": "m"}}, "no number 'y'"),
        ({"kind": "conditions", "values": {"x": "a"}, "units": {"x": "m"}}, "no number 'x'"),
        ({"kind": "conditions", "values": {"x": 1}, "extra": 1}, "extra"),
        ({"kind": "mixture", "basis": "mass", "amounts": {"a": 0}}, "positive, finite sum"),
        ({"kind": "mixture", "basis": "mass", "amounts": {"a": -1}}, "amounts.a"),
        ({"kind": "composition", "elements": {"Xx": 1}}, "'Xx': no chemical element"),
        ({"kind": "molecule", "smiles": "C(C"}, "is no SMILES"),
        ({"kind": "molecule", "smiles": "C(C)(C)(C)(C)C"}, "valence"),
        ({"kind": "molecule", "smiles": " "}, "1 to 10,000 characters"),
        ({"kind": "route", "target": "CCO", "reactions": []}, "reactions"),
        ({"kind": "route", "target": "CCO", "reactions": [{"reactants": ["?"], "products": ["CCO"]}]}, "0.reactants"),
        ({"kind": "crystal", "lattice": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "species": ["Si"], "positions": []}, "pos"),
        (
            {
                "kind": "crystal",
                "lattice": [[1, 0, 0], [0, 1, 0], [1, 1, 0]],
                "species": ["Si"],
                "positions": [[0, 0, 0]],
            },
            "span no volume",
        ),
        (
            {
                "kind": "crystal",
                "lattice": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
                "species": ["Si", "Si"],
                "positions": [[0, 0, 0]],
            },
            "2 species but 1 positions",
        ),
    ],
)
def test_refuses_with_place_and_reason(candidate: Any, reason: str) -> None:
    with pytest.raises(CandidateError, match=reason):
        validate_candidate(candidate)
