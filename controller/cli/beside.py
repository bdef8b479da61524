"""A campaign file and the files beside it that it names. The daemon opens no path: what it needs is sent along."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from controller.cli.connection import FAILED, Refused

MAX_BYTES = 20 * 1024 * 1024  # of all files together; in base64 that fits into one request
MAX_LOCAL_BYTES = 256 * 1024 * 1024  # of all files together, where nothing is sent


def read_campaign(path: Path) -> dict[str, Any]:
    """What `check`, `submit` and `amend` send; raises `Refused`."""
    text, files = read_beside(path)
    return {"text": text, "files": {name: base64.b64encode(content).decode() for name, content in files.items()}}


def read_beside(path: Path, most: int = MAX_BYTES) -> tuple[str, dict[str, bytes]]:
    """The campaign file's text, and what the files hold that it names, `most` bytes together; raises `Refused`."""
    text = _text(path)
    files: dict[str, bytes] = {}
    size = 0
    for name in sorted(set(_named(text))):
        content = _beside(path.parent, name, most)
        if content is None:
            continue  # the daemon says which field and line names it
        size += len(content)
        if size > most:
            raise Refused(FAILED, f"the files beside {path} have more than {most // 2**20} MiB together")
        files[name] = content
    return text, files


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refused(FAILED, f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Refused(FAILED, f"{path}: not a text in UTF-8 ({error.reason} at byte {error.start})") from None


def _named(text: str) -> Iterator[str]:
    """Every value of a key `file` in the YAML; a text that is no YAML names none, and the daemon says why."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import ScalarEvent

    previous = None
    try:
        # Events only: nothing is built, so nothing can expand.
        for event in YAML(typ="safe", pure=True).parse(text):
            scalar = str(event.value) if isinstance(event, ScalarEvent) else None
            if previous == "file" and scalar:
                yield scalar
            previous = scalar
    except (
        YAMLError,
        ValueError,
        OverflowError,
        IndexError,
        AttributeError,
        TypeError,
        AssertionError,
        RecursionError,
    ):
        return


def _beside(folder: Path, name: str, most: int) -> bytes | None:
    """The content of a file that lies in the folder itself; never one elsewhere, also not by a link."""
    if name != Path(name).name or name in ("", ".", ".."):
        raise Refused(FAILED, f"the campaign names the file {name!r}: only plain names of files beside it can be used")
    path = folder / name
    try:
        if path.resolve().parent != folder.resolve():
            raise Refused(FAILED, f"{path} is a link to somewhere else: only files beside the campaign are sent")
        with path.open("rb") as file:
            return file.read(most + 1)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Refused(FAILED, f"{path}: {error}") from None
