"""What makes a function an action: it is looked at what is given, and a test finds it."""

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import signature
from typing import Any

from controller.access.actors import Actor
from controller.console.given import check, texts
from controller.console.house import House
from controller.store import Unit

Action = Callable[..., Awaitable[Any]]
ACTIONS: dict[str, Action] = {}


def action(function: Action) -> Action:
    """Register what pages may ask for; a test has every role try each of them. What is given is looked at first."""

    @wraps(function)
    async def checked(house: House, actor: Actor, *said: Any, **given: Any) -> Any:
        told = {**dict(zip(names, said, strict=False)), **given}
        texts({name: told[name] for name in told.keys() & worded})
        check(told)
        return await function(house, actor, *said, **given)

    parameters = signature(function).parameters
    names = list(parameters)[2:]
    worded = {name for name in names if parameters[name].annotation in (str, str | None)}
    ACTIONS[function.__name__] = checked
    return checked


async def write(house: House, name: str, function: Callable[[Unit], Any]) -> Any:
    """Commit what a command does."""
    return await house.services.store.write(function, name=name)
