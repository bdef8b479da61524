"""Replay: rebuild what every iteration was asked, compare, and ask its strategy again. It changes nothing.

Two questions, apart from each other. Is the request, rebuilt from the rows as of the iteration's event, still the one
that was asked (equal digest)? That must hold on every machine and in every later version. And does the strategy make
the same proposals again (equal canonical keys in order)? That is asked only where versions, processor and threads are
those of the iteration; elsewhere the answer is `not-comparable`, with how far the proposals lie apart in numbers.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from adapters.compute import TaskFailed, Workers
from controller.commands.lookup import find_campaign
from controller.effects.propose import TASK, needed_files
from controller.files import Files
from controller.store.history import build_request
from controller.store.tables import Event, Iteration, Proposal
from strategies import Request, request_digest

DEADLINE_S = 3600.0

Plain = dict[str, Any]
Notice = Callable[["Replayed", int], None]


@dataclass(frozen=True)
class Replayed:
    """What came of one iteration.

    `outcome`: equal, different, not-comparable (another version or machine), or not-asked (with the reason in
    `detail`). `versions`: what differs, as then and now. `difference`: the largest distance between a value proposed
    then and now, relative to the larger of the two; None where the proposals cannot be set against each other.
    """

    number: int
    event: int
    recorded: str | None
    rebuilt: str | None
    outcome: str
    detail: str = ""
    versions: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    difference: float | None = None

    @property
    def digest_equal(self) -> bool:
        """Whether the request is the one that was asked."""
        return self.recorded == self.rebuilt

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the record."""
        return self.digest_equal and self.outcome != "different"

    def line(self) -> str:
        """The iteration in one line."""
        digest = (
            "equal" if self.digest_equal else f"DIFFERENT ({_short(self.recorded)} then, {_short(self.rebuilt)} now)"
        )
        parts = [f"iteration {self.number} (event {self.event}): request {digest}", f"proposals {self.outcome}"]
        if self.versions:
            parts.append(", ".join(f"{name} {then} then, {now} now" for name, (then, now) in self.versions.items()))
        if self.difference is not None and self.outcome != "equal":
            parts.append(f"largest relative difference {self.difference:.2g}")
        return "; ".join([*parts, *([self.detail] if self.detail else [])])


@dataclass(frozen=True)
class ReplayReport:
    """All finished iterations of a campaign, in order."""

    campaign: str
    iterations: Sequence[Replayed]

    @property
    def ok(self) -> bool:
        """Whether every request is the one that was asked, and no comparable proposal differs."""
        return all(each.ok for each in self.iterations)

    def count(self, outcome: str) -> int:
        """How many iterations had this outcome."""
        return sum(each.outcome == outcome for each in self.iterations)

    def lines(self) -> list[str]:
        """In words: what is not plainly equal, then the sums."""
        total = len(self.iterations)
        same = sum(each.digest_equal for each in self.iterations)
        outcomes = ", ".join(
            f"{self.count(each)} {each}"
            for each in ("equal", "different", "not-comparable", "not-asked")
            if self.count(each)
        )
        return [
            *(each.line() for each in self.iterations if not each.digest_equal or each.outcome != "equal"),
            f"{self.campaign}: {same} of {total} requests equal; proposals: {outcomes or 'none'}",
        ]

    def as_dict(self) -> Plain:
        """As JSON."""
        rows = [{**asdict(each), "digest_equal": each.digest_equal} for each in self.iterations]
        return {"campaign": self.campaign, "ok": self.ok, "iterations": rows}


def replay(
    session: Session, campaign: str, files: Path, workers: int = 1, notice: Notice | None = None
) -> ReplayReport:
    """Replay a campaign (name or id) from a read-only session and the folder of its files; raises `NotFound`.

    `workers` strategies run at a time, each in a process of its own; `notice` hears of each iteration and of how many
    there are. The answer does not depend on the number of workers.
    """
    row = find_campaign(session, campaign)
    query = select(Iteration).where(col(Iteration.campaign_id) == row.id, col(Iteration.state) != "running")
    iterations = session.scalars(query.order_by(col(Iteration.number))).all()
    made = _Replay(session, Files(files), notice or (lambda replayed, total: None))
    return ReplayReport(row.name, asyncio.run(made.all(iterations, workers)))


class _Replay:
    def __init__(self, session: Session, files: Files, notice: Notice) -> None:
        self._session = session
        self._files = files
        self._notice = notice

    async def all(self, iterations: Sequence[Iteration], size: int) -> list[Replayed]:
        workers, room = Workers(size), asyncio.Semaphore(size)
        try:
            return list(await asyncio.gather(*(self._one(each, workers, room, len(iterations)) for each in iterations)))
        finally:
            await workers.stop()

    async def _one(self, iteration: Iteration, workers: Workers, room: asyncio.Semaphore, total: int) -> Replayed:
        async with room:
            replayed = await self._replayed(iteration, workers)
        self._notice(replayed, total)
        return replayed

    async def _replayed(self, iteration: Iteration, workers: Workers) -> Replayed:
        request, why = self._rebuilt(iteration)
        rebuilt = None if request is None else request_digest(request)
        known = Replayed(iteration.number, iteration.event, iteration.digest, rebuilt, "not-asked", why)
        if request is None or not known.digest_equal:
            return replace(known, detail=why or "the request is not the one that was asked")
        if iteration.state == "failed":
            return replace(known, detail=f"it failed: {iteration.error}")
        try:
            paths = self._files.paths(needed_files(request))
            answer = await workers.run(
                TASK, {"request": request.model_dump(mode="json"), "files": paths, "region": False}, DEADLINE_S
            )
        except FileNotFoundError as error:
            return replace(known, detail=str(error))
        except TaskFailed as error:
            return replace(known, outcome="different", detail=str(error))
        return self._compared(known, iteration, answer)

    def _rebuilt(self, iteration: Iteration) -> tuple[Request | None, str]:
        try:
            return build_request(self._session, iteration), ""
        except ValueError as error:
            return None, f"the rows make no request any more: {error}"

    def _compared(self, known: Replayed, iteration: Iteration, answer: Plain) -> Replayed:
        query = select(Proposal).where(col(Proposal.iteration_id) == iteration.id).order_by(col(Proposal.place))
        rows = self._session.scalars(query).all()
        if not rows and answer["keys"] and self._came_after_the_end(iteration):
            return replace(known, detail="its proposals came after the campaign was stopped and were not made")
        differing = _differing(iteration.versions, answer["versions"])
        equal = [row.key for row in rows] == answer["keys"]
        candidates = [each["candidate"] for each in answer["response"]["proposals"]]
        return replace(
            known,
            outcome="not-comparable" if differing else "equal" if equal else "different",
            versions=differing,
            difference=0.0 if equal else _distance([row.candidate for row in rows], candidates),
        )

    def _came_after_the_end(self, iteration: Iteration) -> bool:
        """Whether the campaign had been stopped when the strategy answered."""
        done = select(col(Event.number)).where(
            col(Event.campaign_id) == iteration.campaign_id,
            col(Event.subject) == iteration.id,
            col(Event.kind) == "iteration.finish",
        )
        stops = select(func.min(Event.number)).where(
            col(Event.campaign_id) == iteration.campaign_id,
            col(Event.kind).in_(("campaign.stop", "campaign.abort")),
        )
        answered, stopped = self._session.scalar(done), self._session.scalar(stops)
        return answered is not None and stopped is not None and stopped < answered


def _differing(then: Plain, now: Plain) -> dict[str, tuple[Any, Any]]:
    """Versions and machine as recorded, and as they are now, where they differ.

    Libraries count that were loaded then; that a worker has loaded more since changes nothing.
    """
    here = {**now, **{name: _installed(name) for name in then if name not in now}}
    return {name: (value, here[name]) for name, value in then.items() if here[name] != value}


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _distance(then: Sequence[Plain], now: Sequence[Plain]) -> float | None:
    """Largest relative difference of the numbers of candidates of one shape."""
    if len(then) != len(now):
        return None
    distances = [0.0]
    for one, other in zip(then, now, strict=True):
        a, b = _numbers(one), _numbers(other)
        if a.keys() != b.keys():
            return None
        distances += [abs(a[key] - b[key]) / max(abs(a[key]), abs(b[key])) for key in a if a[key] != b[key]]
    return max(distances)


def _numbers(value: Any, path: str = "") -> dict[str, float]:
    """Every number in plain data by its path; text stands as a part of the path."""
    if isinstance(value, dict):
        parts = [(f"{path}/{name}", part) for name, part in value.items()]
    elif isinstance(value, list):
        parts = [(f"{path}/{place}", part) for place, part in enumerate(value)]
    elif isinstance(value, int | float):
        return {path: float(value)}
    else:
        return {f"{path}={value}": 0.0}
    return {name: number for key, part in parts for name, number in _numbers(part, key).items()}


def _short(digest: str | None) -> str:
    return "none" if digest is None else digest[:12]
