"""A campaign's measurements, iterations and open work as tables."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from nicegui import ui
from nicegui.events import GenericEventArguments
from sqlmodel import Session

from controller.access.actors import Role
from controller.console.campaign_dialogs import correct
from controller.console.candidates import brief
from controller.console.desk import Desk
from controller.console.looks import shared
from controller.console.shown import moment, number, plain, table, with_error
from controller.console.texts import say
from controller.report.measured import found

Plain = dict[str, Any]

CELLS = ("experiment", "property", "value", "origin", "status", "marks")


class _Table(ui.element, component="measurement_table.js"):
    """A page of measurements as one element."""

    def __init__(self) -> None:
        super().__init__()
        header = tuple(say(f"campaign.{name}") for name in (*CELLS, "files", "correct"))
        self._props |= {"header": header, "rows": ()}

    def show(self, rows: list[Plain]) -> None:
        """Put these rows in the place of those that were there."""
        self._props["rows"] = tuple(rows)


@dataclass
class Measurements:
    """The table of measurements; what a person looks for, and the page, stay when there are new ones."""

    desk: Desk
    name: str
    rows: dict[str, Plain] = field(default_factory=dict)
    found: Plain = field(default_factory=dict)
    upto: int | None = None  # before which one the page ends; None: it follows the latest

    def __post_init__(self) -> None:
        with ui.element("div").classes("row"):
            self._number = ui.number(say("campaign.experiment"), min=1, precision=0, on_change=self._look)
            self._number.props("outlined dense clearable debounce=300")
            self._property = ui.select({}, label=say("campaign.property"), clearable=True, on_change=self._look)
            self._property.props("outlined dense").classes("wide")
            ui.link(say("campaign.export_measurements"), f"/export/{quote(self.name)}/measurements.csv")
        with ui.element("div").classes("scroll").props("tabindex=0"):
            self.table = _Table().on("correct", self._correct)
        with ui.element("div").classes("row"):
            self._ways = {
                name: ui.button(say(f"paging.{name}"), icon=icon, on_click=lambda name=name: self._go(name))
                for name, icon in (("newer", "chevron_left"), ("older", "chevron_right"))
            }
        for each in self._ways.values():
            each.props("flat dense")

    def _look(self) -> None:
        self.upto = None
        self.desk.look_again()

    def _go(self, way: str) -> None:
        self.upto = self.found[way]
        self.desk.look_again()

    def read(self, session: Session) -> Plain:
        """A page of those that a person looks for: the latest, until they go on to older ones."""
        wanted = (self.name, whole_number(self._number.value), self._property.value, self.upto)
        return shared(session, ("measurements", *wanted), lambda: found(session, *wanted))

    def show(self, found: Plain) -> None:
        """Say which they are, and put them into the table."""
        if list(self._property.options) != found["properties"]:
            self._property.set_options({each: plain(each) for each in found["properties"]}, value=self._property.value)
        self.found, self.rows = found, {row["id"]: row for row in found["rows"]}
        ui.label(_which(found)).classes("note")
        operator = self.desk.may(Role.OPERATOR)
        self.table.show([_measurement(row, operator) for row in found["rows"]])
        self._ways["newer"].set_enabled(found["upto"] < found["total"])
        self._ways["older"].set_enabled(found["older"] > 0)

    async def _correct(self, event: GenericEventArguments) -> None:
        if (row := self.rows.get(str(event.args))) is not None:
            await correct(self.desk, row)


def whole_number(value: Any) -> int | None:
    """The number of an experiment as a browser sends it; None where it is none."""
    if not isinstance(value, int | float) or not 1 <= value < 2**31:
        return None
    return int(value)


def _which(found: Plain) -> str:
    """Of how many measurements which are shown."""
    shown, total, newer = len(found["rows"]), found["total"], found["total"] - found["upto"]
    if shown == total:
        return say("campaign.measurements_all", total=total)
    return say("campaign.measurements_part", first=newer + 1, last=newer + shown, total=total)


def _measurement(row: Plain, operator: bool) -> Plain:
    marks = [say(f"campaign.{each}") for each in ("late", "corrected") if row[each]]
    name = plain(row["property"])
    value = with_error(row["value"], row["standard_error"], row["unit"])
    label = say("campaign.correct_of", property=name, number=row["experiment"])
    return {
        "id": row["id"],
        "cells": (number(row["experiment"]), name, value, row["origin"], row["status"], ", ".join(marks)),
        "files": tuple(row["files"]),
        "label": label if operator and not row["corrected"] else "",
    }


def iterations(rows: list[Plain]) -> None:
    """Acts of proposing, the latest first."""
    if not rows:
        ui.label(say("campaign.no_iterations")).classes("nothing")
        return
    header = ("number", "event", "known", "proposed", "came", "seconds", "state")
    table(
        [say(f"campaign.{each}") for each in header],
        (
            (
                str(row["number"]),
                str(row["event"]),
                number(row["known"]),
                _numbers(row["proposed"]),
                _came(row),
                number(None if row["seconds"] is None else round(row["seconds"], 2)),
                ": ".join(each for each in (row["state"], row["error"]) if each),
            )
            for row in rows
        ),
        say("campaign.iterations_last", count=len(rows)),
    )


def _numbers(numbers: list[int]) -> str:
    """Numbers in a row as from and to."""
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]} - {numbers[-1]}"
    return ", ".join(map(str, numbers[:20])) or say("campaign.nothing")


def _came(row: Plain) -> str:
    """How the proposals ended, and the range of what was measured."""
    parts = [f"{count} {state.replace('-', ' ')}" for state, count in row["states"].items()]
    for name, values in row["came"].items():
        if values:
            ends = number(min(values)) if len(values) == 1 else f"{number(min(values))} to {number(max(values))}"
            parts.append(f"{plain(name)} {ends}")
    return "; ".join(parts)


def work(found: Plain) -> None:
    """What runs, what is open, what failed."""
    if not found["attempts"] and not found["proposals"]:
        ui.label(say("campaign.no_work")).classes("nothing")
    if found["attempts"]:
        table(
            [say(f"campaign.{each}") for each in ("experiment", "step", "resource", "state", "since")],
            (
                (str(row["proposal"]), row["step"], row["resource"], row["state"], moment(row["made_at"]))
                for row in found["attempts"]
            ),
            say("campaign.attempts_now"),
        )
    if found["proposals"]:
        _open(found)
    if found["failures"]:
        table(
            [say(f"campaign.{each}") for each in ("experiment", "candidate", "failure", "why")],
            (
                (str(row["number"]), brief(row["candidate"]), row["failure"] or "", row["why"] or "")
                for row in found["failures"]
            ),
            say("campaign.failures"),
        )


def _open(found: Plain) -> None:
    shown = len(found["proposals"])
    key = "campaign.proposals_now" if shown == found["count"] else "campaign.proposals_first"
    table(
        [say(f"campaign.{each}") for each in ("experiment", "candidate", "stage", "state")],
        (
            (str(row["number"]), brief(row["candidate"]), row["stage"], row["state"].replace("-", " "))
            for row in found["proposals"]
        ),
        say(key, count=found["count"], shown=shown),
    )
    if any(row["state"] == "awaiting-approval" for row in found["proposals"]):
        ui.link(say("campaign.to_approvals"), "/approvals")
