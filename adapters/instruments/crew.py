"""Carries out attempts: calls the handlers, each at most once, and journals what became of it before it is said."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from adapters.instruments.journal import Entry, Journal
from adapters.instruments.messages import (
    AttemptState,
    MalformedMessage,
    Outcome,
    Refusal,
    Request,
    Result,
    encode,
    parse,
)
from adapters.instruments.speech import Speech
from adapters.instruments.work import Finished, Handler, Work, WorkFailed

log = logging.getLogger("tatara.instrument")


class Crew:
    """Runs at most `concurrency` attempts at once, in the order in which they were accepted."""

    def __init__(
        self,
        journal: Journal,
        speech: Speech,
        handlers: Mapping[str, Handler],
        concurrency: int,
        may_start: Callable[[], bool],
    ) -> None:
        self._journal = journal
        self._speech = speech
        self._handlers = handlers
        self._concurrency = concurrency
        self._may_start = may_start
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._reasons: dict[str, str] = {}
        self._go_on = asyncio.Event()
        self._go_on.set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._leaving = False

    @property
    def active(self) -> list[str]:
        """Attempts that run now."""
        return list(self._tasks)

    def start_waiting(self) -> None:
        """Start what waits, as far as allowed; what waited too long expires."""
        if self._leaving or not self._may_start():
            return
        for entry in self._journal.waiting():
            if len(self._tasks) >= self._concurrency:
                return
            self._start(entry)

    def cancel(self, attempt_id: str, reason: str) -> None:
        """Cancel an attempt that waits or runs; the status follows when it has ended."""
        task = self._tasks.get(attempt_id)
        if task is None:
            self._end(attempt_id, AttemptState.CANCELLED, reason)
        elif attempt_id not in self._reasons:
            self._reasons[attempt_id] = reason
            task.cancel()

    def cancel_running(self, reason: str) -> None:
        """Cancel everything that runs."""
        for attempt_id in self.active:
            self.cancel(attempt_id, reason)

    def refuse_waiting(self, refusal: Refusal, reason: str) -> None:
        """Refuse what was accepted and has not begun."""
        for entry in self._journal.waiting():
            self._end(entry.attempt_id, AttemptState.REFUSED, reason, refusal)

    def hold(self, on_hold: bool) -> None:
        """Make running work wait at its next checkpoint, or let it go on."""
        if on_hold:
            self._go_on.clear()
        else:
            self._go_on.set()

    async def failed(self) -> None:
        """Wait for a fault that is not the handlers' own, such as a full disk, and raise it."""
        await self._failed

    async def leave(self) -> None:
        """Break off what runs; the next boot will find it begun and call it interrupted."""
        self._leaving = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._failed.cancel()

    def _start(self, entry: Entry) -> None:
        request = parse(Request, entry.request or b"")
        now = datetime.now(UTC)
        if now > request.start_before:
            self._end(entry.attempt_id, AttemptState.EXPIRED, f"not begun before {request.start_before.isoformat()}")
            return
        self._journal.begin(request.attempt_id, now)
        self._speech.status(request.attempt_id)
        task = asyncio.create_task(self._run(request, now), name=request.attempt_id)
        self._tasks[request.attempt_id] = task
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        attempt_id = task.get_name()
        self._tasks.pop(attempt_id, None)
        self._speech.holding.discard(attempt_id)
        reason = self._reasons.pop(attempt_id, None)
        try:
            if not task.cancelled():
                task.result()
            elif reason is not None:
                self._end(attempt_id, AttemptState.CANCELLED, reason)
            self.start_waiting()
        except sqlite3.Error as error:
            # A callback's exception goes nowhere: hand it to `failed`, which ends the instrument.
            if not self._failed.done():
                self._failed.set_exception(error)

    async def _run(self, request: Request, started_at: datetime) -> None:
        result = await self._result(request, started_at)
        self._journal.finish(result)
        self._speech.result(request.attempt_id)

    async def _result(self, request: Request, started_at: datetime) -> Result:
        work = Work(request, lambda: self._checkpoint(request.attempt_id))
        try:
            async with asyncio.timeout(request.timeout_s) as limit:
                finished = await self._handlers[request.capability](work)
            return self._make(request, started_at, finished)
        except WorkFailed as failure:
            outcome, reason = failure.outcome, str(failure)
        # Whatever goes wrong in an instrument maker's own code is a fact about this run: the host must hear of it,
        # and the instrument must go on. Nothing of ours runs inside this try but checks of what the handler gave.
        except Exception as error:
            outcome, reason = Outcome.FAILED_MEASUREMENT, f"{type(error).__name__}: {error}"
            if limit.expired():
                reason = f"not finished within timeout_s = {request.timeout_s:g}"
                log.warning("attempt %s was stopped: %s", request.attempt_id, reason)
            else:
                log.exception("attempt %s failed", request.attempt_id)
        return self._make(request, started_at, Finished(), outcome, reason)

    def _make(
        self,
        request: Request,
        started_at: datetime,
        finished: Finished,
        outcome: Outcome = Outcome.OK,
        reason: str | None = None,
    ) -> Result:
        result = Result(
            attempt_id=request.attempt_id,
            digest=request.digest,
            outcome=outcome,
            measurements=list(finished.measurements),
            files=list(finished.files),
            sample_id=finished.sample_id,
            reason=reason[:2000] if reason else None,
            boot_id=self._journal.boot_id,
            journal_id=self._journal.journal_id,
            started_at=started_at,
            ended_at=max(started_at, datetime.now(UTC)),
        )
        keys = {(each.channel, each.index) for each in result.measurements}
        if len(keys) != len(result.measurements):
            raise MalformedMessage("two measurements have the same channel and index")
        # What a handler builds without validation, and what is too large, would be refused by the host: find it here.
        return parse(Result, encode(result))

    async def _checkpoint(self, attempt_id: str) -> None:
        if self._go_on.is_set():
            return
        self._speech.holding.add(attempt_id)
        self._speech.status(attempt_id)
        await self._go_on.wait()
        self._speech.holding.discard(attempt_id)
        self._speech.status(attempt_id)

    def _end(self, attempt_id: str, state: AttemptState, reason: str, refusal: Refusal | None = None) -> None:
        self._journal.end(attempt_id, state, reason, refusal)
        self._speech.status(attempt_id)
