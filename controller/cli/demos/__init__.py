"""Whole campaigns with emulated instruments on one machine. The commands are in `controller.cli.demo`."""

import asyncio
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.cli.demos.settings import Settings

FAILED, INTERRUPTED = 1, 130
ENDED = ("completed", "stopped", "aborted")


def run(
    name: str,
    *,
    approve: bool = False,
    experiments: int = 40,
    seed: int = 1,
    directory: Path = Path("runs"),
    strategy: str = "botorch",
) -> int:
    """Run, continue or show again the demo of that name in `directory/name`; returns the exit status."""
    from controller.cli.demos.settings import CAMPAIGN, Settings

    if name != CAMPAIGN:
        raise ValueError(f"no demo {name!r}; there is {CAMPAIGN!r}")
    try:
        return _run(Settings(directory, approve, experiments, seed, strategy))
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(settings: "Settings") -> int:
    from controller.cli.demos.results import report, state

    settings.data.mkdir(parents=True, exist_ok=True)
    afresh = f"To start afresh: rm -r {settings.data} (or another folder with --runs)."
    if state(settings) in ENDED:
        _write(f"The campaign in {settings.data} has ended already. {afresh}")
    elif (code := _campaign(settings)) is not None:
        _write(f"Run the same command again to continue. {afresh}")
        return code
    report(settings, _write)
    return 0


def _campaign(settings: "Settings") -> int | None:
    """Run the campaign; the exit status if it did not come to its end."""
    from adapters.broker.process import BrokerFailed
    from controller.access.tokens import TokenFileError
    from controller.cli.demos.laboratory import InstrumentEnded
    from controller.cli.demos.session import Stuck, run
    from controller.store import LockedElsewhere, LostLock, StoreUnavailable, WrongSchema

    logging.basicConfig(filename=settings.data / "daemon.log", level=logging.INFO)
    try:
        stopped = asyncio.run(run(settings, _write))
    except (
        BrokerFailed,
        InstrumentEnded,
        LockedElsewhere,
        LostLock,
        OSError,
        StoreUnavailable,
        Stuck,
        TokenFileError,
        WrongSchema,
    ) as error:
        print(f"tatara: {error}", file=sys.stderr)
        return FAILED
    return None if stopped is None else stopped.code


def _write(text: str) -> None:
    print(text, flush=True)
