"""What every request passes before anything else: its size is bounded, and whoever sends it is known."""

import asyncio
import base64

from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.broker.access import hash_password, make_password, verify_password
from controller.access.actors import Actor, token_digest
from controller.access.tokens import find_actor, find_password_hash
from controller.api.errors import refusal, unreadable
from controller.store import Store, StoreUnavailable

ROOT = "/api/v1"
HEALTH = "/health"
READY = "/ready"
METRICS = "/metrics"
FREE = (HEALTH, READY)
LOOPBACK = ("127.0.0.1", "::1")
ESTOP = f"{ROOT}/estop"
FILES = f"{ROOT}/files/"
UPLOADS = "/_nicegui/client/"  # what people give to a page of the console

SMALL = 256 * 1024
LARGE = 32 * 1024 * 1024  # campaigns, with the files beside them; messages of instruments that were refused
GREAT = (f"{ROOT}/campaigns", f"{ROOT}/quarantine")
FILE = 512 * 1024 * 1024
KEPT_ACTORS = 100
NOBODY = hash_password(make_password())
ESTOP_PATIENCE = 1.0  # seconds to wait for the database


class Entrance:
    """The middleware: the API takes a bearer token, from the Authorization header only.

    `/health` and `/ready` take none; nor does `/metrics` where the site says so, to whoever connects from loopback.
    What is not the API's is the console's, which has a gate of its own.
    """

    def __init__(self, app: ASGIApp, store: Store, metrics_without_token: bool = False) -> None:
        self._app = app
        self._store = store
        self._metrics_without_token = metrics_without_token
        self._known: dict[str, Actor] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._free(scope):
            request = HTTPConnection(scope)
            found = await (self._instrument(request) if _brings_a_file(request) else self._actor(request))
            if isinstance(found, Response):
                await found(scope, receive, send)
                return
            scope.setdefault("state", {})["instrument" if isinstance(found, str) else "actor"] = found
        await self._app(scope, _bounded(scope, receive), send)

    def _free(self, scope: Scope) -> bool:
        if scope["path"] == METRICS and self._metrics_without_token:
            return (scope.get("client") or ("",))[0] in LOOPBACK
        return scope["path"] in FREE or not scope["path"].startswith((f"{ROOT}/", METRICS))

    async def _actor(self, request: HTTPConnection) -> Actor | Response:
        if (token := bearer_token(request)) is None:
            return refusal(401, "unauthenticated", "send `Authorization: Bearer TOKEN`")
        try:
            actor = await self._find(token, patience=ESTOP_PATIENCE if request.url.path == ESTOP else None)
        except (SQLAlchemyError, StoreUnavailable, TimeoutError) as error:
            return self._remembered(token, request.url.path) or unreadable(error)
        return actor or refusal(401, "unauthenticated", "the token is not known, was revoked, or its user is disabled")

    async def _instrument(self, request: HTTPConnection) -> str | Response:
        """An instrument's name, by the name and password that it has for the broker."""
        said = request.headers["authorization"].partition(" ")[2].strip()
        try:
            name, _, password = base64.b64decode(said, validate=True).decode().partition(":")
            kept = await self._store.read(lambda session: find_password_hash(session, name))
        except ValueError:
            return refusal(401, "unauthenticated", "HTTP Basic takes name:password in base64")
        except (SQLAlchemyError, StoreUnavailable) as error:
            return unreadable(error)
        # Hashed all the same where there is no such name, so that the time tells nothing.
        right = await asyncio.to_thread(verify_password, password, kept or NOBODY)
        if kept is None or not right:
            return refusal(401, "unauthenticated", "no instrument has this name and password")
        return name

    async def _find(self, token: str, patience: float | None) -> Actor | None:
        reading = self._store.read(lambda session: find_actor(session, token))
        actor = await asyncio.wait_for(reading, patience)
        digest = token_digest(token)
        self._known.pop(digest, None)
        if actor is not None:
            self._known[digest] = actor
            if len(self._known) > KEPT_ACTORS:
                self._known.pop(next(iter(self._known)))
        return actor

    def _remembered(self, token: str, path: str) -> Actor | None:
        """An e-stop must work while the database does not: then whoever was known before may stop."""
        return self._known.get(token_digest(token)) if path == ESTOP else None


def bearer_token(request: HTTPConnection) -> str | None:
    """The token that came with a request."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _brings_a_file(request: HTTPConnection) -> bool:
    """Instruments sign in for this alone, by HTTP Basic."""
    scheme = request.headers.get("authorization", "").partition(" ")[0]
    return scheme.lower() == "basic" and request.scope["method"] == "PUT" and request.url.path.startswith(FILES)


def _bounded(scope: Scope, receive: Receive) -> Receive:
    path = scope.get("path", "")
    limit = FILE if path.startswith((FILES, UPLOADS)) else LARGE if path.startswith(GREAT) else SMALL
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(413, f"a request of more than {limit} bytes is not read")
        return message

    return bounded
