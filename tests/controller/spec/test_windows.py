"""Windows: open and closed, edges, and the two nights of daylight saving."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.spec import Window
from controller.spec.windows import DAYS, is_open, next_edge

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Window.model_validate(
    {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00", "timezone": "Europe/Berlin"}
)


def _window(start: str, end: str, *days: str, zone: str = "Europe/Berlin") -> Window:
    return Window.model_validate({"days": list(days or DAYS), "from": start, "to": end, "timezone": zone})


def _berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN)  # type: ignore[arg-type,misc]


def test_no_windows_is_always_open() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert is_open([], now)
    assert next_edge([], now) is None


@pytest.mark.parametrize(
    ("now", "open_", "edge"),
    [
        (_berlin(2026, 6, 1, 7, 59), False, _berlin(2026, 6, 1, 8)),
        (_berlin(2026, 6, 1, 8), True, _berlin(2026, 6, 1, 18)),
        (_berlin(2026, 6, 1, 17, 59), True, _berlin(2026, 6, 1, 18)),
        (_berlin(2026, 6, 5, 18), False, _berlin(2026, 6, 8, 8)),  # Friday evening
        (_berlin(2026, 6, 6, 12), False, _berlin(2026, 6, 8, 8)),  # Saturday
    ],
)
def test_office_hours(now: datetime, open_: bool, edge: datetime) -> None:
    assert is_open([OFFICE], now) is open_
    assert next_edge([OFFICE], now) == edge


def test_office_hours_keep_to_the_wall_clock_over_both_changes() -> None:
    assert next_edge([OFFICE], _berlin(2026, 3, 28, 12)) == datetime(2026, 3, 30, 6, tzinfo=UTC)  # summer time begins
    assert next_edge([OFFICE], _berlin(2026, 10, 24, 12)) == datetime(2026, 10, 26, 7, tzinfo=UTC)  # and ends


def test_the_day_of_the_change_is_an_hour_shorter_or_longer() -> None:
    whole = _window("00:00", "24:00", "sun")
    for day, hours in ((_berlin(2026, 3, 29), 23), (_berlin(2026, 10, 25), 25)):
        closes = next_edge([whole], day)
        assert closes is not None
        assert closes - day.astimezone(UTC) == timedelta(hours=hours)


def test_a_time_that_comes_twice_counts_once() -> None:
    night = _window("02:15", "02:45", "sun")
    opens = next_edge([night], _berlin(2026, 10, 25, 0))
    assert opens == datetime(2026, 10, 25, 0, 15, tzinfo=UTC)  # the first 02:15, in summer time
    assert next_edge([night], opens) == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert not is_open([night], datetime(2026, 10, 25, 1, 30, tzinfo=UTC))  # the second 02:30


def test_a_time_that_is_skipped_is_taken_in_winter_time() -> None:
    night = _window("02:15", "02:45", "sun")
    assert next_edge([night], _berlin(2026, 3, 29, 0)) == datetime(2026, 3, 29, 1, 15, tzinfo=UTC)
    assert is_open([night], datetime(2026, 3, 29, 1, 30, tzinfo=UTC))


def test_windows_that_touch_are_one() -> None:
    night = [_window("22:00", "24:00"), _window("00:00", "06:00")]
    assert is_open(night, _berlin(2026, 6, 2, 0))
    assert next_edge(night, _berlin(2026, 6, 1, 23)) == _berlin(2026, 6, 2, 6)


def test_whole_weeks_have_no_edge() -> None:
    assert next_edge([_window("00:00", "24:00")], _berlin(2026, 3, 20)) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(DAYS), st.integers(0, 94), st.integers(1, 40), st.sampled_from(
            ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "America/Santiago"])),
        min_size=1, max_size=3),
    st.integers(0, 365 * 96),
)  # fmt: skip
def test_nothing_changes_between_edges_and_something_at_each(
    drawn: list[tuple[str, int, int, str]], quarter: int
) -> None:
    windows = [
        _window(_clock(start), _clock(min(96, start + width)), day, zone=zone) for day, start, width, zone in drawn
    ]
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    edges = [now]
    for _ in range(3):
        edge = next_edge(windows, edges[-1])
        assert edge is not None
        edges.append(edge)
    for before, after in pairwise(edges):
        state = is_open(windows, before)
        assert all(is_open(windows, before + (after - before) * part / 4) == state for part in range(4))
        assert is_open(windows, after) != state


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"
