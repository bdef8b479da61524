"""The digest of a request: equal on every machine and in every later version.

Fields that hold their default are left out, so that a field added later does not change old digests; a default,
once published, therefore never changes. Whole floats count as integers (80.0 = 80), because databases write them so.
"""

import hashlib
from typing import Any

from strategies.request import Request
from strategies.spaces import canonical_json

EXACT = 2**53  # floats below hold every whole number


def request_digest(request: Request) -> str:
    """SHA-256 (hex) of the request's canonical JSON."""
    plain = _whole(request.model_dump(mode="json", exclude_defaults=True))
    return hashlib.sha256(canonical_json(plain).encode()).hexdigest()


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    return value
