"""Whole spaces, of every type at once: what is written is read again, what is drawn belongs to the space."""

from itertools import islice
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strategies.represent.encoding import Encoding
from strategies.represent.sampling import sample
from strategies.spaces import Space, candidate_key, candidate_of, snap_values, space_contains, values_in

LABELS = ["a", "b", "c", "d"]
SMILES = {"a": "CO", "b": "CCO", "c": "c1ccccc1O", "d": "CC(=O)O"}
METALS = ["Fe", "Co", "Ni", "Cu", "Zn"]

DESCRIPTORS = st.sampled_from(
    [
        None,
        {"table": {label: {"x": place, "y": place % 2} for place, label in enumerate(LABELS)}},
        {"method": "fingerprint", "smiles": SMILES},
    ]
)
LOWS, WIDTHS = st.sampled_from([0.01, 1.0, 20.0]), st.sampled_from([0.5, 3.0, 100.0])


@st.composite
def continuous(draw: st.DrawFn) -> dict[str, Any]:
    low, width = draw(LOWS), draw(WIDTHS)
    scale, resolution = draw(st.sampled_from(["linear", "log"])), draw(st.sampled_from([None, 0.1]))
    return {"type": "continuous", "low": low, "high": low + width, "scale": scale, "resolution": resolution}


PARAMETERS = st.one_of(
    continuous(),
    st.just({"type": "integer", "low": -3, "high": 40}),
    st.sampled_from([{"type": "discrete", "values": [1.0, 10.0, 100.0], "scale": each} for each in ("linear", "log")]),
    st.just({"type": "ordinal", "choices": LABELS}),
    DESCRIPTORS.map(lambda given: {"type": "categorical", "choices": LABELS, "descriptors": given}),
)


@st.composite
def mixtures(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(2, 5))
    mixture: dict[str, Any] = {"of": METALS[:count], "total": draw(st.sampled_from([1.0, 100.0]))}
    share = mixture["total"]
    mixture["resolution"] = draw(st.sampled_from([None, 0.05 * share]))
    kind = draw(st.sampled_from(["plain", "bounded", "some", "all"]))
    if kind == "bounded":
        mixture["high"] = 0.6 * share
    if kind == "some":
        mixture["at_most"] = draw(st.integers(1, count))
        mixture["smallest"] = 0.1 * share
    if kind == "all":
        mixture["low"] = 0.1 * share
    return mixture


RULES = [
    {"exclude": {"label": ["a", "b"], "number": {"above": 5.0}}},
    {"when": {"label": ["c"]}, "then": {"number": {"equal": 2.0}}},
    {"when": {"number": {"below": 2.0}}, "then": {"label": ["a", "d"]}},
]
RULED = {
    "label": {"type": "categorical", "choices": LABELS},
    "number": {"type": "continuous", "low": 0, "high": 10},
}


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    parameters = {f"p{place}": each for place, each in enumerate(draw(st.lists(PARAMETERS, max_size=4)))}
    space: dict[str, Any] = {"parameters": parameters, "kind": draw(st.sampled_from(["conditions", "composition"]))}
    if space["kind"] == "composition" or draw(st.booleans()):
        space["mixtures"] = [draw(mixtures())]
        if space["kind"] == "conditions" and draw(st.booleans()):
            space["mixtures"].append({"of": ["oil", "wax", "water"], "total": 10, "unit": "mL", "at_most": 2})
            space["constraints"] = ["oil <= 6"]
    if draw(st.booleans()) or not (parameters or space.get("mixtures")):
        space["parameters"] = {**parameters, **RULED}
        space["rules"] = draw(st.lists(st.sampled_from(RULES), max_size=3, unique_by=str))
        if draw(st.booleans()):
            space["parameters"]["other"] = {"type": "continuous", "low": 0, "high": 10}
            space["constraints"] = [*space.get("constraints", []), "number + 2 * other <= 20"]
    return Space.model_validate(space)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spaces(), st.integers(0, 2**32))
def test_a_space_is_read_again_and_what_is_drawn_belongs_to_it(space: Space, seed: int) -> None:
    again = Space.model_validate_json(space.model_dump_json())
    assert again == space
    assert Space.model_validate(space.model_dump(mode="json", exclude_defaults=True)) == space
    encoding = Encoding.of(space, {})
    drawn = [one for one in islice(sample(space, np.random.default_rng(seed), None), 8) if one]
    assert drawn
    for values in drawn:
        candidate = candidate_of(space, values)
        assert space_contains(again, candidate) == []
        assert snap_values(space, values) == values
        assert candidate_of(space, values_in(space, candidate)) == candidate
        key = candidate_key(candidate)
        row = encoding.encode([candidate])[0]
        assert np.all((row >= -1e-9) & (row <= 1 + 1e-9))
        assert candidate_key(encoding.decode(row)) == key
        assert candidate_key(candidate_of(again, values)) == key


@settings(max_examples=60, deadline=None)
@given(mixtures(), st.lists(st.floats(-0.5, 2), min_size=5, max_size=5))
def test_any_amounts_are_brought_to_the_mixture(mixture: dict[str, Any], shares: list[float]) -> None:
    space = Space.model_validate({"mixtures": [mixture]})
    total = mixture["total"]
    values = {name: share * total for name, share in zip(mixture["of"], shares, strict=False)}
    snapped = snap_values(space, values)
    assert space_contains(space, candidate_of(space, snapped)) == []
    assert snap_values(space, snapped) == snapped


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spaces(), st.integers(0, 2**32))
def test_the_search_ends_in_every_space_with_a_point_of_it(space: Space, seed: int) -> None:
    import torch

    from strategies.optimize.search import best_candidate

    encoding = Encoding.of(space, {})
    generator = np.random.default_rng(seed)
    target = torch.as_tensor(generator.random(encoding.dimensions))
    beyond = generator.random((2, encoding.dimensions)) * 1.4 - 0.2  # as measured points outside of the space
    found = best_candidate(
        lambda rows: -(rows - target).square().sum(dim=-1).squeeze(-1), encoding, set(), beyond, seed, {}
    )
    assert found is not None
    assert space_contains(space, found[0]) == []
