"""Campaign windows: "propose only on weekdays from 8 to 18", on the wall clocks of a time zone.

A window opens and closes at moments found from the local date and time of day. Of a time of day that comes twice, the
first counts; one that the clock skips is taken as if the clock had not been put forward yet.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from controller.spec.fields import Section

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HORIZON = 15  # days: two weeks, because daylight saving can swallow one of a week's windows

TimeOfDay = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    from difflib import get_close_matches

    if name not in _zones():
        near = get_close_matches(name, _zones(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "use an IANA name such as 'Europe/Berlin'"
        raise ValueError(f"unknown time zone; {hint}")
    return name


class Window(Section):
    """Open on `days` between two times of day (`from` and `to` in the file, "00:00" to "24:00")."""

    model_config = ConfigDict(validate_by_alias=True, validate_by_name=False)

    days: Annotated[list[Day], Field(min_length=1, max_length=7)] = list(DAYS)
    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"

    @model_validator(mode="after")
    def _in_order(self) -> "Window":
        if self.start >= self.end:
            raise ValueError("'from' must be before 'to'; write two windows for one that goes over midnight")
        return self


def is_open(windows: Sequence[Window], now: datetime) -> bool:
    """Whether any window is open at `now` (with its time zone); without windows it always is."""
    return not windows or any(opens <= now < closes for opens, closes in _intervals(windows, now))


def next_edge(windows: Sequence[Window], now: datetime) -> datetime | None:
    """The next moment after `now`, in UTC, at which `is_open` changes; None if it does not."""
    intervals = list(_intervals(windows, now)) if windows else []
    edges = sorted({edge for interval in intervals for edge in interval if edge > now})
    horizon = now + timedelta(days=_HORIZON - 1)
    state = is_open(windows, now)
    changes = (edge for edge in edges if edge < horizon and _covered(intervals, edge) != state)
    return next(changes, None)


def _covered(intervals: Sequence[tuple[datetime, datetime]], moment: datetime) -> bool:
    return any(opens <= moment < closes for opens, closes in intervals)


def _intervals(windows: Sequence[Window], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When the windows are open, in UTC, from two days before `now` to the horizon."""
    for window in windows:
        zone = ZoneInfo(window.timezone)
        today = now.astimezone(zone).date()
        for offset in range(-2, _HORIZON + 1):
            day = today + timedelta(days=offset)
            if DAYS[day.weekday()] in window.days:
                yield _moment(day, window.start, zone), _moment(day, window.end, zone)


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    if clock == "24:00":
        return _moment(day + timedelta(days=1), "00:00", zone)
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)
