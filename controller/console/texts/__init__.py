"""All texts of the console, by key, in one catalogue; another language is another file beside `en.yaml`.

What commands say when they refuse stays English and stands with them: the API and the command line say the same.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGE = "en"


def say(key: str, **values: Any) -> str:
    """The text of a key, such as `approvals.approve`, with its {names} filled in; raises `KeyError`."""
    text = catalogue(LANGUAGE)[key]
    return text.format(**values) if values else text


def known(key: str) -> bool:
    """Whether there is a text of this key."""
    return key in catalogue(LANGUAGE)


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every text of a language by its key."""
    from ruamel.yaml import YAML

    path = Path(__file__).parent / f"{language}.yaml"
    return dict(_flat(YAML(typ="safe").load(path.read_text(encoding="utf-8")), ""))


def _flat(part: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for key, value in part.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)
