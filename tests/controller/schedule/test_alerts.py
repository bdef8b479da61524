"""From a cause in the database to a message at a real server, over restarts, on a simulated clock."""

import asyncio
import contextlib
import email
import email.policy
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from controller.access.actors import Actor, Forbidden, Role
from controller.access.alerts import AlertsSection
from controller.commands.alerts import test_alert as ask_for_test
from controller.commands.errors import NotFound
from controller.effects import alert as effect
from controller.effects.alert import Alerter, as_text
from controller.effects.runner import Runner
from controller.report import alerts as report
from controller.report.alerts import shown
from controller.report.audit import audit
from controller.schedule import alerts as schedule
from controller.schedule.alerts import Alerts
from controller.store import Store, Unit
from controller.store.change import change_attempt, pause_for
from controller.store.tables import Alert, Attempt, Campaign, Event, Outbox
from tests.adapters.receivers.servers import Post, Trust, Web, mail_server, make_trust, web_server
from tests.controller.world import ADMIN, add_people, fill

HOUR = timedelta(hours=1)


class Clock:
    """Stands until it is set."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return make_trust(tmp_path_factory.mktemp("trust"))


@pytest.fixture
async def web(trust: Trust) -> AsyncIterator[Web]:
    async with web_server(trust, Web()) as server:
        yield server


@pytest.fixture
def section(web: Web, trust: Trust, tmp_path: Path) -> AlertsSection:
    (tmp_path / "key").write_text("the key\n")
    receiver = {"name": "hook", "kind": "webhook", "url": web.url, "key_file": tmp_path / "key"}
    return AlertsSection.model_validate(
        {
            "receivers": [{**receiver, "ca_file": trust.ca_file}],
            "rules": {"approval_waiting": None},
            "allow": ["127.0.0.1"],
        }
    )


@pytest.fixture
def url(either_url: str) -> str:
    """Messages are wanted and counted alike in both databases."""
    return either_url


@contextlib.asynccontextmanager
async def daemon(url: str, section: AlertsSection, clock: Clock) -> AsyncIterator[tuple[Store, Alerts]]:
    """Of a daemon: the store, the alerts, and the effects that send them."""
    store = Store(url, clock=clock)
    await store.start()
    runner = asyncio.create_task(Runner(store, {"alert": Alerter(store, section, "lab").alert}, {}).run())
    try:
        yield store, Alerts(store, section)
    finally:
        runner.cancel()
        await asyncio.gather(runner, return_exceptions=True)
        await store.stop()


@pytest.fixture(autouse=True)
async def filled(url: str) -> None:
    """A campaign with an attempt in doubt."""
    store = Store(url)
    await store.start()
    for function in (add_people, fill, no_other_outbox):
        await store.write(function, name="test")
    await store.stop()


def no_other_outbox(unit: Unit) -> None:
    """The work of other effects is not done here."""
    for row in unit.session.scalars(select(Outbox).where(col(Outbox.kind) != "alert")):
        row.done_at = unit.now


async def outcomes(store: Store, count: int) -> list[dict[str, Any]]:
    """What became of sendings, once there are so many."""

    def look(session: Any) -> list[dict[str, Any]]:
        kinds = select(Event).where(col(Event.kind).in_(("alert.sent", "alert.failed"))).order_by(col(Event.number))
        return [{"kind": row.kind, **row.data} for row in session.scalars(kinds)]

    async with asyncio.timeout(20):
        while len(found := await store.read(look)) < count:
            await asyncio.sleep(0.02)
    return found


async def test_a_restart_sends_nothing_twice(url: str, section: AlertsSection, web: Web) -> None:
    clock = Clock()
    async with daemon(url, section, clock) as (store, alerts):
        due = await alerts.look()
        assert due == clock.now + timedelta(minutes=1)
    clock.now = due
    async with daemon(url, section, clock) as (store, alerts):  # the window is not begun anew
        assert await alerts.look() == clock.now + HOUR
        await outcomes(store, 1)
    for _ in range(2):
        async with daemon(url, section, clock) as (store, alerts):
            await alerts.look()
            await alerts.look()
            assert await store.read(_open_rows) == []
    [(headers, body)] = web.got
    told = json.loads(body)
    assert (told["kind"], told["site"], headers["tatara-id"]) == ("alerts", "lab", told["id"])
    [item] = told["alerts"]
    assert (item["state"], item["rule"], item["subject"]) == ("new", "attempt-in-doubt", "reactor")
    assert "the key" not in str(headers) + body.decode()

    clock.now += HOUR
    async with daemon(url, section, clock) as (store, alerts):
        await alerts.look()
        await outcomes(store, 2)
        await store.write(_settle, name="test")
        await alerts.look()
        clock.now += timedelta(minutes=1)
        await alerts.look()
        await outcomes(store, 3)
        states = [{each["rule"]: each["state"] for each in json.loads(body)["alerts"]} for _, body in web.got]
        assert [each.get("attempt-in-doubt") for each in states] == ["new", "again", "resolved"]
        assert len({headers["tatara-id"] for headers, _ in web.got}) == 3
        [row] = [r for r in await store.read(_alerts) if r.rule == "attempt-in-doubt"]
        assert (row.times_sent, row.ended_at) == (3, clock.now)
        assert (await store.read(audit)).ok


def _open_rows(session: Any) -> list[Outbox]:
    return list(session.scalars(select(Outbox).where(col(Outbox.done_at).is_(None))))


def _alerts(session: Any) -> list[Alert]:
    return list(session.scalars(select(Alert)))


def _settle(unit: Unit) -> None:
    change_attempt(unit, unit.session.scalars(select(Attempt)).one(), "abandon")


async def test_it_wakes_by_a_commit_and_by_the_clock(url: str, section: AlertsSection, web: Web) -> None:
    quick = section.model_copy(update={"group": 0.2})
    async with daemon(url, quick, Clock()) as (store, alerts):
        store.clock = lambda: datetime.now(UTC)
        await store.write(_settle, name="test")
        running = asyncio.create_task(alerts.run())
        await asyncio.sleep(0.05)
        await store.write(_pause, name="test")
        [done] = await outcomes(store, 1)
        running.cancel()
    assert (done["kind"], len(web.got)) == ("alert.sent", 1)


def _pause(unit: Unit) -> None:
    pause_for(unit, unit.session.scalars(select(Campaign)).one(), "the strategy failed")


async def test_a_receiver_that_fails_is_tried_again_with_the_same_id(
    url: str, section: AlertsSection, web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(effect, "PAUSES_S", (0.01, 0.01))
    caplog.set_level(logging.WARNING)
    web.status = "500 No"
    clock = Clock()
    async with daemon(url, section, clock) as (store, alerts):
        await alerts.look()
        clock.now += timedelta(minutes=1)
        await alerts.look()
        first, last = await outcomes(store, 2)
        assert [(each["kind"], each["given_up"]) for each in (first, last)] == [
            ("alert.failed", False),
            ("alert.failed", True),
        ]
        assert (first["why"], len(web.got)) == ("it answered 500", 3)
        assert len({headers["tatara-id"] for headers, _ in web.got}) == 1
        page = await store.read(lambda session: shown(session, section.rules, clock.now))
        assert [row["times_sent"] for row in page["standing"] if row["rule"] == "attempt-in-doubt"] == [1]
        assert [row["kind"] for row in page["sendings"]] == ["alert.failed", "alert.failed"]
    assert "the key" not in caplog.text + str(page)


async def test_the_tries_of_a_message_are_counted_over_restarts(
    url: str, section: AlertsSection, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effect, "PAUSES_S", (0.01, 600.0))
    web.status = "500 No"
    clock = Clock()
    async with daemon(url, section, clock) as (store, alerts):
        await alerts.look()
        clock.now += timedelta(minutes=1)
        await alerts.look()
        await counted(store, 2)
    async with daemon(url, section, clock) as (store, _):  # at once: the pause is not over
        await store.write(lambda unit: ask_for_test(unit, ADMIN, section, "hook"), name="t")
        await outcomes(store, 2)
        assert [json.loads(body)["kind"] for _, body in web.got] == ["alerts", "alerts", "test"]
    clock.now += timedelta(minutes=10)
    async with daemon(url, section, clock) as (store, _):
        *_, last = await outcomes(store, 3)
        assert (last["test"], last["given_up"]) == (False, True)
        assert await store.read(_open_rows) == []
    assert [json.loads(body)["kind"] for _, body in web.got] == ["alerts", "alerts", "test", "alerts"]


async def counted(store: Store, tries: int) -> None:
    """Once so many tries of the open message are kept."""
    async with asyncio.timeout(20):
        while [row.payload.get("tries") for row in await store.read(_open_rows)] != [tries]:
            await asyncio.sleep(0.02)


async def test_of_a_rule_with_too_many_causes_nothing_is_told_as_resolved(
    url: str, section: AlertsSection, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubts = section.model_copy(update={"rules": section.rules.model_copy(update={"budget": None})})
    clock = Clock()
    store = Store(url, clock=clock)
    await store.start()
    alerts = Alerts(store, doubts)
    await alerts.look()
    clock.now += timedelta(minutes=1)
    await alerts.look()
    monkeypatch.setattr(report, "MOST", 1)
    await store.write(_earlier_doubt, name="test")  # the order of ids puts it before the one that was told
    for _ in range(3):
        clock.now += timedelta(minutes=2)
        await alerts.look()
    page = await store.read(lambda session: shown(session, doubts.rules, clock.now))
    assert (len(page["standing"]), page["cut"]) == (1, True)
    assert await store.read(_states) == ["new", "new"]
    monkeypatch.setattr(report, "MOST", 200)
    await alerts.look()
    await store.write(_settle_all, name="test")
    for _ in range(2):
        await alerts.look()
        clock.now += timedelta(minutes=1)
    assert await store.read(_states) == ["new", "new", "resolved", "resolved"]
    await store.stop()


def _earlier_doubt(unit: Unit) -> None:
    row = unit.session.scalars(select(Attempt)).one()
    unit.record("test", Attempt(**row.model_dump() | {"id": f"00{row.id[2:]}"}))


def _settle_all(unit: Unit) -> None:
    for row in unit.session.scalars(select(Attempt)).all():
        row.state = "abandoned"
        unit.record("test", row)


def _states(session: Any) -> list[str]:
    """What was said of attempts in doubt, in all messages."""
    rows = session.scalars(select(Outbox).where(col(Outbox.kind) == "alert").order_by(col(Outbox.id)))
    said = [each for row in rows for each in row.payload["alerts"]]
    return [each["state"] for each in said if each["rule"] == "attempt-in-doubt"]


async def test_a_look_that_finds_itself_forestalled_writes_nothing(url: str, section: AlertsSection) -> None:
    store = Store(url)
    await store.start()
    first, second = Alerts(store, section), Alerts(store, section)
    read = store.read

    async def read_and_be_late(function: Any) -> Any:
        found = await read(function)
        store.read = read  # type: ignore[method-assign]
        await second.look()
        return found

    store.read = read_and_be_late  # type: ignore[method-assign]
    await first.look()
    kinds = select(Event).where(col(Event.kind) == "alert.change")
    [event] = await read(lambda session: session.scalars(kinds).all())
    assert event.rows
    await store.stop()


async def test_an_admin_tries_a_receiver(url: str, section: AlertsSection, web: Web) -> None:
    async with daemon(url, section, Clock()) as (store, _):
        for role in (Role.VIEWER, Role.OPERATOR):
            with pytest.raises(Forbidden):
                await store.write(lambda unit, r=role: ask_for_test(unit, Actor("x", r), section, "hook"), name="t")
        with pytest.raises(NotFound):
            await store.write(lambda unit: ask_for_test(unit, ADMIN, section, "other"), name="t")
        message = await store.write(lambda unit: ask_for_test(unit, ADMIN, section, "hook"), name="t")
        [done] = await outcomes(store, 1)
        assert (done["kind"], done["message"], done["test"]) == ("alert.sent", message, True)
        assert json.loads(web.got[0][1])["kind"] == "test"
        web.status = "404 No"
        await store.write(lambda unit: ask_for_test(unit, ADMIN, section, "hook"), name="t")
        _, failed = await outcomes(store, 2)
        assert (failed["why"], failed["given_up"]) == ("it answered 404", True)


async def test_each_receiver_hears_of_its_rules_only(url: str, section: AlertsSection) -> None:
    other = section.receivers[0].model_copy(update={"name": "other", "rules": ["budget"]})
    both = section.model_copy(update={"receivers": [*section.receivers, other]})
    clock = Clock()
    store = Store(url, clock=clock)
    await store.start()
    alerts = Alerts(store, both)
    await alerts.look()
    clock.now += timedelta(minutes=1)
    await alerts.look()
    assert [row.payload["receiver"] for row in await store.read(_open_rows)] == ["hook"]
    await store.stop()


async def test_by_mail_too(url: str, trust: Trust, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    async with mail_server(Post(trust)) as server:
        receiver = {
            "name": "post",
            "kind": "mail",
            "host": "127.0.0.1",
            "port": server.port,
            "username": "tatara",
            "password_file": tmp_path / "password",
            "sender": "tatara@example.org",
            "to": ["ada@example.org"],
            "ca_file": trust.ca_file,
        }
        fields = {"receivers": [receiver], "allow": ["127.0.0.1"], "console": "https://lab.example.org/"}
        section = AlertsSection.model_validate(fields)
        clock = Clock()
        async with daemon(url, section, clock) as (store, alerts):
            await alerts.look()
            clock.now += timedelta(minutes=1)
            await alerts.look()
            assert [each["kind"] for each in await outcomes(store, 1)] == ["alert.sent"]
            [row] = [each for each in await store.read(_alerts) if each.times_sent]
    letter = email.message_from_string(server.letters[0], policy=email.policy.default)
    assert letter["Subject"].startswith("[Tatara lab] 1 new: attempt ")
    text = letter.get_content().replace("\r\n", "\n")
    assert f"New\n- {row.text} (since " in text
    assert "https://lab.example.org/" in text
    assert "secret" not in server.letters[0]


def test_a_letter_that_tells_of_several_things() -> None:
    alerts = [
        {"state": state, "text": f"it {number} stands", "since": "2026-01-01T00:00:00+00:00"}
        for number, state in enumerate(["resolved", "new", "new"])
    ]
    subject, text = as_text("lab", {"test": False, "alerts": alerts}, None)
    assert subject == "[Tatara lab] 2 new, 1 resolved"
    assert text.splitlines() == [
        "New",
        "- it 1 stands (since 2026-01-01T00:00:00+00:00)",
        "- it 2 stands (since 2026-01-01T00:00:00+00:00)",
        "",
        "Resolved",
        "- it 0 stands (since 2026-01-01T00:00:00+00:00)",
    ]


async def test_a_fault_of_ours_costs_a_while_and_not_the_daemon(
    url: str, section: AlertsSection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "BREATH_S", 0.01)
    looked: list[int] = []

    def broken(*_: Any) -> Any:
        looked.append(1)
        raise KeyError("a row of an earlier version")

    monkeypatch.setattr(schedule, "causes", broken)
    store = Store(url)
    await store.start()
    running = asyncio.create_task(Alerts(store, section).run())
    await asyncio.sleep(0.5)
    assert not running.done()
    assert len(looked) == 1  # it rests
    await store.write(lambda unit: unit.record("test"), name="test")
    await asyncio.sleep(0.5)
    assert not running.done()
    assert len(looked) == 2
    running.cancel()
    await store.stop()
