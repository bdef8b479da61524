"""What an instrument has said, in order, and what was wrong with it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic

from adapters.instruments import topics
from adapters.instruments.bus import Delivery
from adapters.instruments.messages import (
    AttemptState,
    AttemptStatus,
    Description,
    Heartbeat,
    InstrumentState,
    MalformedMessage,
    Message,
    Result,
    parse,
)

MODELS: dict[str, type[Message]] = {
    "state": InstrumentState,
    "description": Description,
    "heartbeat": Heartbeat,
    "status": AttemptStatus,
    "result": Result,
}
_OPEN = {AttemptState.ACCEPTED, AttemptState.RUNNING, AttemptState.HOLDING}


@dataclass(frozen=True)
class Said:
    """One message that could be read. `retained`: the broker kept it, it was not said just now."""

    kind: str
    attempt_id: str | None
    message: Message
    payload: bytes
    retained: bool
    at: float

    @property
    def result(self) -> Result | None:
        """The result, if it is one."""
        return self.message if isinstance(self.message, Result) else None

    @property
    def status(self) -> AttemptStatus | None:
        """The status, if it is one."""
        return self.message if isinstance(self.message, AttemptStatus) else None

    def __str__(self) -> str:
        if (status := self.status) is not None:
            return f"{status.state}" + (f" ({status.refusal})" if status.refusal else "")
        if (result := self.result) is not None:
            return f"result {result.outcome}"
        return f"state {self.message.state}" if isinstance(self.message, InstrumentState) else self.kind


class Heard:
    """Everything that one instrument said; places count from 0."""

    def __init__(self, site: str, name: str) -> None:
        self.faults: list[str] = []  # what could not be read, and why
        self._site = site
        self._name = name
        self._said: list[Said] = []
        self._news = asyncio.Event()

    @property
    def place(self) -> int:
        """Where the next message will stand."""
        return len(self._said)

    def take(self, delivery: Delivery) -> None:
        """Keep a message of this instrument, or what is wrong with it."""
        topic = topics.parse_topic(delivery.topic)
        if topic is None or (topic.site, topic.instrument) != (self._site, self._name):
            return
        try:
            message = parse(MODELS[topic.kind], delivery.payload)
            if (named := getattr(message, "attempt_id", topic.attempt_id)) != topic.attempt_id:
                raise MalformedMessage(f"attempt_id is {named}")
        except MalformedMessage as error:
            self.faults.append(f"{topic.kind} of {topic.attempt_id or topic.instrument}: {error}")
        else:
            said = Said(topic.kind, topic.attempt_id, message, delivery.payload, delivery.retain, monotonic())
            self._said.append(said)
        self._news.set()

    def news(self) -> asyncio.Event:
        """An event that is set when something more is heard."""
        self._news.clear()
        return self._news

    def since(self, place: int) -> list[Said]:
        """What was said from this place on."""
        return self._said[place:]

    def of(self, attempt_id: str, since: int = 0) -> list[Said]:
        """What was said of an attempt."""
        return [said for said in self._said[since:] if said.attempt_id == attempt_id]

    def results(self, attempt_id: str, since: int = 0) -> list[Said]:
        """The results of an attempt, each as often as it came."""
        return [said for said in self.of(attempt_id, since) if said.result is not None]

    def states(self) -> list[InstrumentState]:
        """Every state that was said."""
        return [said.message for said in self._said if isinstance(said.message, InstrumentState)]

    def state(self) -> InstrumentState:
        """The last state; raises `LookupError` before the first."""
        if not (states := self.states()):
            raise LookupError("the instrument has said no state yet")
        return states[-1]

    def journal_id(self) -> str:
        """The journal that requests are for."""
        return self.state().journal_id

    def is_open(self, attempt_id: str) -> bool:
        """Whether an attempt was begun or queued and its end has not been heard."""
        statuses = [said.status for said in self.of(attempt_id) if said.status is not None]
        known = [each.state for each in statuses if each.refusal != "other-digest"]
        return bool(known) and known[-1] in _OPEN and not self.results(attempt_id)


def summary(said: Iterable[Said]) -> str:
    """What was said, in few words."""
    words = [f"{each.attempt_id}: {each}" if each.attempt_id else str(each) for each in said]
    shown = [word for word in words if word != "heartbeat"]
    beats = len(words) - len(shown)
    told = ", ".join(shown[-8:]) or "nothing"
    return told + (f", {beats} heartbeats" if beats else "")
