"""A campaign's page in a real browser, before a real daemon."""

import re

from playwright.async_api import Page, expect

from tests.controller.serving import Serving
from tests.laboratory.browser import Console, barriers

POINT = {"concentration": "0.2", "equivalents": "2", "residence time": "1", "temperature": "50"}


async def opened(console: Console, token: str, name: str = "reactor") -> Page:
    """The page of a campaign."""
    page = await console.enter_with(token, f"/campaigns/{name}")
    await expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    return page


async def say_why(page: Page, button: str) -> None:
    asked = page.get_by_role("dialog")
    await asked.get_by_label("Why").fill("tried in a test")
    await asked.get_by_role("button", name=button, exact=True).click()
    await expect(asked).to_have_count(0)


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def test_an_operator_looks_after_a_campaign(daemon: Serving, daemon_console: Console) -> None:
    page = await opened(daemon_console, daemon.tokens["operator"])

    await press(page, "Pause")
    await expect(page.get_by_role("dialog")).to_contain_text("Attempts in doubt: 1.")
    await expect(page.get_by_role("dialog")).to_contain_text("Waiting for approval: 1. People may decide")
    await say_why(page, "Pause")
    await expect(page.get_by_text("paused", exact=True)).to_be_visible()
    await expect(page.get_by_text("tried in a test")).to_be_visible()

    await press(page, "Amend")
    file = page.get_by_role("dialog").locator("textarea")
    await expect(file).to_have_value(re.compile("experiments: 40"))
    text = await file.input_value()
    await file.fill(text.replace("high: 120", "high: 20"))
    await page.get_by_role("dialog").get_by_role("button", name="Amend").click()
    line = next(number for number, each in enumerate(text.splitlines(), start=1) if "high: 120" in each)
    await expect(page.get_by_role("alert").get_by_text(f"line {line}:")).to_be_visible()
    assert await barriers(page, dialog=True) == []  # later the page's bar of what loads may still be there
    async with page.expect_file_chooser() as choosing:
        await press(page, "Files beside it")
    table = {"name": "solvents.csv", "mimeType": "text/csv", "buffer": b"name\n"}
    await (await choosing.value).set_files(table)  # type: ignore[arg-type]
    await expect(page.get_by_text("solvents.csv is the file that you have chosen")).to_be_visible()
    await file.fill(text.replace("experiments: 40", "experiments: 41"))
    await page.get_by_role("dialog").get_by_role("button", name="Amend").click()
    await expect(page.get_by_text("of 41")).to_be_visible()

    await press(page, "Put a point forward")
    asked = page.get_by_role("dialog")
    for name, value in POINT.items():
        await asked.get_by_label(name).fill(value)
    await expect(asked.get_by_role("button", name="Put it forward")).to_be_disabled()
    await press(page, "Show the prediction")
    await expect(asked.get_by_text("With these values:")).to_be_visible(timeout=60_000)
    await say_why(page, "Put it forward")
    await expect(page.get_by_text("concentration 0.2 mol/L, equivalents 2, residence time 1 min")).to_be_visible()

    await press(page, "Correct temperature of experiment 2")
    await page.get_by_label("Right value (°C)").fill("61.25")
    await say_why(page, "Correct")
    await expect(page.get_by_role("cell", name="61.25 °C")).to_be_visible()
    await expect(page.get_by_role("cell", name="corrected")).to_be_visible()
    box = await page.get_by_label("Property").locator("xpath=ancestor::label").bounding_box()
    assert box is not None
    assert box["width"] > 150  # its label can be read
    await page.get_by_label("Experiment", exact=True).fill("1")
    await expect(page.get_by_role("cell", name="61.25 °C")).to_have_count(0)
    await page.get_by_label("Experiment", exact=True).fill("2")
    await expect(page.get_by_role("cell", name="61.25 °C")).to_be_visible()


async def test_a_viewer_may_pause_and_nothing_else(daemon: Serving, daemon_console: Console) -> None:
    page = await opened(daemon_console, daemon.tokens["viewer"])
    await expect(page.get_by_role("button", name="Pause")).to_be_enabled()
    for name, says in {"Pause": "resumes", "Stop": "taken back", "Abort": "taken back", "Amend": "checked"}.items():
        button = page.get_by_role("button", name=name, exact=True)
        await expect(button).to_have_attribute("title", re.compile(says))
        assert ("taken back" in says) == ("text-negative" in (await button.get_attribute("class") or ""))
    for name in ("Stop", "Abort", "Amend", "Put a point forward"):
        await expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    await expect(page.get_by_role("cell", name="60.5 °C")).to_be_visible()
    await expect(page.get_by_role("button", name="Correct temperature of experiment 2")).to_have_count(0)
    assert await barriers(page) == []
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")


async def test_a_campaign_that_is_not_there_is_said_to_be_missing(daemon: Serving, daemon_console: Console) -> None:
    page = await opened(daemon_console, daemon.tokens["viewer"], "other")
    await expect(page.get_by_text("no campaign 'other'")).to_be_visible()
