"""A file is written, fsynced and renamed before the row that names it is committed; it never changes afterwards."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class Incoming:
    """The parts of a file as they come; `keep` it once all of it is there and right."""

    def __init__(self, file: BinaryIO, move: Callable[[str], None]) -> None:
        self._file = file
        self._move = move
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, part: bytes) -> None:
        """Take the next part."""
        self._file.write(part)
        self._digest.update(part)
        self.size += len(part)

    @property
    def sha256(self) -> str:
        """Of what has come so far."""
        return self._digest.hexdigest()

    def keep(self) -> None:
        """Put it into its place, safe on the disk; that may take long, so not on the event loop."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._move(self.sha256)


class Files:
    """The file store below one folder: `ab/abcdef...`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep some bytes; returns their SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path(sha256)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_durably(target, content)
        return sha256

    @contextmanager
    def receive(self) -> "Iterator[Incoming]":
        """A file that comes in parts; nothing of it stays unless it is kept."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            try:
                yield Incoming(file, lambda sha256: self._move(Path(name), sha256))
            finally:
                Path(name).unlink(missing_ok=True)

    def _move(self, fresh: Path, sha256: str) -> None:
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(fresh, target)
        sync_folder(target.parent)

    def path(self, sha256: str) -> Path:
        """Where the file of that digest stands or would stand."""
        return self._folder / sha256[:2] / sha256

    def paths(self, digests: Iterable[str]) -> dict[str, str]:
        """Paths by digest; raises `FileNotFoundError` for what is missing."""
        found = {sha256: self.path(sha256) for sha256 in digests}
        for sha256, path in found.items():
            if not path.exists():
                raise FileNotFoundError(f"file {sha256} is missing from {self._folder}; restore it from a backup")
        return {sha256: str(path) for sha256, path in found.items()}


def _write_durably(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, target)
    sync_folder(target.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder safe against a power cut."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
