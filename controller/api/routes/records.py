"""What was measured, and how proposals came about."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from controller.api.bodies import ID, After, Asking, Correction, Filter, Limit, Serving, listed
from controller.commands import corrections
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


@router.post("/corrections", status_code=201)
async def correct(services: Serving, actor: Asking, body: Correction) -> dict[str, Any]:
    """Put a new row in the place of a measurement; whoever saw the old one saw it."""
    return await services.store.write(
        lambda unit: lists.as_dict(corrections.correct(unit, actor, body.measurement, body.value, body.why)),
        name="correct",
    )


@router.get("/samples")
async def list_samples(services: Serving, campaign: Filter = None, limit: Limit = 1000) -> Response:
    """Samples: where each is, what it was made of, and whether anything is left."""
    return await listed(services, lambda session: lists.samples(session, campaign, limit=limit))
