"""A candidate as a person reads it: every example of every kind is drawn, and nothing of it is lost."""

from typing import Any

import pytest
from nicegui import Client, ui

from controller.console import candidates
from controller.console.molecules import MOST_PICTURES, Branch, trees
from controller.console.texts import say
from controller.report.drawings import LONGEST
from controller.serving import Pictures
from strategies.spaces.candidates import KINDS, examples

EXAMPLES = [pytest.param(each, id=f"{kind}-{place}") for kind in KINDS for place, each in enumerate(examples(kind))]


def draw(candidate: dict[str, Any]) -> None:
    candidates.draw(candidate, Pictures())


def texts(blank: Client) -> list[str]:
    found = [each.text for each in blank.elements.values() if isinstance(each, ui.label)]
    tables = [each.props["rows"] for each in blank.elements.values() if "rows" in each.props]
    return [*found, *(cell for rows in tables for row in rows for cell in row)]


def pictures(blank: Client) -> list[ui.element]:
    return [each for each in blank.elements.values() if each.tag == "img"]


@pytest.mark.parametrize("candidate", EXAMPLES)
def test_every_example_is_drawn_with_all_that_it_names(blank: Client, candidate: dict[str, Any]) -> None:
    draw(candidate)
    shown = texts(blank)
    assert not [text for text in shown if text.startswith("A candidate of kind")]
    for part in ("values", "amounts", "elements"):
        assert set(candidate.get(part, {})) <= set(shown)
    assert set(candidate.get("species", [])) <= set(shown)
    molecules = [candidate["smiles"]] if "smiles" in candidate else []
    for each in candidate.get("reactions", []):
        molecules += [*each["reactants"], *each["products"]]
    assert set(molecules) <= set(shown)
    assert len(pictures(blank)) == len(set(molecules))


def test_what_a_chemist_writes_stays_text(blank: Client) -> None:
    draw({"kind": "molecule", "smiles": '"><img src=x onerror=alert(1)>&smiles=C'})
    [picture] = pictures(blank)
    assert picture.props["src"] == (
        "/drawn/molecule.svg?smiles=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E%26smiles%3DC"
    )


def test_a_picture_that_cannot_be_made_is_told_of(blank: Client) -> None:
    draw({"kind": "molecule", "smiles": "C" * (LONGEST + 1)})
    assert (pictures(blank), texts(blank)[0]) == ([], say("candidate.not_drawn"))


def test_a_kind_that_is_not_known_says_so(blank: Client) -> None:
    draw({"kind": "melody"})
    assert texts(blank) == ["A candidate of kind melody"]


def test_of_a_long_route_only_the_first_molecules_are_pictures(blank: Client) -> None:
    reactants = ["C" * count for count in range(1, 2 * MOST_PICTURES)]
    draw({"kind": "route", "target": "O", "reactions": [{"reactants": reactants, "products": ["O"]}]})
    assert len(pictures(blank)) == MOST_PICTURES
    assert set(reactants) <= set(texts(blank))


def route(target: str, *reactions: tuple[str, str]) -> list[Branch]:
    steps = [{"reactants": made_from.split("."), "products": made.split(".")} for made_from, made in reactions]
    return trees({"kind": "route", "target": target, "reactions": steps})


def test_a_route_grows_from_its_target() -> None:
    [tree] = route("T", ("A.B", "T"), ("C", "B.W"))
    assert [each.smiles for each in tree.made_from] == ["A", "B"]
    assert tree.made_from[1] == Branch("B", (Branch("C"),), beside=("W",))


def test_what_is_used_twice_is_shown_once() -> None:
    [tree] = route("T", ("A.B", "T"), ("C", "A"), ("A", "B"))
    assert tree.made_from[0].made_from == (Branch("C"),)
    assert tree.made_from[1].made_from == (Branch("A", above=True),)


def test_a_circle_ends_and_what_leads_elsewhere_follows() -> None:
    first, second = route("T", ("A", "T"), ("T", "A"), ("X", "Y"))
    assert first.made_from[0].made_from == (Branch("T", above=True),)
    assert second == Branch("Y", (Branch("X"),))


def test_many_parameters_are_few_elements(blank: Client) -> None:
    before = len(blank.elements)
    values = {f"parameter_{number:03d}": float(number) for number in range(128)}
    draw({"kind": "conditions", "values": values, "units": {"parameter_007": "degC"}})
    assert len(blank.elements) - before < 10
    shown = "\n".join(texts(blank)).splitlines()
    assert "parameter 007: 7 °C" in shown
    assert "parameter 127: 127" in shown
