"""Alerts from a terminal, before a real daemon."""

import asyncio
from pathlib import Path

from tests.controller.cli.terminal import Terminal
from tests.controller.serving import serving

SITE = """
alerts:
  receivers:
    - {{name: hook, kind: webhook, url: "https://127.0.0.1:9/", key_file: {key}}}
    - {{name: pager, kind: webhook, url: "https://127.0.0.1:9/", key_file: {key}}}
"""


async def test_a_test_is_sent_and_what_became_of_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("the key")
    (tmp_path / "site.yaml").write_text(SITE.format(key=tmp_path / "key"))
    async with serving(tmp_path, {"TATARA_SITE": str(tmp_path / "site.yaml")}):
        terminal = Terminal(tmp_path, {})
        found = await terminal.run("alerts")
        assert "attempt-in-doubt" in found.out
        sent = await terminal.run("alerts", "test", "pager", "--json")
        assert [each["receiver"] for each in sent.json] == ["pager"]
        both = await terminal.run("alerts", "test")
        assert "on its way to hook" in both.out
        assert "on its way to pager" in both.out
        assert (await terminal.run("alerts", "test", "nobody")).code == 1
        async with asyncio.timeout(60):
            while (
                "127.0.0.1" not in (told := await terminal.run("alerts")).out
            ):  # an address that may not be written to
                pass
        assert "127.0.0.1" in told.out  # an address that may not be written to
