"""What the daemon alone can find out about its own set-up."""

from typing import Any

from fastapi import APIRouter

from controller.access.actors import Role
from controller.api.bodies import Asking, Serving

router = APIRouter(tags=["diagnosis"])


@router.post("/diagnosis")
async def diagnose(services: Serving, actor: Asking) -> dict[str, Any]:
    """Try its rights at the broker, by a round trip for each class of topic; how far instruments' clocks are off."""
    actor.require(Role.ADMIN)
    return await services.diagnose()
