"""A file is written, fsynced and renamed before the row that names it is committed; it never changes afterwards."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


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
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
