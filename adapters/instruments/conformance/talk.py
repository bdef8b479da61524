"""The host's side of a test: says what a host says, also what no host should, and remembers all that it hears."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Self

from adapters.instruments import topics
from adapters.instruments.bus import Backoff, Bus, Delivery, Will
from adapters.instruments.conformance.findings import NotConforming
from adapters.instruments.conformance.heard import Heard, Said, summary
from adapters.instruments.host import Address
from adapters.instruments.messages import (
    Action,
    Command,
    HostMode,
    HostState,
    InstrumentState,
    Receipt,
    Verdict,
    canonical_json,
    encode,
    request_digest,
)

DAEMON = "conformance"


@dataclass(frozen=True)
class Patience:
    """Seconds for an answer, a run, the device to come (back); `quiet_s` of silence prove that nothing comes."""

    answer_s: float = 10.0
    run_s: float = 60.0
    come_s: float = 600.0
    quiet_s: float = 5.0


@dataclass
class Sent:
    """A request as it was sent."""

    fields: dict[str, Any]
    at: int  # place in what was heard: only what comes after it can be an answer

    @property
    def id(self) -> str:
        """Id of the attempt."""
        return str(self.fields["attempt_id"])

    @property
    def digest(self) -> str:
        """The digest that the instrument must carry."""
        return str(self.fields["digest"])


@dataclass
class Talk:
    """One connection with the daemon's rights; attempts have ids that were never used before."""

    address: Address
    site: str
    name: str
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        self.heard = Heard(self.site, self.name)
        self.sent: dict[str, Sent] = {}
        self.receipted: set[str] = set()
        self.others: set[str] = set()  # other daemons of this site that say that they are here
        self.here = True
        self.wanted = 0
        self.paused = False
        self.estops: set[str] = set()
        self._series = f"test-{secrets.token_hex(4)}"
        self._epoch = int(datetime.now(UTC).timestamp())
        self._markers = 0
        self._topic = topics.host_state(self.site, DAEMON)
        self._echo = asyncio.Event()
        self._stack = AsyncExitStack()
        self.bus = Bus(
            self.address.host,
            self.address.port,
            self.address.username,
            self.address.username,
            self.address.password,
            tls=self.address.tls,
            will=lambda: Will(self._topic, self._state(HostMode.OFFLINE)),
            subscriptions=[(f"{topics.ROOT}/{self.site}/#", 1)],
            on_connect=self._greet,
            backoff=Backoff(0.2, 1.0),
        )

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.bus)
        listening = asyncio.create_task(self._listen())
        self._stack.callback(listening.cancel)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.bus.connected:
            await self.present(False)
        await self._stack.aclose()

    async def _greet(self, session_present: bool) -> None:
        await self.present(self.here)

    async def _listen(self) -> None:
        async for delivery in self.bus.messages():
            delivery.ack()
            self._take(delivery)

    def _take(self, delivery: Delivery) -> None:
        levels = delivery.topic.split("/")
        if levels[3:4] == ["host"] and delivery.topic != self._topic:
            online = b'"online"' in delivery.payload
            (self.others.add if online else self.others.discard)(levels[4])
        if delivery.topic == self._topic:
            self._echo.set()
        self.heard.take(delivery)

    # What the host says

    async def present(self, here: bool = True) -> None:
        """Say that a host is there, or that none is."""
        self.here = here
        await self.bus.publish(self._topic, self._state(HostMode.ONLINE if here else HostMode.OFFLINE), 1, True)

    async def caught_up(self) -> None:
        """Return when everything has come that the broker had for us: our own words come behind it."""
        self._echo.clear()
        await self.present(self.here)
        await asyncio.wait_for(self._echo.wait(), self.patience.answer_s)

    def _state(self, mode: HostMode) -> bytes:
        return encode(HostState(state=mode, epoch=self._epoch, at=_now()))

    def new_id(self) -> str:
        """An id for an attempt."""
        self._markers += 1
        return f"{self._series}-{self._markers}"

    async def request(self, **fields: Any) -> Sent:
        """Send a request; what is not given is made so that it should be accepted."""
        made: dict[str, Any] = {
            "attempt_id": self.new_id(),
            "journal_id": self.heard.journal_id(),
            "campaign": "conformance",
            "step": "test",
            "start_before": (_now() + timedelta(minutes=10, seconds=self.patience.run_s)).isoformat(),
            "timeout_s": self.patience.run_s,
            **fields,
        }
        sent = Sent({"digest": request_digest(made), **made}, self.heard.place)
        self.sent.setdefault(sent.id, sent)
        await self.send(sent.id, canonical_json(sent.fields).encode())
        return sent

    async def repeat(self, sent: Sent, **changes: Any) -> Sent:
        """Send a request once more, as it was or changed."""
        again = Sent({**sent.fields, **changes}, self.heard.place)
        await self.send(sent.id, canonical_json(again.fields).encode())
        return again

    async def send(self, attempt_id: str, payload: bytes) -> None:
        """Publish anything as a request."""
        await self.bus.publish(topics.attempt(self.site, self.name, attempt_id, "request"), payload)

    async def command(self, action: Action, **fields: Any) -> int:
        """Send a command; returns the place in what was heard."""
        place = self.heard.place
        await self.shout(encode(Command(action=action, at=_now(), **fields)))
        return place

    async def shout(self, payload: bytes) -> None:
        """Publish anything as a command."""
        await self.bus.publish(topics.own(self.site, self.name, "command"), payload)

    async def pause(self, pause: bool, number: int | None = None) -> int:
        """Pause or resume, under the next number unless one is given; returns the number."""
        if number is None:
            self.wanted = max([self.wanted, *(state.wanted for state in self.heard.states())]) + 1
            self.paused = pause
        said = self.wanted if number is None else number
        await self.command(Action.PAUSE if pause else Action.RESUME, number=said, reason="conformance test")
        return said

    async def estop(self, estop_id: str | None) -> int:
        """Send an e-stop; `unnamed` is what one without an id is called."""
        self.estops.add(estop_id or "unnamed")
        return await self.command(Action.ESTOP, id=estop_id, reason="conformance test")

    async def reset(self, *estop_ids: str) -> int:
        """End these e-stops."""
        self.estops -= set(estop_ids)
        return await self.command(Action.RESET, estops=list(estop_ids), reason="conformance test")

    async def receipt(self, attempt_id: str, verdict: Verdict = Verdict.STORED) -> None:
        """Answer a result."""
        receipt = Receipt(attempt_id=attempt_id, verdict=verdict, at=_now())
        if verdict is not Verdict.QUARANTINED:
            self.receipted.add(attempt_id)
        await self.bus.publish(topics.attempt(self.site, self.name, attempt_id, "receipt"), encode(receipt))

    async def settled(self) -> None:
        """Return when the instrument has taken all that was sent: it answers in order. Raises `NotConforming`."""
        attempt_id, place = self.new_id(), self.heard.place
        await self.command(Action.REPORT_ATTEMPTS, attempts=[attempt_id])
        await self.hear(
            lambda said: said.attempt_id == attempt_id, "an answer to report-attempts of an unseen id", since=place
        )

    # What the host waits for

    async def hear(
        self, fits: Callable[[Said], bool], what: str, *, since: int = 0, within: float | None = None
    ) -> Said:
        """The first message from place `since` on that fits; raises `NotConforming`, with what was heard instead."""
        limit = self.patience.answer_s if within is None else within
        ends = monotonic() + limit
        while True:
            news = self.heard.news()
            for said in self.heard.since(since):
                if fits(said):
                    return said
            try:
                await asyncio.wait_for(news.wait(), ends - monotonic())
            except TimeoutError:
                heard = summary(self.heard.since(since))
                raise NotConforming(f"no {what} within {limit:g} s; heard: {heard}") from None

    async def state(self, fits: Callable[[InstrumentState], bool], what: str, **options: Any) -> InstrumentState:
        """The first state that fits; raises `NotConforming`."""

        def is_it(said: Said) -> bool:
            return isinstance(said.message, InstrumentState) and fits(said.message)

        found = (await self.hear(is_it, what, **options)).message
        assert isinstance(found, InstrumentState)
        return found


def _now() -> datetime:
    return datetime.now(UTC)
