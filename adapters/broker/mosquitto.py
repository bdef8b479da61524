"""mosquitto.conf for a site."""

from dataclasses import dataclass
from pathlib import Path

from adapters.broker.access import ACL, PASSWORDS

CONF = "mosquitto.conf"


@dataclass(frozen=True)
class Listener:
    """Where mosquitto listens: `address` None is every interface; `tls` is certificate and key."""

    port: int
    address: str | None = "127.0.0.1"
    tls: tuple[Path, Path] | None = None


def mosquitto_conf(
    directory: Path, listener: Listener, *, state: Path | None, user: str | None = None, log: Path | None = None
) -> str:
    """Text of mosquitto.conf for the files that `write_access` puts into `directory`.

    In `state` it keeps sessions and what is retained; None: in memory only. `user` is the account that it changes to
    when root starts it; without it, `mosquitto`.
    """
    lines = [
        f"listener {listener.port}" + (f" {listener.address}" if listener.address else ""),
        "allow_anonymous false",
        f"password_file {directory / PASSWORDS}",
        f"acl_file {directory / ACL}",
        # A client id of one's own choice would let any user take over another user's session and its messages.
        "use_username_as_clientid true",
        "max_inflight_messages 200",
        "max_queued_messages 100000",
        # Four times what the protocol allows: the daemon is to see what is too big, and to quarantine it.
        "max_packet_size 1048576",
        "set_tcp_nodelay true",
    ]
    if listener.tls:
        lines += [f"certfile {listener.tls[0]}", f"keyfile {listener.tls[1]}"]
    if state:
        lines += ["persistence true", f"persistence_location {state}/", "autosave_interval 60"]
    else:
        lines.append("persistence false")
    if user:
        lines.append(f"user {user}")
    if log:
        lines.append(f"log_dest file {log}")
    return "\n".join(lines) + "\n"
