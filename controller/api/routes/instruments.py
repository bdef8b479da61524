"""Instruments, and the e-stop. It is a software stop over a network and does not replace the wired one."""

from typing import Any

from fastapi import APIRouter, Request, Response

from controller.api.bodies import Asking, Key, Limit, Serving, Stop, Why, listed
from controller.commands.instruments import reset as reset_estop
from controller.report import lists

router = APIRouter(tags=["instruments"])


@router.get("/instruments")
async def list_instruments(services: Serving) -> Response:
    """Each instrument: its state, and what keeps it from being given work."""
    return await listed(services, lambda session: lists.instruments(session, services.store.clock()))


@router.get("/estops")
async def list_estops(services: Serving, limit: Limit = 100) -> Response:
    """E-stops, those that hold first."""
    return await listed(services, lambda session: lists.estops(session, limit=limit))


@router.post("/estop", status_code=201, responses={202: {"description": "not published, or not recorded yet"}})
async def estop(request: Request, response: Response, actor: Asking, body: Stop) -> dict[str, Any]:
    """Stop one instrument or all. Everyone signed in may; the answer says whether it was published and recorded."""
    told: dict[str, Any] = await request.app.state.recorder.stop(actor, body.instrument, body.why)
    if not (told["published"] and told["recorded"]):
        response.status_code = 202
    return told


@router.post("/estops/{estop_id}/reset")
async def reset(services: Serving, actor: Asking, estop_id: Key, body: Why) -> dict[str, Any]:
    """End an e-stop."""
    return await services.store.write(
        lambda unit: lists.as_dict(reset_estop(unit, actor, estop_id, body.why)), name="reset"
    )
