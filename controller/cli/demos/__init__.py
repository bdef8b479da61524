"""Whole campaigns with emulated instruments on one machine. The commands are in `controller.cli.demo`."""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from controller.cli.demos.description import Demo, Settings, Setup
from controller.cli.demos.freesolv import FREESOLV
from controller.cli.demos.reactor import REACTOR

DEMOS: dict[str, Demo] = {each.name: each for each in (REACTOR, FREESOLV)}

FAILED, INTERRUPTED = 1, 130
ENDED = ("completed", "stopped", "aborted")


def run(settings: Settings, site: Path | None) -> int:
    """Run, continue or show again a demo in its folder; returns the exit status."""
    from controller.cli.connection import Refused
    from controller.cli.site import read_site

    try:
        return _run(settings if site is None else replace(settings, site=read_site(site)))
    except Refused as refused:
        print(f"tatara: {refused}", file=sys.stderr)
        return refused.code
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(settings: Settings) -> int:
    from controller.cli.demos.record import state

    afresh = f"To start afresh: rm -r {settings.data} (or another folder with --runs)."
    if state(settings) in ENDED:
        _write(f"The campaign in {settings.data} has ended already. {afresh}")
    elif (code := _campaign(settings)) is not None:
        _write(f"Run the same command again to continue. {afresh}")
        return code
    _report(settings)
    return 0


def _campaign(settings: Settings) -> int | None:
    """Run the campaign; the exit status if it did not come to its end."""
    from adapters.broker.process import BrokerFailed
    from controller.access.tokens import TokenFileError
    from controller.cli.demos.laboratory import InstrumentEnded
    from controller.cli.demos.session import Stuck, run
    from controller.store import LockedElsewhere, LostLock, StoreUnavailable, WrongSchema

    setup = settings.demo.setup(settings.data)
    _lay_out(settings.data, setup)
    log = settings.data / "daemon.log"
    logging.basicConfig(filename=log, level=logging.INFO)
    try:
        with _standard_error_to(log):
            stopped = asyncio.run(run(settings, setup, _write))
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


def _lay_out(folder: Path, setup: Setup) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in setup.files.items():
        fresh = folder / f".{name}.new"
        fresh.write_bytes(content)
        fresh.replace(folder / name)


def _report(settings: Settings) -> None:
    from controller.cli.demos.record import read

    record = read(settings)
    _write(f"The campaign is {record.state}: {record.reason}.")
    if record.rows:
        settings.demo.report(settings.data, record, _write)
    else:
        _write("Nothing was measured.")
    if settings.site is None:
        _write(f"To look at it in the console: tatara serve --data {settings.data}")
        _write(f"and, for a code to sign in with: tatara user code operator --data {settings.data}")


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
