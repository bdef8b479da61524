"""Simulated campaigns are the real loop: every decision, every row, with a table in the laboratory's place."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from controller.report.audit import audit
from controller.report.offline import Offline, OfflineError
from controller.report.simulate import Plan, Run, best_of_table, simulate, summarize
from controller.report.simulation_files import write
from controller.spec import Campaign as Spec
from tests.controller.loop.views import make_spec, stage, step

GRID = [(x, y) for x in range(5) for y in range(4)]
SPACE = {
    "parameters": {
        "x": {"type": "discrete", "values": [0, 1, 2, 3, 4]},
        "y": {"type": "discrete", "values": [0, 1, 2, 3]},
    }
}


def value(x: float, y: float) -> float:
    return 10 - (x - 3) ** 2 - (y - 1) ** 2


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simulate") / "table.csv"
    path.write_text("x,y,yield\n" + "".join(f"{x},{y},{value(x, y)}\n" for x, y in GRID))
    return path


def spec(**changes: Any) -> Spec:
    by_hand = {"name": "weigh", "adapter": "person", "instructions": "Weigh.", "yields": ["yield"], "timeout": 10}
    return make_spec(
        stage("bench", step("cook"), by_hand, approval={"policy": "two-people"}),
        **{
            "space": SPACE,
            "budget": {"experiments": 20},
            "windows": [{"days": ["mon"], "from": "08:00", "to": "09:00"}],
        },
        **changes,
    )


def plan(table: Path, **changes: Any) -> Plan:
    fields = {"strategies": ["random"], "seeds": 2, "budget": 20, "batch": 1, **changes}
    return Plan(spec(), table, {}, **fields)


def run(planned: Plan) -> list[Run]:
    return asyncio.run(simulate(planned, 2, lambda _: None))


@pytest.fixture(scope="module")
def simulated(table: Path) -> list[Run]:
    """The runs of `plan` as it is."""
    return run(plan(table))


def test_a_budget_as_large_as_the_table_finds_its_best(table: Path, simulated: list[Run]) -> None:
    assert best_of_table(plan(table)) == 10
    for each in simulated:
        assert len(each.curve) == 20
        assert each.curve[-1] == 10
        assert each.curve == sorted(each.curve)


def test_the_same_seed_gives_the_same_campaign_and_another_one_another(table: Path, simulated: list[Run]) -> None:
    first, second = simulated, run(plan(table))
    assert [each.curve for each in first] == [each.curve for each in second]
    assert first[0].curve != first[1].curve


def test_in_batches_everything_is_tried_once_too(table: Path) -> None:
    [each] = run(plan(table, seeds=1, batch=7))
    assert (len(each.curve), each.curve[-1]) == (20, 10)


def test_it_learns_faster_than_chance(table: Path) -> None:
    strategies = ["botorch", "random"]
    learned, chance = summarize(run(plan(table, strategies=strategies, seeds=2, budget=12)), 10)
    assert [learned.strategy, chance.strategy] == strategies
    assert (learned.mean[-1] or 0) > (chance.mean[-1] or 0)
    assert None not in learned.until_near


def test_a_summary_is_the_mean_and_deviation_over_seeds() -> None:
    runs = [Run("a", 0, [None, 1.0, 9.95], 0.1), Run("a", 1, [3.0, 3.0, 3.0], 0.3)]
    [summary] = summarize(runs, 10.0)
    assert summary.mean == pytest.approx([3.0, 2.0, 6.475])
    assert summary.deviation[1] == pytest.approx(2**0.5)
    assert summary.until_near == [3, None]
    assert summary.cpu_seconds == pytest.approx(0.2)


def test_what_it_writes_opens_anywhere(table: Path, simulated: list[Run], tmp_path: Path) -> None:
    write(tmp_path, plan(table), simulated, summarize(simulated, 10.0), 10.0)
    lines = (tmp_path / "simulate.csv").read_text().splitlines()
    assert lines[0] == "strategy,experiment,mean,standard deviation"
    assert len(lines) == 21
    said = json.loads((tmp_path / "simulate.json").read_text())
    assert (said["score"], said["best_of_table"], len(said["runs"])) == ("yield", 10.0, 2)
    assert (tmp_path / "simulate.png").read_bytes().startswith(b"\x89PNG")


def test_an_offline_campaign_leaves_the_same_record_as_a_real_one() -> None:
    offline = Offline(make_spec(stage("bench", step(yields=["yield"])), budget={"experiments": 3}))
    while waiting := offline.advance():
        for attempt in waiting:
            offline.answer(attempt, {"yield": 1.0})
    assert offline.campaign.state == "completed"
    assert offline.read(audit).ok
    offline.close()


def test_what_only_people_can_do_ends_it_with_a_word() -> None:
    offline = Offline(make_spec(stage("bench", step(yields=["yield"]), approval={"policy": "operator"})))
    with pytest.raises(OfflineError, match="approvals"):
        offline.advance()
    offline.close()
