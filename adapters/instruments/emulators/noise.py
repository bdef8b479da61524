"""Noise that a repeated attempt finds again: drawn from seed, candidate and replicate, never from time or order."""

import hashlib
from typing import Any

import numpy as np

from adapters.instruments.messages import canonical_json


def generator(seed: int, candidate: dict[str, Any], replicate: int) -> np.random.Generator:
    """The random generator of one measurement."""
    text = canonical_json([seed, candidate, replicate])
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big"))
