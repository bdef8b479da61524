"""The document, the schemas and the models say the same."""

import json
import re
from importlib.resources import files

import jsonschema
import pint
import pytest

from adapters.instruments import messages, schema

DOCUMENT = (files("adapters.instruments") / "PROTOCOL.md").read_text(encoding="utf-8")
UNITS = [
    line
    for line in (files("adapters.instruments") / "units.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
REGISTRY = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
EXAMPLES = re.findall(r"```json ([a-z-]+)\n(.*?)```", DOCUMENT, re.DOTALL)


def test_every_message_has_an_example() -> None:
    assert {name for name, _ in EXAMPLES} == set(schema.MESSAGES)


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_examples_are_valid(name: str, text: str) -> None:
    messages.parse(schema.MESSAGES[name], text.encode())
    jsonschema.validate(json.loads(text), json.loads(schema.schema(name)))


@pytest.mark.parametrize("name", schema.MESSAGES)
def test_committed_schemas_are_current(name: str) -> None:
    committed = (schema.FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert committed == schema.schema(name), "run python -m adapters.instruments.schema"


@pytest.mark.parametrize("kind", [messages.AttemptState, messages.Refusal, messages.Outcome, messages.Verdict])
def test_every_case_is_explained(kind: type[messages.StrEnum]) -> None:
    assert not [value for value in kind if f"`{value.value}`" not in DOCUMENT]


def test_clauses_are_numbered_without_gaps() -> None:
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", DOCUMENT, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("unit", UNITS)
def test_listed_units_are_known(unit: str) -> None:
    REGISTRY.Unit(unit)
