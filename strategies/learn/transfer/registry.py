"""The methods of transfer by name. Nothing is imported by a name that stands in a campaign file."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strategies.learn.transfer.sample import Method


def _multitask() -> "Method":
    from strategies.learn.transfer.multitask import learn

    return learn


_METHODS: dict[str, Callable[[], "Method"]] = {"multitask": _multitask}


def transfer_methods() -> list[str]:
    """The registered names."""
    return list(_METHODS)


def load_method(name: str) -> "Method":
    """The method's function; imports what it needs. Raises `ValueError` for an unknown name."""
    if name not in _METHODS:
        raise ValueError(f"unknown method of transfer {name!r}; known: {', '.join(_METHODS)}")
    return _METHODS[name]()
