"""Raw data: put by instruments and operators, kept by digest, read by everybody signed in."""

import base64
import hashlib
from pathlib import Path

import pytest

from adapters.instruments.upload import UploadError, upload
from controller.commands.instruments import enrol
from controller.store.tables import StoredFile
from tests.controller.world import ADMIN, World, served

CONTENT = b"wavelength,absorbance\n400,0.1\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = f"/api/v1/files/{SHA256}"


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


async def with_instrument(world: World) -> str:
    return await world.store.write(lambda unit: enrol(unit, ADMIN, "spectrometer", simulated=True), name="test")


async def rows(world: World) -> list[tuple[str, int, str]]:
    return await world.store.read(lambda session: [(r.sha256, r.size, r.name) for r in session.query(StoredFile)])


async def test_an_operator_puts_a_file_once(world: World) -> None:
    async with world.client("operator") as client, world.client("viewer") as viewer:
        first = await client.put(PATH, content=CONTENT, headers={"X-File-Name": "run 7.csv"})
        assert (first.status_code, first.json()) == (201, {"sha256": SHA256, "size": len(CONTENT)})
        assert (await client.put(PATH, content=CONTENT)).status_code == 200
        assert await rows(world) == [(SHA256, len(CONTENT), "run 7.csv")]
        got = await viewer.get(PATH)
        assert (got.status_code, got.content) == (200, CONTENT)
        assert got.headers["content-disposition"].startswith("attachment")
        assert (await viewer.put(PATH, content=CONTENT)).status_code == 403
        assert (await viewer.get(f"/api/v1/files/{'0' * 64}")).status_code == 404


async def test_what_does_not_have_its_digest_is_not_kept(world: World, tmp_path: Path) -> None:
    async with world.client("operator") as client:
        refused = await client.put(PATH, content=CONTENT[:-1])
        assert refused.status_code == 422
        assert "what came has the SHA-256" in refused.json()["message"]
        assert (await client.put("/api/v1/files/nonsense", content=b"")).status_code == 422
    assert await rows(world) == []
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


async def test_an_instrument_signs_in_for_its_files_and_nothing_else(world: World) -> None:
    password = await with_instrument(world)
    async with world.client(None) as client:
        assert (await client.put(PATH, content=CONTENT, headers=basic("spectrometer", password))).status_code == 201
        for name, secret in (("spectrometer", "wrong"), ("nobody", password), ("", "")):
            assert (await client.put(PATH, content=CONTENT, headers=basic(name, secret))).status_code == 401
        for header in ("Basic !!", "Basic " + base64.b64encode(b"\xff").decode(), "Basic"):
            assert (await client.put(PATH, content=b"", headers={"Authorization": header})).status_code == 401
        assert (await client.get(PATH, headers=basic("spectrometer", password))).status_code == 401
        assert (await client.get("/api/v1/campaigns", headers=basic("spectrometer", password))).status_code == 401


async def test_the_client_library_puts_a_file_that_a_result_can_name(world: World, tmp_path: Path) -> None:
    import asyncio

    password = await with_instrument(world)
    path = tmp_path / "spectrum.csv"
    path.write_bytes(CONTENT)
    async with served(world.app) as url:
        named = await asyncio.to_thread(upload, url, "spectrometer", password, path)
        assert (named.sha256, named.name, named.media_type) == (SHA256, "spectrum.csv", "text/csv")
        with pytest.raises(UploadError, match=r"refused .401."):
            await asyncio.to_thread(upload, url, "spectrometer", "wrong", path)
    assert [row[2] for row in await rows(world)] == ["spectrum.csv"]
