"""A list that a person pages through: what they asked for last is what they see."""

from collections.abc import Iterator
from typing import Any

import pytest
from nicegui import Client, ui
from sqlmodel import Session

from controller.commands.errors import NotFound
from controller.console.paging import Paged

SESSION = Session()
PAGE = 10


class Asked:
    """In the place of a desk: whether it was asked to look again."""

    again = False

    def look_again(self) -> None:
        self.again = True

    def follow_part(self, part: Any) -> None:
        """Only one part is here."""


def numbers(_session: Session, wanted: str, before: int | None) -> dict[str, Any]:
    """Pages of 25 numbers, the largest first."""
    if wanted == "nobody":
        raise NotFound("no campaign 'nobody'")
    rows = [{"id": each, "text": f"{wanted} {each}"} for each in range(before or 25, 0, -1)][:PAGE]
    return {"rows": rows, "older": rows[-1]["id"] - 1 if rows[-1]["id"] > 1 else None}


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(ui.page("/test/paging"), request=None) as client:
        yield client
    client.delete()


@pytest.fixture
def paged(client: Client) -> Paged:
    return Paged(Asked(), "all", numbers, lambda row: ui.label(row["text"]), "id", "Nothing.")  # type: ignore[arg-type, return-value]


def shown(client: Client) -> list[str]:
    return [each.text for each in client.elements.values() if isinstance(each, ui.label)]


def press(client: Client, name: str) -> None:
    [button] = [each for each in client.elements.values() if isinstance(each, ui.button) and each.text == name]
    for listener in button._event_listeners.values():
        listener.handler(None)


async def look(paged: Paged) -> None:
    await paged.show(paged.load(SESSION))


async def test_on_and_back(client: Client, paged: Paged) -> None:
    await look(paged)
    assert (shown(client)[0], len(shown(client))) == ("all 25", PAGE)
    press(client, "Older")
    await look(paged)
    press(client, "Older")
    await look(paged)
    assert shown(client) == [f"all {each}" for each in (5, 4, 3, 2, 1)]
    press(client, "Newer")
    await look(paged)
    assert shown(client)[0] == "all 15"
    press(client, "Latest")
    await look(paged)
    assert shown(client)[0] == "all 25"
    paged.want("nobody")
    await look(paged)
    assert shown(client) == ["no campaign 'nobody'", "Nothing."]


async def test_an_answer_that_comes_late_is_not_shown(client: Client, paged: Paged) -> None:
    await look(paged)
    late = paged.load(SESSION)
    paged.want("few")
    await look(paged)
    await paged.show(late)
    assert shown(client)[0] == "few 25"


async def test_who_presses_twice_goes_on_by_one_page(client: Client, paged: Paged) -> None:
    await look(paged)
    press(client, "Older")
    press(client, "Older")
    await look(paged)
    assert shown(client)[0] == "all 15"
    press(client, "Newer")
    await look(paged)
    assert shown(client)[0] == "all 25"
