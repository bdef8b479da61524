"""A campaign as one HTML page with its plots inside, which opens anywhere and loads nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from math import inf, nan
from typing import Any

from sqlmodel import Session

from controller.commands.lookup import find_campaign
from controller.report import lists
from controller.report.explained import model_lines, said_cells, said_columns
from controller.report.export import newest_event
from controller.report.figures import figure, image
from controller.report.iterations import explained_proposals, model_health
from controller.report.model_plots import calibration, parity, sensitivities, slices
from controller.report.pareto import Tried, tried
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of
from strategies.spaces import settings_of

MOST_ROWS = 500
STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222}"
    "h1,h2{font-weight:600}table{border-collapse:collapse;margin:.6em 0 1.4em}"
    "td,th{padding:.25em .7em;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}"
    "tr.best td{background:#eef7ee}img{max-width:100%}small{color:#666}"
    ".mark{background:#fff3cd;padding:.4em .8em;border-left:4px solid #e0a800}"
)


def page(session: Session, name: str) -> str:
    """The page; raises `NotFound`."""
    campaign = find_campaign(session, name)
    spec = spec_of(session, campaign)
    rows = tried(session, campaign)
    shown = lists.campaign(session, campaign.name, datetime.now(UTC))
    newest = newest_event(session)
    parts = [
        f"<h1>{escape(campaign.name)}</h1>",
        f"<p>{escape(spec.description)}</p>" if spec.description else "",
        '<p class="mark">Simulated: no real instrument took part.</p>' if campaign.simulated else "",
        _facts(spec, shown),
        "<h2>Best</h2>",
        _table(spec, [row for row in rows if row.best]),
        *_plots(spec, rows),
        *_model(session, name),
        *_proposed(session, name, spec),
        "<h2>Everything that was measured</h2>",
        _table(spec, rows[:MOST_ROWS]),
        f"<p><small>The first {MOST_ROWS} of {len(rows)}; the others are in the export.</small></p>"
        if len(rows) > MOST_ROWS
        else "",
        f"<p><small>Newest event of the record: {newest['number']} {newest['hash']}</small></p>" if newest else "",
    ]
    body = "\n".join(part for part in parts if part)
    title = escape(f"Campaign {campaign.name}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _facts(spec: Spec, shown: dict[str, Any]) -> str:
    budget = spec.budget.model_dump(mode="json", exclude_none=True)
    facts = [
        ("state", f"{shown['state']}" + (f": {shown['reason']}" if shown["reason"] else "")),
        ("wanted", ", ".join(f"{each.goal} {each.property} ({each.unit})" for each in spec.objectives)),
        ("varied", ", ".join(spec.space.names())),
        ("stages", ", ".join(f"{stage.name}: {', '.join(step.name for step in stage.steps)}" for stage in spec.stages)),
        ("strategy", spec.strategy.name),
        ("experiments", f"{shown['experiments']}"),
        ("cost", f"{shown['cost']:g}"),
        ("budget", ", ".join(f"{name} {value}" for name, value in budget.items()) or "none"),
        ("started", str(shown["started_at"])),
        ("ended", str(shown["ended_at"] or "not yet")),
    ]
    return _rows(("", ""), [(name, value) for name, value in facts])


def _rows(header: Sequence[str], rows: Iterable[Sequence[Any]], best: Sequence[bool] = ()) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in header) if any(header) else ""
    lines = []
    for place, row in enumerate(rows):
        kind = ' class="best"' if place < len(best) and best[place] else ""
        lines.append(f"<tr{kind}>{''.join(f'<td>{escape(_said(each))}</td>' for each in row)}</tr>")
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>" if lines else "<p>nothing yet</p>"


def _said(value: Any) -> str:
    return "" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)


def _table(spec: Spec, rows: Sequence[Tried]) -> str:
    names, properties = spec.space.names(), [each.property for each in spec.objectives]
    units = {each.property: each.unit for each in spec.objectives}
    header = [
        "experiment",
        *(f"{name} ({spec.space.unit(name)})" if spec.space.unit(name) != "dimensionless" else name for name in names),
        *(f"{name} ({units[name]})" if units[name] != "dimensionless" else name for name in properties),
    ]
    lines = (
        [
            row.number,
            *(settings_of(row.candidate).get(name) for name in names),
            *(row.values.get(name) for name in properties),
        ]
        for row in rows
    )
    return _rows(header, lines, [row.best for row in rows])


def _plots(spec: Spec, rows: Sequence[Tried]) -> list[str]:
    if not rows:
        return []
    found = ["<h2>Progress</h2>"]
    for index, objective in enumerate(spec.objectives):
        found.append(_progress(index, objective.property, objective.unit, rows))
    if len(spec.objectives) == 2:
        found += ["<h2>Trade-off</h2>", _trade_off(spec, rows)]
    return found


def _progress(index: int, name: str, unit: str, rows: Sequence[Tried]) -> str:
    best: list[float] = []
    highest = -inf
    for row in rows:
        merit = None if row.merits is None else row.merits[min(index, len(row.merits) - 1)]  # one score, or one each
        better = merit is not None and merit > highest
        highest = merit if merit is not None and better else highest
        best.append(row.values[name] if better else best[-1] if best else nan)
    drawn, [plot] = figure()
    numbers = range(1, len(rows) + 1)
    plot.plot(numbers, [row.values.get(name, nan) for row in rows], "o", color="0.6", markersize=4, label="measured")
    plot.step(numbers, best, where="post", label="best so far")
    plot.set(xlabel="experiments", ylabel=f"{name} / {unit}")
    plot.legend()
    return image(drawn, f"{name} by experiment")


def _trade_off(spec: Spec, rows: Sequence[Tried]) -> str:
    first, second = (each.property for each in spec.objectives)
    complete = [row for row in rows if first in row.values and second in row.values]
    drawn, [plot] = figure()
    for best, color, label in ((False, "0.6", "measured"), (True, "tab:green", "Pareto set")):
        points = [row for row in complete if row.best == best]
        plot.plot([r.values[first] for r in points], [r.values[second] for r in points], "o", color=color, label=label)
    plot.set(xlabel=first, ylabel=second)
    plot.legend()
    return image(drawn, "Pareto set")


def _model(session: Session, name: str) -> list[str]:
    """What the latest model says of itself."""
    if (found := model_health(session, name)) is None:
        return []
    lines = "".join(f"<li>{escape(each)}</li>" for each in model_lines(found["report"]))
    parts = [f"<h2>Model</h2><p>As of iteration {found['number']}:</p><ul>{lines}</ul>"]
    for property_, model in (found["report"].get("models") or {}).items():
        for draw, what in _FIGURES:
            if (drawn := draw(model, property_)) is not None:
                parts.append(f"<h3>{what} of {escape(property_)}</h3>{image(drawn, f'{what} of {property_}')}")
    return parts


_FIGURES = (
    (parity, "Leave-one-out predictions"),
    (calibration, "Calibration"),
    (sensitivities, "Sensitivities"),
    (slices, "Slices"),
)


def _proposed(session: Session, name: str, spec: Spec) -> list[str]:
    """Why the last iteration proposed what it proposed."""
    rows = explained_proposals(session, name)
    if not rows:
        return []
    names = [each.property for each in spec.objectives]
    header = ("proposal", "candidate", *said_columns(names, explain=True))
    cells = (
        (row["number"], _values(spec, row["candidate"]), *said_cells(names, row, explain=True))
        for row in rows[:MOST_ROWS]
    )
    return ["<h2>What was proposed last, and why</h2>", _rows(header, cells)]


def _values(spec: Spec, candidate: Mapping[str, Any]) -> str:
    given = candidate.get("values", {})
    values = ", ".join(f"{name} {_said(given[name])}" for name in spec.space.names() if name in given)
    return f"{candidate['label']}: {values}" if candidate.get("label") else values
