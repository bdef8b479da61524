"""Simulated campaigns: the same decisions against a table of measured values, once for each strategy and seed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from adapters.compute import Workers
from controller.loop.progress import hypervolume, improved
from controller.report.lookup import LookupTable, Replicates
from controller.report.offline import Offline, OfflineError
from controller.spec import Approval, Budget, Step, TableError, Transfer
from controller.spec import Campaign as Spec
from strategies.objectives import is_scored

TASK = "controller.report.simulate:run_once"
LONGEST_RUN_S = 7 * 86400.0
NEAR = 0.01  # how near to the table's best is as good as the best, as a share of it

Plain = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is simulated. `files` are those that the campaign file names, by digest."""

    spec: Spec
    table: Path
    files: Mapping[str, str]
    strategies: Sequence[str]
    seeds: int
    budget: int
    batch: int
    replicates: Replicates = "mean"

    def tasks(self) -> list[Plain]:
        """One for each strategy and seed, in an order in which every strategy comes early."""
        return [
            {
                "spec": adapted(self.spec, name, self.budget, self.batch, seed).model_dump(mode="json"),
                "table": str(self.table),
                "files": dict(self.files),
                "replicates": self.replicates,
                "strategy": name,
                "seed": seed,
            }
            for seed in range(self.seeds)
            for name in self.strategies
        ]


@dataclass(frozen=True)
class Run:
    """One simulated campaign. `curve[i]`: merit of the best, or hypervolume, after i + 1 experiments; None: nothing."""

    strategy: str
    seed: int
    curve: list[float | None]
    cpu_seconds: float  # of the strategy, for each proposal


def adapted(spec: Spec, strategy: str, budget: int, batch: int, seed: int) -> Spec:
    """The campaign as it is simulated: approved by itself, nothing repeated, and ended by the budget alone."""
    own = strategy == spec.strategy.name
    chosen = {"name": strategy, "batch": batch, **({} if own else {"options": {}})}
    freed = approved(spec)
    stages = [stage.model_copy(update={"steps": [_patient(step) for step in stage.steps]}) for stage in freed.stages]
    return freed.model_copy(
        update={
            "strategy": spec.strategy.model_copy(update=chosen),
            "stages": stages,
            "budget": Budget(experiments=budget),
            "parallel": batch,
            "stop": [],
            "seed": seed,
        }
    )


def approved(spec: Spec) -> Spec:
    """The campaign with everything approved by itself, at any time of the week, as far as it stands alone."""
    stages = [stage.model_copy(update={"approval": Approval(policy="auto")}) for stage in spec.stages]
    return spec.model_copy(update={"stages": stages, "windows": [], "transfer": _at_hand(spec.transfer)})


def _at_hand(transfer: Transfer | None) -> Transfer | None:
    """What is learned from tables; other campaigns are in the daemon's database."""
    tables = [source for source in transfer.sources if source.campaign is None] if transfer else []
    return transfer.model_copy(update={"sources": tables}) if transfer and tables else None


def _patient(step: Step) -> Step:
    return step.model_copy(update={"retries": 0, "breaker": 1000})


def run_once(task: Plain) -> Plain:
    """Simulate one campaign; runs in a worker."""
    spec = Spec.model_validate(task["spec"])
    table = _table(
        task["table"], task["replicates"], spec.model_copy(update={"seed": 0, "budget": Budget()}).model_dump_json()
    )
    offline = Offline(spec, {name: Path(path) for name, path in task["files"].items()})
    curve: list[float | None] = []
    progress: Plain = {}
    try:
        while waiting := offline.advance():
            for attempt in waiting:
                values = table.measure(attempt.request["candidate"], spec.seed, attempt.request["replicate"])
                offline.answer(attempt, values)
                if _is_last(spec, attempt.request["step"]):
                    progress = progress if values is None else improved(progress, spec, values)
                    curve.append(score(spec, progress))
    except (TableError, OfflineError) as error:
        return {"fault": str(error)}
    finally:
        offline.close()
    made = max(1, len(curve))
    return {"curve": curve, "cpu_seconds": sum(offline.cpu_seconds) / made}


def _is_last(spec: Spec, step: str) -> bool:
    return step == spec.stages[-1].steps[-1].name


@lru_cache(maxsize=2)
def _table(path: str, replicates: Replicates, spec: str) -> LookupTable:
    """Read once in each worker; strategies differ, and what the table needs of the spec does not."""
    return LookupTable(Path(path).read_bytes(), Spec.model_validate_json(spec), replicates)


def score(spec: Spec, progress: Mapping[str, Any]) -> float | None:
    """One number of which more is better: the best merit or score, or the hypervolume of several objectives."""
    front = progress.get("front", [])
    if len(spec.objectives) == 1 or is_scored(spec.objectives):
        return max((point[0] for point in front), default=None)
    return hypervolume(spec, front)


def check_covered(plan: Plan) -> None:
    """Raise `TableError` where the table is silent on what may be proposed."""
    files = {name: Path(path) for name, path in plan.files.items()}
    LookupTable(plan.table.read_bytes(), plan.spec, plan.replicates).check_covers(plan.spec.space, files)


def best_of_table(plan: Plan) -> float | None:
    """The score of knowing the whole table."""
    progress: Plain = {}
    for values in LookupTable(plan.table.read_bytes(), plan.spec, plan.replicates).means():
        progress = improved(progress, plan.spec, values)
    return score(plan.spec, progress)


async def simulate(plan: Plan, jobs: int, notice: Callable[[Run], None]) -> list[Run]:
    """Run everything, `jobs` at a time; `notice` hears of each run as it ends. Raises `TaskFailed`, `OfflineError`."""
    workers = Workers(jobs)
    runs = [asyncio.ensure_future(_one(workers, task, notice)) for task in plan.tasks()]
    try:
        return list(await asyncio.gather(*runs))
    finally:  # the first that fails ends the others
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        await workers.stop()


async def _one(workers: Workers, task: Plain, notice: Callable[[Run], None]) -> Run:
    answer = await workers.run(TASK, task, LONGEST_RUN_S)
    if "fault" in answer:
        raise OfflineError(f"{task['strategy']}, seed {task['seed']}: {answer['fault']}")
    run = Run(task["strategy"], task["seed"], answer["curve"], answer["cpu_seconds"])
    notice(run)
    return run


@dataclass(frozen=True)
class Summary:
    """What the runs of one strategy say. Lists go by experiment; values are merits, or hypervolumes.

    None where no run had anything yet.
    """

    strategy: str
    mean: list[float | None]
    deviation: list[float]
    until_near: list[int | None]  # experiments until within 1 % of the table's best, for each seed
    cpu_seconds: float


def summarize(runs: Sequence[Run], best: float | None) -> list[Summary]:
    """One summary for each strategy, in the order of the runs."""
    names = list(dict.fromkeys(run.strategy for run in runs))
    return [_summary(name, [run for run in runs if run.strategy == name], best) for name in names]


def _summary(name: str, runs: Sequence[Run], best: float | None) -> Summary:
    columns = [
        [value for value in column if value is not None] for column in zip(*(run.curve for run in runs), strict=False)
    ]
    until = [None if best is None else _until(run.curve, best - NEAR * abs(best)) for run in runs]
    return Summary(
        name,
        [fmean(column) if column else None for column in columns],
        [stdev(column) if len(column) > 1 else 0.0 for column in columns],
        until,
        fmean(run.cpu_seconds for run in runs),
    )


def _until(curve: Sequence[float | None], wanted: float) -> int | None:
    return next((count for count, value in enumerate(curve, start=1) if value is not None and value >= wanted), None)
