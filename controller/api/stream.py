"""Events as they are committed, as server-sent events; each has its number as id, so a client goes on where it was."""

import json
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from controller.access.tokens import find_actor
from controller.report import lists
from controller.serving import Bell
from controller.store import Store

PAGE = 500
KEEP_ALIVE = 15.0  # seconds; also how late an event is told whose commit called for nothing


async def follow(store: Store, bell: Bell, token: str, after: int, campaign_id: str | None) -> AsyncIterator[bytes]:
    """Lines of `text/event-stream` from the event after `after` on, until the bell closes or the token ends."""

    def look(session: Session) -> list[dict[str, Any]] | None:
        # Asked with each page: a stream stays open for days, and whoever is shut out must hear no more.
        if find_actor(session, token) is None:
            return None
        return lists.events(session, after, campaign_id, limit=PAGE)

    rung = bell.enter()
    try:
        while not bell.closed:
            rung.clear()
            page = await store.read(look)
            if page is None:
                return
            for event in page:
                after = event["number"]
                # In ASCII: many clients also cut lines at U+2028 and the like, which may stand in a text.
                yield f"id: {after}\ndata: {json.dumps(event)}\n\n".encode()
            if len(page) < PAGE and not await bell.wait(rung, KEEP_ALIVE):
                yield b": still here\n\n"
    except SQLAlchemyError:
        return  # the client comes back with the number that it saw last
    finally:
        bell.leave(rung)
