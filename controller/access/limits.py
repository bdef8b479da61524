"""Read `limits.yaml`, the limits of the site."""

from pathlib import Path

from controller.loop.site_limits import Limits


def load_limits(path: Path) -> Limits:
    """Read `limits.yaml`; raises `ValueError` that names the file. No file: no limits."""
    if not path.exists():
        return Limits()
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return Limits.model_validate({} if content is None else content)
    except (YAMLError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
