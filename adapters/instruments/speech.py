"""How an instrument speaks: its messages, made from the journal at the moment they are sent."""

from datetime import UTC, datetime

from adapters.instruments import topics
from adapters.instruments.bus import Bus, Will
from adapters.instruments.journal import Entry, Journal
from adapters.instruments.messages import (
    AttemptState,
    AttemptStatus,
    Description,
    Heartbeat,
    InstrumentMode,
    InstrumentState,
    Refusal,
    encode,
)
from adapters.instruments.outbox import Outbox

SEQ_PER_CONNECTION = 1_000_000_000


class Speech:
    """Says states, statuses and results. `holding` are the attempts that wait for the host to come back."""

    def __init__(self, site: str, name: str, description: Description, journal: Journal) -> None:
        self.holding: set[str] = set()
        self._site = site
        self._name = name
        self._description = description
        self._journal = journal
        self._connection = 0
        self._spoken = 0

    def through(self, bus: Bus, outbox: Outbox) -> None:
        """Say it here."""
        self._bus = bus
        self._outbox = outbox

    def will(self) -> Will:
        """The last will for the next connection; its `seq` is the highest of that connection, so it wins over it."""
        self._connection += 1
        self._spoken = 0
        seq = (self._connection + 1) * SEQ_PER_CONNECTION - 1
        return Will(self._own("state"), self._state(InstrumentMode.OFFLINE, seq))

    async def greet(self) -> None:
        """Say what the instrument is and how it is, at a new connection."""
        await self._bus.publish(self._own("description"), encode(self._description), 1, True)
        await self._bus.publish(self._own("state"), self._state(), 1, True)

    async def goodbye(self) -> None:
        """Say that the instrument leaves."""
        await self._bus.publish(self._own("state"), self._state(InstrumentMode.OFFLINE), 1, True)

    async def heartbeat(self, active: list[str], queue: int) -> None:
        """Beat once."""
        beat = Heartbeat(
            boot_id=self._journal.boot_id, seq=self._seq(), at=datetime.now(UTC), active=active[:1000], queue=queue
        )
        await self._bus.publish(self._own("heartbeat"), encode(beat), 0)

    def state(self) -> None:
        """Say the state, which has changed."""
        self._outbox.put("state", self._own("state"), self._state, retain=True)

    def status(self, attempt_id: str) -> None:
        """Say where an attempt stands; the journal settles one that ended without a result once that is said."""

        def sent() -> None:
            entry = self._journal.get(attempt_id)
            if entry is not None and not entry.settled and entry.state in _ENDED_WITHOUT_RESULT:
                self._journal.settle(attempt_id)

        topic = self._of(attempt_id, "status")
        self._outbox.put(f"status {attempt_id}", topic, lambda: self._status(attempt_id), sent=sent)

    def other_digest(self, entry: Entry, digest: str) -> None:
        """Refuse a request that carries the id of another one."""
        payload = self._render(
            entry.attempt_id, entry.digest, AttemptState.REFUSED, Refusal.OTHER_DIGEST, f"the request had {digest}"
        )
        self._outbox.put(f"refusal {entry.attempt_id}", self._of(entry.attempt_id, "status"), lambda: payload)

    def result(self, attempt_id: str) -> None:
        """Say a result, again and again until `silence`."""

        def render() -> bytes | None:
            entry = self._journal.get(attempt_id)
            return entry.result if entry is not None and entry.to_send else None

        self._outbox.repeat(f"result {attempt_id}", self._of(attempt_id, "result"), render)

    def silence(self, attempt_id: str) -> None:
        """A receipt has come."""
        self._outbox.stop(f"result {attempt_id}")

    def _status(self, attempt_id: str) -> bytes:
        entry = self._journal.get(attempt_id)
        if entry is None:
            return self._render(attempt_id, None, AttemptState.UNKNOWN, None, None)
        running = entry.state is AttemptState.RUNNING
        state = AttemptState.HOLDING if running and attempt_id in self.holding else entry.state
        return self._render(attempt_id, entry.digest, state, entry.refusal, entry.reason)

    def _render(
        self, attempt_id: str, digest: str | None, state: AttemptState, refusal: Refusal | None, reason: str | None
    ) -> bytes:
        status = AttemptStatus(
            attempt_id=attempt_id,
            digest=digest,
            state=state,
            refusal=refusal,
            reason=reason,
            boot_id=self._journal.boot_id,
            journal_id=self._journal.journal_id,
            seq=self._seq(),
            at=datetime.now(UTC),
        )
        return encode(status)

    def _state(self, mode: InstrumentMode | None = None, seq: int | None = None) -> bytes:
        estops = self._journal.estops()
        paused = InstrumentMode.PAUSED if self._journal.paused else InstrumentMode.ONLINE
        state = InstrumentState(
            state=mode or (InstrumentMode.ESTOPPED if estops else paused),
            boot_id=self._journal.boot_id,
            journal_id=self._journal.journal_id,
            seq=self._seq() if seq is None else seq,
            at=datetime.now(UTC),
            wanted=self._journal.wanted,
            estops=estops[:100],  # no message holds more
        )
        return encode(state)

    def _seq(self) -> int:
        self._spoken += 1
        return self._connection * SEQ_PER_CONNECTION + self._spoken

    def _own(self, kind: str) -> str:
        return topics.own(self._site, self._name, kind)

    def _of(self, attempt_id: str, kind: str) -> str:
        return topics.attempt(self._site, self._name, attempt_id, kind)


_ENDED_WITHOUT_RESULT = {
    AttemptState.REFUSED,
    AttemptState.EXPIRED,
    AttemptState.CANCELLED,
    AttemptState.INTERRUPTED,
}
