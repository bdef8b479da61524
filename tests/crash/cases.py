"""What is killed, and when. Every point that the daemon names, every kind of message in each direction."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapters.instruments.misbehaviour import Direction
from tests.laboratory.tap import Trigger

SEED = 20
RECOVERY = 20  # a second kill comes at one of so many points after the restart; each recovery has more


@dataclass(frozen=True)
class DaemonCase:
    """The daemon is killed at the first of `kill_at`, started again and killed at the next. `scene` prepares it."""

    scene: str
    kill_at: tuple[str, ...]

    def __str__(self) -> str:
        return f"daemon-{self.scene}-{'-then-'.join(self.kill_at)}"


@dataclass(frozen=True)
class WireCase:
    """A victim is killed when a message passes: instrument, forgetful (its journal is deleted too) or broker.

    `kill_at` is for the daemon, where only a restart of it makes the message.
    """

    victim: str
    instrument: str
    trigger: Trigger
    kill_at: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.victim}-{self.instrument}-{self.trigger}"


Case = DaemonCase | WireCase

# Scene -> named point -> how often an undisturbed run of that scene reaches it at least.
# "plain": nothing but the campaign. "daemon-first": instruments come later. "restart": the daemon was killed before.
# "doubt": an instrument is killed at work. "garbage": it says nonsense. "silence": it is stopped for a while.
# "orders": the operator pauses, stops in emergency, resets, amends and resumes.
# "people": the operator approves every proposal but one, which is rejected.
POINTS: Mapping[str, Mapping[str, int]] = {
    "plain": {
        "commit:admin-token": 1,
        "commit:connected": 1,
        "commit:admitted": 1,
        "commit:intake-state": 1,
        "commit:submit": 1,
        "commit:turn": 1,
        "commit:iteration": 12,
        "publish:request": 24,
        "commit:sent": 24,
        "commit:intake-status": 12,
        "commit:intake-result": 12,
        "publish:receipt": 24,
    },
    "daemon-first": {"commit:intake-description": 1},
    "restart": {"publish:command-report-attempts": 1, "commit:command-sent": 1},
    "doubt": {"commit:resolve-repeat": 1},
    "garbage": {"commit:intake-heartbeat": 3},
    "silence": {"commit:lost": 1, "commit:heard-again": 1},
    "orders": {
        "commit:pause": 1,
        "publish:command-estop": 2,
        "commit:estop": 1,
        "commit:reset": 1,
        "publish:command-reset": 2,
        "commit:amend": 1,
        "commit:resume": 1,
    },
    "people": {"commit:approve": 12, "commit:reject": 1},
}
# Where the daemon is killed first, so that what comes after a restart can be reached at all.
BEFORE: Mapping[str, tuple[str, ...]] = {"restart": ("publish:request:after#3",)}

# Direction -> kind of message -> how often it passes at least, at each instrument.
MESSAGES: Mapping[Direction, Mapping[str, int]] = {
    "to_broker": {"description": 1, "state": 2, "heartbeat": 3, "status": 12, "result": 12},
    "to_device": {"host-state": 1, "request": 12, "receipt": 12, "command": 1},
}
# After which kill of the daemon the instrument is asked what its journal knows.
ASKED: Mapping[str, str] = {"reactor-1": "publish:request:after#3", "analyser-1": "publish:request:after#4"}


def all_cases() -> list[Case]:
    """Every case, in a fixed order."""
    return [*daemon_cases(), *wire_cases()]


def sample(size: int) -> list[Case]:
    """A seeded choice; the scene that must wait for silence is left to the whole set."""
    quick = [case for case in all_cases() if getattr(case, "scene", "") != "silence"]
    return random.Random(SEED).sample(quick, size)


def daemon_cases() -> Iterator[DaemonCase]:
    """Each point before and after, at its first and a later occurrence, alone and with a second kill."""
    for scene, points in POINTS.items():
        for name, times in points.items():
            for point in (f"{name}:before", f"{name}:after"):
                for kill in (f"{point}#{count}" for count in _occurrences(point, times)):
                    kills = (*BEFORE.get(scene, ()), kill)
                    yield DaemonCase(scene, kills)
                    again = random.Random(f"{SEED} {scene} {kill} again").randint(1, RECOVERY)
                    yield DaemonCase(scene, (*kills, f"any#{again}"))


def wire_cases() -> Iterator[WireCase]:
    """Instrument and broker at each kind of message; the forgetful one only in the middle of the campaign."""
    for instrument in ASKED:
        for direction, kinds in MESSAGES.items():
            for kind, times in kinds.items():
                yield from _at_message(instrument, direction, kind, times)


def _at_message(instrument: str, direction: Direction, kind: str, times: int) -> Iterator[WireCase]:
    kill_at = (ASKED[instrument],) if kind == "command" else ()
    for moment in ("before", "after"):
        counts = _occurrences(f"{instrument} {direction} {kind} {moment}", times)
        for count in counts:
            trigger = Trigger(direction, kind, count, moment)
            yield WireCase("instrument", instrument, trigger, kill_at)
            yield WireCase("broker", instrument, trigger, kill_at)
        yield WireCase("forgetful", instrument, Trigger(direction, kind, counts[-1], moment), kill_at)


def _occurrences(what: str, times: int) -> Sequence[int]:
    """The first and, if there is one, a later occurrence; not the very last ones, after which nothing is left."""
    latest = times * 3 // 4
    return (1,) if latest < 2 else (1, random.Random(f"{SEED} {what}").randint(2, latest))
