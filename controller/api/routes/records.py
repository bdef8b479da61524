"""What was measured, and how proposals came about."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from controller.api.bodies import ID, After, Filter, Limit, Serving, listed
from controller.report import lists

router = APIRouter(tags=["records"])


@router.get("/measurements")
async def list_measurements(
    services: Serving, campaign: Filter = None, after: After = 0, limit: Limit = 1000
) -> Response:
    """Measurements of the events after a number, in the order in which they were taken."""
    return await listed(services, lambda session: lists.measurements(session, campaign, after, limit=limit))


@router.get("/iterations")
async def list_iterations(
    services: Serving, campaign: Annotated[str, Query(pattern=ID)], after: After = 0, limit: Limit = 100
) -> Response:
    """Iterations of a campaign after a number: what the strategy saw, its report, how long it took."""
    return await listed(services, lambda session: lists.iterations(session, campaign, after, limit=limit))
