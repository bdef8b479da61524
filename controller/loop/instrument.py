"""The life of an instrument as the daemon sees it, and whether it may be given work."""

from datetime import datetime

from controller.loop.transitions import Transitions

_SPOKEN = {"appear": "online", "pause": "paused", "estop": "estopped", "leave": "offline"}
_SILENT = {"miss": "lost"}
_REMOVED = {"remove": "removed"}

INSTRUMENT = Transitions(
    "instrument",
    "unseen",
    {
        "unseen": {**_SPOKEN, **_REMOVED},
        "online": {**_SPOKEN, **_SILENT, **_REMOVED},
        "paused": {**_SPOKEN, **_SILENT, **_REMOVED},
        "estopped": {**_SPOKEN, **_SILENT, **_REMOVED},
        "offline": {**_SPOKEN, **_REMOVED},
        "lost": {**_SPOKEN, **_REMOVED},
        "removed": {"enrol": "unseen"},
    },
)

STOPPED = "stopped by an e-stop until an operator resets it"
PRESENT = ("online", "paused", "estopped")

REMOVED = "removed"  # by an admin

# What an instrument says of itself -> event of the table.
SAID = {"online": "appear", "paused": "pause", "estopped": "estop", "offline": "leave"}


def not_ready(
    *,
    state: str,
    held: bool,
    wanted_paused: bool,
    described: bool,
    accepted: bool,
    armed_until: datetime | None,
    simulated: bool,
    now: datetime,
) -> str | None:
    """Say why an instrument may not be given work, or None if it may. `held`: an e-stop holds."""
    if held:
        return STOPPED
    if state != "online":
        return f"is {state}"
    if wanted_paused:
        return "paused by an operator"
    if not described:
        return "has sent no description"
    if not accepted:
        return "its description changed: an admin must accept it"
    if not simulated and (armed_until is None or now >= armed_until):
        return "is not armed"
    return None
