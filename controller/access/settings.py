"""Files that admins write: read as strictly as a campaign file, so that nothing in them expands or is told twice."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from controller.spec.source import read_or_nothing

M = TypeVar("M", bound=BaseModel)


def read_settings(path: Path, model: type[M]) -> M:
    """The file's content; raises `ValueError` that names the file, or `OSError`. An empty file: all defaults."""
    content = path.read_bytes()
    try:
        root = read_or_nothing(content)
        return model.model_validate({} if root is None else root.value)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
