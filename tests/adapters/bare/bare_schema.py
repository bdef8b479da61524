"""Reads a message of protocol v1: JSON that fits one of the published schemas. Standard library only."""

import json
import math
import re
from datetime import datetime
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parents[3] / "adapters" / "instruments" / "schemas"
LARGEST = 262_144
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int,
    "number": (int, float),
}  # fmt: skip


def read(kind: str, payload: bytes) -> dict[str, Any]:
    """The message in `payload`; raises ValueError where it is malformed."""
    if len(payload) > LARGEST:
        raise ValueError(f"{len(payload)} bytes are more than {LARGEST}")
    try:
        message: dict[str, Any] = json.loads(payload.decode("utf-8"), parse_constant=float)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    check(message, schema := json.loads((SCHEMAS / f"{kind}.json").read_text()), schema, kind)
    return message


def instant(text: str) -> datetime:
    """A time of RFC 3339; raises ValueError where the offset is missing."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text):
        raise ValueError(f"{text[:40]!a} is not a time with an offset")
    return datetime.fromisoformat(text.upper())


def check(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str) -> None:
    """Raise ValueError unless `value` fits `schema`."""
    if "$ref" in schema:
        return check(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, where)
    if "anyOf" in schema:
        return check_any(value, schema["anyOf"], root, where)
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        raise ValueError(f"{where} is no {kind}")
    if "enum" in schema and value not in schema["enum"]:
        raise ValueError(f"{where} is none of {schema['enum']}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is not finite")
    if isinstance(value, str):
        check_text(value, schema, where)
    elif isinstance(value, dict):
        check_object(value, schema, root, where)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            check(item, schema.get("items", {}), root, f"{where}[{place}]")
    elif isinstance(value, int | float) and (value < schema.get("minimum", value) or value <= schema.get(
        "exclusiveMinimum", -math.inf)):  # fmt: skip
        raise ValueError(f"{where} is too small")


def check_any(value: Any, choices: list[dict[str, Any]], root: dict[str, Any], where: str) -> None:
    """Raise the last ValueError where `value` fits none of `choices`."""
    for choice in choices[:-1]:
        try:
            return check(value, choice, root, where)
        except ValueError:
            continue
    return check(value, choices[-1], root, where)


def check_text(value: str, schema: dict[str, Any], where: str) -> None:
    """Raise ValueError unless the text has the length, pattern and format of the schema."""
    if len(value) > schema.get("maxLength", len(value)) or not re.fullmatch(schema.get("pattern", "(?s).*"), value):
        raise ValueError(f"{where} is not as it must be: {value[:40]!a}")
    if schema.get("format") == "date-time":
        instant(value)


def check_object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], where: str) -> None:
    """Raise ValueError unless all required fields are there, and all that are there are known and fit."""
    if missing := [name for name in schema.get("required", []) if name not in value]:
        raise ValueError(f"{where} has no {missing[0]}")
    for name, item in value.items():
        patterns = schema.get("patternProperties", {}).items()
        rules = [rule for known, rule in schema.get("properties", {}).items() if known == name]
        rules += [rule for pattern, rule in patterns if re.fullmatch(pattern, name)]
        if not rules and ("patternProperties" in schema or schema.get("additionalProperties") is False):
            raise ValueError(f"{where} has an unknown field {name[:80]!a}")
        for rule in rules or [{}]:
            check(item, rule, root, f"{where}.{name}")
