"""Attempts that people end: in doubt or called off; and messages that were refused or belong to nothing."""

from typing import Any

from fastapi import APIRouter, Response

from controller.access.actors import Actor
from controller.api.bodies import Asking, Corrected, FewerLimit, Filter, Key, Resolution, Serving, Why, listed
from controller.commands import attempts, quarantine
from controller.commands import doubts as commands
from controller.commands.errors import Invalid
from controller.report import lists
from controller.store import Unit
from controller.store.tables import Attempt, Quarantine

router = APIRouter(tags=["doubts"])


@router.get("/doubts")
async def list_doubts(services: Serving) -> Response:
    """Attempts that wait for an operator, with the evidence."""
    return await listed(services, lambda session: lists.doubts(session, services.store.clock()))


@router.post("/attempts/{attempt_id}/resolve")
async def resolve(services: Serving, actor: Asking, attempt_id: Key, body: Resolution) -> dict[str, Any]:
    """Say what became of it, or have the instrument asked again."""
    _check(body)
    return await services.store.write(
        lambda unit: lists.as_dict(_resolve(unit, actor, attempt_id, body)), name=f"resolve-{body.how}"
    )


def _check(body: Resolution) -> None:
    given = body.values is not None or body.sample is not None
    if given != (body.how == "value"):
        raise Invalid("`value` takes what was read, or the name of the sample that was made; the others take neither")
    if body.kind is not None and body.how != "fail":
        raise Invalid("`kind` belongs to `fail`")


def _resolve(unit: Unit, actor: Actor, attempt_id: str, body: Resolution) -> Attempt:
    if body.how == "ask-again":
        return commands.ask_again(unit, actor, attempt_id, body.why)
    if body.how == "repeat":
        return commands.repeat(unit, actor, attempt_id, body.why)
    if body.how == "fail":
        return commands.fail(unit, actor, attempt_id, body.why, body.kind or commands.FAILURES[1])
    given = {name: (each.value, each.unit) for name, each in (body.values or {}).items()}
    return commands.value(unit, actor, attempt_id, given, body.why, body.sample)


@router.post("/attempts/{attempt_id}/cancel")
async def cancel(services: Serving, actor: Asking, attempt_id: Key, body: Why) -> dict[str, Any]:
    """Call off one attempt that is under way; it ends when the instrument says so, and its proposal fails."""
    return await services.store.write(
        lambda unit: lists.as_dict(attempts.cancel(unit, actor, attempt_id, body.why)), name="cancel"
    )


@router.get("/quarantine")
async def list_quarantine(services: Serving, before: Filter = None, limit: FewerLimit = 20) -> Response:
    """Refused messages with the reason, the latest first."""
    return await listed(services, lambda session: lists.quarantined(session, before, limit=limit))


@router.post("/quarantine/{quarantine_id}/discard")
async def discard(services: Serving, actor: Asking, quarantine_id: Key, body: Why) -> dict[str, Any]:
    """Say that nothing comes of a refused message."""
    return await services.store.write(
        lambda unit: _settled(quarantine.discard(unit, actor, quarantine_id, body.why)), name="discard"
    )


@router.post("/quarantine/{quarantine_id}/accept")
async def accept(services: Serving, actor: Asking, quarantine_id: Key, body: Corrected) -> dict[str, Any]:
    """Take a corrected result in the place of the one that was refused, as if the instrument had sent it."""
    return await services.store.write(
        lambda unit: _settled(quarantine.accept(unit, actor, quarantine_id, body.payload, body.why)),
        name="accept-corrected",
    )


def _settled(row: Quarantine) -> dict[str, Any]:
    return lists.as_dict(row, "id", "attempt_id", "settled_at", "settled_by", "settled_how", "settled_why")


@router.get("/orphans")
async def list_orphans(services: Serving, before: Filter = None, limit: FewerLimit = 20) -> Response:
    """Results of attempts that this database does not know, the latest first."""
    return await listed(services, lambda session: lists.orphans(session, before, limit=limit))
