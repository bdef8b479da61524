"""What the proxy may do to a message, and how it decides: seeded, by kind of message and by count."""

import json
import random
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapters.instruments.messages import MAX_BYTES

Direction = Literal["to_broker", "to_device"]
Kind = Literal["state", "description", "heartbeat", "request", "status", "result", "receipt", "command", "host-state"]
Fate = Literal["pass", "drop", "duplicate", "reorder", "delay", "corrupt", "wrong_unit", "nan", "oversize"]
Probability = Field(default=0.0, ge=0, le=1)

OTHER_UNIT = "lux"  # nothing that these instruments measure can be converted to it
_UNIT = re.compile(rb'"unit":\s*"[^"]*"')
_VALUE = re.compile(rb'("value":\s*)-?\d[\d.eE+-]*')
_NUMBER = re.compile(rb"(:\s*)-?\d[\d.eE+-]*")
_CLOCK = re.compile(rb'("(?:at|started_at|ended_at)":\s*)"([^"]*)"')


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Section):
    """Probabilities for messages of these kinds in this direction; at most one thing happens to a message."""

    kinds: list[Kind]
    direction: Direction
    drop: float = Probability
    duplicate: float = Probability
    reorder: float = Probability
    delay: float = Probability
    corrupt: float = Probability
    wrong_unit: float = Probability
    nan: float = Probability
    oversize: float = Probability

    @model_validator(mode="after")
    def _at_most_one(self) -> "Rule":
        if sum(self.fates().values()) > 1 + 1e-9:
            raise ValueError("the probabilities of one rule add up to more than 1")
        return self

    def fates(self) -> dict[Any, float]:
        """Probability of each fate but `pass`."""
        return self.model_dump(exclude={"kinds", "direction"})


class ProxyConfig(_Section):
    """Where to listen (port 0: choose), where the broker is, and how to misbehave.

    A dropped QoS 1 message is never acknowledged by anyone, and after `reset_s` the connection breaks, as it does on a
    real wire; only then may MQTT send it again. `late_will`: probability that, after a connection broke, its last will
    comes once more, `late_will_s` after the next one began. `clock_skew_s` shifts all times that the device tells.
    `report_file` gets what was done, as JSON, at the end.
    """

    host: str = "127.0.0.1"
    port: int = 0
    broker_host: str = "127.0.0.1"
    broker_port: int
    seed: int = 0
    rules: list[Rule] = []
    delay_s: float = 0.3
    reset_s: float = 0.5
    late_will: float = Probability
    late_will_s: float = 0.2
    clock_skew_s: float = 0.0
    ready_file: Path | None = None
    report_file: Path | None = None
    stop_with_parent: bool = False


def kind_of(topic: str) -> str:
    """Kind of message, from its topic."""
    levels = topic.split("/")
    return "host-state" if len(levels) > 4 and levels[3] == "host" else levels[-1]


class Fates:
    """Decides. The nth message of a kind in a direction meets the same fate in every run with the same seed."""

    def __init__(self, config: ProxyConfig) -> None:
        self._config = config
        self._count: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.quiet = False

    def draw(self, direction: Direction, topic: str) -> Fate:
        """What happens to the next message."""
        kind = kind_of(topic)
        chance = self.chance(f"{direction} {kind}")
        for rule in self._config.rules:
            if rule.direction != direction or kind not in rule.kinds:
                continue
            for fate, probability in rule.fates().items():
                chance -= probability
                if chance < 0:
                    self.done[f"{direction} {kind} {fate}"] += 1
                    chosen: Fate = fate
                    return chosen
        return "pass"

    def chance(self, what: str) -> float:
        """A number from 0 to 1 for the next thing of this name; 1 while quiet."""
        self._count[what] += 1
        drawn = random.Random(f"{self._config.seed} {what} {self._count[what]}").random()
        return 1.0 if self.quiet else drawn


def corrupt(payload: bytes) -> bytes:
    """Half of an object is not JSON."""
    return payload[: len(payload) // 2]


def wrong_unit(payload: bytes) -> bytes:
    """Every unit becomes one of another dimension; a message without units is corrupted instead.

    So is a description: with other units it would still be a valid one, of another instrument.
    """
    if b'"capabilities"' in payload:
        return corrupt(payload)
    changed, count = _UNIT.subn(f'"unit":"{OTHER_UNIT}"'.encode(), payload)
    return changed if count else corrupt(payload)


def not_a_number(payload: bytes) -> bytes:
    """A measured value, or else any number, becomes NaN; a message without numbers is corrupted instead."""
    for pattern in (_VALUE, _NUMBER):
        changed, count = pattern.subn(rb"\1NaN", payload, count=1)
        if count:
            return changed
    return corrupt(payload)


def oversize(payload: bytes) -> bytes:
    """Padded beyond what is allowed."""
    return payload[:-1] + b',"padding":"' + b"x" * MAX_BYTES + b'"}'


def skew(payload: bytes, seconds: float) -> bytes:
    """Shift the times that the device tells."""

    def shift(found: re.Match[bytes]) -> bytes:
        at = datetime.fromisoformat(found[2].decode()) + timedelta(seconds=seconds)
        return found[1] + json.dumps(at.isoformat()).encode()

    return _CLOCK.sub(shift, payload)


ALTERATIONS = {"corrupt": corrupt, "wrong_unit": wrong_unit, "nan": not_a_number, "oversize": oversize}
