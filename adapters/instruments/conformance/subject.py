"""What the checks share: the instrument under test, what it is asked to do, and what may be done to its connection."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from adapters.instruments.conformance.findings import NotConforming, NotTested, demand
from adapters.instruments.conformance.heard import Said
from adapters.instruments.conformance.parameters import Order
from adapters.instruments.conformance.talk import Sent, Talk
from adapters.instruments.messages import Action, AttemptState, AttemptStatus, Description, Refusal, Result

ENDED = {AttemptState.REFUSED, AttemptState.EXPIRED, AttemptState.CANCELLED, AttemptState.INTERRUPTED}


class Wires(Protocol):
    """What can be done and seen where broker and file store are ours."""

    def put_at(self, sha256: str) -> float | None:
        """When the device put this file (`time.monotonic`), if it did."""

    def cut(self) -> None:
        """Break the device's connection without a goodbye."""

    async def forget(self) -> None:
        """Kill the broker and start it again with nothing kept."""


@dataclass
class Subject:
    """The instrument under test. `restarted` asks somebody to kill and start it, and returns when that is done."""

    talk: Talk
    description: Description
    orders: list[Order]
    candidate: dict[str, Any] | None = None
    wires: Wires | None = None
    restarted: Callable[[], Awaitable[None]] | None = None
    first: Sent | None = None  # an attempt that was run, answered and receipted
    notes: list[str] = field(default_factory=list)  # attempts that did not end though they were cancelled

    @property
    def order(self) -> Order:
        """What most checks ask for."""
        return self.orders[0]

    async def ask(self, order: Order | None = None, **fields: Any) -> Sent:
        """Send a request that should be accepted, unless `fields` make it another."""
        return await self.talk.request(**{**(order or self.order).fields(self.candidate), **fields})

    async def status(self, sent: Sent, *states: AttemptState, within: float | None = None) -> AttemptStatus:
        """The first status after the request with one of these states; raises `NotConforming`."""

        def is_it(said: Said) -> bool:
            return said.attempt_id == sent.id and said.status is not None and said.status.state in states

        wanted = " or ".join(states)
        found = (await self.talk.hear(is_it, f"status {wanted}", since=sent.at, within=within)).status
        assert found is not None
        return found

    async def at_work(self, sent: Sent) -> None:
        """Return when the attempt has begun, or has already ended; raises `NotConforming`."""
        begun = {AttemptState.RUNNING, AttemptState.HOLDING, *ENDED}

        def is_it(said: Said) -> bool:
            return said.attempt_id == sent.id and (
                said.result is not None or (said.status is not None and said.status.state in begun)
            )

        await self.talk.hear(is_it, "status running", since=sent.at)

    async def result(self, sent: Sent, *, since: int | None = None, within: float | None = None) -> Said:
        """The first result after the request, or from a place on; raises `NotConforming`."""

        def is_it(said: Said) -> bool:
            return said.attempt_id == sent.id and said.result is not None

        place = sent.at if since is None else since
        limit = self.talk.patience.run_s + self.talk.patience.answer_s if within is None else within
        return await self.talk.hear(is_it, "result", since=place, within=limit)

    async def end(self, sent: Sent) -> Said:
        """How an attempt ended: its result, or a last status; raises `NotConforming`."""

        def is_it(said: Said) -> bool:
            ended = said.status is not None and said.status.state in ENDED
            return said.attempt_id == sent.id and (said.result is not None or ended)

        limit = self.talk.patience.run_s + self.talk.patience.answer_s
        return await self.talk.hear(is_it, "end", since=sent.at, within=limit)

    async def refused(self, sent: Sent, refusal: Refusal) -> AttemptStatus:
        """The status `refused` with this refusal and a reason; raises `NotConforming`."""
        status = await self.status(sent, AttemptState.REFUSED)
        demand(status.refusal is refusal, f"refusal {status.refusal} instead of {refusal}")
        demand(bool(status.reason), f"{refusal}: no reason is given")
        return status

    def begun(self, sent: Sent) -> bool:
        """Whether it was said after this request that the attempt runs, or ran."""
        said = self.talk.heard.of(sent.id, sent.at)
        begun = {AttemptState.RUNNING, AttemptState.HOLDING, AttemptState.FINISHED}
        return any(each.result or (each.status and each.status.state in begun) for each in said)

    def first_attempt(self) -> Sent:
        """The attempt that ran; raises `NotTested` if there is none."""
        if self.first is None:
            raise NotTested("no attempt has given a result")
        return self.first

    async def tidy(self) -> None:
        """Leave nothing behind: end pauses, e-stops and attempts of ours, and receipt what has none."""
        talk = self.talk
        if not talk.here:
            await talk.present()
        if talk.estops:
            await talk.reset(*talk.estops)
        if talk.paused:
            await talk.pause(False)
        left = [attempt_id for attempt_id in talk.sent if talk.heard.is_open(attempt_id)]
        if left:
            await talk.command(Action.CANCEL, attempts=left, reason="end of the check")
        for attempt_id in left:
            try:
                await self.end(talk.sent[attempt_id])
            except NotConforming as fault:
                self.notes.append(f"{attempt_id}: {fault}")
        for attempt_id in talk.sent:
            if talk.heard.results(attempt_id) and attempt_id not in talk.receipted:
                await talk.receipt(attempt_id)


def outcome(said: Said) -> Result:
    """The result in a message that is one."""
    assert said.result is not None
    return said.result
