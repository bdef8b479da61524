"""Instruments, doubts, tasks, samples and files in a real browser."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from sqlmodel import SQLModel, col, select

from adapters.instruments.messages import ParameterLimits, encode
from controller.commands import instruments
from controller.store.tables import Artifact, Attempt, EStop, Instrument, Measurement, Outbox, StoredFile
from tests.controller.console.browser.conftest import TELEPHONE
from tests.controller.console.opened import Opened
from tests.controller.stand import ADMIN, DESCRIPTION
from tests.laboratory.browser import Console, sideways

Enter = Callable[..., Awaitable[Page]]

CUT = "() => [...document.querySelectorAll('.scroll')].filter((each) => each.scrollWidth > each.clientWidth).length"


@pytest.fixture
def enter(there: Opened, hall_console: Console) -> Enter:
    """Sign in and go somewhere."""

    async def go(path: str, role: str = "operator", **size: int) -> Page:
        page = await hall_console.enter_with(there.tokens[role], path, **size)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        return page

    return go


async def rows(there: Opened, table: type[SQLModel], *where: Any) -> list[Any]:
    query = select(table).where(*where)
    return await there.stand.store.read(lambda session: list(session.scalars(query)))  # type: ignore[call-overload]


async def until(there: Opened, table: type[SQLModel], *where: Any) -> Any:
    async with asyncio.timeout(20):
        while not (found := await rows(there, table, *where)):
            await asyncio.sleep(0.02)
    return found[0]


def card(page: Page, name: str) -> Any:
    return page.locator("article").filter(has=page.get_by_role("heading", name=name))


async def say_why(page: Page, button: str, why: str = "a test") -> None:
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Why").fill(why)
    await dialog.get_by_role("button", name=button, exact=True).click()
    await expect(dialog).to_be_hidden()


async def test_an_instrument_is_paused_armed_and_stopped(there: Opened, enter: Enter) -> None:
    page = await enter("/instruments")
    stove, furnace = card(page, "stove"), card(page, "furnace")
    await expect(stove).to_contain_text("heat · proposal 2 · cook")
    await expect(stove).to_contain_text("less than 1 min ago")
    await expect(furnace).to_contain_text("not since the daemon started")
    await stove.get_by_role("button", name="Pause").click()
    await say_why(page, "Pause")
    await expect(stove).to_contain_text("paused by an operator")
    await furnace.get_by_role("button", name="Arm").click()
    await page.get_by_text("8 h").click()
    await page.get_by_role("dialog").get_by_role("button", name="Arm").click()
    await expect(furnace).to_contain_text("by otto, until")
    await furnace.get_by_role("button", name="Emergency stop").click()
    stop = await until(there, EStop)
    assert (stop.instrument, stop.by, stop.reason) == ("furnace", "otto", "")
    await say_why(page, "Say why", "it smokes")
    await expect(furnace).to_contain_text("stopped by the emergency stop")
    await expect(furnace).not_to_contain_text("by otto, until")
    [row] = await rows(there, Instrument, col(Instrument.name) == "stove")
    assert row.wanted_paused


@pytest.mark.parametrize("screen", [{}, TELEPHONE], ids=["wide", "telephone"])
async def test_the_emergency_stop_is_in_reach_while_a_dialog_is_open(
    there: Opened, enter: Enter, screen: dict[str, Any]
) -> None:
    page = await enter("/instruments", **screen)
    await card(page, "stove").get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("dialog").get_by_label("Why")).to_be_visible()
    await page.locator(".header .estop").click(timeout=5000)
    stop = await until(there, EStop)
    assert (stop.instrument, stop.by) == (None, "otto")


async def test_the_emergency_stop_is_whole_on_a_telephone(enter: Enter) -> None:
    page = await enter("/instruments", **TELEPHONE)
    button = page.get_by_role("button", name="Emergency stop of all instruments")
    await expect(button).to_have_attribute("title", re.compile("^Emergency stop of all instruments: a software stop"))
    words = button.get_by_text("Emergency stop", exact=True)
    box, text, width = await button.bounding_box(), await words.bounding_box(), TELEPHONE["width"]
    assert box is not None
    assert text is not None
    assert 0 < box["x"] < text["x"]
    assert text["x"] + text["width"] < box["x"] + box["width"] <= width
    assert box["height"] < 50, "icon and words stand in one line"
    person = await page.get_by_role("button", name="Your account").bounding_box()
    assert person is not None
    assert person["x"] + person["width"] <= box["x"]
    assert not await sideways(page)


async def test_what_is_typed_survives_while_the_card_is_drawn_anew(there: Opened, enter: Enter) -> None:
    page = await enter("/instruments")
    await card(page, "stove").get_by_role("button", name="Cancel").click()
    await page.get_by_role("dialog").get_by_label("Why").fill("it smo")
    await there.stand.store.write(
        lambda unit: instruments.set_paused(unit, ADMIN, "stove", paused=True, why="x"), name="t"
    )
    await expect(card(page, "stove")).to_contain_text("paused by an operator")
    await expect(page.get_by_role("dialog").get_by_label("Why")).to_have_value("it smo")
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(card(page, "stove")).to_contain_text("is being cancelled")
    commands = await rows(there, Outbox, col(Outbox.kind) == "command")
    assert [row.payload["attempts"] for row in commands if row.payload["action"] == "cancel"] == [
        [there.ids["running"]]
    ]


async def test_an_admin_accepts_the_description_that_is_shown(there: Opened, enter: Enter) -> None:
    wider = ParameterLimits(unit="K", low=290, high=977)
    cook = DESCRIPTION.capabilities["cook"].model_copy(update={"parameters": {"temperature": wider}})
    await there.stand.hear("description", encode(DESCRIPTION.model_copy(update={"capabilities": {"cook": cook}})))
    page = await enter("/instruments", "admin")
    stove = card(page, "stove")
    await expect(stove).to_contain_text("an admin must accept it")
    await stove.get_by_role("button", name="Accept description").click()
    await expect(page.get_by_role("dialog").get_by_role("cell", name="977")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Accept description").click()
    await expect(stove).not_to_contain_text("an admin must accept it")
    [row] = await rows(there, Instrument, col(Instrument.name) == "stove")
    assert row.accepted_digest == row.description_digest
    await expect(stove.get_by_role("button", name="Accept description")).to_have_count(0)


async def test_a_viewer_looks_and_may_only_stop(there: Opened, enter: Enter) -> None:
    page = await enter("/instruments", "viewer")
    stove = card(page, "stove")
    await expect(stove.get_by_role("button", name="Cancel")).to_be_disabled()
    await expect(stove.get_by_role("button", name="Emergency stop")).to_be_enabled()
    await expect(card(page, "furnace").get_by_role("button", name="Arm")).to_be_disabled()
    await page.goto(there.url + "/doubts")
    await expect(page.get_by_role("button", name="Repeat")).to_be_disabled()
    await page.goto(there.url + "/tasks")
    await expect(page.get_by_role("button", name="It is done")).to_be_disabled()


async def test_a_doubt_is_looked_into_and_ended_by_a_value(there: Opened, enter: Enter) -> None:
    page = await enter("/doubts")
    await expect(page.get_by_text("no answer within the time limit of the step")).to_be_visible()
    await page.get_by_role("button", name="What has happened").click()
    await expect(page.get_by_role("cell", name="in doubt", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Enter the value").click()
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_label("yield", exact=True)
    await field.press_sequentially("1.062,5")
    await dialog.get_by_label("Why").fill("read off the display")
    await dialog.get_by_role("button", name="Enter the value").click()
    await expect(dialog.get_by_text("Not a number")).to_be_visible()
    await field.clear()
    await field.press_sequentially("62,5")
    await expect(dialog.get_by_text("Not a number")).to_have_count(0)
    await dialog.get_by_role("button", name="Enter the value").click()
    await expect(page.get_by_text("Nothing is in doubt.")).to_be_visible()
    [row] = await rows(there, Measurement, col(Measurement.attempt_id) == there.ids["doubt"])
    assert (row.value, row.unit, row.origin) == (62.5, "percent", "operator")


async def test_a_task_is_done_on_a_telephone_with_a_file(there: Opened, enter: Enter, tmp_path: Path) -> None:
    page = await enter("/tasks", **TELEPHONE)
    await expect(page.get_by_text("Dry it at 45 degC, then weigh it.")).to_be_visible()
    assert not await sideways(page)
    await page.get_by_role("button", name="It is done").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("mass", exact=True).fill("1200")
    await dialog.get_by_label("Unit of mass").fill("mg")
    await dialog.get_by_label("Name of the sample").fill("dish-1")
    content = b"0,1\n1,2\n2,3\n"
    (tmp_path / "scale.csv").write_bytes(content)
    async with page.expect_file_chooser() as chooser:
        await dialog.get_by_role("button", name="Add files").click()
    await (await chooser.value).set_files(tmp_path / "scale.csv")
    await expect(dialog.get_by_role("button", name="Leave out scale.csv")).to_be_visible()
    await dialog.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("Nothing is to be done by hand.")).to_be_visible()
    [row] = await rows(there, Measurement, col(Measurement.attempt_id) == there.ids["task"])
    assert (row.value, row.unit, row.origin) == (1.2, "g", "person")
    [artifact] = await rows(there, Artifact, col(Artifact.attempt_id) == there.ids["task"])
    [stored] = await rows(there, StoredFile, col(StoredFile.sha256) == artifact.sha256)
    assert (stored.name, there.stand.files.path(stored.sha256).read_bytes()) == ("scale.csv", content)
    await page.goto(there.url + "/samples")
    await expect(page.get_by_text("dish-1")).to_be_visible()
    assert not await sideways(page)
    assert await page.evaluate(CUT) == 0  # on a telephone a sample's cells stand below each other
    await page.get_by_label("Name, place, state or campaign").fill("vial")
    await expect(page.get_by_text("dish-1")).to_be_hidden()
    await expect(page.get_by_text("vial-7")).to_be_visible()


async def test_a_task_that_failed_says_how(there: Opened, enter: Enter) -> None:
    page = await enter("/tasks")
    await page.get_by_role("button", name="It failed").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text("The synthesis failed").click()
    await dialog.get_by_role("button", name="It failed").click()
    await expect(dialog.get_by_text("Say why; it stands in the audit trail.")).to_be_visible()
    await say_why(page, "It failed", "it burnt")
    await expect(page.get_by_text("Nothing is to be done by hand.")).to_be_visible()
    [row] = await rows(there, Attempt, col(Attempt.id) == there.ids["task"])
    assert (row.state, row.failure, row.reason) == ("failed", "failed-synthesis", "it burnt")


async def test_files_are_shown_as_what_they_are(there: Opened, enter: Enter) -> None:
    page = await enter("/files")
    await page.get_by_role("link", name="spectrum.csv").click()
    await expect(page.get_by_role("img", name="The curves in spectrum.csv, 3000 rows")).to_be_visible()
    await expect(page.get_by_role("cell", name="350.1")).to_be_visible()
    await expect(page.get_by_role("cell", name="heat · proposal 1")).to_be_visible()
    await page.goto(f"{there.url}/files/{there.ids['picture']}")
    picture = page.get_by_role("img", name="picture.png")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("picture => picture.naturalWidth") == 40
    await page.goto(f"{there.url}/files/{there.ids['run']}")
    await expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    assert await page.locator("img").count() == 0
    await page.goto(f"{there.url}/files/{'0' * 64}")
    await expect(page.get_by_text("there is no file 000")).to_be_visible()
