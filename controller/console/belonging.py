"""A page belongs to the session that asked for it: no other one speaks for it over a WebSocket, or hears of it.

The library knows a page by its number alone. That is hard to guess, but it stands in addresses, and so in the logs of
proxies; whoever has it must not press the buttons of somebody else.
"""

from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qs

UNKNOWN = "Implicit handshake failed"  # upon which the library's script loads the page anew: the daemon was restarted
CONNECT, HANDSHAKE = "connect", "handshake"
ABOUT_A_PAGE = ("event", "javascript_response", "ack", "log")


def belongs(client_id: object, secret: str | None) -> bool:
    """Whether a page is of the session with this secret."""
    from nicegui import Client

    client = Client.instances.get(client_id) if isinstance(client_id, str) else None
    if client is None or secret is None:
        return False
    return compare_digest(getattr(client.request.state, "secret", ""), secret)


def guard(server: Any) -> None:
    """Have the library's server of Socket.IO look whose page it is before it takes anything."""
    handlers: dict[str, Callable[..., Any]] = server.handlers["/"]

    def allowed(sid: str, said: Any) -> bool:
        return isinstance(said, Mapping) and belongs(said.get("client_id"), _secret(server.get_environ(sid)))

    def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
        return lambda sid, said=None: handler(sid, said) if allowed(sid, said) else None

    server.on(CONNECT, _connecting(handlers[CONNECT]))
    server.on(HANDSHAKE, _shaking_hands(handlers[HANDSHAKE], allowed))
    for name in ABOUT_A_PAGE:
        server.on(name, guarded(handlers[name]))


def _connecting(handler: Callable[..., Any]) -> Callable[..., Any]:
    from socketio.exceptions import ConnectionRefusedError

    async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> bool:
        asked = parse_qs(environ.get("QUERY_STRING", "")).get("client_id", [None])[0]
        if not belongs(asked, _secret(environ)):
            raise ConnectionRefusedError(UNKNOWN)
        await handler(sid, environ, auth)
        return True

    return connect


def _shaking_hands(handler: Callable[..., Any], allowed: Callable[[str, Any], bool]) -> Callable[..., Any]:
    async def handshake(sid: str, said: Any = None) -> bool:
        return allowed(sid, said) and bool(await handler(sid, said))

    return handshake


def _secret(environ: Mapping[str, Any]) -> str | None:
    """Of the session in which a WebSocket was opened, as the gate knows it."""
    found: str | None = environ["asgi.scope"].get("state", {}).get("secret")
    return found
