"""A file store of our own on this machine: answers a device's uploads as the daemon would, and keeps only digests."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic
from typing import Any, Self

_PATH = re.compile(r"/api/v1/files/([0-9a-f]{64})")
_PART = 1024 * 1024
_LONGEST = {"Content-Type": 100, "X-File-Name": 200}


class FileStore:
    """`with FileStore(...)`: the device puts its files below `url`, signed in with its name and password."""

    def __init__(self, name: str, password: str) -> None:
        self.put_at: dict[str, float] = {}  # by SHA-256, as `time.monotonic` has it
        self._account = f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Put, self)))
            thread = Thread(target=server.serve_forever, name="file store", daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            self.url = f"http://127.0.0.1:{server.server_port}"
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def may(self, account: str) -> bool:
        """Whether this is the instrument."""
        return hmac.compare_digest(account.encode(), self._account.encode())

    def take(self, sha256: str) -> bool:
        """Note a file that has come whole; says whether it is new."""
        new = sha256 not in self.put_at
        self.put_at.setdefault(sha256, monotonic())
        return new


class _Put(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def __init__(self, store: FileStore, *connection: Any) -> None:
        self._store = store
        super().__init__(*connection)

    def do_PUT(self) -> None:
        """Take a file, or say what is wrong with it. The body is read in any case: else the answer would not be."""
        try:
            digest, size = self._digest()
        except ValueError:
            self.close_connection = True
            self._answer(400, message="the body cannot be read: give its Content-Length, or send it chunked")
            return
        named = _PATH.fullmatch(self.path)
        too_long = [name for name, limit in _LONGEST.items() if len(self.headers.get(name, "")) > limit]
        if not self._store.may(self.headers.get("Authorization", "")):
            self._answer(401, message="no instrument has this name and password (HTTP Basic)")
        elif named is None:
            self._answer(422, message=f"{self.path} is not /api/v1/files/ and a SHA-256")
        elif too_long:
            self._answer(422, message=f"{', '.join(too_long)} is too long")
        elif digest != named[1]:
            self._answer(422, message=f"what came has the SHA-256 {digest} ({size} bytes)")
        else:
            self._answer(201 if self._store.take(digest) else 200, sha256=digest, size=size)

    def _digest(self) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        for part in self._chunked() if "chunked" in self.headers.get("Transfer-Encoding", "") else self._plain():
            digest.update(part)
            size += len(part)
        return digest.hexdigest(), size

    def _plain(self) -> Iterator[bytes]:
        return self._read(int(self.headers.get("Content-Length", "")))

    def _chunked(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield from self._read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers

    def _read(self, left: int) -> Iterator[bytes]:
        while left > 0:
            if not (part := self.rfile.read(min(left, _PART))):
                raise ValueError("it broke off")
            left -= len(part)
            yield part

    def _answer(self, status: int, **body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nobody reads it: the report says what came."""
