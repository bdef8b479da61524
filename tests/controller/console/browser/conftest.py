"""A laboratory that runs, and real browsers before its console."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.laboratory.browser import Console, console_of
from tests.laboratory.campaign import two_steps
from tests.laboratory.laboratory import Device, Laboratory

LIMITS = "hazards: [{parameter: temperature, above: 100, unit: degC, class: 3}]\ntwo_people_from: 3\n"
DEVICES = (Device("reactor-1", "reactor"), Device("reactor-2", "reactor"), Device("analyser-1", "analyser", noise=0.02))
# Where the pictures of the pages go, to be looked at; a folder that git ignores.
PICTURES = Path(__file__).parents[4] / "screenshots"


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
    """The console of the laboratory."""
    async with console_of(laboratory.data, PICTURES if os.environ.get("TATARA_PICTURES") else None) as opened:
        yield opened
