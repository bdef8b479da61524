"""The emulated reactor's chemistry against LSODA, conservation of mass and a case with a formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from adapters.instruments.emulators import kinetics
from adapters.instruments.emulators.kinetics import Conditions
from adapters.instruments.emulators.noise import generator

CORNERS = [(t, e, c, k) for t in (0.5, 2.0) for e in (1.0, 5.0) for c in (0.1, 0.5) for k in (30.0, 120.0)]
conditions_drawn = st.tuples(st.floats(0.5, 2), st.floats(1, 5), st.floats(0.1, 0.5), st.floats(30, 120))


@pytest.mark.parametrize("point", CORNERS)
def test_agrees_with_lsoda(point: tuple[float, float, float, float]) -> None:
    conditions = Conditions.of(*point)
    constants = kinetics.rate_constants(conditions.temperature)
    solved = solve_ivp(
        lambda _, state: kinetics.derivative(state[None], constants)[0],
        (0.0, 60.0 * point[0]),
        kinetics.inlet(conditions)[0],
        method="LSODA",
        rtol=1e-11,
        atol=1e-13,
    )
    assert np.abs(solved.y[:, -1] - kinetics.outlet(conditions)[0]).max() < 1e-8


@settings(max_examples=50, deadline=None)
@given(conditions_drawn)
def test_matter_is_conserved(point: tuple[float, float, float, float]) -> None:
    conditions = Conditions.of(*point)
    start, end = kinetics.inlet(conditions)[0], kinetics.outlet(conditions)[0]
    aromatic = end[0] + end[2] + end[3] + end[4]
    amine = end[1] + end[2] + end[3] + 2 * end[4]
    assert aromatic == pytest.approx(start[0], rel=1e-10)
    assert amine == pytest.approx(start[1], rel=1e-10)
    assert end.min() > -1e-12


def test_agrees_with_the_formula_for_one_reaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only step a, equal concentrations: second order, c = c0 / (1 + k c0 t)."""
    monkeypatch.setattr(kinetics, "RATE_AT_REFERENCE", np.array([0.579, 0.0, 0.0, 0.0]))
    conditions = Conditions.of(1.0, 1.0, 0.2, 90.0)
    left = kinetics.outlet(conditions)[0, 0]
    assert left == pytest.approx(0.2 / (1 + 0.579 * 0.2 * 60), rel=1e-9)


def test_objectives_by_hand() -> None:
    """Concentrations given, STY and E-factor as the issue defines them, with V = 5 mL and q = V / tau."""
    conditions = Conditions.of(2.0, 2.0, 0.3, 60.0)
    concentrations = np.array([[0.05, 0.35, 0.2, 0.03, 0.02]])
    flow = 5.0 / 2.0  # mL/min
    product = 210.21 * 0.2 * flow / 1000  # g/min
    others = (159.09 * 0.05 + 71.12 * 0.35 + 210.21 * 0.03 + 261.33 * 0.02) * flow / 1000
    assert kinetics.space_time_yield(conditions, concentrations)[0] == pytest.approx(product / 5.0 * 60 * 1000)
    assert kinetics.e_factor(concentrations)[0] == pytest.approx((flow * 0.789 + others) / product)


def test_the_e_factor_is_capped() -> None:
    assert kinetics.e_factor(np.array([[0.1, 0.1, 0.0, 0.0, 0.0]]))[0] == 1000


def test_noise_depends_on_seed_candidate_and_replicate_only() -> None:
    candidate = {"kind": "conditions", "values": {"a": 1.0, "b": 2.0}}
    reordered = {"values": {"b": 2.0, "a": 1.0}, "kind": "conditions"}
    first = generator(1, candidate, 1).random()
    assert generator(1, reordered, 1).random() == first
    others = [generator(2, candidate, 1), generator(1, candidate, 2), generator(1, {"kind": "conditions"}, 1)]
    assert first not in [other.random() for other in others]
