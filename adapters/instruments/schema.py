"""`python -m adapters.instruments.schema` writes the JSON Schema of every message to `schemas/`."""

import json
from pathlib import Path
from typing import Any

from adapters.instruments.messages import (
    AttemptStatus,
    Command,
    Description,
    Heartbeat,
    HostState,
    InstrumentState,
    Message,
    Receipt,
    Request,
    Result,
)

FOLDER = Path(__file__).parent / "schemas"

MESSAGES: dict[str, type[Message]] = {
    "command": Command,
    "description": Description,
    "heartbeat": Heartbeat,
    "host-state": HostState,
    "receipt": Receipt,
    "request": Request,
    "result": Result,
    "state": InstrumentState,
    "status": AttemptStatus,
}


def schema(name: str) -> str:
    """Text of the JSON Schema file of a message."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_closed(MESSAGES[name].model_json_schema())}
    return json.dumps(made, indent=2, sort_keys=True) + "\n"


def _closed(part: Any) -> Any:
    """The schema with every mapping closed to keys that do not fit its pattern, as the parser has it."""
    if isinstance(part, list):
        return [_closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(each) for key, each in part.items()}
    return {**closed, "additionalProperties": False} if "patternProperties" in closed else closed


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    for name in MESSAGES:
        (FOLDER / f"{name}.json").write_text(schema(name), encoding="utf-8")


if __name__ == "__main__":
    main()
