"""Kill anything anywhere: no measurement is lost, no attempt runs twice, and the campaign ends as if undisturbed."""

from collections import Counter
from pathlib import Path

import pytest

from adapters.broker.testing import MOSQUITTO
from tests.crash.cases import BEFORE, POINTS, Case, WireCase, all_cases, sample
from tests.crash.conftest import Undisturbed, run_undisturbed
from tests.crash.scenes import EXPERIMENTS, laboratory_for, play, scene_of, verdicts
from tests.laboratory import checks
from tests.laboratory.laboratory import Laboratory

pytestmark = pytest.mark.timeout(300)

SAMPLE = 30
IN_SAMPLE = {str(case) for case in sample(SAMPLE)}
REST = [case for case in all_cases() if str(case) not in IN_SAMPLE]

# Killed here the request was published and no result stored: only the journal could tell what became of it.
AT_WORK = {("to_device", "request"), ("to_broker", "status")}


def test_the_cases_are_as_many_as_stated() -> None:
    names = [str(case) for case in all_cases()]
    assert len(set(names)) == len(names)
    assert len(REST) + SAMPLE == len(names)
    victims = Counter(name.partition("-")[0] for name in names)
    print(f"\n{len(names)} cases: {dict(victims)}")


@pytest.mark.parametrize("scene", [pytest.param(each, marks=pytest.mark.slow) for each in POINTS if each not in BEFORE])
async def test_a_scene_reaches_the_points_that_are_listed(scene: str, tmp_path: Path) -> None:
    found = (await run_undisturbed(tmp_path, scene)).points
    names = {point.rpartition(":")[0] for point in found}
    assert names <= {name for points in POINTS.values() for name in points}
    assert {name for name, times in POINTS[scene].items() if found[f"{name}:before"] < times} == set()


@pytest.mark.parametrize("case", sample(SAMPLE), ids=str)
async def test_a_crash_changes_nothing(case: Case, undisturbed: Undisturbed, tmp_path: Path) -> None:
    await survive(case, undisturbed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("case", REST, ids=str)
async def test_no_crash_changes_anything(case: Case, undisturbed: Undisturbed, tmp_path: Path) -> None:
    await survive(case, undisturbed, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(MOSQUITTO is None, reason="the other tests use the embedded broker then")
@pytest.mark.parametrize("case", sample(SAMPLE)[:10], ids=str)
async def test_the_embedded_broker_is_no_worse(case: Case, undisturbed: Undisturbed, tmp_path: Path) -> None:
    await survive(case, undisturbed, tmp_path, broker="embedded")


async def survive(case: Case, undisturbed: Undisturbed, folder: Path, broker: str | None = None) -> None:
    async with laboratory_for(case, folder, broker=broker) as laboratory:
        await play(laboratory, case)
        await laboratory.end()
        check_that_it_happened(laboratory, case)
        decided = verdicts(scene_of(case))
        rejected = [number for number, verdict in decided.items() if verdict == "reject"]
        laboratory.read(lambda session: checks.check_campaign(session, EXPERIMENTS, rejected))
        laboratory.read(lambda session: checks.check_decisions(session, decided))
        laboratory.read(checks.check_record)
        checks.check_runs(laboratory)
        checks.check_receipts(laboratory)
        assert laboratory.read(checks.keys) == undisturbed.keys
        assert laboratory.read(checks.values) == undisturbed.values


def check_that_it_happened(laboratory: Laboratory, case: Case) -> None:
    """A case in which nothing was killed shows nothing."""
    assert laboratory.daemon.deaths == len(case.kill_at)
    if not isinstance(case, WireCase):
        return
    assert laboratory.tap(case.instrument).pulled == 1
    if case.victim != "broker":
        assert laboratory.instruments[case.instrument].deaths == 1
    if case.victim == "forgetful" and (case.trigger.direction, case.trigger.kind) in AT_WORK:
        assert len(laboratory.operator.repeated) == 1
