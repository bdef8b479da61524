"""Schemathesis against the real daemon: no fault, and no answer that the OpenAPI document does not name."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from controller.store import Store, Unit
from tests.controller.cli.terminal import Terminal
from tests.controller.world import add_people, fill

PATIENCE = 60
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


@asynccontextmanager
async def daemon(folder: Path) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """`tatara serve` on a database with something in every list; gives its address and a token for each role."""
    data = folder / "tatara-data"
    data.mkdir()
    store = Store(f"sqlite:///{data / 'tatara.db'}")
    await store.start()
    tokens, ids = await store.write(_fill, name="test")
    await store.stop()
    (folder / "names.toml").write_text(NAMES.format(**ids))
    process = await Terminal(folder, {}).start("serve")
    try:
        async with asyncio.timeout(PATIENCE):
            while not (data / "api.json").exists():
                await asyncio.sleep(0.05)
        yield json.loads((data / "api.json").read_text())["url"], tokens
        assert process.returncode is None, "the daemon has ended"
    finally:
        process.terminate()
        _, log = await process.communicate()
    told = [json.loads(line) for line in log.decode().splitlines()]
    assert [each for each in told if each["level"] in ("error", "critical")] == []


def _fill(unit: Unit) -> tuple[dict[str, str], dict[str, str]]:
    return add_people(unit), fill(unit)


async def examine(folder: Path, url: str, token: str, cases: int, *, named: bool, phases: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", *(["--config-file", "names.toml"] if named else [])),
        *("run", f"{url}/api/v1/openapi.json", "--header", f"Authorization: Bearer {token}"),
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
    async with daemon(tmp_path) as (url, tokens):
        for role in ROLES:
            await examine(tmp_path, url, tokens[role], 2, named=True, phases="fuzzing")
    await check_record(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("named", [False, True], ids=["names made up", "names that exist"])
@pytest.mark.parametrize("role", ROLES)
async def test_much_that_is_made_up(tmp_path: Path, role: str, named: bool) -> None:
    async with daemon(tmp_path) as (url, tokens):
        await examine(tmp_path, url, tokens[role], 100, named=named, phases="coverage,fuzzing,stateful")
    await check_record(tmp_path)
