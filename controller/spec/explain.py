"""Pydantic's errors, told by line with what would be right."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import ValidationError

from controller.spec.problems import Problem
from controller.spec.source import Node
from strategies.units import UnitError

Path = Sequence[str | int]
Schema = Mapping[str, Any]


@cache
def _schema() -> Schema:
    from controller.spec.model import Campaign

    return Campaign.model_json_schema()


def explain(error: ValidationError, root: Node) -> list[Problem]:
    """One problem for each error; those that only follow from another one are left out."""
    faults = [fault for fault in error.errors() if fault["type"] != "default_factory_not_called"]
    return [_problem(fault, root) for fault in faults]


def wrong_units(error: ValidationError, root: Node) -> list[Path] | None:
    """Where units stand that are not known, if nothing else is wrong."""
    faults = error.errors()
    if not all(isinstance(fault.get("ctx", {}).get("error"), UnitError) for fault in faults):
        return None
    return [_in_file(fault["loc"], root, missing=False) for fault in faults]


def _problem(fault: Any, root: Node) -> Problem:
    path = _in_file(fault["loc"], root, missing=fault["type"] == "missing")
    return root.problem(_culprit(path, fault["msg"], root), _message(fault, path, root))


def _in_file(location: Path, root: Node, missing: bool) -> list[str | int]:
    """The location without the names of union members, which stand in no file."""
    path: list[str | int] = []
    node = root
    for place, step in enumerate(location):
        if step in node.children:
            node = node.children[step]
            path.append(step)
        elif missing and place == len(location) - 1:
            path.append(step)
    return path


def _culprit(path: Path, message: str, root: Node) -> list[str | int]:
    """A section's own complaint begins with the text (a value, or a key) that it is about: find that line."""
    text = message.removeprefix("Value error, ")
    return [*path, *_quoted_below(root.follow(path), text)]


def _quoted_below(node: Node, text: str) -> list[str | int]:
    for step, child in node.children.items():
        if isinstance(step, str) and text.startswith(f"{step!r}:"):
            return [step]
        if child.children:
            if below := _quoted_below(child, text):
                return [step, *below]
        elif isinstance(child.value, str) and text.startswith(f"{child.value!r}:"):
            return [step]
    return []


def _message(fault: Any, path: Path, root: Node) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "missing":
        return "this key is missing"
    if kind == "extra_forbidden":
        return _unknown_key(path, root)
    if kind in ("union_tag_invalid", "literal_error", "enum"):
        return _one_of(
            str(context.get("tag", fault["input"])), str(context.get("expected_tags", context.get("expected")))
        )
    if kind == "union_tag_not_found":
        return f"the key {context.get('discriminator')!s} is missing"
    if fault["input"] is None:
        return "a value is missing here"
    if kind == "string_type" and not isinstance(fault["input"], list | dict):
        return 'should be text: put it in quotes, "..."'
    if kind == "string_pattern_mismatch":
        return _pattern(str(context.get("pattern")))
    text = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    for theirs, ours in _WORDS.items():
        text = text.replace(theirs, ours)
    return text


_WORDS = {"an object": "a mapping (key: value)", "valid dictionary": "mapping (key: value)", "valid array": "list"}
_PATTERNS = {
    "^[a-z0-9][a-z0-9-]{0,62}$": "should be of lower-case letters, digits and -, such as reactor-1, at most 63 long",
    "^[A-Za-z][A-Za-z0-9_]{0,63}$": "should be of letters, digits and _, begin with a letter and be at most 64 long",
    "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$": "should be a time of day from 00:00 to 24:00, such as 08:00",
}


def _pattern(pattern: str) -> str:
    return _PATTERNS.get(pattern, f"should match {pattern}")


def _one_of(found: str, expected: str) -> str:
    choices = [choice.strip("' ") for choice in expected.replace(" or ", ", ").split(",")]
    near = get_close_matches(found, choices, n=1)
    return f"should be one of {', '.join(choices)}" + (f"; did you mean {near[0]!r}?" if near else "")


def _unknown_key(path: Path, root: Node) -> str:
    keys = known_keys(path[:-1], root)
    near = get_close_matches(str(path[-1]), keys, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"unknown key; {hint}known keys here: {', '.join(keys)}"


def known_keys(path: Path, root: Node) -> list[str]:
    """The keys that the section at this path may have."""
    node, schemas = root, list(_variants(_schema(), root.value))
    for step in path:
        node = node.children[step]
        schemas = [
            variant for schema in schemas for below in _below(schema, step) for variant in _variants(below, node.value)
        ]
    return list(dict.fromkeys(key for schema in schemas for key in schema.get("properties", {})))


def _variants(schema: Schema, value: Any) -> Iterator[Schema]:
    """The schema with references followed and unions taken apart; members of other discriminators are left out."""
    if "$ref" in schema:
        schema = _schema()["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    members = schema.get("anyOf", schema.get("oneOf"))
    if members is not None:
        for member in members:
            yield from _variants(member, value)
    elif _may_be(schema, value):
        yield schema


def _may_be(schema: Schema, value: Any) -> bool:
    given = value if isinstance(value, dict) else {}
    fixed = {key: rule["const"] for key, rule in schema.get("properties", {}).items() if "const" in rule}
    required = schema.get("required", [])
    return all(given.get(key) == constant for key, constant in fixed.items() if key in required)


def _below(schema: Schema, step: str | int) -> Iterator[Schema]:
    if isinstance(step, int):
        inner = schema.get("items")
    else:
        patterns = list(schema.get("patternProperties", {}).values())
        inner = (
            schema.get("properties", {}).get(step) or schema.get("additionalProperties") or next(iter(patterns), None)
        )
    if isinstance(inner, dict):
        yield inner
