"""When people are told of what holds work up: grouped, repeated ever more rarely while it lasts, ended once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal


@dataclass(frozen=True)
class Cause:
    """Something that stands now; without `since` it is not known since when.

    What does not last is told once; `lasting` causes are told until they are gone. `text` is what messages say; for
    pages, `what` and its `facts` say the same.
    """

    key: str
    rule: str
    subject: str
    text: str
    since: datetime | None = None
    lasting: bool = True
    what: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AlertView:
    """What has been told of a cause so far."""

    key: str
    seen_at: datetime
    times_sent: int = 0
    sent_at: datetime | None = None
    gone_at: datetime | None = None  # since when its cause is gone; it may come back
    ended: bool = False


State = Literal["new", "again", "resolved"]


@dataclass(frozen=True)
class Telling:
    """What is to be kept, by key, and what is to be said now as one message.

    `end` holds what is over with this decision: resolved, or gone before anybody was told, or told and not lasting.
    """

    begin: tuple[Cause, ...] = ()
    gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    say: Mapping[str, State] | None = None
    wake_at: datetime | None = None

    @property
    def changes(self) -> bool:
        """Whether anything is to be kept."""
        return bool(self.begin or self.gone or self.back or self.end or self.say)


@dataclass(frozen=True)
class Rhythm:
    """What happens within `group` is one message; what lasts is repeated after these times, the last one for ever."""

    group: timedelta
    repeat: Sequence[timedelta]

    def again_after(self, times_sent: int) -> timedelta:
        """How long after so many messages the next one comes."""
        return self.repeat[min(times_sent, len(self.repeat)) - 1]


def tell(alerts: Iterable[AlertView], causes: Iterable[Cause], now: datetime, rhythm: Rhythm) -> Telling:
    """Decide what is to be kept and said. `alerts`: all that are open, and the ended ones of causes that do not last.

    The earliest thing that is due takes along whatever else waits, so that it is one message. A cause that comes back
    within `group` was never gone.
    """
    standing = {each.key: each for each in causes}
    views = {each.key: each for each in alerts}
    opened = {key: view for key, view in views.items() if not view.ended}
    begin = [c for key, c in standing.items() if key not in opened and (c.lasting or key not in views)]
    left = [key for key in opened if key not in standing]
    silent = [key for key in left if not opened[key].times_sent]
    gone = [key for key in left if opened[key].times_sent]
    back = [key for key, view in opened.items() if key in standing and view.gone_at is not None]

    due = {cause.key: now + rhythm.group for cause in begin}
    states: dict[str, State] = {cause.key: "new" for cause in begin}
    for key, view in opened.items():
        if key in silent:
            continue
        states[key], due[key] = _next(view, key in standing, now, rhythm)
    said = _said(states, due, now, rhythm)
    over = [key for key, state in said.items() if state == "resolved" or not standing[key].lasting]
    for key in said:
        del due[key]
        if key not in over:
            due[key] = now + rhythm.again_after(views[key].times_sent + 1 if states[key] == "again" else 1)
    return Telling(
        begin=tuple(begin),
        gone=tuple(key for key in gone if opened[key].gone_at is None and key not in over),
        back=tuple(back),
        end=(*silent, *over),
        say=said or None,
        wake_at=min(due.values(), default=None),
    )


def _next(view: AlertView, stands: bool, now: datetime, rhythm: Rhythm) -> tuple[State, datetime]:
    """What is said next of an alert, and when."""
    if not stands:
        return "resolved", _due(view.gone_at or now, rhythm.group, now, rhythm)
    if view.sent_at is None:
        return "new", _due(view.seen_at, rhythm.group, now, rhythm)
    return "again", _due(view.sent_at, rhythm.again_after(view.times_sent), now, rhythm)


def _due(since: datetime, wait: timedelta, now: datetime, rhythm: Rhythm) -> datetime:
    """A clock that was set back by much must not put it off: it is due now, once."""
    return now if since > now + rhythm.group else since + wait


def _said(states: Mapping[str, State], due: Mapping[str, datetime], now: datetime, rhythm: Rhythm) -> dict[str, State]:
    """Nothing until something is due; then all that waits for its first or last word, and what would follow shortly."""
    if not any(moment <= now for moment in due.values()):
        return {}
    return {key: state for key, state in states.items() if state != "again" or due[key] <= now + rhythm.group}
