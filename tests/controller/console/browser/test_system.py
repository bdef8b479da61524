"""System and account in a real browser, before a real daemon with a receiver that takes webhooks."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from controller.commands.sign_ins import WRONG
from tests.adapters.receivers.servers import Web, make_trust, web_server
from tests.controller.serving import Serving, serving
from tests.laboratory.browser import Console, barriers, sideways

PASSWORD = "a long enough password"
SITE = """
alerts:
  allow: [127.0.0.1]
  group: 1 day
  receivers: [{{name: hook, kind: webhook, url: "{url}", key_file: {key}, ca_file: {ca}}}]
"""


@pytest.fixture
async def hook(tmp_path: Path) -> AsyncIterator[Web]:
    trust = make_trust(tmp_path / "trust")
    async with web_server(trust, Web()) as web:
        (tmp_path / "key").write_text("the key")
        site = SITE.format(url=web.url, key=tmp_path / "key", ca=trust.ca_file)
        (tmp_path / "site.yaml").write_text(site)
        yield web


@pytest.fixture
async def daemon(tmp_path: Path, hook: Web) -> AsyncIterator[Serving]:
    async with serving(tmp_path, {"TATARA_SITE": str(tmp_path / "site.yaml")}) as found:
        yield found


BEYOND = "[...document.querySelectorAll('.scroll')].filter(each => each.scrollWidth > each.clientWidth).length"


async def fit(page: Page, *, dialog: bool = False) -> None:
    """For people and for their screens: on none of them is a button to be looked for beside it."""
    assert await barriers(page, dialog=dialog) == []
    assert not await sideways(page)
    assert await page.evaluate(BEYOND) == 0


async def test_an_admin_lets_somebody_in_who_chooses_a_password(daemon: Serving, daemon_console: Console) -> None:
    admin = await daemon_console.enter_with(daemon.tokens["admin"], "/system")
    await fit(admin)
    await expect(admin.get_by_text("Connected since")).to_be_visible()
    await expect(admin.get_by_text("1, of them 0 busy")).to_be_visible()
    await admin.get_by_role("button", name="New person").click()
    await admin.get_by_label("Name").fill("nina")
    await fit(admin, dialog=True)
    await admin.get_by_role("button", name="Create").click()
    code = await admin.locator(".secret").inner_text()
    await admin.get_by_role("button", name="I have it").click()
    await expect(admin.get_by_text(code)).to_have_count(0)
    await expect(admin.get_by_role("row", name="nina operator none enabled")).to_be_visible()

    nina = await daemon_console.enter_with(code, "/account", width=390)
    await nina.get_by_label("New password", exact=True).fill(PASSWORD)
    await nina.get_by_label("New password, again").fill(PASSWORD[1:])
    await nina.get_by_role("button", name="Set the password").click()
    await expect(nina.get_by_text("The two are not the same.")).to_be_visible()
    await nina.get_by_label("New password, again").fill(PASSWORD)
    await nina.get_by_role("button", name="Set the password").click()
    await expect(nina.get_by_text("You have a password.")).to_be_visible()
    await fit(nina)
    await expect(admin.get_by_role("row", name="nina operator set enabled")).to_be_visible()

    again = await daemon_console.open()
    await again.goto(f"{daemon.url}/account")
    await again.get_by_label("Name").fill("nina")
    await again.get_by_label("Password").fill(PASSWORD)
    await again.get_by_role("button", name="Sign in").first.click()
    await expect(again.get_by_role("row", name="another browser code")).to_be_visible()
    await again.get_by_role("button", name="End all others").click()
    await expect(nina).to_have_url(f"{daemon.url}/sign-in")

    await admin.get_by_role("button", name="Disable nina").click()
    await admin.get_by_label("Why", exact=True).fill("a test")
    await admin.get_by_role("button", name="Disable", exact=True).last.click()
    await expect(again).to_have_url(f"{daemon.url}/sign-in")
    await again.get_by_label("Name").fill("nina")
    await again.get_by_label("Password").fill(PASSWORD)
    await again.get_by_role("button", name="Sign in").first.click()
    await expect(again.get_by_text(WRONG)).to_be_visible()


async def test_an_admin_tries_a_receiver_and_others_cannot(daemon: Serving, daemon_console: Console, hook: Web) -> None:
    admin = await daemon_console.enter_with(daemon.tokens["admin"], "/system", width=390)
    await admin.get_by_role("button", name="Test hook").click()
    await expect(admin.get_by_text("test delivered")).to_be_visible()
    assert [json.loads(body)["kind"] for _, body in hook.got] == ["test"]
    await fit(admin)

    operator = await daemon_console.enter_with(daemon.tokens["operator"], "/system")
    await expect(operator.get_by_role("button", name="Test hook")).to_be_disabled()
    await expect(operator.get_by_role("heading", name="People")).to_have_count(0)
    await expect(operator.get_by_text("test delivered")).to_be_visible()
    assert hook.url not in await operator.content()


async def test_a_token_is_shown_once_and_revoked(daemon: Serving, daemon_console: Console) -> None:
    page = await daemon_console.enter_with(daemon.tokens["operator"], "/account")
    await page.get_by_role("button", name="New token").click()
    await page.get_by_label("What for").fill("<img src=x onerror=alert(1)>")
    await page.get_by_role("button", name="Make").click()
    token = await page.locator(".secret").inner_text()
    await page.get_by_role("button", name="I have it").click()
    await expect(page.get_by_role("cell", name="<img src=x onerror=alert(1)>", exact=True)).to_be_visible()
    other = await daemon_console.enter_with(token, "/account")
    await page.get_by_role("button", name="Revoke <img").click()
    await page.get_by_label("Why", exact=True).fill("a test")
    await page.get_by_role("button", name="Revoke", exact=True).last.click()
    await expect(other).to_have_url(f"{daemon.url}/sign-in")
