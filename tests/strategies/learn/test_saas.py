"""Few of many inputs: the sparse prior finds them where the standard one spreads over all."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from strategies import Request, propose
from strategies.learn.data import PropertyData
from strategies.learn.effects import sensitivities
from strategies.learn.fitting import SAAS, Priors
from strategies.learn.gp import fit_property
from strategies.learn.kernel import Group

COUNT = 100
GROUPS = tuple(Group(f"x{place}", place, 1) for place in range(COUNT))


def branin(inputs: np.ndarray) -> np.ndarray:
    """Of two of the inputs (Dixon and Szego 1978)."""
    a, b = 15 * inputs[:, 3] - 5, 15 * inputs[:, 17]
    bowl = (b - 5.1 / (4 * np.pi**2) * a**2 + 5 / np.pi * a - 6) ** 2
    return np.asarray(bowl + 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10)


@pytest.mark.parametrize("seed", [1, 2])
def test_two_of_a_hundred_inputs_are_found(seed: int) -> None:
    generator = np.random.default_rng(seed)
    inputs, new = generator.random((50, COUNT)), generator.random((200, COUNT))
    data = PropertyData("y", inputs, branin(inputs) - 100, None, [], [])  # negative: no logarithm
    errors = []
    for priors in (Priors(), SAAS):
        model = fit_property(data, GROUPS, priors)
        errors.append(float(np.std(model.predict(new)[0] - branin(new) + 100)))
    assert errors[1] < 0.6 * errors[0]
    shares = sensitivities(model, new[:64])
    assert shares["x3"] + shares["x17"] > 0.95


def test_it_is_an_option_of_the_strategy(build_request: Callable[..., Request]) -> None:
    inputs = np.random.default_rng(0).random((25, 30))
    space = {"parameters": {f"x{place}": {"type": "continuous", "low": 0, "high": 1} for place in range(30)}}
    observed: list[tuple[dict[str, Any], dict[str, float]]] = [
        (
            {"kind": "conditions", "values": dict(zip(space["parameters"], row.tolist(), strict=True))},
            {"y": float(row[4])},
        )
        for row in inputs
    ]
    lengthscales = []
    for model in ("standard", "saas"):
        request = build_request(space, "botorch", {"start": 2, "model": model}, observed=observed)
        report = propose(request).report
        assert report["prior"] == model
        lengthscales.append(report["models"]["y"]["lengthscales"])
    assert sum(each > 20 for each in lengthscales[1].values()) > sum(each > 20 for each in lengthscales[0].values())
    assert lengthscales[1]["x4"] == min(lengthscales[1].values())
