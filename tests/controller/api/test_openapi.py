"""Schemathesis against the real daemon: no fault, and no answer that the OpenAPI document does not name."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.controller.cli.terminal import Terminal
from tests.controller.serving import Serving, serving

ROLES = ("viewer", "operator", "admin")
# It never ends; `test_stream` is about it.
STREAM = "/api/v1/events/stream"
NOT_CHECKED = (
    "positive_data_acceptance",  # a document cannot say which units there are, or what a space holds
    "allow_header_conformance",  # Starlette names the methods of the first route with that path only
)
# Else nearly all that is made up stops at 404.
NAMES = """
[[operations]]
include-path-regex = "/campaigns/"
parameters = {{ "path.name" = "{campaign}" }}
[[operations]]
include-path-regex = "/proposals/"
parameters = {{ "path.proposal_id" = "{proposal}" }}
[[operations]]
include-path-regex = "/(attempts|tasks)/"
parameters = {{ "path.attempt_id" = "{attempt}" }}
[[operations]]
include-path-regex = "/instruments/"
parameters = {{ "path.name" = "reactor-1" }}
[[operations]]
include-path-regex = "/users/"
parameters = {{ "path.name" = "olga" }}
"""


async def examine(folder: Path, daemon: Serving, role: str, cases: int, *, named: bool, phases: str) -> None:
    (folder / "names.toml").write_text(NAMES.format(**daemon.ids))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", *(["--config-file", "names.toml"] if named else [])),
        *("run", f"{daemon.url}/api/v1/openapi.json"),
        *("--header", f"Authorization: Bearer {daemon.tokens[role]}"),
        *("--exclude-path", STREAM, "--exclude-checks", ",".join(NOT_CHECKED), "--phases", phases),
        *("--max-examples", str(cases), "--seed", "1", "--continue-on-failure", "--warnings", "off", "--no-color"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()


async def check_record(folder: Path) -> None:
    audit = await Terminal(folder, {}).run("audit", "--json")
    assert audit.json["ok"], audit.out


async def test_nothing_that_is_made_up_is_a_fault(tmp_path: Path) -> None:
    """A little, by whoever may do most; the rest is slow."""
    async with serving(tmp_path) as daemon:
        await examine(tmp_path, daemon, "admin", 2, named=True, phases="fuzzing")
    await check_record(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("named", [False, True], ids=["names made up", "names that exist"])
@pytest.mark.parametrize("role", ROLES)
async def test_much_that_is_made_up(tmp_path: Path, role: str, named: bool) -> None:
    async with serving(tmp_path) as daemon:
        # A name that is fixed is never that of what was just made, which is what the third phase asks about.
        phases = "coverage,fuzzing" if named else "coverage,fuzzing,stateful"
        await examine(tmp_path, daemon, role, 100, named=named, phases=phases)
    await check_record(tmp_path)
