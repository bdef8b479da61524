"""Worker processes: answers, faults, deadlines and deaths."""

import asyncio
import os
import signal

import pytest

from adapters.compute import TaskFailed, Workers

HERE = "tests.adapters.compute.tasks"


async def test_answers() -> None:
    workers = Workers()
    try:
        assert await workers.run(f"{HERE}:double", {"x": 21}, 20) == {"x": 42}
    finally:
        await workers.stop()


@pytest.mark.parametrize(
    ("task", "deadline", "says"),
    [
        ("fail", 20, "ValueError: no such thing"),
        ("hang", 0.5, "deadline"),
        ("die", 20, "died with exit status 3"),
        ("chatter_and_nan", 20, "Out of range float"),
    ],
)
async def test_a_fault_costs_one_task(task: str, deadline: float, says: str) -> None:
    workers = Workers()
    try:
        with pytest.raises(TaskFailed, match=says):
            await workers.run(f"{HERE}:{task}", {}, deadline)
        assert await workers.run(f"{HERE}:double", {"x": 1}, 20) == {"x": 2}
    finally:
        await workers.stop()


async def test_what_a_task_prints_does_not_stand_between_the_answers() -> None:
    workers = Workers()
    try:
        assert await workers.run(f"{HERE}:chatter", {}, 20) == {"said": True}
    finally:
        await workers.stop()


async def test_a_killed_worker_costs_one_task() -> None:
    workers = Workers()
    try:
        process = (await workers.run(f"{HERE}:process", {}, 20))["process"]
        running = asyncio.create_task(workers.run(f"{HERE}:hang", {}, 20))
        await asyncio.sleep(0)
        os.kill(process, signal.SIGKILL)
        with pytest.raises(TaskFailed, match="died"):
            await running
        assert (await workers.run(f"{HERE}:process", {}, 20))["process"] != process
    finally:
        await workers.stop()


async def test_what_became_of_tasks_and_processes_is_known() -> None:
    workers = Workers(2)
    try:
        assert (workers.size, workers.busy, workers.replaced, workers.last_failure) == (2, 0, 0, None)
        running = asyncio.create_task(workers.run(f"{HERE}:hang", {}, 20))
        with pytest.raises(TaskFailed):
            await workers.run(f"{HERE}:fail", {}, 20)
        assert (workers.busy, workers.replaced) == (1, 0)  # a task that raises leaves its process as it was
        assert workers.last_failure is not None
        assert "no such thing" in workers.last_failure.why
        with pytest.raises(TaskFailed):
            await workers.run(f"{HERE}:die", {}, 20)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert (workers.busy, workers.replaced) == (0, 2)
        assert "exit status 3" in workers.last_failure.why
    finally:
        await workers.stop()


async def test_who_wants_more_memory_than_there_is_gets_none() -> None:
    workers = Workers(memory=512 * 1024**2)
    try:
        with pytest.raises(TaskFailed, match="MemoryError"):
            await workers.run(f"{HERE}:eat", {"bytes": 1024**3}, 20)
        assert await workers.run(f"{HERE}:eat", {"bytes": 1024}, 20) == {"eaten": 1024}
    finally:
        await workers.stop()
