"""What every request to a page passes: who asks is known, and the browser is told what it may load."""

import asyncio
import secrets
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.access.actors import Actor, Forbidden, Role
from controller.console.belonging import belongs
from controller.console.house import House
from controller.console.texts import say
from controller.store import StoreUnavailable

SIGN_IN = "/sign-in"
COOKIE = "tatara-console"
# Scripts and styles of the library, the same for everybody. What is none of them would be a page that says so.
_KINDS = ("static", "libraries", "components", "resources", "esm", "dynamic_resources")
ASSETS = tuple(f"/_nicegui/{version('nicegui')}/{kind}/" for kind in _KINDS)
PAGES = "/_nicegui/client/"  # what is uploaded to a page
PATIENCE_S = 1.0  # of a WebSocket, to wait for the database
SHUT = 1008  # of a WebSocket: policy violation

# Decision 015 says why each exception is there.
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
PLAIN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


class Gate:
    """The middleware before the pages; without a session it leads to signing in, and opens no WebSocket."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._page(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Any page of the web may open a WebSocket to us, and the browser sends our cookie along: look whose it is."""
        connection = HTTPConnection(scope)
        secret = connection.cookies.get(COOKIE)
        if not from_own_page(connection) or not await self._comes_in(secret):
            await receive()
            await send({"type": "websocket.close", "code": SHUT})
            return
        scope.setdefault("state", {})["secret"] = secret
        await self._app(scope, receive, send)

    async def _comes_in(self, secret: str | None) -> bool:
        """While the database does not answer, whoever has a page comes back to it, for its e-stop: see `guard`."""
        try:
            return await asyncio.wait_for(self._house.actor(secret), PATIENCE_S) is not None
        except (StoreUnavailable, SQLAlchemyError, TimeoutError):
            return secret is not None

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HTTPConnection(scope)
        secret = request.cookies.get(COOKIE)
        if not request.url.path.startswith(ASSETS):
            try:
                actor = await self._house.actor(secret)
            except (StoreUnavailable, SQLAlchemyError):
                answer = PlainTextResponse(say("gate.no_database"), 503)
                await answer(scope, receive, send)
                return
            if actor is None:
                await RedirectResponse(_to_sign_in(request), 303)(scope, receive, send)
                return
            # A page of ours says where it comes from whenever it sends; a link to us says nothing.
            reads = scope["method"] in ("GET", "HEAD") and "origin" not in request.headers
            if not reads and not from_own_page(request):
                await PlainTextResponse(say("gate.other_page"), 403)(scope, receive, send)
                return
            if (why := _no_upload(request.url.path, secret, actor)) is not None:
                await PlainTextResponse(why, 403)(scope, receive, send)
                return
            scope.setdefault("state", {}).update(house=self._house, actor=actor, secret=secret)
        await self._app(scope, receive, _Dressed(send))


def from_own_page(connection: HTTPConnection) -> bool:
    """Whether what a browser sends comes from a page of ours; programs that are no browsers say no origin."""
    origin = connection.headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc == connection.headers.get("host")
    except ValueError:  # no address at all
        return False


def _no_upload(path: str, secret: str | None, actor: Actor) -> str | None:
    """Why nothing may be uploaded to a page; known from the address alone, before any of it is read."""
    if not path.startswith(PAGES):
        return None
    if not belongs(path.removeprefix(PAGES).partition("/")[0], secret):
        return say("gate.not_yours")
    try:
        actor.require(Role.OPERATOR)
    except Forbidden as error:
        return str(error)
    return None


async def signed_in(request: Request) -> Actor:
    """What a route needs that stands before the gate: whoever has no session is led to signing in."""
    house: House = request.app.state.house
    actor = await house.actor(request.cookies.get(COOKIE))
    if actor is None:
        raise HTTPException(303, headers={"location": _to_sign_in(request)})
    return actor


def _to_sign_in(request: HTTPConnection) -> str:
    """With what was asked for, to go on there."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return SIGN_IN if path == "/" else f"{SIGN_IN}?{urlencode({'next': path})}"


class _Dressed:
    """Sends an answer with the headers of a page; scripts of ours get the number that the policy asks for."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if not Headers(raw=message["headers"]).get("content-type", "").startswith("text/html"):
                _harden(MutableHeaders(raw=message["headers"]), PLAIN_POLICY)
                await self._send(message)
                return
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        nonce = secrets.token_urlsafe(16)
        # What people and instruments wrote stands in this page with each < escaped: no tag here is theirs.
        body = bytes(self._body).replace(b"<script", f'<script nonce="{nonce}"'.encode())
        headers = MutableHeaders(raw=start["headers"])
        headers["content-length"] = str(len(body))
        _harden(headers, POLICY.format(nonce=nonce))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _harden(headers: MutableHeaders, policy: str) -> None:
    headers["content-security-policy"] = policy
    headers["x-content-type-options"] = "nosniff"
    headers["x-frame-options"] = "DENY"
    headers["referrer-policy"] = "same-origin"  # with none, a browser would not say that a form is ours
    headers["cross-origin-opener-policy"] = "same-origin"


def plain_headers() -> dict[str, str]:
    """Of a page without scripts."""
    headers: Any = MutableHeaders()
    _harden(headers, PLAIN_POLICY)
    return dict(headers)
