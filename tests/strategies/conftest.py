"""Requests for tests: a builder with sensible defaults, and pools written to files."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strategies import Request

Build = Callable[..., Request]


def _open(candidate: dict[str, Any]) -> dict[str, Any]:
    return {"candidate": candidate, "stage": "lab"}


@pytest.fixture
def build_request() -> Build:
    def build(
        space: dict[str, Any],
        strategy: str = "random",
        options: dict[str, Any] | None = None,
        observed: list[tuple[dict[str, Any], dict[str, float]]] | None = None,
        failed: list[dict[str, Any]] | None = None,
        pending: list[dict[str, Any]] | None = None,
        rejected: list[dict[str, Any]] | None = None,
        **changes: Any,
    ) -> Request:
        fields: dict[str, Any] = {
            "space": space,
            "objectives": [{"property": "y", "goal": "maximize"}],
            "stages": [{"name": "lab", "yields": ["y"]}],
            "strategy": {"name": strategy, "options": options or {}},
            "observations": [
                {
                    "candidate": candidate,
                    "stage": "lab",
                    "values": [{"property": name, "value": value} for name, value in values.items()],
                }
                for candidate, values in observed or []
            ],
            "failures": [{**_open(one), "kind": "failed-synthesis"} for one in failed or []],
            "pending": [_open(one) for one in pending or []],
            "rejected": [_open(one) for one in rejected or []],
            "n": 1,
            "seed": 7,
            "event": 0,
        }
        return Request.model_validate({**fields, **changes})

    return build


@pytest.fixture
def store_pool(tmp_path: Path) -> Callable[..., tuple[dict[str, Any], dict[str, Path]]]:
    """Writes a CSV text and returns a pool section with its digest, and the files to hand over."""

    def store(text: str, columns: list[str], label: str | None = None) -> tuple[dict[str, Any], dict[str, Path]]:
        digest = hashlib.sha256(text.encode()).hexdigest()
        path = tmp_path / digest
        path.write_text(text, encoding="utf-8")
        pool = {"file": "pool.csv", "columns": columns, "label": label, "sha256": digest}
        return pool, {digest: path}

    return store
