"""Every refusal as `{"error": sort, "message": what to do}`, with the status that fits it."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from controller.access.actors import Forbidden
from controller.commands.errors import Conflict, Invalid, NotFound
from controller.loop.transitions import ForbiddenTransition
from controller.spec import SpecError
from controller.store import LostLock, StoreUnavailable

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


def refusal(status: int, error: str, message: str, **more: Any) -> JSONResponse:
    """The one shape of an error."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": error, "message": message, **more}, status, headers)


def add_handlers(app: FastAPI) -> None:
    """Have all errors answered in that shape."""
    for kind in _STATUS:
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(SQLAlchemyError, _unreadable)
    app.add_exception_handler(SpecError, _spec_refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(500, _fault)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    status, name = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    return refusal(status, name, str(error))


async def _unreadable(_request: Request, error: Exception) -> JSONResponse:
    return unreadable(error)


def unreadable(error: Exception) -> JSONResponse:
    """The answer when a read fails; a write raises `StoreUnavailable`. The statement is nobody's business."""
    return refusal(503, "store-unavailable", f"the database cannot be read: {getattr(error, 'orig', None) or error!r}")


async def _spec_refused(_request: Request, error: Exception) -> JSONResponse:
    problems = [vars(problem) for problem in error.problems] if isinstance(error, SpecError) else []
    return refusal(422, "spec", "the campaign file cannot be used", problems=problems)


async def _malformed(_request: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    said = [f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}" for fault in faults[:20]]
    return refusal(422, "invalid", "; ".join(said).encode("utf-8", "replace").decode())


async def _http(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = str(error.detail) if isinstance(error, HTTPException) else ""
    return refusal(status, HTTPStatus(status).phrase.lower().replace(" ", "-"), message)


async def _fault(_request: Request, _error: Exception) -> JSONResponse:
    return refusal(500, "fault", "a fault in the daemon; its log says more")
