"""Pictures of candidates: every example has one, and what has none says why."""

from xml.etree import ElementTree

import pytest

from controller.report.drawings import MOST_ATOMS, NotDrawable, cell, crystal_scene, molecule_svg
from strategies.spaces.candidates import examples

SILICON, SALT = examples("crystal")


@pytest.mark.parametrize("smiles", [*(each["smiles"] for each in examples("molecule")), "*CC(c1ccccc1)*"])
def test_a_molecule_is_a_picture_that_holds_nothing_but_lines(smiles: str) -> None:
    root = ElementTree.fromstring(molecule_svg(smiles))
    assert root.tag.endswith("svg")
    assert (root.get("width"), root.get("height")) == ("260px", "180px")
    assert {each.tag.rpartition("}")[2] for each in root.iter()} <= {
        "svg",
        "rect",
        "path",
        "ellipse",
        "polygon",
        "text",
    }


@pytest.mark.parametrize(
    ("smiles", "why"),
    [
        ("C1CC", "C1CC"),
        ("F(F)(F)F", "valence"),
        ("<script>alert(1)</script>", "no SMILES"),
        ("C" * 2001, "2000 characters"),
        ("C" * (MOST_ATOMS + 1), f"{MOST_ATOMS} atoms"),
    ],
)
def test_what_is_not_drawn_says_why(smiles: str, why: str) -> None:
    with pytest.raises(NotDrawable, match=why):
        molecule_svg(smiles)


def test_a_cell_in_numbers() -> None:
    salt, silicon = cell(SALT), cell(SILICON)
    assert (salt.formula, salt.counts) == ("NaCl", {"Na": 4, "Cl": 4})
    assert salt.lengths == pytest.approx((5.64, 5.64, 5.64))
    assert salt.volume == pytest.approx(5.64**3)
    assert silicon.formula == "Si"
    assert silicon.angles == pytest.approx((60, 60, 60))
    assert silicon.volume == pytest.approx(5.43**3 / 4)


def test_a_cell_in_space_has_its_edges_and_what_lies_on_its_faces_on_both_sides() -> None:
    scene = crystal_scene(SALT)
    assert len(scene.edges) == 12
    counts = {name: sum(each.element == name for each in scene.atoms) for name in scene.legend}
    assert counts == {"Na": 14, "Cl": 13}  # as in every textbook
    assert max(abs(part) for each in scene.atoms for part in each.at) == pytest.approx(2.82)
    assert scene.legend["Na"] != scene.legend["Cl"]


def test_an_atom_just_below_a_face_lies_on_it() -> None:
    atom = {**SALT, "species": ["Na"], "positions": [[0.9999, 0.5, 0.5]]}
    assert sorted(round(each.at[0], 2) for each in crystal_scene(atom).atoms) == [-2.82, 2.82]


def test_too_many_atoms_are_not_drawn() -> None:
    many = {**SALT, "species": ["Na"] * 601, "positions": [[0.5, 0.5, 0.5]] * 601}
    with pytest.raises(NotDrawable, match="600"):
        crystal_scene(many)
