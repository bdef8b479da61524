"""The undisturbed runs, each made once for each test process, with which every other run is compared."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.crash.cases import Case, DaemonCase
from tests.crash.scenes import laboratory_for, play, scene_of
from tests.laboratory import checks


@dataclass
class Undisturbed:
    """What the campaign gives when nothing goes wrong."""

    keys: list[str] = field(default_factory=list)
    values: checks.Values = field(default_factory=dict)
    points: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="session")
def memory() -> dict[str, Undisturbed]:
    return {}


@pytest.fixture
async def undisturbed(
    case: Case, memory: dict[str, Undisturbed], tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    """What people decide changes the campaign; whatever else a scene adds must not."""
    scene = "people" if scene_of(case) == "people" else "plain"
    if scene not in memory:
        memory[scene] = await run_undisturbed(tmp_path_factory.mktemp("undisturbed"), scene)
    return memory[scene]


async def run_undisturbed(folder: Path, scene: str = "plain") -> Undisturbed:
    """Run a scene to its end without a kill."""
    log = folder / "points"
    async with laboratory_for(DaemonCase(scene, ()), folder, points_log=log) as laboratory:
        await play(laboratory, DaemonCase(scene, ()))
        await laboratory.end()
        points = Counter(line.partition("#")[0] for line in Path(f"{log}.0").read_text(encoding="utf-8").split())
        return Undisturbed(laboratory.read(checks.keys), laboratory.read(checks.values), points)
