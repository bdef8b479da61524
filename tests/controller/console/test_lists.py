"""Lists on pages end somewhere, and say what they leave out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from controller.console.campaign_tables import whole_number
from tests.controller.console.by_hand import look, sign_in
from tests.controller.console.opened import Opened, opened


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(tmp_path) as there:
        yield there


async def test_lists_say_how_many_they_leave_out(there: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await sign_in(there.url, there.tokens["viewer"])
    for name in ("tasks", "doubts", "files"):
        whole = [each.get("text", "") for each in (await look(browser, f"/{name}")).elements.values()]
        assert not any(text.endswith(" more") for text in whole), name
        monkeypatch.setattr(f"controller.console.pages.{name}.MOST", 0)
        cut = [each.get("text", "") for each in (await look(browser, f"/{name}")).elements.values()]
        assert any(text.startswith("and ") and text.endswith(" more") for text in cut), name
    monkeypatch.setattr("controller.report.instruments.WORK_SHOWN", 0)
    for path in ("/instruments", "/"):
        assert (await look(browser, path)).find("and 1 more")


@pytest.mark.parametrize(("said", "number"), [(3, 3), (3.0, 3), (None, None), (0, None), ("3", None), (1e300, None)])
def test_a_browser_may_say_anything_for_the_number_of_an_experiment(said: Any, number: int | None) -> None:
    assert whole_number(said) == number
    assert whole_number(float("nan")) is None
