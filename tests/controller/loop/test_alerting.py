"""What people are told, on a simulated clock: grouped, ever more rarely, and ended once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from controller.loop.alerting import AlertView, Cause, Rhythm, tell

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RHYTHM = Rhythm(MINUTE, (HOUR, 4 * HOUR, DAY))


def cause(name: str) -> Cause:
    """One that lasts, or, in capitals, one that is told once."""
    return Cause(name, "rule", name, f"{name} stands", lasting=name.islower())


@dataclass
class People:
    """Those who are told, and the rows between two decisions."""

    rows: dict[str, AlertView] = field(default_factory=dict)
    heard: list[tuple[timedelta, dict[str, str]]] = field(default_factory=list)
    now: datetime = START
    wake_at: datetime | None = None

    def look(self, standing: Iterable[str]) -> None:
        telling = tell(self.rows.values(), [cause(each) for each in standing], self.now, RHYTHM)
        for each in telling.begin:
            self.rows[each.key] = AlertView(each.key, self.now)
        for key in telling.gone:
            self.rows[key] = replace(self.rows[key], gone_at=self.now)
        for key in telling.back:
            self.rows[key] = replace(self.rows[key], gone_at=None)
        for key in telling.say or ():
            row = self.rows[key]
            self.rows[key] = replace(row, times_sent=row.times_sent + 1, sent_at=self.now)
        for key in telling.end:
            self.rows[key] = replace(self.rows[key], ended=True)
            if key.islower():  # of what lasts, the next time is another row
                del self.rows[key]
        if telling.say:
            self.heard.append((self.now - START, dict(telling.say)))
        self.wake_at = telling.wake_at

    def wait(self, length: timedelta, standing: Iterable[str] = ()) -> None:
        """Let time pass, looking whenever something is due, as the daemon does."""
        names, until = list(standing), self.now + length
        self.look(names)
        while self.wake_at is not None and self.wake_at <= until:
            assert self.wake_at > self.now, "it would never sleep"
            self.now = self.wake_at
            self.look(names)
        self.now = until


def test_what_happens_within_a_minute_is_one_message() -> None:
    people = People()
    people.wait(MINUTE / 2, ["a"])
    people.wait(MINUTE / 4, ["a", "b"])
    people.wait(MINUTE, ["a", "b", "C"])
    assert people.heard == [(MINUTE, {"a": "new", "b": "new", "C": "new"})]


def test_what_lasts_is_repeated_ever_more_rarely_and_resolved_once() -> None:
    people = People()
    people.wait(3 * DAY, ["a"])
    people.wait(DAY)
    first = MINUTE
    assert people.heard == [
        (first, {"a": "new"}),
        (first + HOUR, {"a": "again"}),
        (first + 5 * HOUR, {"a": "again"}),
        (first + 5 * HOUR + DAY, {"a": "again"}),
        (first + 5 * HOUR + 2 * DAY, {"a": "again"}),
        (3 * DAY + MINUTE, {"a": "resolved"}),
    ]
    assert people.rows == {}


def test_what_does_not_last_is_told_once() -> None:
    people = People()
    people.wait(DAY, ["A"])
    people.wait(DAY)
    people.wait(DAY, ["A"])
    assert people.heard == [(MINUTE, {"A": "new"})]


def test_what_is_over_before_anybody_was_told_is_not_told() -> None:
    people = People()
    people.wait(MINUTE / 2, ["a", "A"])
    people.wait(DAY)
    assert people.heard == []


def test_what_comes_back_at_once_was_never_gone() -> None:
    people = People()
    people.wait(2 * MINUTE, ["a"])
    for _ in range(20):
        people.wait(MINUTE / 2)
        people.wait(MINUTE / 2, ["a"])
    assert people.heard == [(MINUTE, {"a": "new"})]


def test_a_clock_that_is_set_back_a_little_repeats_nothing() -> None:
    people = People()
    people.wait(MINUTE, ["a"])
    people.now -= MINUTE / 2
    people.wait(HOUR - MINUTE, ["a"])
    assert [each for _, each in people.heard] == [{"a": "new"}]


def test_what_would_follow_shortly_comes_along() -> None:
    people = People(rows={"a": AlertView("a", START, 1, START), "b": AlertView("b", START, 1, START + MINUTE / 2)})
    people.wait(2 * HOUR, ["a", "b"])
    assert people.heard == [(HOUR, {"a": "again", "b": "again"})]


def test_a_clock_that_is_set_back_puts_nothing_off_for_long() -> None:
    people = People()
    people.look(["a"])
    people.now -= 30 * DAY
    people.wait(MINUTE / 2, ["a"])
    assert [each for _, each in people.heard] == [{"a": "new"}]
    people.now -= 30 * DAY
    people.wait(HOUR / 2, ["a"])
    assert [each for _, each in people.heard] == [{"a": "new"}, {"a": "again"}]


STEPS = st.lists(
    st.tuples(st.sets(st.sampled_from("abcAB")), st.integers(1, 20000).map(lambda seconds: timedelta(seconds=seconds))),
    max_size=20,
)


@given(STEPS)
def test_whatever_happens_nobody_is_flooded_and_nothing_is_left_open(steps: list[tuple[set[str], timedelta]]) -> None:
    people = People()
    for standing, length in steps:
        people.wait(length, sorted(standing))
    people.wait(MINUTE)
    told: dict[str, list[tuple[timedelta, str]]] = defaultdict(list)
    for at, states in people.heard:
        for key, state in states.items():
            told[key].append((at, state))
    for key, words in told.items():
        assert words[0][1] == "new"
        if key.isupper():
            assert len(words) == 1
            continue
        assert words[-1][1] == "resolved", "it is gone for a minute, and nobody was told"
        for (before, first), (after, second) in pairwise(words):
            assert (first == "resolved") == (second == "new")
            if second == "again":
                assert after - before >= HOUR - RHYTHM.group
    moments = [at for at, _ in people.heard]
    assert all(later - sooner > timedelta(0) for sooner, later in pairwise(moments))


@given(STEPS)
def test_looking_more_often_says_nothing_more(steps: list[tuple[set[str], timedelta]]) -> None:
    seldom, often = People(), People()
    for standing, length in steps:
        seldom.wait(length, sorted(standing))
        for _ in range(4):
            often.wait(length / 4, sorted(standing))
    assert often.heard == seldom.heard
