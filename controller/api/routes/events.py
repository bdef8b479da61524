"""The audit trail: read it, or follow it."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from controller.api.bodies import Filter, Limit, Number, Serving, listed
from controller.api.entrance import bearer_token
from controller.api.stream import follow
from controller.commands.lookup import find_campaign
from controller.report import lists

router = APIRouter(prefix="/events", tags=["events"])

LastSeen = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, lt=2**63)]


def _campaign_id(session: Session, name: str | None) -> str | None:
    return None if name is None else find_campaign(session, name).id


@router.get("")
async def list_events(services: Serving, after: Number = None, campaign: Filter = None, limit: Limit = 100) -> Response:
    """Events after a number; without it the latest ones."""
    return await listed(
        services, lambda session: lists.events(session, after, _campaign_id(session, campaign), limit=limit)
    )


@router.get("/stream", response_class=StreamingResponse)
async def stream_events(
    request: Request, services: Serving, after: Number = None, campaign: Filter = None, seen: LastSeen = None
) -> StreamingResponse:
    """Server-sent events, from `Last-Event-ID` or `after` on, else from now on; ends with the token that opened it."""

    def begin(session: Session) -> tuple[int, str | None]:
        given = seen if seen is not None else after
        return lists.last_event(session) if given is None else given, _campaign_id(session, campaign)

    start, campaign_id = await services.store.read(begin)
    token = bearer_token(request) or ""  # the entrance has let it in
    events = follow(services.store, request.app.state.bell, token, start, campaign_id)
    return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
