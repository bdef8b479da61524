"""A candidate as a person reads it."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from controller.console.crystals import crystal
from controller.console.molecules import molecule, route
from controller.console.shown import number, plain, quantity, table
from controller.console.texts import say
from controller.serving import Pictures

Candidate = Mapping[str, Any]
BRIEF = 200  # characters
MOST_ROWS = 24  # of a table: two hundred cards with a hundred rows each would hold up the event loop for seconds


def draw(candidate: Candidate, pictures: Pictures) -> None:
    """Draw a candidate of any kind, here."""
    if candidate.get("kind") == "crystal":
        crystal(candidate, pictures)
    else:
        _KINDS.get(str(candidate.get("kind")), _unknown)(candidate)


def label_of(candidate: Candidate) -> str:
    """What tells it from others in one line, where it has such a thing."""
    return str(candidate.get("label") or candidate.get("smiles") or "")


def brief(candidate: Candidate) -> str:
    """All of it in one line, what tells it from others first, as far as a line goes."""
    units = candidate.get("units", {})
    present = [each for part in ("amounts", "elements") for each in candidate.get(part, {}).items() if each[1]]
    amounts = {name: (value, None) for name, value in present}
    settings = {name: (value, units.get(name)) for name, value in candidate.get("values", {}).items()}
    parts = [f"{plain(name)} {quantity(*each)}" for name, each in {**amounts, **settings}.items()]
    shown = ", ".join([each for each in (label_of(candidate), *parts) if each])
    return shown if len(shown) <= BRIEF else f"{shown[:BRIEF]}…"


def _conditions(candidate: Candidate) -> None:
    if candidate.get("label"):
        ui.label(str(candidate["label"])).classes("name")
    _settings(candidate)


def _settings(candidate: Candidate) -> None:
    units = candidate.get("units", {})
    rows = [(plain(name), quantity(value, units.get(name))) for name, value in candidate.get("values", {}).items()]
    if len(rows) > MOST_ROWS:
        ui.label("\n".join(f"{name}: {value}" for name, value in rows)).classes("log").props("tabindex=0")
    elif rows:
        table((say("candidate.parameter"), say("candidate.value")), rows)


def _mixture(candidate: Candidate) -> None:
    _bars(candidate["amounts"])
    _settings(candidate)


def _composition(candidate: Candidate) -> None:
    _bars(candidate["elements"])
    _settings(candidate)


def _bars(amounts: Mapping[str, float]) -> None:
    """Shares of the whole."""
    total = sum(amounts.values()) or 1.0
    with ui.element("div").classes("mixture"):
        for name, amount in amounts.items():
            share = amount / total
            ui.label(name)
            with ui.element("div").classes("bar").props('aria-hidden="true"'):
                ui.element("div").style(f"width: {100 * share:.1f}%")
            ui.label(f"{100 * share:.3g} %")


def _molecule(candidate: Candidate) -> None:
    molecule(str(candidate["smiles"]))


def _unknown(candidate: Candidate) -> None:
    ui.label(say("candidate.unknown", kind=number(candidate.get("kind"))))


_KINDS = {
    "conditions": _conditions,
    "mixture": _mixture,
    "composition": _composition,
    "molecule": _molecule,
    "route": route,
}
