"""Real browsers before a console: that of a laboratory that runs, of a daemon without one, or of the API's world.

Every test here is slow but those of `QUICK`, and none runs where there is no browser.
"""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.console import House
from tests.controller.console.opened import Opened, opened
from tests.controller.serving import Serving, serving
from tests.controller.world import World, served
from tests.laboratory.browser import CHROMIUM, Console, console_at, console_of
from tests.laboratory.campaign import two_steps
from tests.laboratory.laboratory import Device, Laboratory

LIMITS = "hazards: [{parameter: temperature, above: 100, unit: degC, class: 3}]\ntwo_people_from: 3\n"
DEVICES = (Device("reactor-1", "reactor"), Device("reactor-2", "reactor"), Device("analyser-1", "analyser", noise=0.02))
HERE = Path(__file__).parent
QUICK = ("test_smoke.py",)
TELEPHONE = {"width": 390, "height": 844}
# Where the pictures of the pages go, to be looked at; a folder that git ignores.
PICTURES = Path(__file__).parents[4] / "screenshots"


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them all in one place."""
    for item in items:
        if item.path.parent == HERE:
            if item.path.name not in QUICK:
                item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"))


def campaign(name: str = "flow", experiments: int = 30, parallel: int = 4, approval: str = "operator") -> str:
    """A campaign whose every experiment waits for a person."""
    return two_steps(
        name,
        experiments,
        parallel=parallel,
        reactors=["reactor-1", "reactor-2"],
        analysers=["analyser-1"],
        approval=approval,
    )


@pytest.fixture
async def laboratory(tmp_path: Path) -> AsyncIterator[Laboratory]:
    """A daemon with two reactors and an analyser, and a limit above which two people must agree."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "limits.yaml").write_text(LIMITS, encoding="utf-8")
    async with Laboratory(tmp_path, DEVICES, daemon_first=True, heartbeat_s=0.3) as running:
        yield running


@pytest.fixture
async def console(laboratory: Laboratory) -> AsyncIterator[Console]:
    """The console of the laboratory; the other fixtures for consoles end with the same checks."""
    async with console_of(laboratory.data, PICTURES if os.environ.get("TATARA_PICTURES") else None) as opened:
        yield opened


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Serving]:
    """A daemon with something in every list."""
    async with serving(tmp_path) as running:
        yield running


@pytest.fixture
async def daemon_console(daemon: Serving) -> AsyncIterator[Console]:
    """The console of the daemon."""
    async with console_at(lambda: daemon.url, lambda: daemon.tokens["admin"]) as console:
        yield console


@pytest.fixture
async def there(template: Path, tmp_path: Path) -> AsyncIterator[Opened]:
    """A hall that is driven by hand, in this process."""
    shutil.copy(template, tmp_path / "tatara.db")
    async with opened(tmp_path) as served:
        yield served


@pytest.fixture
async def hall_console(there: Opened) -> AsyncIterator[Console]:
    """The console of the hall."""
    async with console_at(lambda: there.url, lambda: there.tokens["admin"]) as console:
        yield console


@pytest.fixture
async def world_console(world: World, house: House) -> AsyncIterator[Console]:
    """The console of the API's world, in this process; of refusals only that of a drawing is as it should be."""
    async with (
        served(world.app) as url,
        console_at(lambda: url, lambda: world.tokens["admin"], harmless=("status of 422",)) as console,
    ):
        yield console
