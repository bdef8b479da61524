"""Molecules as pictures, and a route to one as a graph of its reactions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from nicegui import ui

from controller.console.texts import say
from controller.report.drawings import LONGEST

NOT_DRAWN = "(event) => { event.target.hidden = true; event.target.nextElementSibling.hidden = false }"
MOST_PICTURES = 60  # of one route; the other molecules stand there as texts


def molecule(smiles: str) -> None:
    """A picture, made where pictures are asked for: in a frame of its own, so that nothing in it can run."""
    if len(smiles) > LONGEST:
        ui.label(say("candidate.not_drawn")).classes("note")
    else:
        picture = ui.element("img").classes("molecule")
        picture.props["src"] = f"/drawn/molecule.svg?smiles={quote(smiles, safe='')}"
        picture.props["alt"] = say("candidate.molecule", smiles=smiles)
        picture.props["loading"] = "lazy"
        picture.on("error", js_handler=NOT_DRAWN)
        ui.label(say("candidate.not_drawn")).classes("note").props("hidden")
    ui.label(smiles).classes("soft grow")


@dataclass(frozen=True)
class Branch:
    """A molecule of a route, and what it is made from; nothing where it is bought, or is shown above."""

    smiles: str
    made_from: tuple["Branch", ...] = ()
    agents: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()  # what else the reaction gives
    above: bool = False


def trees(candidate: Mapping[str, Any]) -> list[Branch]:
    """A route from its target back; each reaction stands once. Those that do not lead to the target follow."""
    left = [dict(each) for each in candidate["reactions"]]
    grown = [_grow(str(candidate["target"]), left, set())]
    while left:
        grown.append(_grow(str(left[0]["products"][0]), left, set()))
    return grown


def _grow(smiles: str, left: list[dict[str, Any]], known: set[str]) -> Branch:
    reaction = next((each for each in left if smiles in each["products"]), None)
    if reaction is None:
        return Branch(smiles, above=smiles in known)
    left.remove(reaction)
    known.add(smiles)
    branches = tuple(_grow(str(each), left, known) for each in reaction["reactants"])
    beside = tuple(str(each) for each in reaction["products"] if each != smiles)
    return Branch(smiles, branches, tuple(map(str, reaction.get("agents", []))), beside)


def route(candidate: Mapping[str, Any]) -> None:
    """The target above, what it is made from below it, and so on."""
    steps = len(candidate["reactions"])
    ui.label(say("candidate.steps", count=steps)).classes("soft")
    room = [MOST_PICTURES]
    for place, tree in enumerate(trees(candidate)):
        if place == 1:
            ui.label(say("candidate.other_steps")).classes("soft")
        with ui.element("ul").classes("route"):
            _branch(tree, room)


def _branch(branch: Branch, room: list[int]) -> None:
    with ui.element("li"):
        with ui.element("div").classes("compound"):
            if room[0] > 0:
                room[0] -= 1
                molecule(branch.smiles)
            else:
                ui.label(branch.smiles).classes("soft grow")
            if branch.above:
                ui.label(say("candidate.above")).classes("mark")
        if branch.made_from:
            ui.label(_reaction(branch)).classes("reaction grow")
            with ui.element("ul"):
                for each in branch.made_from:
                    _branch(each, room)


def _reaction(branch: Branch) -> str:
    parts = [say("candidate.made_from")]
    if branch.agents:
        parts.append(say("candidate.agents", agents=", ".join(branch.agents)))
    if branch.beside:
        parts.append(say("candidate.beside", products=", ".join(branch.beside)))
    return " · ".join(parts)
