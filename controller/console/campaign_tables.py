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

PAGE = 25
FILES = """<q-td :props="props"><a v-for="each in props.row.files" :key="each.sha256" class="nicegui-link"
 :href="'/files/' + each.sha256">{{ each.name }}</a></q-td>"""
VALUE = """<q-td :props="props">{{ props.row.text }}</q-td>"""
CORRECT = """<q-td :props="props"><q-btn v-if="props.row.correctable" flat dense icon="edit"
 :aria-label="props.row.label" @click="() => $parent.$emit('correct', props.row.id)" /></q-td>"""


@dataclass
class Measurements:
    """The table of measurements; what a person looks for, and the page, stay when there are new ones."""

    desk: Desk
    name: str
    rows: dict[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with ui.element("div").classes("row"):
            self._number = ui.number(say("campaign.experiment"), min=1, precision=0, on_change=self._look)
            self._number.props("outlined dense clearable debounce=300")
            self._property = ui.select({}, label=say("campaign.property"), clearable=True, on_change=self._look)
            self._property.props("outlined dense").classes("wide")
            ui.link(say("campaign.export_measurements"), f"/export/{quote(self.name)}/measurements.csv")
        self.table = ui.table(rows=[], columns=_columns(), row_key="id", pagination={"rowsPerPage": PAGE, "page": 1})
        self.table.props(f"flat bordered dense :rows-per-page-options=[{PAGE}]").classes("full")
        self.table.add_slot("body-cell-files", FILES)
        self.table.add_slot("body-cell-value", VALUE)
        self.table.add_slot("body-cell-correct", CORRECT)
        self.table.on("correct", self._correct)

    def _look(self) -> None:
        self.table.pagination = {"rowsPerPage": PAGE, "page": 1}
        self.desk.look_again()

    def read(self, session: Session) -> Plain:
        """The latest of those that a person looks for."""
        wanted = (self.name, whole_number(self._number.value), self._property.value)
        return shared(session, ("measurements", *wanted), lambda: found(session, *wanted))

    def show(self, found: Plain) -> None:
        """Say how many there are, and put the latest into the table."""
        if list(self._property.options) != found["properties"]:
            self._property.set_options({each: plain(each) for each in found["properties"]}, value=self._property.value)
        shown, total = len(found["rows"]), found["total"]
        key = "campaign.measurements_all" if shown == total else "campaign.measurements_latest"
        ui.label(say(key, shown=shown, total=total)).classes("note")
        operator = self.desk.may(Role.OPERATOR)
        self.rows = {row["id"]: row for row in found["rows"]}
        self.table.rows = [_measurement(row, operator) for row in found["rows"]]

    async def _correct(self, event: GenericEventArguments) -> None:
        if (row := self.rows.get(str(event.args))) is not None:
            await correct(self.desk, row)


def whole_number(value: Any) -> int | None:
    """The number of an experiment as a browser sends it; None where it is none."""
    if not isinstance(value, int | float) or not 1 <= value < 2**31:
        return None
    return int(value)


def _columns() -> list[Plain]:
    names = ("experiment", "property", "value", "origin", "status", "marks", "files", "correct")
    return [
        {
            "name": name,
            "label": say(f"campaign.{name}"),
            "field": name,
            "align": "left",
            "sortable": name not in ("files", "correct"),
        }
        for name in names
    ]


def _measurement(row: Plain, operator: bool) -> Plain:
    marks = [say(f"campaign.{each}") for each in ("late", "corrected") if row[each]]
    return {
        **{name: row[name] for name in ("id", "experiment", "value", "origin", "status", "files")},
        "property": plain(row["property"]),
        "text": with_error(row["value"], row["standard_error"], row["unit"]),
        "marks": ", ".join(marks),
        "correctable": operator and not row["corrected"],
        "label": say("campaign.correct_of", property=plain(row["property"]), number=row["experiment"]),
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
