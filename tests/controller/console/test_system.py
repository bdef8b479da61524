"""What the page about the system says."""

from dataclasses import replace
from datetime import UTC, datetime
from string import Formatter

import pytest
from sqlalchemy import make_url

from adapters.compute import Failure, Workers
from controller.access.alerts import Rules
from controller.console.alerting import became, rule_text, said
from controller.console.pages.system import executor, lag_text, surroundings
from controller.console.shown import size
from controller.report import system
from controller.report.alerts import TEXTS
from controller.schedule.lag import KEPT_S, Lag
from controller.store.latencies import MESSAGES
from tests.controller.world import World


def test_the_largest_lag_of_the_last_minute() -> None:
    lag = Lag()
    assert lag.largest_s == 0.0
    for at, late in ((0.0, 0.1), (1.0, 0.5), (2.0, 0.2), (3.0, 0.3)):
        lag.note(at, late)
    assert lag.largest_s == 0.5
    lag.note(2.0 + KEPT_S, 0.0)
    assert lag.largest_s == 0.3
    lag.note(4.0 + KEPT_S, 0.01)
    assert lag.largest_s == 0.01


def test_lag_and_size_as_people_read_them() -> None:
    assert [lag_text(each) for each in (0.004, 0.0123, 0.0996, 2.0)] == [
        "under 10 ms in the last minute",
        "at most 12 ms in the last minute",
        "at most 0.1 s in the last minute",
        "at most 2 s in the last minute",
    ]
    assert [size(each) for each in (12, 999, 1000, 360_448, 999_600, 74.7e9)] == [
        *("12 B", "999 B", "1 kB", "360 kB", "1 MB", "74.7 GB")
    ]


@pytest.mark.parametrize("what", TEXTS)
def test_pages_say_of_an_alert_what_messages_say(what: str) -> None:
    names = [name for _, name, _, _ in Formatter().parse(TEXTS[what]) if name]
    facts = {name: f"<{name}>" for name in names}
    assert said(what, facts).lower() == TEXTS[what].format(**facts)


def test_rules_as_people_read_them() -> None:
    rules = Rules(approval_waiting=7200, instrument_lost=False, budget=0.9)
    assert rule_text(rules, "approval-waiting") == "longer than 2 h"
    assert rule_text(rules, "instrument-lost") == "off"
    assert rule_text(rules, "budget") == "90% spent"


def test_what_became_of_a_message() -> None:
    failed = {"kind": "alert.failed", "data": {"test": False, "why": "it answered 500", "given_up": False}}
    assert became(failed) == "not delivered, will be tried again: it answered 500"
    failed["data"] = {"test": True, "why": "it answered 500", "given_up": True}
    assert became(failed) == "test not delivered: it answered 500"


async def test_the_database(world: World) -> None:
    found = await world.store.read(system.database)
    assert (found["kind"], found["schema"]) == ("sqlite", "0004")
    assert found["bytes"] > 100_000
    assert found["place"].endswith("/tatara.db")
    assert found["events"] > 10
    assert {"python", "tatara", "botorch"} <= system.versions().keys()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////var/lib/tatara/tatara.db", "/var/lib/tatara/tatara.db"),
        ("postgresql+psycopg://tatara:hidden@db.lab:5433/tatara", "db.lab:5433/tatara"),
        ("postgresql+psycopg://db.lab/tatara?user=tatara&password=hidden", "db.lab/tatara"),
        ("postgresql+psycopg:///tatara?host=/run/postgresql&password=hidden", "tatara"),
    ],
)
def test_a_database_is_named_without_what_opens_it(url: str, said: str) -> None:
    assert system.place(make_url(url)) == said


def test_the_executor_tells_of_its_last_failure() -> None:
    workers = Workers(2)
    assert executor(workers) == [
        ("Workers", "2, of them 0 busy"),
        ("Restarts", "0"),
        ("Last failure", "none since the daemon started"),
    ]
    workers.last_failure = Failure(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "Traceback\n  line\nValueError: no\n")
    assert executor(workers)[-1] == ("Last failure", "2026-01-02 03:04:05 UTC: ValueError: no")


async def test_the_connection_to_the_broker(world: World) -> None:
    machine = {"connected_since": "2026-01-02T03:04:05+00:00", "tls": False}
    services = replace(world.app.state.services, broker="127.0.0.1:1883", machine=lambda: machine)
    before = system.messages()
    for fate, count in (("taken", 3), ("quarantined", 2)):
        MESSAGES.labels("stove", "state", fate).inc(count)
    assert system.messages() == (before[0] + 5, before[1] + 2)
    said = dict(surroundings(services))
    assert said["Connected since"] == "2026-01-02 03:04:05 UTC"
    assert said["Encryption"] == "none: it stays on this machine"
    assert said["Messages"].endswith(f"{before[1] + 2} refused")
