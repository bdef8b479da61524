"""Alerts: what stands now, who is told of it, and a try whether they hear of it."""

from typing import Any

from fastapi import APIRouter, Response

from controller.api.bodies import AlertTest, Asking, Serving, listed
from controller.commands import alerts as commands
from controller.report import alerts as report

router = APIRouter(prefix="/alerts", tags=["alerts"])


@router.get("")
async def show(services: Serving) -> Response:
    """What stands now and how often it was told, the names of those who are told, and the last messages."""
    names, rules = [each.name for each in services.alerts.receivers], services.alerts.rules
    return await listed(
        services, lambda session: {**report.shown(session, rules, services.store.clock()), "receivers": names}
    )


@router.post("/test")
async def send_test(services: Serving, actor: Asking, body: AlertTest) -> dict[str, Any]:
    """Have a receiver told that nothing has happened; what became of it stands among the last messages."""
    message = await services.store.write(
        lambda unit: commands.test_alert(unit, actor, services.alerts, body.receiver), name="test-alert"
    )
    return {"receiver": body.receiver, "message": message}
