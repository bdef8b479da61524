"""`python -m adapters.instruments.schema` writes the JSON Schema of every message to `schemas/`."""

import json
from pathlib import Path

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
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **MESSAGES[name].model_json_schema()}
    return json.dumps(made, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    for name in MESSAGES:
        (FOLDER / f"{name}.json").write_text(schema(name), encoding="utf-8")


if __name__ == "__main__":
    main()
