"""Put the console onto the daemon's application."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from controller.console import raw, sign_in
from controller.console.belonging import guard
from controller.console.gate import Gate
from controller.console.house import House

STATIC = Path(__file__).parent / "static"
API = "/api/"
PATIENCE_S = 10.0  # in which a browser may come back after its connection was lost, and finds its page as it was


@asynccontextmanager
async def mounted(app: FastAPI, house: House) -> AsyncIterator[None]:
    """Add the console to an application, behind what it has already, for as long as it is served."""
    app.state.house = house
    app.include_router(sign_in.router)
    app.include_router(raw.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    async with AsyncExitStack() as stack:
        app.mount("/", _Rest(app, Gate(_Pages(stack), house)))
        stack.push_async_callback(house.pictures.stop)
        yield


class _Rest:
    """What no other route takes is the console's; a program that asks in a wrong way is told so, not led to a page."""

    def __init__(self, app: FastAPI, console: ASGIApp) -> None:
        self._app, self._console = app, console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for route in self._app.routes:
                match, fitting = route.matches(scope)
                if match is Match.PARTIAL:  # the path is there, and says itself how it may be asked
                    await route.handle({**scope, **fitting}, receive, send)
                    return
            if scope["path"].startswith(API):
                raise HTTPException(404)
        await self._console(scope, receive, send)


class _Pages:
    """The pages, made when somebody asks for one: a daemon that nobody looks at starts sooner, and is smaller."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._shell: FastAPI | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._making:
            if self._shell is None:
                self._shell = await self._make()
        await self._shell(scope, receive, send)

    async def _make(self) -> FastAPI:
        shell = await asyncio.to_thread(_shell)
        await self._stack.enter_async_context(shell.router.lifespan_context(shell))
        return shell


@cache
def _shell() -> FastAPI:
    """The pages, once in a process: NiceGUI has one application. Which daemon is asked, the gate tells each request."""
    from nicegui import core, ui

    from controller.console import pages

    shell = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pages.load()
    ui.run_with(
        shell,
        title="Tatara",
        favicon=STATIC / "favicon.svg",
        dark=None,
        language="en-US",
        reconnect_timeout=PATIENCE_S,
        binding_refresh_interval=None,  # nothing is bound
        gzip_middleware_factory=None,  # it would hold up the event loop; a proxy does it
        tailwind=False,
        show_welcome_message=False,
    )
    guard(core.sio)
    gc.collect()
    gc.freeze()  # what was imported stays: each walk through it would hold everything up for an eighth of a second
    return shell
