"""Real measured data through the whole road: descriptor files, pool, campaign file, simulated campaign."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from controller import spec as campaign_file
from controller.report.simulate import Plan, best_of_table, simulate, summarize
from tests.benchmarks.reference_data import arylation, barrel

NAME = "TATARA_REFERENCE_DATA"

pytestmark = pytest.mark.skipif(NAME not in os.environ, reason=f"{NAME} does not name the folder of reference data")

Builder = Callable[[Path, Path], tuple[Path, Path]]


def plan(build: Builder, folder: Path, **changes: object) -> Plan:
    file, table = build(Path(os.environ[NAME]), folder)
    content = table.read_bytes()
    spec = campaign_file.load(file.read_text(encoding="utf-8"), {"pool.csv": content})
    kept = {hashlib.sha256(content).hexdigest(): str(table)}
    return Plan(spec, table, kept, **{"strategies": ["random"], "seeds": 2, "budget": 10, "batch": 1, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("build", "size", "best"), [(arylation, 1728, 100.0), (barrel, 600, 46.7114)])
def test_a_measured_table_stands_for_a_laboratory(build: Builder, size: int, best: float, tmp_path: Path) -> None:
    planned = plan(build, tmp_path)
    assert best_of_table(planned) == pytest.approx(best, abs=1e-3)
    runs = asyncio.run(simulate(planned, 1, lambda _: None))
    assert [len(run.curve) for run in runs] == [10, 10]
    assert all(0 < (run.curve[-1] or 0) <= best for run in runs)
    assert len((tmp_path / "pool.csv").read_text(encoding="utf-8").splitlines()) == size + 1


@pytest.mark.slow
def test_learning_is_better_than_chance_on_real_reactions(tmp_path: Path) -> None:
    planned = plan(arylation, tmp_path, strategies=["botorch", "random"], seeds=3, budget=30)
    learned, chance = summarize(asyncio.run(simulate(planned, 2, lambda _: None)), best_of_table(planned))
    assert (learned.mean[-1] or 0) > (chance.mean[-1] or 0)
