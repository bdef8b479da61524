"""What the demo shows while the campaign runs: a live display in a terminal, else one line per experiment."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from sqlalchemy import select
from sqlmodel import Session, col

from controller.cli.output import safe
from controller.report import lists
from controller.store.tables import Iteration
from controller.store.views import mean_values

Plain = dict[str, Any]


@dataclass(frozen=True)
class Finished:
    """An experiment that has ended: what was tried and what was measured."""

    number: int
    label: str | None  # of a pool's row
    state: str
    values: dict[str, float]

    def __str__(self) -> str:
        return f"{self.number} ({safe(self.label)})" if self.label else str(self.number)


@dataclass(frozen=True)
class Snapshot:
    """The campaign at one moment. `newly` are the experiments that ended since the one before."""

    campaign: Plain
    iteration: str | None  # state of the latest one
    newly: Sequence[Finished]

    @property
    def stuck(self) -> str | None:
        """Why only a person can make it go on."""
        if self.campaign["state"] == "paused" and self.iteration == "failed":
            return f"the strategy failed: {self.campaign['reason']}"
        if steps := self.campaign["paused_steps"]:
            return f"paused after repeated failures: {', '.join(steps)}; see `tatara events`"
        return None

    @property
    def done(self) -> int:
        """How many experiments have ended well."""
        return int(self.campaign["counters"]["proposals"].get("completed", 0))

    @property
    def wanted(self) -> int:
        """How many there will be."""
        return int(self.campaign["budget"]["experiments"])

    @property
    def awaiting(self) -> list[Plain]:
        """Proposals that wait for a person, as they are shown."""
        return [each for each in self.campaign["open"] if each["state"] == "awaiting-approval"]


def take(session: Session, name: str, known: set[int]) -> Snapshot:
    """Read the campaign; `known` are the numbers of the experiments that were shown already."""
    campaign = lists.campaign(session, name, datetime.now(UTC))
    latest = select(col(Iteration.state)).where(col(Iteration.campaign_id) == campaign["id"])
    rows = lists.proposals(session, name, None, limit=10_000)
    ended = [row for row in rows if row["ended_event"] is not None and row["number"] not in known]
    newly = [
        Finished(row["number"], row["candidate"].get("label"), row["state"], mean_values(session, row["id"]))
        for row in sorted(ended, key=lambda row: int(row["ended_event"]))
    ]
    return Snapshot(campaign, session.scalar(latest.order_by(col(Iteration.number).desc()).limit(1)), newly)


class Display(Protocol):
    """Shows snapshots."""

    def show(self, snapshot: Snapshot) -> None:
        """Show one."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class Lines:
    """One line for each experiment that ended: for logs, pipes, and beside questions."""

    def __init__(self, write: Callable[[str], None], started: float) -> None:
        self._write = write
        self._started = started

    def show(self, snapshot: Snapshot) -> None:
        """Write what is new."""
        done = snapshot.done - sum(each.state == "completed" for each in snapshot.newly)
        for each in snapshot.newly:
            done += each.state == "completed"
            what = f"{each.state}; "
            if each.values:
                what = f"{measured(snapshot.campaign, each.values)}; {' '.join(so_far(snapshot.campaign)[-1])}; "
            seconds = time.monotonic() - self._started
            self._write(f"{done:3} of {snapshot.wanted}: experiment {each}: {what}{seconds:.0f} s")

    def close(self) -> None:
        """Nothing is open."""


class LiveDisplay:
    """A display that stays in its place."""

    def __init__(self, console: Console, started: float) -> None:
        self._started = started
        self._last: Snapshot | None = None
        self._latest: list[Finished] = []
        self._live = Live(
            get_renderable=lambda: _panel(self._last, self._latest, time.monotonic() - self._started),
            console=console,
            refresh_per_second=4,
        )
        self._live.start()

    def show(self, snapshot: Snapshot) -> None:
        """Show it from now on."""
        self._last = snapshot
        self._latest = [*self._latest, *snapshot.newly][-5:]

    def close(self) -> None:
        """Leave the last state on the screen."""
        self._live.stop()


def measured(campaign: Plain, values: dict[str, float]) -> str:
    """Measured values with their units, in the order of the objectives."""
    there = [each for each in campaign["objectives"] if each["property"] in values]
    return ", ".join(f"{each['property']} {_quantity(each, values)}" for each in there)


def _quantity(objective: Plain, values: dict[str, float]) -> str:
    unit = "" if objective["unit"] == "dimensionless" else f" {objective['unit']}"
    return f"{values[objective['property']]:.4g}{unit}"


def so_far(campaign: Plain) -> list[tuple[str, str]]:
    """What the campaign has reached, by measured values; what sums it up comes last."""
    objectives, best = campaign["objectives"], campaign["progress"].get("best", {})
    if len(objectives) == 1:
        return [("best so far", _quantity(objectives[0], best) if best else "-")]
    volume = f"{campaign['hypervolume'] or 0.0:.4g}"
    return [("best so far", measured(campaign, best) or "-"), ("hypervolume", volume)]


def _panel(snapshot: Snapshot | None, latest: Sequence[Finished], seconds: float) -> Table | Text:
    if snapshot is None:
        return Text("starting the broker, the daemon and the instruments ...")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    for name, value in _facts(snapshot, latest, seconds):
        table.add_row(name, value)
    whole = Table.grid()
    whole.add_row(ProgressBar(total=snapshot.wanted, completed=snapshot.done, width=60))
    whole.add_row(table)
    return whole


def _facts(snapshot: Snapshot, latest: Sequence[Finished], seconds: float) -> list[tuple[str, str]]:
    campaign = snapshot.campaign
    facts = [
        ("campaign", campaign["name"] + f", {campaign['state']}"),
        ("experiment", f"{snapshot.done} of {snapshot.wanted}"),
        *[
            (each["resource"], f"experiment {each['proposal']}: {each['step']} ({each['state']})")
            for each in campaign["under_way"]
        ],
        *([("strategy", "chooses the next experiment")] if snapshot.iteration == "running" else []),
        *[(f"ended: {each}", measured(campaign, each.values) or each.state) for each in latest],
        *so_far(campaign),
        ("elapsed", f"{seconds:.0f} s"),
    ]
    if campaign["state"] == "paused":
        facts.append(("paused", campaign["reason"] or ""))
    return facts
