"""Proposals, and what people decide about them."""

from typing import Any

from fastapi import APIRouter, Response

from controller.api.bodies import Asking, Decision, Edit, Filter, Key, Limit, Rejection, Serving, listed
from controller.commands import proposals as commands
from controller.report import lists
from controller.serving import candidates

router = APIRouter(prefix="/proposals", tags=["proposals"])


@router.get("")
async def list_proposals(
    services: Serving, campaign: Filter = None, state: Filter = None, limit: Limit = 200
) -> Response:
    """Proposals; `state` may be `open`."""
    return await listed(services, lambda session: lists.proposals(session, campaign, state, limit=limit))


@router.get("/{proposal_id}")
async def show(services: Serving, proposal_id: Key) -> Response:
    """One proposal as it is to be decided about, with its digest."""
    return await listed(services, lambda session: lists.proposal(session, proposal_id))


@router.post("/{proposal_id}/approve")
async def approve(services: Serving, actor: Asking, proposal_id: Key, body: Decision) -> dict[str, Any]:
    """Approve what was shown."""
    return await services.store.write(
        lambda unit: lists.as_dict(commands.approve(unit, actor, proposal_id, body.digest, body.why)), name="approve"
    )


@router.post("/{proposal_id}/reject")
async def reject(services: Serving, actor: Asking, proposal_id: Key, body: Rejection) -> dict[str, Any]:
    """Reject what was shown."""
    return await services.store.write(
        lambda unit: lists.as_dict(commands.reject(unit, actor, proposal_id, body.digest, body.why)), name="reject"
    )


@router.post("/{proposal_id}/edit", status_code=201)
async def edit(services: Serving, actor: Asking, proposal_id: Key, body: Edit) -> dict[str, Any]:
    """Replace it by one with other values and a fresh prediction; approvals do not carry over."""
    return lists.as_dict(await candidates.edit(services, actor, proposal_id, body.digest, body.values, body.why))
