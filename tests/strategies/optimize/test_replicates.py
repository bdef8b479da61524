"""Intended repetitions: the knowledge gradient by simulation, and when a point is measured once more."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from strategies import check_response, propose
from strategies.learn.kernel import Group, Kernel
from strategies.learn.process import GaussianProcess
from strategies.optimize.replicates import _gain, _gains

Build = Callable[..., Any]


def test_the_gain_is_the_expected_growth_of_the_largest_mean() -> None:
    mean, change = np.array([1.0, 0.8, 0.2]), np.array([0.3, -0.1, 0.5])
    normal = np.random.default_rng(0).standard_normal(400_000)
    simulated = np.max(mean[:, None] + change[:, None] * normal, axis=0).mean() - 1.0
    assert _gain(mean, change) == pytest.approx(simulated, rel=0.02)


def test_a_measurement_without_noise_of_a_known_point_promises_nothing() -> None:
    inputs = torch.tensor([[0.1], [0.5], [0.9]], dtype=torch.float64)
    targets = torch.tensor([0.0, 1.0, 0.5], dtype=torch.float64)
    kernel = Kernel((Group("x", 0, 1),), (0.3,), 1.0)
    quiet, loud = (
        GaussianProcess(kernel, 0.0, inputs, targets, torch.full((3,), noise, dtype=torch.float64))
        for noise in (1e-6, 0.5)
    )
    assert max(_gains(quiet, 1.0, inputs.numpy())) < 1e-3
    assert max(_gains(loud, 1.0, inputs.numpy())) > 0.02


SPACE = {"parameters": {"a": {"type": "discrete", "values": list(range(31))}}}


def repeats(build_request: Build, noise: float, count: int = 24) -> int:
    """How many experiments of a campaign on 31 points measure again."""
    observed: list[tuple[dict[str, Any], dict[str, float]]] = []
    generator, found = np.random.default_rng(5), 0
    for _ in range(count):
        request = build_request(SPACE, "botorch", observed=observed)
        response = propose(request)
        assert check_response(request, response) == []
        if not response.proposals:
            break
        chosen = response.proposals[0]
        assert chosen.repeat == (chosen.candidate in [candidate for candidate, _ in observed])
        value = 1.0 - 0.002 * (chosen.candidate["values"]["a"] - 18) ** 2 + noise * float(generator.standard_normal())
        observed.append((chosen.candidate, {"y": value}))
        found += chosen.repeat
    return found


def test_noise_is_answered_by_repetitions(build_request: Build) -> None:
    assert repeats(build_request, noise=0.3) >= 3


def test_without_noise_a_point_is_repeated_once_at_most(build_request: Build) -> None:
    assert repeats(build_request, noise=0.0) <= 1
