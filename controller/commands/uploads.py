"""Files that come by themselves: the row that names one is committed when its content is safe on the disk."""

from controller.store import Unit
from controller.store.tables import StoredFile


def record_file(unit: Unit, by: str, sha256: str, size: int, name: str, media_type: str) -> bool:
    """Tell of a stored file; False if it was there before."""
    if unit.session.get(StoredFile, sha256) is not None:
        return False
    row = StoredFile(sha256=sha256, size=size, name=name, media_type=media_type)
    unit.record("file.store", row, subject=sha256, actor=by)
    return True
