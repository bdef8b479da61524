"""Damaged requests: each is answered, none is a fault, and the record stays whole."""

import asyncio
import base64
import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from sqlmodel import select

from controller.commands.instruments import enrol
from controller.report.audit import audit
from controller.store.tables import StoredFile
from tests.controller.api.test_who_may import TABLE, filled
from tests.controller.world import ADMIN, World, served
from tests.fuzz.mutations import Mutations

MANY = [pytest.mark.slow, pytest.mark.timeout(1800)]
QUERIES = [b"after=3&campaign=reactor&limit=5", b"campaign=reactor&state=open", b"before=x&limit=20", b"user=vera"]
KNOWN = {"estop": "x", "new_file": "0" * 64, "file": "0" * 64, "instrument": "reactor-1", "busy": "analyser-1"}
CONTENT = b"wavelength,absorbance\n400,0.1\n"


class Requests:
    """Requests of the table, with bodies, names and queries damaged. Those that stop for good are left out."""

    def __init__(self, ids: dict[str, str], seed: int) -> None:
        self._random = random.Random(seed)
        rows = [row for row in TABLE if "remove" not in row[1] and "abort" not in row[1]]
        self._rows = [(row[0], urlsplit(filled(row[1], ids)).path, self._body(row[2], ids)) for row in rows]
        self._bodies = {body: Mutations([body], seed + place) for place, (*_, body) in enumerate(self._rows)}
        self._queries = Mutations(QUERIES, seed)
        self._names = Mutations([value.encode() for value in ids.values()], seed)

    def _body(self, body: Any, ids: dict[str, str]) -> bytes:
        return body if isinstance(body, bytes) else json.dumps(filled(body, ids)).encode()

    def one(self) -> tuple[str, str, bytes]:
        """Method, path with query, and body."""
        method, path, body = self._random.choice(self._rows)
        if self._random.random() < 0.1:
            steps = path.split("/")
            steps[self._random.randrange(1, len(steps))] = quote(self._names.one()[:200], safe="")
            path = "/".join(steps)
        if method == "GET":
            return method, f"{path}?{quote(self._queries.one()[:2000], safe='&=')}", b""
        return method, path, self._bodies[body].one()


@pytest.mark.parametrize("cases", [400, pytest.param(15_000, marks=MANY)])
async def test_bodies_names_and_queries(world: World, cases: int) -> None:
    world.app.state.bell.close()  # streams end after what there is
    requests = Requests({"user": "olga", "refused": "x", "corrected": "{}", **world.ids, **KNOWN}, seed=cases)
    found: Counter[int] = Counter()
    headers = {"Content-Type": "application/json"}
    async with world.client("admin") as client:
        for _ in range(cases):
            method, path, body = requests.one()
            answer = await client.request(method, path, content=body, headers=headers)
            assert answer.status_code < 500, (method, path, body[:1000], answer.text)
            if answer.status_code >= 400:
                assert {"error", "message"} <= set(answer.json())
            found[answer.status_code] += 1
    assert found.total() == cases
    assert {200, 201, 404, 409, 422} <= set(found)
    await check_record(world)


async def check_record(world: World) -> None:
    report = await world.store.read(audit)
    assert report.ok, report.faults
    async with world.client("viewer") as client:
        assert (await client.get("/api/v1/campaigns/reactor")).status_code == 200


@pytest.mark.parametrize("cases", [100, pytest.param(2_000, marks=MANY)])
async def test_uploads_on_the_wire(world: World, cases: int, tmp_path: Path) -> None:
    """Whole HTTP requests with digest, length, name, headers or content damaged, each on a connection of its own."""
    password = await world.store.write(lambda unit: enrol(unit, ADMIN, "camera", simulated=True), name="test")
    good = [_upload(CONTENT, password), _upload(b"", password), _upload(CONTENT * 1000, password)]
    mutations = Mutations(good, seed=cases)
    found: Counter[str] = Counter()
    async with served(world.app) as url:
        for _ in range(cases):
            found[await _send(url, mutations.one(), 0.1)] += 1
        assert await _send(url, good[0], 30) in ("200", "201")
    assert found.total() == cases
    assert [status for status in found if status.startswith("5")] == []
    kept = await world.store.read(lambda session: session.exec(select(StoredFile.sha256)).all())
    files = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == sorted(kept), "only what is recorded is kept"
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in files)
    await check_record(world)


def _upload(content: bytes, password: str) -> bytes:
    signed = base64.b64encode(f"camera:{password}".encode()).decode()
    head: Sequence[str] = (
        f"PUT /api/v1/files/{hashlib.sha256(content).hexdigest()} HTTP/1.1",
        "Host: tatara",
        f"Authorization: Basic {signed}",
        "Content-Type: text/csv",
        "X-File-Name: spectrum.csv",
        f"Content-Length: {len(content)}",
        "Connection: close",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


async def _send(url: str, request: bytes, patience: float) -> str:
    """The status; or what became of the connection. Who sends less than was said is not answered, and hangs up."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(request)
        async with asyncio.timeout(patience):
            answer = await reader.read(12)
    except ConnectionError:
        return "cut"
    except TimeoutError:
        return "waits"
    finally:
        writer.close()
    return answer[9:].decode() if answer.startswith(b"HTTP/1.1 ") else "closed"
