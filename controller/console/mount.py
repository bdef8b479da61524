"""Put the console onto the daemon's application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from controller.console import raw, sign_in
from controller.console.gate import Gate
from controller.console.house import House

STATIC = Path(__file__).parent / "static"
PATIENCE_S = 10.0  # in which a browser may come back after its connection was lost, and finds its page as it was


def mount(app: FastAPI, house: House) -> None:
    """Add the pages to an application; what it has already goes first."""
    app.state.house = house
    app.include_router(sign_in.router)
    app.include_router(raw.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.mount("/", Gate(_shell(), house))


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    """What the pages need on the event loop, for as long as they are served."""
    shell = _shell()
    async with shell.router.lifespan_context(shell):
        yield


@cache
def _shell() -> FastAPI:
    """The pages, once in a process: NiceGUI has one application. Which daemon is asked, the gate tells each request."""
    from nicegui import ui

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
    return shell
