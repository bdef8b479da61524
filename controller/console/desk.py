"""One open page: who looks at it, what it shows, and what its buttons ask for."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from nicegui import Client, background_tasks, ui
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from starlette.requests import Request

from controller.access.actors import Actor, Forbidden, Role
from controller.access.sign_ins import find_signed_in
from controller.commands.errors import Conflict, DoneAlready, Invalid, NotFound
from controller.console import actions
from controller.console.actions import Action
from controller.console.gate import SIGN_IN
from controller.console.house import House
from controller.console.looks import looking, shared
from controller.console.patching import alike, patch
from controller.console.texts import say
from controller.loop.transitions import ForbiddenTransition
from controller.spec import SpecError
from controller.store import LostLock, StoreUnavailable

log = logging.getLogger("tatara.console")

PARTING_S = 1.0  # in which a browser is led away from a page that nobody may look at any more
ESTOP_PATIENCE_S = 1.0  # to wait for the database
SILENT_S = 20.0  # after which a page says that what it shows may be old
COMPLAINT_S = 15.0
LOOK_AGAIN_S = 5.0  # for what time alone changes: ages, deadlines

# What a person may meet; anything else is a fault of ours, and is logged as one.
REFUSALS = (Conflict, Forbidden, ForbiddenTransition, Invalid, NotFound, StoreUnavailable, LostLock, SpecError, OSError)


class Part(Protocol):
    """A part of a page that follows the database."""

    def load(self, session: Session) -> Any:
        """Read what is shown."""

    async def show(self, found: Any) -> None:
        """Draw what has changed."""


def _draw(draw: Callable[[Any], None], found: Any) -> None:
    """A fault of ours in one part must not take the page away, with its e-stop."""
    try:
        draw(found)
    except Exception:
        log.exception("a part of a page cannot be drawn")
        ui.label(say("frame.not_drawn")).classes("nothing")


def _redraw(place: ui.element, draw: Callable[[Any], None], found: Any) -> None:
    """Draw it in the place of what was drawn before; where only words have changed, these alone."""
    old = list(place.default_slot.children)
    with place:
        _draw(draw, found)
    new = place.default_slot.children[len(old) :]
    if alike(old, new):
        patch(place.client, old, new)
    else:
        for each in old:
            each.delete()


@dataclass
class Section:
    """Drawn anew whenever what it reads has changed; `rest_s`: what is dear to draw is not even read before that."""

    read: Callable[[Session], Any]
    draw: Callable[[Any], None]
    place: ui.element
    rest_s: float = 0.0
    shown: Any = None
    drawn_s: float = -math.inf

    def load(self, session: Session) -> Any:
        """Read what is shown."""
        return self.shown if time.monotonic() < self.drawn_s + self.rest_s else self.read(session)

    async def show(self, found: Any) -> None:
        """Draw it anew if it has changed."""
        if found == self.shown and self.place.default_slot.children:
            return
        self.shown, self.drawn_s = found, time.monotonic()
        _redraw(self.place, self.draw, found)


@dataclass
class Items:
    """A list whose items come, change and go one by one: what a person does with one is not disturbed by another.

    `told` is given the keys in their order before new items are drawn, at the moment when old ones are taken away.
    """

    read: Callable[[Session], Mapping[str, Any]]
    draw: Callable[[Any], None]
    place: ui.element
    empty: str
    told: Callable[[list[str]], None] | None = None
    shown: dict[str, tuple[Any, ui.element]] = field(default_factory=dict)
    _nothing: ui.element | None = None

    def load(self, session: Session) -> Mapping[str, Any]:
        """Read what is shown, in order."""
        return self.read(session)

    async def show(self, found: Mapping[str, Any]) -> None:
        """Draw what is new or other than before, and put all into order; others have their turn in between."""
        for key in self.shown.keys() - found.keys():
            self.shown.pop(key)[1].delete()
        if self.told is not None:
            self.told(list(found))
        for position, (key, item) in enumerate(found.items()):
            known = self.shown.get(key)
            if known is None:
                with self.place, ui.element("div").classes("item") as element:
                    _draw(self.draw, item)
                self.shown[key] = (item, element)
            elif known[0] != item:
                _redraw(known[1], self.draw, item)
                self.shown[key] = (item, known[1])
            self._put(self.shown[key][1], position)
            if known is None or known[0] != item:
                await asyncio.sleep(0)
                if self.place.is_deleted:
                    return
        self._say_if_empty()

    def _put(self, element: ui.element, position: int) -> None:
        if self.place.default_slot.children.index(element) != position:
            element.move(self.place, position)

    def _say_if_empty(self) -> None:
        if self.shown and self._nothing is not None:
            self._nothing.delete()
            self._nothing = None
        elif not self.shown and self._nothing is None:
            with self.place:
                self._nothing = ui.label(self.empty).classes("nothing")


class _Found(NamedTuple):
    actor: Actor | None
    parts: list[Any]
    took_s: float


class Desk:
    """What a page's functions get. The actor is looked up anew for whatever is asked: rights end while pages stay."""

    def __init__(self, request: Request, client: Client, *, reads_long: bool = False) -> None:
        self.house: House = request.state.house
        self.actor: Actor = request.state.actor
        self._secret: str = request.state.secret
        self.client = client
        self._reads_long = reads_long
        self._parts: list[Part] = []
        self._again = asyncio.Event()
        self._complaint: ui.notification | None = None
        self.took_s = 0.0  # its latest look

    @property
    def secret(self) -> str:
        """Of this browser's session."""
        return self._secret

    def may(self, role: Role) -> bool:
        """Whether the person may do what takes a role; only what a button looks like depends on it."""
        try:
            self.actor.require(role)
        except Forbidden:
            return False
        return True

    def section(
        self, read: Callable[[Session], Any], draw: Callable[[Any], None], classes: str = "", rest_s: float = 0.0
    ) -> Section:
        """A part of the page, here: `draw` is called with what `read` found whenever that has changed."""
        section = Section(read, draw, ui.element("div").classes(f"section {classes}"), rest_s)
        self.follow_part(section)
        return section

    def items(
        self,
        read: Callable[[Session], Mapping[str, Any]],
        draw: Callable[[Any], None],
        empty: str,
        classes: str = "",
        told: Callable[[list[str]], None] | None = None,
    ) -> Items:
        """A list, here: `read` gives its items by key in order, `draw` draws one, `told` is given the keys."""
        items = Items(read, draw, ui.element("div").classes(f"items {classes}"), empty, told)
        self.follow_part(items)
        return items

    def follow_part(self, part: Part) -> None:
        """Keep a part of the page as the database is."""
        self._parts.append(part)

    async def refresh(self) -> bool:
        """Look at the database once, as of one moment, and draw what has changed; False for who may not look."""
        store, parts, look = self.house.services.store, list(self._parts), self.house.looks.look()
        found = await (store.read_long if self._reads_long else store.read)(
            lambda session: self._read(looking(session, look), parts)
        )
        if found.actor is None:
            return False
        self.actor = found.actor
        took_s = found.took_s
        for part, each in zip(parts, found.parts, strict=True):
            if self.client.is_deleted:  # the person has gone meanwhile
                break
            began_s = time.thread_time()
            await part.show(each)
            took_s += time.thread_time() - began_s
            await asyncio.sleep(0)  # others have their turn
        self.took_s = took_s
        return True

    def _read(self, session: Session, parts: list[Part]) -> _Found:
        began_s = time.thread_time()
        secret, now = self._secret, self.house.services.store.clock()
        actor = shared(session, ("signed in", secret), lambda: find_signed_in(session, secret, now))
        found = [part.load(session) for part in parts] if actor is not None else []
        return _Found(actor, found, time.thread_time() - began_s)

    def look_again(self) -> None:
        """What is read depends on something that a person has just changed on the page."""
        self._again.set()

    async def follow(self) -> None:
        """Keep the page as the database is, until it is closed."""
        await self.client.connected()
        rung = self.house.bell.enter()
        try:
            while not self.house.bell.closed and not self.client.is_deleted:
                rung.clear()
                self._again.clear()
                if not await self._look():
                    await self._part()
                    return
                await asyncio.sleep(self.house.looks.breath_s(id(self), self.took_s))
                await self._wait(rung)
        finally:
            self.house.bell.leave(rung)
            self.house.looks.leave(id(self))

    async def _part(self) -> None:
        """Whoever does not go, with a browser of their own making, has no page any more to press buttons of."""
        await asyncio.sleep(PARTING_S)
        if not self.client.is_deleted:
            self.client.delete()

    async def _look(self) -> bool:
        """Draw the page; False when the person is no longer let in."""
        silent = asyncio.get_running_loop().call_later(SILENT_S, self._say_that_it_waits)
        with self.client:
            try:
                if not await self.refresh():
                    self.client.open(SIGN_IN)
                    return False
            except NotFound as error:
                self.complain(str(error))
            except (StoreUnavailable, SQLAlchemyError):
                self.complain(say("frame.no_database"))
                await asyncio.sleep(LOOK_AGAIN_S)
            except Exception:  # a page that stands still without a word would be believed
                log.exception("the page %s cannot be drawn anew", self.client.page.path)
                self.complain(say("frame.stands_still"))
                await asyncio.sleep(LOOK_AGAIN_S)
            finally:
                silent.cancel()
        return True

    def _say_that_it_waits(self) -> None:
        """A database that never answers raises nothing."""
        if not self.client.is_deleted:
            self.complain(say("frame.no_database"))

    async def _wait(self, rung: asyncio.Event) -> None:
        waiting = [asyncio.create_task(each.wait()) for each in (rung, self._again)]
        try:
            await asyncio.wait(waiting, timeout=LOOK_AGAIN_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    async def do(self, action: Action, /, done: str = "", **values: Any) -> Any:
        """Ask for something as the person who is signed in now; says what came of it. None if it was refused."""
        answer = await self.tried(lambda actor: action(self.house, actor, **values))
        if done and answer is not None:
            self.tell(done)
        return answer

    async def look_up(self, read: Callable[[Session], Any]) -> Any:
        """Read what a person asks for, who is still signed in; None if it was refused."""
        return await self.tried(lambda _: self.house.services.store.read(read))

    async def stop(self, instrument: str | None) -> Any:
        """The e-stop works while the database does not: then whoever was let in before may stop."""
        try:
            actor = await asyncio.wait_for(self.house.actor(self._secret), ESTOP_PATIENCE_S)
        except (StoreUnavailable, SQLAlchemyError, TimeoutError):
            actor = self.actor
        return await self._asked(actor, lambda actor: actions.estop(self.house, actor, instrument))

    async def tried(self, doing: Callable[[Actor], Awaitable[Any]]) -> Any:
        """Do something; a refusal is told on the page and gives None."""
        try:
            actor = await self.house.actor(self._secret)
        except (StoreUnavailable, SQLAlchemyError):
            self.complain(say("frame.no_database"))
            return None
        return await self._asked(actor, doing)

    async def _asked(self, actor: Actor | None, doing: Callable[[Actor], Awaitable[Any]]) -> Any:
        if actor is None:
            self.client.open(SIGN_IN)
            return None
        try:
            answer = await doing(actor)
        except DoneAlready as error:
            self.tell(str(error))
            return None
        except REFUSALS as error:
            self.complain(said(error))
            return None
        return True if answer is None else answer

    def tell(self, text: str) -> None:
        """Say that something was done; on the page, for the part where it was asked may be gone by now."""
        self._drop_complaint()
        with self.client:
            ui.notify(text, type="positive")

    def complain(self, text: str) -> None:
        """Say that something was not done, for as long as it takes to read it, or until more is said."""
        self._drop_complaint()
        with self.client:
            self._complaint = ui.notification(
                text, type="negative", multi_line=True, close_button=say("frame.close"), timeout=COMPLAINT_S
            )

    def _drop_complaint(self) -> None:
        """An old one beside what came after it would be taken for a new one."""
        if self._complaint is not None and not self._complaint.is_deleted:
            self._complaint.dismiss()
        self._complaint = None

    def begin(self) -> None:
        """Start to follow, once the page is built."""
        background_tasks.create(self.follow(), name=f"page {self.client.page.path}")


def said(error: Exception) -> str:
    """A refusal as a person reads it."""
    if isinstance(error, SpecError):
        return "\n".join(f"line {each.line}: {each.field}: {each.message}" for each in error.problems)
    return str(error)
