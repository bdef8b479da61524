"""Every refusal as `{"error": sort, "message": what to do}`, with the status that fits it."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from controller.access.actors import Forbidden
from controller.commands.errors import Conflict, Invalid, NotFound
from controller.loop.transitions import ForbiddenTransition
from controller.spec import Problem, SpecError
from controller.store import LostLock, StoreUnavailable

log = logging.getLogger("tatara.api")

_STATUS: dict[type[Exception], tuple[int, str]] = {
    NotFound: (404, "not-found"),
    Conflict: (409, "conflict"),
    ForbiddenTransition: (409, "conflict"),
    Forbidden: (403, "forbidden"),
    Invalid: (422, "invalid"),
    StoreUnavailable: (503, "store-unavailable"),
    LostLock: (503, "store-unavailable"),
    OSError: (503, "files-unavailable"),
}


class Refusal(BaseModel):
    """The one shape of an error; `problems` are those of a campaign file."""

    error: str
    message: str
    problems: list[Problem] = []


_MEANING = {
    400: "the body cannot be read",
    401: "not signed in: the token is missing, unknown or revoked, or its user is disabled",
    403: "the role does not allow it",
    404: "no such thing",
    409: "the thing is not in the state, or not as it was shown, for what was asked",
    413: "more bytes than are read",
    422: "what was sent makes no sense; the message says what would",
    503: "the daemon cannot reach its database, its files or its broker",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of them; all of them if none is named."""
    return {status: {"model": Refusal, "description": _MEANING[status]} for status in statuses or _MEANING}


def refusal(status: int, error: str, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """Answer with an error."""
    signing_in = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse({"error": error, "message": message, **more}, status, {**signing_in, **(headers or {})})


def add_handlers(app: FastAPI) -> None:
    """Have all errors answered in that shape."""
    for kind in _STATUS:
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(SQLAlchemyError, _unreadable)
    app.add_exception_handler(SpecError, _spec_refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _hung_up)
    app.add_exception_handler(500, _fault)


async def _refused(_request: Request, error: Exception) -> Response:
    status, name = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    return refusal(status, name, str(error))


async def _unreadable(_request: Request, error: Exception) -> Response:
    return unreadable(error)


def unreadable(error: Exception) -> Response:
    """The answer when a read fails; a write raises `StoreUnavailable`. What failed is for the daemon's log."""
    log.error("the database cannot be read: %s", getattr(error, "orig", None) or error)
    return refusal(503, "store-unavailable", "the database cannot be read; the daemon's log says why")


async def _spec_refused(_request: Request, error: Exception) -> Response:
    problems = [vars(problem) for problem in error.problems] if isinstance(error, SpecError) else []
    return refusal(422, "spec", "the campaign file cannot be used", problems=problems)


async def _malformed(_request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    said = [f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}" for fault in faults[:20]]
    return refusal(422, "invalid", "; ".join(said).encode("utf-8", "replace").decode())


async def _http(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = str(error.detail) if isinstance(error, HTTPException) else ""
    headers = error.headers if isinstance(error, HTTPException) else None  # which methods there are, after a 405
    return refusal(status, HTTPStatus(status).phrase.lower().replace(" ", "-"), message, headers)


async def _hung_up(_request: Request, _error: Exception) -> Response:
    return refusal(400, "bad-request", "the connection ended before the body did")  # nobody reads it


async def _fault(_request: Request, _error: Exception) -> Response:
    return refusal(500, "fault", "a fault in the daemon; its log says more")
