"""The application: routes under `/api/v1`, and `/health` for everybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from controller.api.entrance import HEALTH, ROOT, Entrance
from controller.api.errors import add_handlers
from controller.api.estop import Recorder
from controller.api.routes import campaigns, doubts, events, files, instruments, proposals, records, tasks, users
from controller.api.services import Services
from controller.api.stream import Bell


def create_app(services: Services) -> FastAPI:
    """Make the API over a started store. The pages that FastAPI offers load scripts from elsewhere: they are off."""
    app = FastAPI(
        title="Tatara", version=version("tatara"), docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan
    )
    app.state.services = services
    app.state.bell = Bell()
    app.state.recorder = Recorder(services)
    services.store.on_commit(app.state.bell.ring)
    app.add_middleware(Entrance, store=services.store)
    add_handlers(app)
    app.add_api_route(HEALTH, _health, methods=["GET"])
    app.include_router(_router())
    return app


def close_app(app: FastAPI) -> None:
    """End all event streams, for which a server that shuts down would wait, and what e-stops are not recorded yet."""
    app.state.bell.close()
    app.state.recorder.close()


def _router() -> APIRouter:
    # The entrance has checked the token; this tells OpenAPI of it.
    router = APIRouter(prefix=ROOT, dependencies=[Depends(HTTPBearer(auto_error=False))])
    for part in (campaigns, proposals, doubts, tasks, instruments, users, events, records, files):
        router.include_router(part.router)
    router.add_api_route("/openapi.json", _openapi, methods=["GET"], include_in_schema=False)
    return router


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    close_app(app)


async def _health(request: Request) -> JSONResponse:
    """Whether the daemon is well; takes no token."""
    found: dict[str, Any] = request.app.state.services.health()
    return JSONResponse(found, 200 if found.get("ok", True) else 503)


async def _openapi(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())
