"""What systemd wants to hear of a service (`sd_notify`): readiness, and signs of life for its watchdog."""

import logging
import os
import socket

log = logging.getLogger("tatara.systemd")


def notify(said: str) -> None:
    """Send `said` (such as READY=1) to the socket that systemd named; nothing where there is no systemd.

    A socket that does not take it is logged and costs nothing else: systemd knows best what its silence means.
    """
    if not (address := os.environ.get("NOTIFY_SOCKET")):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # an abstract socket
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        try:
            sender.connect(address)
            sender.send(said.encode())
        except OSError as error:
            log.warning("systemd was not told %s: %s", said, error)


def watchdog_s() -> float | None:
    """Within how many seconds systemd wants a sign of life from this process; None: it waits for none."""
    wanted, meant_for = os.environ.get("WATCHDOG_USEC"), os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not os.environ.get("NOTIFY_SOCKET") or not wanted or meant_for != str(os.getpid()):
        return None
    return int(wanted) / 1_000_000
