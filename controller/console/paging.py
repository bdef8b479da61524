"""A long list that a person pages through: a page is loaded when asked for, and then follows the database."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from nicegui import ui
from sqlmodel import Session

from controller.commands.errors import NotFound
from controller.console.desk import Desk, Items, Section
from controller.console.texts import say

Plain = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """What a person looks for, and before which row each page began on the way to where they are."""

    wanted: Any
    starts: tuple[Any, ...] = (None,)


# Of what is wanted, from before a row on (None: the latest), the `rows` of one page; `older`: where the next begins.
Read = Callable[[Session, Any, Any], Plain]


class Paged:
    """One such list, drawn where it is made; `key` names what tells its rows apart."""

    def __init__(
        self,
        desk: Desk,
        wanted: Any,
        read: Read,
        draw: Callable[[Plain], None],
        key: str,
        empty: str,
        classes: str = "",
    ) -> None:
        self._desk = desk
        self._read = read
        self._key = key
        self._place = Place(wanted)
        self._ways = Section(lambda _: None, self._draw_ways, ui.element("div").classes("section"))
        self._rows = Items(lambda _: {}, draw, ui.element("div").classes(f"items {classes}"), empty)
        desk.follow_part(self)

    def load(self, session: Session) -> tuple[Place, Plain]:
        """Read the page where the person is now."""
        place = self._place
        try:
            return place, self._read(session, place.wanted, place.starts[-1])
        except NotFound as error:
            return place, {"rows": [], "older": None, "fault": str(error)}

    async def show(self, found: tuple[Place, Plain]) -> None:
        """Draw it, unless the person has gone on meanwhile: then what they asked for last is on its way."""
        place, page = found
        if place is not self._place:
            return
        await self._ways.show((place, page["older"], not page["rows"], page.get("fault", "")))
        await self._rows.show({str(row[self._key]): row for row in page["rows"]})

    def want(self, wanted: Any) -> None:
        """Look for something else, from the latest on."""
        self._go(Place(wanted))

    def _go(self, place: Place) -> None:
        self._place = place
        self._desk.look_again()

    def _draw_ways(self, found: tuple[Place, Any, bool, str]) -> None:
        """Ways on and back from the page that is drawn below, where there are any."""
        place, older, empty, fault = found
        begin, back = (None,), place.starts[:-1]
        if back or older is not None:
            with ui.element("div").classes("row"):
                self._way("latest", "first_page", replace(place, starts=begin) if back else None)
                self._way("newer", "chevron_left", replace(place, starts=back) if back else None)
                on = (*place.starts, older)
                self._way("older", "chevron_right", replace(place, starts=on) if older is not None else None)
        if fault:
            ui.label(fault).classes("nothing")
        elif empty and older is not None:
            ui.label(say("paging.none_here")).classes("nothing")

    def _way(self, name: str, icon: str, place: Place | None) -> None:
        button = ui.button(say(f"paging.{name}"), icon=icon).props("flat dense")
        button.set_enabled(place is not None)
        if place is not None:
            button.on_click(lambda: self._go(place))
