"""What the faces need of the daemon."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.compute import Workers
from controller.access.alerts import AlertsSection
from controller.files import Files
from controller.store import Store


async def _nothing() -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Services:
    """`publish_estop(id, instrument or None for all, why)` publishes at once and raises `OSError` if it cannot.

    `missing()` names what keeps the daemon from working; with nothing missing it is ready.
    `diagnose()` tries what only the daemon can.
    `health()` is shown to everybody, without a token; with `"ok": False` in it the answer is 503.
    `heard()` says how many seconds ago each instrument was heard last; what was not heard since the start is not in it.
    `machine()` tells what admins want to know of the process: lag of the event loop, disk, the last backup,
    and the connection to the broker.
    """

    store: Store
    files: Files
    workers: Workers
    site: str
    publish_estop: Callable[[str, str | None, str], Awaitable[None]]
    health: Callable[[], dict[str, Any]]
    missing: Callable[[], list[str]]
    diagnose: Callable[[], Awaitable[dict[str, Any]]] = _nothing
    heard: Callable[[], Mapping[str, float]] = dict
    machine: Callable[[], dict[str, Any]] = dict
    alerts: AlertsSection = field(default_factory=AlertsSection)
    daemon: str = "daemon"  # our own login at the broker
    broker: str = ""  # host:port, as the daemon reaches it
    external_broker: bool = False  # its own administrator writes its users and rules
    metrics_without_token: bool = False  # to whoever connects from this machine
