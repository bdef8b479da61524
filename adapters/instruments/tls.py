"""TLS to the broker: everywhere but on one's own machine."""

import ipaddress
import ssl
from pathlib import Path


def is_loopback(host: str) -> bool:
    """Whether it is this machine, by its address or as `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def tls_for(host: str, ca_file: Path | None) -> ssl.SSLContext | None:
    """TLS that checks the broker's certificate and name, by these authorities or else by the system's.

    None, that is no TLS, for a broker on this machine unless `ca_file` is given. Raises `OSError` (also `SSLError`).
    """
    if ca_file is None and is_loopback(host):
        return None
    return ssl.create_default_context(cafile=ca_file)
