"""A message as a signed POST: https only, no redirects, within five seconds, to the address that was looked at.

The receiver checks `Tatara-Signature`: `sha256=` and the hexadecimal HMAC-SHA256, with the shared key, of
`Tatara-Timestamp`, a full stop and the body. `Tatara-Id` is the same whenever the same message is sent again.
"""

import asyncio
import hashlib
import hmac
import ssl
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from adapters.receivers.addresses import NotDelivered, allowed_addresses

LIMIT_S = 5.0


async def post(
    url: str,
    message_id: str,
    body: bytes,
    key: bytes,
    *,
    allow: Sequence[str] = (),
    ca_file: Path | None = None,
    limit_s: float = LIMIT_S,
) -> None:
    """Deliver a JSON text; any answer of 200 to 299 will do. Raises `NotDelivered`."""
    if urlsplit(url).scheme != "https":
        raise NotDelivered("only https is used")
    try:
        async with asyncio.timeout(limit_s):
            status = await _post(url, {"Tatara-Id": message_id, **signed(body, key, time.time())}, body, allow, ca_file)
    except TimeoutError:
        raise NotDelivered(f"no answer within {limit_s:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotDelivered(f"{type(error).__name__}: {error}") from None
    if 300 <= status < 400:
        raise NotDelivered(f"it answered {status}: redirects are not followed")
    if not 200 <= status < 300:
        raise NotDelivered(f"it answered {status}")


def signed(body: bytes, key: bytes, now: float) -> dict[str, str]:
    """The headers by which a receiver knows who sends, and when."""
    at = str(int(now))
    signature = hmac.new(key, at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"Tatara-Timestamp": at, "Tatara-Signature": f"sha256={signature}"}


async def _post(url: str, headers: dict[str, str], body: bytes, allow: Sequence[str], ca_file: Path | None) -> int:
    """The status of the answer of the first address that can be reached; what else it says is not read."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    headers = {"Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "Tatara", **headers}
    tls = ssl.create_default_context(cafile=ca_file)
    async with httpx.AsyncClient(verify=tls, trust_env=False, follow_redirects=False) as client:
        for address in (addresses := await allowed_addresses(host, port, allow)):
            there = httpx.URL(url).copy_with(host=address, port=port)
            request = client.build_request(
                "POST", there, content=body, headers=headers, extensions={"sni_hostname": host}
            )
            try:
                answer = await client.send(request, stream=True)
            except httpx.ConnectError:
                if address == addresses[-1]:
                    raise
                continue
            await answer.aclose()
            return answer.status_code
    raise NotDelivered(f"{host} has no address")
