"""The benchmark's way of running: the same start for all, every row at most once, finished runs kept."""

import numpy as np
import pytest

from tests.benchmarks.optimization.chance import Chance
from tests.benchmarks.optimization.experiments import Experiment
from tests.benchmarks.optimization.own import Own
from tests.benchmarks.optimization.polymers import CYCLES, cycles
from tests.benchmarks.optimization.results import Results
from tests.benchmarks.optimization.summary import against, described, front
from tests.benchmarks.optimization.table import Table, averaged
from tests.benchmarks.optimization.trace import run
from tests.benchmarks.optimization.verdicts import verdicts


@pytest.fixture
def table() -> Table:
    """A grid of 5 numbers and 2 solvents; one row is there twice, one fails."""
    rows = [{"heat": float(heat), "solvent": solvent} for heat in range(5) for solvent in ("water", "toluene")]
    values = [row["heat"] + 3.0 * (row["solvent"] == "water") for row in rows]
    values[3] = float("nan")
    parameters = {
        "heat": {"type": "discrete", "values": [0.0, 1.0, 2.0, 3.0, 4.0]},
        "solvent": {"type": "categorical", "choices": ["water", "toluene"]},
    }
    return averaged("toy", [*rows, rows[0]], [*values, 5.0], parameters, ("gain", "maximize"))


def test_equal_rows_are_one_with_their_mean(table):
    assert len(table) == 10
    assert table.outcomes["gain"][0] == 4.0
    assert table.repeats[0] == [3.0, 5.0]


def test_a_run_begins_with_the_seeds_row_whatever_the_method(table):
    starts = {run(method, table, 7, 3).rows[0] for method in (Chance(), Own("sobol", "sobol"), Own("random", "drawn"))}
    assert starts == {table.first_row(7)}


@pytest.mark.parametrize("method", [Chance(), Own("sobol", "sobol")], ids=lambda each: each.name)
def test_a_run_asks_for_each_row_once_and_ends_when_none_is_left(method, table):
    trace = run(method, table, 0, 50, batch=3)
    assert sorted(trace.rows) == list(range(10))
    assert [values[0] for values in trace.values[:2]] == table.outcomes["gain"][trace.rows[:2]].tolist()
    assert len(trace.cpu) == 4  # the last act finds none left


def test_no_run_begins_with_a_failure(table):
    assert 3 not in {table.first_row(seed) for seed in range(200)}


def test_our_method_is_told_what_failed(table):
    method = Own("sobol", "sobol")
    method.start(table, 0)
    request = method.request([(0, [4.0]), (3, [float("nan")])], [5], 1, 0)
    assert [row.candidate["values"] for row in request.failures] == [{"heat": 1.0, "solvent": "toluene"}]
    assert [row.candidate["values"] for row in request.observations] == [{"heat": 0.0, "solvent": "water"}]
    assert len(request.pending) == 1


def test_finished_runs_are_found_again_but_not_those_of_other_code(tmp_path):
    results = Results(tmp_path)
    for seed, version in ((0, "a"), (1, "a"), (0, "b")):
        results.add("toy", "ours", version, seed, {"rows": [seed]})
    with (tmp_path / "toy.ours.jsonl").open("a") as file:
        file.write('{"seed": 2, "ver')  # broken off
    assert sorted(results.done("toy", "ours", "a")) == [0, 1]
    assert sorted(results.done("toy", "ours", "b")) == [0]
    assert results.done("toy", "theirs", "a") == {}


def test_a_summary_pairs_the_seeds_that_both_have():
    ours = {seed: {"rows": [seed]} for seed in range(4)}
    theirs = {seed: {"rows": [seed - 1]} for seed in range(1, 6)}
    found = against({"area": lambda record: 0.1 * record["rows"][0]}, ours, theirs)
    assert found["seeds"] == 3
    assert found["area"]["value"] == pytest.approx(0.1)
    assert found["better"]
    assert against({"area": lambda record: 0.0}, {0: {}}, {1: {}}) == {"seeds": 0}


def test_the_front_is_measured_above_the_worst_corner():
    assert front(np.array([[0.5, 1.0], [1.0, 0.5], [0.2, 0.2]])) == pytest.approx(0.75)


def test_cycles_count_the_start_as_none():
    record = {"rows": list(range(150))}
    marked = [False] * 150
    marked[9] = marked[10] = marked[29] = True
    assert cycles(record, marked, 1) == 0
    assert cycles(record, marked, 2) == 1
    assert cycles(record, marked, 3) == 2
    assert cycles(record, marked, 4) == CYCLES + 1


def test_every_claim_stands_there_before_anything_is_measured():
    claims = verdicts({})
    assert {claim.item for claim in claims} == set(range(1, 10))
    assert {claim.met for claim in claims} == {None}


def test_a_claim_follows_from_the_summary():
    about = {"methods": {"tatara": {"experiments_until_solved": {"mean": 12.0}}}}
    claims = {claim.text: claim.met for claim in verdicts({"direct_arylation": about})}
    assert claims["direct_arylation: mean experiments until 99 %, at most 12"] is True
    about["methods"]["tatara"]["experiments_until_solved"]["mean"] = 12.1
    claims = {claim.text: claim.met for claim in verdicts({"direct_arylation": about})}
    assert claims["direct_arylation: mean experiments until 99 %, at most 12"] is False


def test_runs_are_described_in_the_unit_of_the_outcome(table):
    falling = Table("toy", table.rows, table.parameters, {"loss": np.arange(10.0)}, {"loss": "minimize"})
    runs = {0: {"rows": [9, 4, 1, 6], "cpu": [0.5, 1.5]}}
    found = described(Experiment("toy", "toy", 1, {}, budget=4), falling, runs)
    assert found["best"]["mean"] == 1.0
    assert found["area"]["mean"] == pytest.approx((0 + 5 / 9 + 8 / 9 + 8 / 9) / 4)
    assert (found["solved"], found["experiments_until_solved"]["mean"]) == (0, 5)
    assert found["cpu_seconds_per_call"] == 1.0
