"""To which addresses a message may go: public ones, and those that the site lists.

The connection is made to the address that was looked at: a name that resolves to another one a moment later (DNS
rebinding) reaches nothing.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_NAT64 = ip_network("64:ff9b::/96")


class NotDelivered(RuntimeError):
    """The message did not arrive, or nobody knows whether it did; the text says why, and holds no secret."""


class Refused(NotDelivered):
    """It must not be sent there."""


def refusal(address: Address, allow: Sequence[str] = ()) -> str | None:
    """Why nothing may be sent to an address; None if it may."""
    inner = _inner(address)
    networks = [ip_network(each) for each in allow]
    if any(each.version == network.version and each in network for each in (address, inner) for network in networks):
        return None
    for kind in ("unspecified", "loopback", "link_local", "multicast", "private", "reserved", "site_local"):
        if getattr(inner, f"is_{kind}", False):
            return f"{address} is {kind.replace('_', '-')}"
    return None if inner.is_global else f"{address} is not public"


def _inner(address: Address) -> Address:
    """The IPv4 address to which an IPv6 address leads: mapped, 6to4 or NAT64."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


async def allowed_addresses(host: str, port: int, allow: Sequence[str]) -> list[str]:
    """The addresses of a host, all of them allowed. Raises `Refused`, or `NotDelivered` if the name leads nowhere."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # the second one: no name at all
        raise NotDelivered(f"the name {host} cannot be resolved: {error}") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for each in addresses:
        if (why := refusal(ip_address(each), allow)) is not None:
            raise Refused(f"nothing is sent to {host}: {why}; the site file would have to list it in alerts.allow")
    return addresses
