"""The application: routes under `/api/v1`, `/metrics`, and `/health` and `/ready` for everybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.routing import BaseRoute

from controller.api.entrance import HEALTH, METRICS, READY, ROOT, Entrance
from controller.api.errors import add_handlers, refusals
from controller.api.routes import (
    alerts,
    campaigns,
    diagnosis,
    doubts,
    events,
    files,
    instruments,
    proposals,
    records,
    tasks,
    users,
)
from controller.report import metrics
from controller.serving import Bell, Recorder, Services


def create_app(services: Services) -> FastAPI:
    """Make the API over a started store. The pages that FastAPI offers load scripts from elsewhere: they are off."""
    app = FastAPI(
        title="Tatara",
        version=version("tatara"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_lifespan,
        routes=[*_routes()],
    )
    app.state.services = services
    app.state.bell = Bell()
    app.state.recorder = Recorder(services)
    services.store.on_commit(app.state.bell.ring)
    app.add_middleware(Entrance, store=services.store, metrics_without_token=services.metrics_without_token)
    add_handlers(app)
    return app


def close_app(app: FastAPI) -> None:
    """End all event streams, for which a server that shuts down would wait, and what e-stops are not recorded yet."""
    app.state.bell.close()
    app.state.recorder.close()


@cache
def _routes() -> list[BaseRoute]:
    """Made once in a process, as that takes a while; none knows whose app it serves."""
    router = APIRouter()
    router.add_api_route(HEALTH, _health, methods=["GET"], responses={503: {"description": "it is not well"}})
    router.add_api_route(READY, _ready, methods=["GET"], responses={503: {"description": "something is missing"}})
    router.add_api_route(
        METRICS, _metrics, methods=["GET"], response_class=PlainTextResponse, responses=refusals(401, 503)
    )
    router.include_router(_router())
    return router.routes


def _router() -> APIRouter:
    # The entrance has checked the token; this tells OpenAPI of it.
    router = APIRouter(prefix=ROOT, dependencies=[Depends(HTTPBearer(auto_error=False))], responses=refusals())
    for part in (campaigns, proposals, doubts, tasks, instruments, users, events, records, files, alerts, diagnosis):
        router.include_router(part.router)
    router.add_api_route("/openapi.json", _openapi, methods=["GET"])
    return router


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    close_app(app)


async def _health(request: Request) -> JSONResponse:
    """Whether the daemon is well; takes no token."""
    found: dict[str, Any] = request.app.state.services.health()
    return JSONResponse(found, 200 if found.get("ok", True) else 503)


async def _ready(request: Request) -> JSONResponse:
    """Whether it can do its work now; takes no token."""
    missing: list[str] = request.app.state.services.missing()
    return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200)


async def _metrics(request: Request) -> Response:
    """Numbers for Prometheus."""
    services: Services = request.app.state.services
    content = await services.store.read(lambda session: metrics.render(metrics.count(session)))
    return Response(content, media_type=CONTENT_TYPE_LATEST)


async def _openapi(request: Request) -> JSONResponse:
    """This document."""
    return JSONResponse(request.app.openapi())
