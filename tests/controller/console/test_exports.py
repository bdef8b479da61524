"""What is downloaded from the pages."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.controller.console.by_hand import look, sign_in
from tests.controller.console.opened import Opened, opened


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(tmp_path) as there:
        yield there


async def test_all_measurements_of_a_campaign(there: Opened) -> None:
    vera = await sign_in(there.url, there.tokens["viewer"])
    page = await look(vera, "/campaigns/heat")
    link = page.elements[page.find("Download all measurements as CSV")]["props"]["href"]
    answer = await vera.get(link)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="heat-measurements.csv"'
    assert answer.text.startswith("experiment,stage,property,value,unit,")
    assert (await vera.get("/export/nothing/measurements.csv")).status_code == 404
    async with httpx.AsyncClient(base_url=there.url, trust_env=False) as nobody:
        assert (await nobody.get(link)).headers["location"].startswith("/sign-in")
