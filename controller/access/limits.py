"""Read `limits.yaml`, the limits of the site."""

from pathlib import Path

from controller.access.settings import read_settings
from controller.loop.site_limits import Limits


def load_limits(path: Path) -> Limits:
    """Read `limits.yaml`; raises `ValueError` that names the file. No file: no limits."""
    if not path.exists():
        return Limits()
    return read_settings(path, Limits)
