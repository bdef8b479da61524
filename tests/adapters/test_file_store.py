"""The conformance test's file store answers as the daemon's does; what results name must have been put there."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from adapters.instruments import File, Finished
from adapters.instruments.conformance import Verdict, attempts, examine, meet
from adapters.instruments.conformance.store import FileStore
from adapters.instruments.upload import UploadError, upload
from tests.adapters.devices import Device
from tests.adapters.helpers import PASSWORD
from tests.adapters.test_conformance import FILES, stand

CONTENT = b"wavelength,absorbance\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ACCOUNT = ("reactor-1", PASSWORD)


@pytest.fixture
def store() -> Iterator[FileStore]:
    with FileStore(*ACCOUNT) as running:
        yield running


def put(url: str, path: str = f"/api/v1/files/{SHA256}", password: str = PASSWORD, **options: object) -> int:
    options = {"content": CONTENT, "auth": ("reactor-1", password), **options}
    return httpx.put(url + path, trust_env=False, **options).status_code  # type: ignore[arg-type]


def test_a_file_is_new_once(store: FileStore) -> None:
    assert [put(store.url), put(store.url)] == [201, 200]
    assert list(store.put_at) == [SHA256]


def test_what_the_daemon_refuses_is_refused(store: FileStore) -> None:
    assert put(store.url, password="wrong") == 401
    assert put(store.url, auth=None) == 401
    assert put(store.url, content=CONTENT[:-1]) == 422
    assert put(store.url, path="/api/v1/files/nonsense") == 422
    assert put(store.url, headers={"X-File-Name": "n" * 201}) == 422
    assert store.put_at == {}


def test_the_client_library_puts_in_pieces(store: FileStore, tmp_path: Path) -> None:
    path = tmp_path / "spectrum.csv"
    path.write_bytes(CONTENT)
    assert upload(store.url, *ACCOUNT, path).sha256 == SHA256
    with pytest.raises(UploadError, match=r"refused .401."):
        upload(store.url, "reactor-1", "wrong", path)


def test_a_body_of_no_length_is_answered(store: FileStore) -> None:
    host, port = store.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 5) as line:
        line.sendall(b"PUT /api/v1/files/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("is_put", [True, False])
async def test_a_result_names_what_was_put(tmp_path: Path, is_put: bool) -> None:
    async with stand(tmp_path) as (made, talk):
        device = Device(made, tmp_path / "journal.db")  # type: ignore[arg-type]
        device.finished = Finished(files=[File(sha256=SHA256, name="spectrum.csv")])
        if is_put:
            assert put(made.files_url) == 201
        async with device.on():
            subject = await meet(talk)
            subject.wires = made
            findings = await examine(subject, lambda _: None, [attempts])
    found = next(each for each in findings if each.what == FILES)
    assert found.verdict is (Verdict.OK if is_put else Verdict.FAILED)
    assert is_put or f"spectrum.csv ({SHA256}), which was not put" in found.seen
