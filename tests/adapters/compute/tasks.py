"""Tasks for the tests of worker processes."""

import os
import threading
from typing import Any


def double(payload: dict[str, Any]) -> dict[str, Any]:
    return {"x": 2 * payload["x"]}


def fail(payload: dict[str, Any]) -> dict[str, Any]:
    raise ValueError("no such thing")


def hang(payload: dict[str, Any]) -> dict[str, Any]:
    threading.Event().wait()
    return {}


def die(payload: dict[str, Any]) -> dict[str, Any]:
    os._exit(3)


def chatter(payload: dict[str, Any]) -> dict[str, Any]:
    print("libraries talk")
    return {"said": True}


def chatter_and_nan(payload: dict[str, Any]) -> dict[str, Any]:
    return {"value": float("nan")}


def eat(payload: dict[str, Any]) -> dict[str, Any]:
    return {"eaten": len(bytearray(payload["bytes"]))}


def process(payload: dict[str, Any]) -> dict[str, Any]:
    return {"process": os.getpid()}
