"""Whole campaigns with emulated instruments on one machine. The commands are in `controller.cli.demo`."""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
    from controller.cli.connection import Refused
    from controller.cli.demos.settings import CAMPAIGN, Settings

    if name != CAMPAIGN:
        raise ValueError(f"no demo {name!r}; there is {CAMPAIGN!r}")
    try:
        return _run(Settings(directory, approve, experiments, seed, strategy))
    except Refused as refused:
        print(f"tatara: {refused}", file=sys.stderr)
        return refused.code
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

    log = settings.data / "daemon.log"
    logging.basicConfig(filename=log, level=logging.INFO)
    try:
        with _standard_error_to(log):
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


@contextmanager
def _standard_error_to(log: Path) -> Iterator[None]:
    """What libraries print, in the worker processes too, would spoil the display."""
    sys.stderr.flush()
    kept = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


def _write(text: str) -> None:
    print(text, flush=True)
