"""Secrets that are shown once: on the screen, or in a new file that only this account can read."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.cli.connection import FAILED, Refused


@contextmanager
def place_for(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Give a function that puts a secret into `path`. The file is made before the secret is: then none can get lost.

    Without a path the function does nothing. When nothing was written, the file is taken away again.
    """
    if path is None:
        yield lambda secret: None
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused(FAILED, f"{path}: {error.strerror}") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        try:
            yield lambda secret: _write(file.write, secret)
            file.flush()
            os.fsync(file.fileno())
        finally:
            if not file.tell():
                path.unlink()


def _write(write: Callable[[str], int], secret: str) -> None:
    write(secret + "\n")


def write_secret(path: Path, secret: str) -> None:
    """Put a secret into a new file."""
    with place_for(path) as put:
        put(secret)
