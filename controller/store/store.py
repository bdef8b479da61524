"""The store: one writer with group commit, and readers that never block it."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlmodel import Session

from controller.loop import Decision
from controller.loop.site_limits import Limits
from controller.store.database import Lock, LostLock, open_engine
from controller.store.schema import ensure_schema
from controller.store.seam import reach
from controller.store.tables import Outbox
from controller.store.unit import Chain, Unit

T = TypeVar("T")

# Decides for these campaigns (None: all that are open) in a unit of its own.
Decider = Callable[[Unit, frozenset[str] | None], Mapping[str, Decision]]

GROUP = 100  # units in one commit; more would hold up the event loop's other threads


class StoreUnavailable(RuntimeError):
    """The database could not commit (locked, disk full, gone). Nothing of the unit was kept; try again later."""


class _Keeping(Session):
    """Holds every row that it has read until it ends: by itself a session forgets them, and reads them again."""


@event.listens_for(_Keeping, "loaded_as_persistent")
def _keep(session: Session, row: object) -> None:
    session.info.setdefault("kept", []).append(row)


@dataclass
class _Work:
    name: str
    function: Callable[[Unit], Any]
    future: asyncio.Future[Any]


@dataclass(frozen=True)
class Committed:
    """What was decided in a commit, by campaign, and the new outbox rows.

    `unsure`: the commit failed, and whether it was kept is not known; look into the database.
    """

    decisions: Mapping[str, Decision] = field(default_factory=dict)
    outbox: tuple[Outbox, ...] = ()
    unsure: bool = False


class Store:
    """All writes go through `write`, in order; reads run beside them on a snapshot."""

    def __init__(
        self, url: str, limits: Limits | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.url = url
        self.limits = limits or Limits()
        self.clock = clock
        self._engine = open_engine(url, writing=True)
        self._reading = open_engine(url, writing=False)
        self.lock = Lock(self._engine)
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._readers = ThreadPoolExecutor(2, "store-reader")
        self._queue: asyncio.Queue[_Work | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[Committed], None]] = []
        self._decider: Decider | None = None
        self.lost: LostLock | None = None

    async def start(self) -> None:
        """Bring the schema into being or check it, take the lock, start the writer task."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._open)
        self._task = asyncio.create_task(self._write_groups(), name="store-writer")

    def _open(self) -> None:
        self.lock.take()
        try:
            ensure_schema(self._engine)
            self.lock.begin_epoch(self.clock())
        except BaseException:
            self.lock.release()
            raise

    async def stop(self) -> None:
        """Commit what is queued, let go of the lock and close."""
        if self._task:
            await self._queue.put(None)
            await self._task
        self._writer.shutdown()
        self._readers.shutdown()
        self.lock.release()
        self._engine.dispose()
        self._reading.dispose()

    def on_commit(self, listener: Callable[[Committed], None]) -> None:
        """Call `listener` on the event loop after each commit."""
        self._listeners.append(listener)

    def decide_by(self, decider: Decider) -> None:
        """Call `decider` in every transaction, in the writer's thread, for the campaigns that its units wake."""
        self._decider = decider

    async def write(self, function: Callable[[Unit], T], *, name: str) -> T:
        """Run `function` in a transaction; returns its result after the commit.

        Raises what `function` raises (then nothing of it is kept), `StoreUnavailable`, or `LostLock`.
        """
        if self._task is None or self._task.done():
            raise StoreUnavailable("the store is not open")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Work(name, function, future))
        return await future

    async def writing(self) -> None:
        """Return when the writer ends, and raise what ended it; without it nothing can go on."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def read(self, function: Callable[[Session], T]) -> T:
        """Run `function` on a read-only snapshot. Raises `StoreUnavailable` when the database cannot be read."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, function)

    def _read(self, function: Callable[[Session], T]) -> T:
        try:
            with Session(self._reading) as session:
                return function(session)
        except OperationalError as error:
            raise StoreUnavailable(f"the database cannot be read: {error.orig}") from error

    async def _write_groups(self) -> None:
        loop = asyncio.get_running_loop()
        while (group := await self._next_group()) is not None:
            results = await loop.run_in_executor(self._writer, self._commit, group)
            self._settle(group, *results)

    async def _next_group(self) -> list[_Work] | None:
        first = await self._queue.get()
        if first is None:
            return None
        group = [first]
        while len(group) < GROUP and not self._queue.empty():
            following = self._queue.get_nowait()
            if following is None:
                self._queue.put_nowait(None)
                break
            group.append(following)
        return group

    def _commit(self, group: list[_Work]) -> tuple[list[Any], Committed]:
        """Runs in the writer thread: all units of the group in one transaction, each in a savepoint of its own."""
        now = self.clock()
        results: list[Any] = []
        units: list[Unit] = []
        try:
            with _Keeping(self._engine, expire_on_commit=False) as session:
                self.lock.check(session)
                chain = Chain(session)
                for work in group:
                    unit = Unit(session, chain, now, self.limits)
                    results.append(self._run(work, unit))
                    units.append(unit)
                committed = self._decide(Unit(session, chain, now, self.limits), _kept(units, results))
                for work in group:
                    reach(f"commit:{work.name}:before")
                session.commit()
        except LostLock as error:
            self.lost = error
            return [error] * len(group), Committed()
        except IntegrityError as error:  # seen at the commit only, so that it could be any unit's
            return self._commit_alone(group, error)
        except SQLAlchemyError as error:
            first = _first(error)
            unavailable = StoreUnavailable(f"the database did not commit: {type(first).__name__}: {first}")
            unavailable.__cause__ = error
            # Whether a commit that failed was kept is not always known: let everybody look.
            return [unavailable] * len(group), Committed(unsure=True)
        for work in group:
            reach(f"commit:{work.name}:after")
        return results, committed

    def _commit_alone(self, group: list[_Work], error: IntegrityError) -> tuple[list[Any], Committed]:
        """Find the unit whose rows do not belong together: it fails, the others are kept."""
        if len(group) == 1:
            return [_Failed(error)], Committed()
        results, commits = zip(*(self._commit([work]) for work in group), strict=True)
        decisions = {name: decision for each in commits for name, decision in each.decisions.items()}
        return [result for [result] in results], Committed(
            decisions,
            tuple(row for each in commits for row in each.outbox),
            any(each.unsure for each in commits),
        )

    def _decide(self, unit: Unit, done: list[Unit]) -> Committed:
        """Let the campaigns decide on what these units have changed, in the same transaction."""
        decisions: dict[str, Decision] = {}
        everything = any(each.wake_all for each in done)
        called = None if everything else frozenset().union(*(each.wakes for each in done))
        while self._decider and called != frozenset():
            unit.wake_all = False
            decisions |= self._decider(unit, called)
            called = None if unit.wake_all else frozenset()  # what one gave up, another may be waiting for
        unit.flush()
        return Committed(decisions, tuple(row for each in (*done, unit) for row in each.wanted))

    def _run(self, work: _Work, unit: Unit) -> Any:
        """Run one unit; what it raises is its own failure, not that of the group."""
        try:
            with unit.savepoint():
                return work.function(unit)
        except Exception as error:  # handed to the caller of `write`, who knows what may happen there
            if is_of_the_database(error):
                raise
            if isinstance(error, StopIteration):  # a future does not take it
                error = RuntimeError(f"StopIteration in {work.name}")
            return _Failed(error)

    def _settle(self, group: list[_Work], results: list[Any], committed: Committed) -> None:
        for work, result in zip(group, results, strict=True):
            if work.future.cancelled():
                continue
            if isinstance(result, _Failed):
                work.future.set_exception(result.error)
            elif isinstance(result, (LostLock, StoreUnavailable)):
                work.future.set_exception(result)
            else:
                work.future.set_result(result)
        for listener in self._listeners:
            listener(committed)


def is_of_the_database(error: Exception) -> bool:
    """Whether the database could not do its work; else what a unit wanted was wrong, and trying again is no use."""
    return isinstance(error, DBAPIError) and not isinstance(error, (DataError, IntegrityError, ProgrammingError))


def _first(error: BaseException) -> BaseException:
    """What began it: a full disk ends the transaction, so that going back to a savepoint fails as well."""
    found, each = error, error.__context__
    while each is not None:
        found, each = (each if isinstance(each, DBAPIError) else found), each.__context__
    return found


@dataclass(frozen=True)
class _Failed:
    error: Exception


def _kept(units: list[Unit], results: list[Any]) -> list[Unit]:
    return [unit for unit, result in zip(units, results, strict=True) if not isinstance(result, _Failed)]
