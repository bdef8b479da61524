"""A campaign's plots, drawn once and then given new data, each with its numbers in a table."""

from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from controller.console import charts
from controller.console.shown import heading, named, number, plain, table, with_error
from controller.console.texts import say
from strategies.spaces import settings_of

Plain = dict[str, Any]
AXES = 24  # of parallel coordinates; a descriptor table may have hundreds of columns


class Plots:
    """Plots by key in one place; a plot that is there already gets its new data, so that nothing flickers."""

    def __init__(self, classes: str = "") -> None:
        self._place = ui.element("div").classes(f"plots {classes}")
        self._charts: dict[str, Any] = {}

    def show(self, wanted: dict[str, tuple[str, Plain]], whole: tuple[str, ...] = ()) -> None:
        """Draw the plots of these titles and options; `whole` ones take the whole width."""
        for key in self._charts.keys() - wanted.keys():
            self._charts.pop(key)[0].delete()
        for key, (title, options) in wanted.items():
            if key not in self._charts:
                self._charts[key] = self._new(options, "whole" if key in whole else "")
            _, above, chart = self._charts[key]
            above.text = title
            chart.props["aria-label"] = title
            chart.options.clear()
            # Of a list, each change would be observed.
            chart.options.update(
                {name: tuple(each) if isinstance(each, list) else each for name, each in options.items()}
            )
            chart.update()

    def _new(self, options: Plain, classes: str) -> tuple[ui.element, ui.label, Any]:
        with self._place, ui.element("div").classes(f"card {classes}") as card:
            above = heading("", "name", 3)
            chart = ui.echart(dict(options), renderer="svg").classes("plot").props("role=img")
        return card, above, chart


@dataclass
class Progress:
    """Progress, trade-off and parallel coordinates; `pair`: which two objectives are set against each other."""

    plots: Plots = field(default_factory=Plots)
    found: Plain = field(default_factory=dict)
    pair: tuple[int, int] = (0, 1)

    def __post_init__(self) -> None:
        self._choice = ui.element("div").classes("row")

    def show(self, found: Plain) -> None:
        """Draw everything; what is left in place is the table of the best."""
        self.found = found
        self._draw()
        if len(found["objectives"]) > 2 and not self._choice.default_slot.children:
            self._choose([each["property"] for each in found["objectives"]])
        if not found["total"]:
            ui.label(say("campaign.nothing_measured")).classes("nothing")
            return
        if len(found["points"]) < found["total"]:
            ui.label(say("campaign.thinned", shown=len(found["points"]), total=found["total"])).classes("note")
        _best_table(found)

    def _draw(self) -> None:
        found, wanted = self.found, dict[str, tuple[str, Plain]]()
        objectives, points = found["objectives"], found["points"]
        if points:
            for place, objective in enumerate(objectives):
                name = plain(objective["property"])
                title = say("campaign.progress_of", name=name, count=found["total"])
                wanted[f"progress {place}"] = title, charts.progress(points, objective, place)
            if len(objectives) > 1:
                first, second = (objectives[place] for place in self.pair)
                names = {key: plain(each["property"]) for key, each in (("first", first), ("second", second))}
                wanted["trade-off"] = say("campaign.trade_off", **names), charts.trade_off(points, first, second)
            parameters = found["parameters"][: AXES - len(objectives)]
            drawn = charts.parallel(found["lines"], parameters, objectives)
            wanted["parallel"] = say("campaign.parallel_of", count=len(found["lines"])), drawn
        self.plots.show(wanted, whole=("parallel",))

    def _choose(self, names: list[str]) -> None:
        options = dict(enumerate(names))
        with self._choice:
            for side, key in enumerate(("first_axis", "second_axis")):
                select = ui.select(options, value=side, label=say(f"campaign.{key}")).props("outlined dense")
                select.on_value_change(lambda event, side=side: self._turn(side, event.value))

    def _turn(self, side: int, objective: int) -> None:
        self.pair = (objective, self.pair[1]) if side == 0 else (self.pair[0], objective)
        self._draw()


def _best_table(found: Plain) -> None:
    parameters, objectives = found["parameters"][:AXES], found["objectives"]
    header = [named(each["name"], each["unit"]) for each in parameters]
    goals = [named(each["property"], each["unit"]) for each in objectives]
    caption = say("campaign.best_table")
    if found["front"] is not None:
        caption = say("campaign.front_table", shown=len(found["best"]), size=found["front"])
    table(
        [say("campaign.experiment"), *goals, *header],
        (
            [
                str(row["number"]),
                *(_mean(row, each["property"]) for each in objectives),
                *(number(settings_of(row["candidate"]).get(each["name"])) for each in parameters),
            ]
            for row in found["best"]
        ),
        caption,
    )


def _mean(row: Plain, name: str) -> str:
    return with_error(row["values"][name], row["errors"].get(name)) if name in row["values"] else "-"
