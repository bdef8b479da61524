"""What is drawn anew changes in place where only words and looks are others, and is replaced where more is."""

from collections.abc import Callable
from typing import Any

import pytest
from nicegui import Client, ui

from controller.console.desk import Section
from controller.console.shown import facts, table


def card(found: dict[str, Any]) -> None:
    with ui.element("article").classes("card"):
        ui.label(found["name"]).classes(found["look"]).props["title"] = found["name"]
        ui.element("div").style(f"width: {found['share']}%")
        facts([("state", found["look"])])
        table(("a", "b"), [(found["name"], "1")] * found.get("rows", 1))


def deep(element: ui.element) -> list[tuple[Any, ...]]:
    """All that a browser is told of what stands in an element."""
    every = list(element.descendants())
    return [(each.tag, each._text, {**each._props}, [*each._classes], {**each._style}) for each in every]


async def drawn(blank: Client, draw: Callable[[Any], None], *founds: Any) -> tuple[Section, list[int]]:
    """A section that showed all of these, and the ids of what stood in it after the first."""
    with blank:
        section = Section(lambda session: None, draw, ui.element("div"))
    await section.show(founds[0])
    ids = [each.id for each in section.place.descendants()]
    for found in founds[1:]:
        section.place.client.outbox.updates.clear()
        await section.show(found)
    return section, ids


FIRST = {"name": "one", "look": "good", "share": 20}


@pytest.mark.parametrize(
    "second",
    [{"name": "two"}, {"look": "bad"}, {"share": 70}, {"name": "two", "look": "bad", "share": 0}, {"rows": 3}],
    ids=["words", "classes", "style", "all", "rows"],
)
async def test_other_words_and_looks_change_in_place(blank: Client, second: dict[str, Any]) -> None:
    section, ids = await drawn(blank, card, FIRST, {**FIRST, **second})
    fresh, _ = await drawn(blank, card, {**FIRST, **second})
    assert [each.id for each in section.place.descendants()] == ids
    assert deep(section.place) == deep(fresh.place)


async def test_a_browser_hears_of_what_has_changed_only(blank: Client) -> None:
    section, ids = await drawn(blank, card, FIRST, {**FIRST, "share": 70})
    told = set(section.place.client.outbox.updates) - {section.place.id}
    assert told == {next(each.id for each in section.place.descendants() if each._style)}
    assert told < set(ids)


async def test_what_is_built_otherwise_is_replaced(blank: Client) -> None:
    def labels(words: list[str]) -> None:
        for each in words:
            ui.label(each)

    section, ids = await drawn(blank, labels, ["a", "b"], ["a", "b", "c"])
    assert [each.text for each in section.place.default_slot.children] == ["a", "b", "c"]  # type: ignore[attr-defined]
    assert not {each.id for each in section.place.descendants()} & set(ids)


async def test_a_button_is_drawn_anew_with_its_row(blank: Client) -> None:
    pressed = []

    def button(row: str) -> None:
        ui.button("Approve", on_click=lambda: pressed.append(row))

    section, ids = await drawn(blank, button, "first", "second")
    (made,) = section.place.descendants()
    assert made.id not in ids
    (listener,) = made._event_listeners.values()
    assert listener.type == "click"
