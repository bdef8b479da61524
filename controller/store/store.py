"""The store: one writer with group commit, and readers that never block it."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlmodel import Session

from controller.loop import Decision
from controller.loop.site_limits import Limits
from controller.store.database import Lock, LostLock, open_engine
from controller.store.latencies import COMMIT
from controller.store.schema import ensure_schema
from controller.store.seam import reach
from controller.store.tables import Outbox
from controller.store.unit import Chain, Unit

log = logging.getLogger("tatara.store")

T = TypeVar("T")

GROUP = 100  # units in one commit; more would hold up the event loop's other threads


class StoreUnavailable(RuntimeError):
    """The database could not commit (locked, disk full, gone). Nothing of the unit was kept; try again later."""


class _Keeping(Session):
    """Holds every row that it has read until it ends: by itself a session forgets them, and reads them again."""


@event.listens_for(_Keeping, "loaded_as_persistent")
def _keep(session: Session, row: object) -> None:
    session.info.setdefault("kept", []).append(row)


class Decider(Protocol):
    """Lets campaigns decide; called in the writer's thread, in the transaction that calls for it."""

    def called(self, session: Session, campaigns: frozenset[str] | None) -> Sequence[str]:
        """Those of these campaigns that are open (None: all that are), in the order in which they decide."""

    def decide(self, unit: Unit, campaign_id: str) -> Decision:
        """Decide and apply."""

    def give_up(self, unit: Unit, campaign_id: str, error: Exception) -> None:
        """The decision failed by a fault of ours: pause the campaign and say why."""


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
    called: frozenset[str] | None = frozenset()  # whom it calls to decide (None: everybody)


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
        self._patient = ThreadPoolExecutor(1, "store-patient-reader")
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
        try:
            self.lock.take()
        except OperationalError as error:
            where = self._engine.url.render_as_string()
            raise StoreUnavailable(f"{where} cannot be reached, or refuses this user: {error.orig}") from error
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
        self._patient.shutdown()
        self.lock.release()
        self._engine.dispose()
        self._reading.dispose()

    def on_commit(self, listener: Callable[[Committed], None]) -> None:
        """Call `listener` on the event loop after each commit."""
        self._listeners.append(listener)

    def decide_by(self, decider: Decider) -> None:
        """Let the campaigns that the units of a transaction wake decide in it."""
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

    async def read_long(self, function: Callable[[Session], T]) -> T:
        """As `read`, for what may take seconds: one after the other, so that nobody else waits for it."""
        return await asyncio.get_running_loop().run_in_executor(self._patient, self._read, function)

    def _read(self, function: Callable[[Session], T]) -> T:
        try:
            with Session(self._reading) as session:
                return function(session)
        except OperationalError as error:
            raise StoreUnavailable(f"the database cannot be read: {error.orig}") from error

    async def _write_groups(self) -> None:
        loop = asyncio.get_running_loop()
        while (group := await self._next_group()) is not None:
            with COMMIT.time():
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

    def _commit(self, group: list[_Work], *, deciding: bool = True) -> tuple[list[Any], Committed]:
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
                done = _kept(units, results)
                decisions = self._decide(Unit(session, chain, now, self.limits), done) if deciding else {}
                for work in group:
                    reach(f"commit:{work.name}:before")
                session.commit()
        except LostLock as error:
            self.lost = error
            return [error] * len(group), Committed()
        except IntegrityError as error:  # seen at the commit only, so that it could be anybody's
            return self._commit_apart(group, error, deciding)
        except SQLAlchemyError as error:
            first = _first(error)
            unavailable = StoreUnavailable(f"the database did not commit: {type(first).__name__}: {first}")
            unavailable.__cause__ = error
            # Whether a commit that failed was kept is not always known: let everybody look.
            return [unavailable] * len(group), Committed(unsure=True)
        for work in group:
            reach(f"commit:{work.name}:after")
        return results, Committed(decisions, tuple(row for unit in done for row in unit.wanted), called=_called(done))

    def _commit_apart(self, group: list[_Work], error: IntegrityError, deciding: bool) -> tuple[list[Any], Committed]:
        """Find whose rows do not belong together: what a campaign decided, or one of the units; the rest is kept."""
        if deciding:
            results, committed = self._commit(group, deciding=False)
            return results, _merged([committed, self._decide_apart(committed.called)])
        if len(group) == 1:
            return [_Failed(error)], Committed()
        parts = [self._commit([work], deciding=False) for work in group]
        return [result for [result], _ in parts], _merged([committed for _, committed in parts])

    def _decide(self, unit: Unit, done: list[Unit]) -> dict[str, Decision]:
        """Let the campaigns decide on what these units have changed, in the same transaction."""
        decisions: dict[str, Decision] = {}
        called = _called(done)
        while self._decider is not None and called != frozenset():
            unit.everybody = False
            for name in self._decider.called(unit.session, called):
                decisions[name] = self._decide_one(unit, self._decider, name)
            called = None if unit.everybody else frozenset()  # what one gave up, another may be waiting for
        unit.flush()
        done.append(unit)
        return decisions

    def _decide_one(self, unit: Unit, decider: Decider, name: str) -> Decision:
        """A fault of ours in a decision costs its campaign a pause, and nothing else."""
        for _ in range(2):  # a campaign that was paused for it must still look after what runs
            try:
                with unit.savepoint():
                    return decider.decide(unit, name)
            except Exception as error:
                if _is_of_the_database(error):
                    raise
                log.exception("the decision of campaign %s could not be carried out", name)
                decider.give_up(unit, name, error)
        return Decision([], None)

    def _decide_apart(self, called: frozenset[str] | None) -> Committed:
        """Each campaign decides in a transaction of its own; one whose decision is refused is given up."""
        decider = self._decider
        if decider is None or called == frozenset():
            return Committed()
        decided: list[Committed] = []
        try:
            for name in self._transact(lambda unit: list(decider.called(unit.session, called)))[0]:
                decided.append(self._decide_alone(decider, name))
        except LostLock as error:
            self.lost = error
        except SQLAlchemyError:
            decided.append(Committed(unsure=True))
        return _merged(decided)

    def _decide_alone(self, decider: Decider, name: str) -> Committed:
        try:
            decision, outbox = self._transact(lambda unit: self._decide_one(unit, decider, name))
            return Committed({name: decision}, outbox)
        except IntegrityError as error:
            refused = error
        log.error("the decision of campaign %s cannot be committed: %s", name, refused)
        _, outbox = self._transact(lambda unit: decider.give_up(unit, name, refused))
        return Committed({}, outbox)

    def _transact(self, function: Callable[[Unit], T]) -> tuple[T, tuple[Outbox, ...]]:
        """One function in one transaction, beside the groups."""
        with _Keeping(self._engine, expire_on_commit=False) as session:
            self.lock.check(session)
            unit = Unit(session, Chain(session), self.clock(), self.limits)
            result = function(unit)
            unit.flush()
            session.commit()
        return result, tuple(unit.wanted)

    def _run(self, work: _Work, unit: Unit) -> Any:
        """Run one unit; what it raises is its own failure, not that of the group."""
        try:
            with unit.savepoint():
                return work.function(unit)
        except Exception as error:  # handed to the caller of `write`, who knows what may happen there
            if _is_of_the_database(error):
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


def _is_of_the_database(error: Exception) -> bool:
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


def _called(units: Sequence[Unit]) -> frozenset[str] | None:
    """Whom these units call to decide; None: everybody."""
    if any(unit.everybody for unit in units):
        return None
    return frozenset().union(*(unit.wakes for unit in units))


def _merged(parts: Sequence[Committed]) -> Committed:
    called = [each.called for each in parts]
    return Committed(
        {name: decision for each in parts for name, decision in each.decisions.items()},
        tuple(row for each in parts for row in each.outbox),
        any(each.unsure for each in parts),
        None if None in called else frozenset().union(*(each for each in called if each is not None)),
    )
