"""What is drawn anew and looks as before but for its words changes in place.

A browser then replaces words instead of a part of the page, and whoever reads there, or has selected something, keeps
their place. Only what nobody presses is changed in place: a button's handler knows the row that it was drawn for.
"""

from collections.abc import Sequence

from nicegui import Client, ui

from controller.console.shown import Facts, Texts

PLAIN = (ui.element, ui.label, ui.link, ui.icon, Facts, Texts)


def alike(old: Sequence[ui.element], new: Sequence[ui.element]) -> bool:
    """Whether the new elements differ from the old ones in words and looks only."""
    return len(old) == len(new) and all(_alike(*pair) for pair in zip(old, new, strict=True))


def _alike(old: ui.element, new: ui.element) -> bool:
    same = type(old) is type(new) and type(old) in PLAIN and old.tag == new.tag
    pressed = old._event_listeners or new._event_listeners
    if not same or pressed or len(old.slots) > 1 or len(new.slots) > 1:
        return False
    return alike(old.default_slot.children, new.default_slot.children)


def patch(client: Client, old: Sequence[ui.element], new: Sequence[ui.element]) -> None:
    """Give the old elements what the new ones say, and take the new ones away before a browser hears of them."""
    for before, after in zip(old, new, strict=True):
        patch(client, before.default_slot.children, list(after.default_slot.children))
        _adopt(before, after)
    for each in new:
        gone = [every.id for every in each.descendants(include_self=True)]
        each.delete()
        for number in gone:
            client.outbox.updates.pop(number, None)


def _adopt(old: ui.element, new: ui.element) -> None:
    if (
        old._text == new._text
        and old._props == new._props
        and old._classes == new._classes
        and old._style == new._style
    ):
        return
    with old._props.suspend_updates(), old._classes.suspend_updates(), old._style.suspend_updates():
        for mine, its in ((old._props, new._props), (old._style, new._style)):
            mine.clear()
            mine.update(its)
        old._classes[:] = new._classes
    if old._text != new._text:
        old.text = new.text  # type: ignore[attr-defined]
    old.update()
