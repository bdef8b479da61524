"""What an experiment is expected to gain, in the objective's unit."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

REACH, NODES = 8.0, 4001  # standard deviations on each side, and points between them


def expected_gain(utility: Callable[[Tensor], Any], mean: float, deviation: float, best: float) -> float:
    """E[max(utility(z) - best, 0)] for a normal z, by the trapezoidal rule; monotone and capped utilities alike.

    `mean` and `deviation` are of the model's scale, `utility` brings it (any shape) to where `best` stands.
    """
    places = torch.linspace(-REACH, REACH, NODES, dtype=torch.float64)
    density = torch.exp(-0.5 * places.square()) / math.sqrt(2.0 * math.pi)
    gains = (utility(mean + deviation * places) - best).clamp_min(0.0)
    return float(torch.trapezoid(gains * density, places))
