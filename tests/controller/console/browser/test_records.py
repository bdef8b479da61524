"""Candidates, events and quarantine in a real browser, under the content policy."""

import json
import re
from collections.abc import Awaitable, Callable

import pytest
from nicegui import ui
from playwright.async_api import Page, expect
from sqlalchemy import select, update
from sqlmodel import col
from starlette.requests import Request

from adapters.instruments import topics
from controller.console.candidates import draw
from controller.intake.intake import read_topic
from controller.intake.quarantine import quarantine
from controller.store import Unit
from controller.store.tables import Attempt, Event, Quarantine
from strategies.spaces.candidates import KINDS, examples
from tests.controller.world import World
from tests.laboratory.browser import Console

EVIL = "<img src=x onerror=alert(1)>"
SignedIn = Callable[[str], Awaitable[Page]]


@ui.page("/test/candidates")
def _candidates(request: Request) -> None:
    pictures = request.state.house.pictures
    for kind in KINDS:
        for each in examples(kind):
            draw(each, pictures)
    draw({"kind": "molecule", "smiles": "no-molecule"}, pictures)


@pytest.fixture
def signed_in(world: World, world_console: Console) -> SignedIn:
    async def sign_in(role: str) -> Page:
        page = await world_console.enter_with(world.tokens[role])
        await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        return page

    return sign_in


# What three.js holds of the one scene on the page.
SCENE = "getElement(Number(document.querySelector('.nicegui-scene').id.slice(1)))"
TURNED = f"before => {SCENE}.camera.position.distanceTo(before) > 0.5"


async def test_every_kind_of_candidate_under_the_policy(signed_in: SignedIn) -> None:
    page = await signed_in("viewer")
    await page.goto("/test/candidates")
    pictures = page.locator("img.molecule:not([alt$='no-molecule'])")
    for place in range(await pictures.count()):
        await pictures.nth(place).scroll_into_view_if_needed()
        await expect(pictures.nth(place)).to_have_js_property("naturalWidth", 260)
    await page.get_by_text("no-molecule").scroll_into_view_if_needed()
    await expect(page.locator("img[alt$='no-molecule']")).to_be_hidden()
    await expect(page.get_by_text("No picture: it could not be drawn.").locator("visible=true")).to_have_count(1)


async def test_a_crystal_is_turned_by_a_mouse_and_by_buttons(signed_in: SignedIn) -> None:
    page = await signed_in("viewer")
    await page.goto("/test/candidates")
    await page.get_by_role("button", name="Show it in space").last.click()
    canvas = page.get_by_role("img", name="NaCl").locator("canvas")
    await expect(canvas).to_be_visible()
    await page.wait_for_function(f"{SCENE}.objects.size >= 27 + 12")
    for turn in ("button", "mouse"):
        await canvas.scroll_into_view_if_needed()
        before = await page.evaluate(f"{SCENE}.camera.position.clone()")
        if turn == "button":
            await page.get_by_role("button", name="Turn to the left").click()
        else:
            await canvas.drag_to(canvas, source_position={"x": 50, "y": 100}, target_position={"x": 200, "y": 120})
        await page.wait_for_function(TURNED, arg=before)


async def test_a_drawing_is_shut_in_and_for_those_who_are_signed_in(
    signed_in: SignedIn, world_console: Console
) -> None:
    page = await signed_in("viewer")
    answer = await page.request.get("/drawn/molecule.svg?smiles=*CC*")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert (await page.request.get("/drawn/molecule.svg?smiles=C1")).status == 422
    assert (await page.request.get(f"/drawn/molecule.svg?smiles={'C' * 2001}")).status == 422
    stranger = await world_console.open()
    assert (await stranger.request.get("/drawn/molecule.svg?smiles=C", max_redirects=0)).status == 303


async def test_moments_are_shown_by_the_clock_of_the_reader(world: World, world_console: Console) -> None:
    page = await world_console.enter_with(world.tokens["viewer"], "/events", timezone_id="Asia/Tokyo")
    moment = page.locator(".entry .soft").first
    await expect(moment).to_have_text(re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\+9$"))
    await expect(moment).to_have_attribute("title", re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$"))


async def test_events_are_found_opened_and_verified(world: World, signed_in: SignedIn) -> None:
    def fill(unit: Unit) -> None:
        for number in range(150):
            unit.record("test.many", subject=f"thing-{number}")
        unit.record("test.evil", subject=EVIL, actor="otto", why=EVIL)

    await world.store.write(fill, name="test")
    page = await signed_in("viewer")
    await page.goto("/events?kind=test.")
    entries = page.locator(".entry")
    await expect(entries).to_have_count(100)
    await expect(entries.first).to_contain_text(EVIL)
    await page.get_by_role("button", name="Older").click()
    await expect(entries).to_have_count(51)
    await expect(entries.last).to_contain_text("thing-0")
    await page.get_by_role("button", name="Newer").click()
    await expect(entries).to_have_count(100)

    await page.get_by_label("Person").fill("otto")
    await page.get_by_label("Person").press("Enter")
    await expect(entries).to_have_count(1)
    await entries.get_by_role("button", name="Show event").click()
    opened = page.get_by_role("dialog", name="test.evil")
    await expect(opened.get_by_text(f'"why": "{EVIL}"')).to_be_visible()
    await page.get_by_role("button", name="Close").click()

    await world.store.write(lambda unit: unit.record("test.new", actor="otto"), name="test")
    await expect(entries).to_have_count(2)  # the page follows

    await page.get_by_role("button", name="Verify").click()
    await expect(page.get_by_text("The trail is whole")).to_be_visible(timeout=30_000)
    await world.store.write(_forge, name="test")
    await page.get_by_role("button", name="Verify").click()
    await expect(page.get_by_text("The trail is not whole: 1 faults")).to_be_visible(timeout=30_000)
    await expect(page.get_by_role("cell", name="event-changed")).to_be_visible()


def _forge(unit: Unit) -> None:
    unit.session.execute(update(Event).where(col(Event.number) == 3).values(actor="nobody"))


async def test_refused_messages_are_put_right_or_discarded(world: World, signed_in: SignedIn) -> None:
    def refuse(unit: Unit) -> None:
        attempt = unit.session.get_one(Attempt, world.ids["attempt"])
        message = {"attempt_id": attempt.id, "digest": attempt.digest, "outcome": "broken", "reason": EVIL}
        message |= {"boot_id": "b", "journal_id": "j1"} | dict.fromkeys(("started_at", "ended_at"), "2026-01-01T00:00Z")
        topic = topics.attempt("lab", "analyser-1", attempt.id, "result")
        quarantine(unit, read_topic(topic, json.dumps(message).encode()), f"outcome: {EVIL}")

    await world.store.write(refuse, name="test")
    page = await signed_in("operator")
    await page.goto("/quarantine")
    cards = page.get_by_role("article")
    await expect(cards).to_have_count(2)
    await expect(cards.first).to_contain_text(EVIL)
    await cards.last.get_by_role("button", name="Show the message").click()
    await expect(cards.last).to_contain_text("\\x1b[2J{broken")
    await expect(cards.last.get_by_role("button", name="Correct")).to_have_count(0)
    await cards.last.get_by_role("button", name="Discard").click()
    await page.get_by_role("dialog").get_by_label("Why").fill("noise")
    await page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    await expect(cards).to_have_count(1)

    await cards.get_by_role("button", name="Correct").click()
    dialog = page.get_by_role("dialog", name="Correct the result")
    field = dialog.get_by_label("The result as it should have been")
    await dialog.get_by_label("Why").fill("it meant invalid")
    await dialog.get_by_role("button", name="Accept").click()
    await expect(page.get_by_text(re.compile("refused again: outcome"))).to_be_visible()
    await field.fill((await field.input_value()).replace("broken", "invalid"))
    await dialog.get_by_role("button", name="Accept").click()
    await expect(page.get_by_text("The result is stored.")).to_be_visible()
    await expect(page.get_by_text("Nothing was refused.")).to_be_visible()
    await page.get_by_role("checkbox", name="Only what is not settled").click()
    await expect(page.get_by_text("Corrected and stored by otto")).to_be_visible()

    settled = await world.store.read(lambda session: session.scalars(select(Quarantine)).all())
    assert {row.settled_how for row in settled} == {"stored", "discarded"}
    assert (await world.store.read(lambda session: session.get_one(Attempt, world.ids["attempt"]))).failure == "invalid"


async def test_a_viewer_settles_nothing(signed_in: SignedIn) -> None:
    page = await signed_in("viewer")
    await page.goto("/quarantine")
    await expect(page.get_by_role("button", name="Discard")).to_be_disabled()
    await expect(page.get_by_text("x-1")).to_be_visible()  # the orphan
