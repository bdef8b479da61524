"""Strategies over mixtures, rules, descriptors, long pools and products that nobody could list."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strategies import Request
from strategies.check import check_response
from strategies.optimize import listing
from strategies.optimize.random import batch_fixed, sequence
from strategies.optimize.search import best_candidate
from strategies.registry import load_strategy
from strategies.represent.encoding import Encoding
from strategies.spaces import Space, finite_rows, key_of_valid, space_contains, values_in

Build = Callable[..., Request]
X = {"type": "continuous", "low": 0, "high": 1}
FIFTY = [f"c{place}" for place in range(50)]
BATH = {"label": {"type": "categorical", "choices": ["a", "b", "c"]}, "t": {**X, "high": 200}, "x": X}

K_OF_N = {"mixtures": [{"of": FIFTY, "at_most": 5}], "parameters": {"x": X}}
COARSE = {"mixtures": [{"of": FIFTY, "at_most": 5, "resolution": 0.05}], "parameters": {"x": X}}
ALLOY = {"kind": "composition", "mixtures": [{"of": ["Fe", "Co", "Ni"], "high": 0.6}], "parameters": {"t": X}}
RULED = {
    "parameters": BATH,
    "rules": [
        {"exclude": {"label": ["a", "b"], "t": {"above": 100}}},
        {"when": {"label": ["c"]}, "then": {"x": {"equal": 0}}},
    ],
}
SHARED = {"parameters": BATH, "rules": [{"same_in_batch": ["t", "label"]}]}
MIXED = {"mixtures": [{"of": ["p", "q", "r"]}], "constraints": ["p + q <= 0.4"], "parameters": {"x": X}}


def ask(request: Request, files: dict[str, Path] | None = None) -> list[dict[str, Any]]:
    response = load_strategy(request.strategy.name)(request, files or {})
    assert check_response(request, response, files) == []
    return [one.candidate for one in response.proposals]


@pytest.mark.parametrize("strategy", ["random", "sobol"])
@pytest.mark.parametrize("space", [K_OF_N, COARSE, ALLOY, RULED, SHARED, MIXED])
def test_batches_stay_in_the_space_and_share_what_they_must(
    build_request: Build, space: dict[str, Any], strategy: str
) -> None:
    request = build_request(space, strategy, n=6)
    found = ask(request)
    assert len({key_of_valid(one) for one in found}) == 6
    assert ask(request) == found
    if space is SHARED:
        assert len({(one["values"]["t"], one["values"]["label"]) for one in found}) == 1
        assert len({one["values"]["x"] for one in found}) == 6


def test_an_even_start_spreads_over_what_descriptors_say(build_request: Build) -> None:
    """Of twenty labels in two tight clusters the first four points take both, as often as their numbers differ."""
    table = {f"l{place}": {"p": place % 2 + place / 1000} for place in range(20)}
    parameters = {
        "l": {"type": "categorical", "choices": list(table), "descriptors": {"table": table}},
        "x": X,
    }
    found = ask(build_request({"parameters": parameters}, "sobol", n=4))
    rows = Encoding.of(Space.model_validate({"parameters": parameters}), {}).encode(found)
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2) + 2 * np.eye(4)
    assert distances.min() > 0.8


def test_blocks_do_not_outweigh_numbers() -> None:
    table = {f"l{place}": {f"p{each}": (place >> each) % 2 for each in range(4)} for place in range(16)}
    parameters = {
        "l": {"type": "categorical", "choices": list(table), "descriptors": {"table": table}},
        "o": {"type": "categorical", "choices": ["a", "b"]},
        "x": X,
    }
    space = {"parameters": parameters, "mixtures": [{"of": ["u", "v"]}]}
    encoding = Encoding.of(Space.model_validate(space), {})
    rows = encoding.encode_values(
        [
            {"l": "l0", "o": "a", "x": 0, "u": 0, "v": 1},
            {"l": "l15", "o": "a", "x": 0, "u": 0, "v": 1},
            {"l": "l0", "o": "b", "x": 0, "u": 0, "v": 1},
            {"l": "l0", "o": "a", "x": 1, "u": 0, "v": 1},
            {"l": "l0", "o": "a", "x": 0, "u": 1, "v": 0},
        ]
    )
    distances = np.linalg.norm((rows - rows[0]) * encoding.scales(), axis=1)
    assert distances.tolist() == pytest.approx([0, 1, 1, 1, 1])


def bowl(encoding: Encoding, target: dict[str, Any]) -> Any:
    """An acquisition that is largest, 0, at a target."""
    import torch

    middle = torch.as_tensor(encoding.encode_values([target])[0])
    return lambda rows: -(rows - middle).square().sum(dim=-1).squeeze(-1)


def search(space: dict[str, Any], target: dict[str, Any], **more: Any) -> tuple[dict[str, Any], float]:
    """The values that the search finds, and by how much they miss the target."""
    encoding = Encoding.of(Space.model_validate(space), {})
    found = best_candidate(bowl(encoding, target), encoding, set(), np.empty((0, encoding.dimensions)), 3, {}, **more)
    assert found is not None
    assert space_contains(encoding.space, found[0]) == []
    return values_in(encoding.space, found[0]), -found[1]


def test_five_of_fifty_are_found() -> None:
    wanted = {"c3": 0.3, "c8": 0.3, "c20": 0.2, "c33": 0.1, "c49": 0.1}
    for space in (K_OF_N, COARSE):
        values, missed = search(space, {**dict.fromkeys(FIFTY, 0.0), **wanted, "x": 0.25})
        assert missed < 1e-3
        assert {name for name in FIFTY if values[name]} == set(wanted)


def test_a_constrained_mixture_is_climbed_to_its_border() -> None:
    values, _ = search(MIXED, {"p": 0.5, "q": 0.3, "r": 0.2, "x": 0.7})
    assert values == pytest.approx({"p": 0.3, "q": 0.1, "r": 0.6, "x": 0.7}, abs=0.01)


def test_rules_hold_where_the_best_breaks_them() -> None:
    values, _ = search(RULED, {"label": "a", "t": 150.0, "x": 0.5})
    assert (values["label"], values["t"]) == ("a", 100)
    assert values["x"] == pytest.approx(0.5, abs=0.01)
    values, _ = search(RULED, {"label": "c", "t": 150.0, "x": 0.5})
    assert (values["label"], values["x"]) == ("c", 0)
    assert values["t"] == pytest.approx(150, abs=1)


def test_what_a_batch_shares_stays_fixed() -> None:
    space = Space.model_validate(SHARED)
    first = next(sequence(space, 5, {}))
    fixed = batch_fixed(space, [first])
    assert fixed == {name: first["values"][name] for name in ("t", "label")}
    assert batch_fixed(space, []) == {}
    values, _ = search(SHARED, {"label": "a", "t": 150.0, "x": 0.5}, fixed=fixed)
    assert {name: values[name] for name in fixed} == fixed
    assert values["x"] == pytest.approx(0.5, abs=1e-3)


def test_a_product_of_ten_to_the_ninth_is_climbed() -> None:
    space = {"parameters": {f"p{place}": {"type": "categorical", "choices": list("abcdefghij")} for place in range(9)}}
    values, missed = search(space, dict.fromkeys(space["parameters"], "g"))
    assert missed == 0
    assert set(values.values()) == {"g"}


def test_a_logarithm_in_a_constraint_is_kept() -> None:
    parameters = {"a": {**X, "low": 0.001, "scale": "log"}, "b": X}
    values, _ = search({"parameters": parameters, "constraints": ["a + b <= 0.5"]}, {"a": 0.01, "b": 0.2})
    assert 0.005 < float(values["a"]) < 0.02
    drawn = islice(sequence(Space.model_validate({"parameters": parameters}), 1, {}), 400)
    assert np.median([one["values"]["a"] for one in drawn]) == pytest.approx(0.0316, rel=0.5)


@pytest.fixture
def long_pool(store_pool: Callable[..., Any]) -> tuple[dict[str, Any], dict[str, Path]]:
    numbers = np.random.default_rng(0).random((60_000, 3))
    lines = [",".join(f"{number:.6f}" for number in row) for row in numbers]
    pool, files = store_pool("x,y,z\n" + "\n".join([*lines, lines[0]]) + "\n", ["x", "y", "z"])
    return pool, files


def test_a_long_pool_is_searched_without_judging_every_row(
    build_request: Build, long_pool: tuple[dict[str, Any], dict[str, Path]]
) -> None:
    pool, files = long_pool
    space = Space.model_validate({"pool": pool})
    rows = finite_rows(space, files)
    assert len(rows) == 60_000, "the last row is the first one once more"
    assert rows.find(rows.candidate(777)) == 777
    encoding = Encoding.of(space, files)
    judged: list[int] = []
    target = encoding.encode_values([{"x": 0.2, "y": 0.9, "z": 0.5}])[0]

    def evaluate(points: np.ndarray) -> np.ndarray:
        judged.append(len(points))
        return -np.asarray(np.square(points - target).sum(axis=1))

    every = encoding.encode_table(rows.table, rows.places)
    best = int(np.argmax(evaluate(every)))
    judged.clear()
    taken = {key_of_valid(rows.candidate(best))}
    first = listing.best_row(evaluate, encoding, set(), 1, files)
    second = listing.best_row(evaluate, encoding, taken, 1, files)
    assert first is not None
    assert second is not None
    assert first[0] == rows.candidate(best)
    assert second[0] != first[0]
    assert sum(judged) < 2 * len(rows)
    assert ask(build_request({"pool": pool}, "sobol", n=3), files)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("nan", "'nan' in column 'x' is no finite number"),
        ("", "column 'x' is empty"),
        ("1,2", "differ in their number"),
    ],
)
def test_a_fault_in_a_long_pool_is_told_by_line(store_pool: Callable[..., Any], cell: str, reason: str) -> None:
    text = "x,y\n" + "0.123456,0.654321\n" * 60_000 + f"{cell},1\n"
    pool, files = store_pool(text, ["x", "y"])
    with pytest.raises(ValueError, match=f"line 60002.*{reason}"):
        finite_rows(Space.model_validate({"pool": pool}), files)


def test_rules_and_declared_types_hold_for_a_pool(build_request: Build, store_pool: Callable[..., Any]) -> None:
    pool, files = store_pool("s,t,o\nCO,1,low\nCCO,10,high\nCCCO,100,low\nCO,100,high\n", ["s", "t", "o"])
    parameters = {
        "s": {"type": "categorical", "choices": ["CO", "CCO", "CCCO"], "descriptors": {"method": "fingerprint"}},
        "t": {"type": "continuous", "low": 1, "high": 100, "scale": "log"},
        "o": {"type": "ordinal", "choices": ["low", "high"]},
    }
    rules = [{"exclude": {"s": ["CO"], "t": {"low": 50}}}]
    space = {"pool": pool, "parameters": parameters, "rules": rules}
    found = ask(build_request(space, "sobol", n=4), files)
    assert {one["values"]["s"] for one in found} == {"CO", "CCO", "CCCO"}
    assert len(found) == 3
    encoding = Encoding.of(Space.model_validate(space), files)
    assert [column.kind for column in encoding.columns] == ["fingerprint", "number", "ordinal"]
    assert encoding.encode(found)[:, encoding.columns[1].start].tolist() == pytest.approx(
        [np.log10(one["values"]["t"]) / 2 for one in found]
    )


def test_what_was_measured_outside_is_used_and_told(build_request: Build) -> None:
    parameters = {"label": BATH["label"], "x": {**X, "resolution": 0.25}}
    rows = [{"label": "a", "x": 0.5}, {"label": "new", "x": 1.1}, {"label": "b", "x": 0.3}]
    observed = [({"kind": "conditions", "values": row}, {"y": float(place)}) for place, row in enumerate(rows)]
    for strategy in ("random", "sobol"):
        request = build_request({"parameters": parameters}, strategy, observed=observed)
        response = load_strategy(strategy)(request, {})
        assert check_response(request, response) == []
        assert response.report["warnings"] == ["2 of 3 measured points lie outside the space; they are used as data"]
    learned = build_request({"parameters": parameters}, "botorch", {"start": 2}, observed=observed)
    assert ask(learned)[0]["values"]["label"] in ("a", "b", "c")
