"""Pictures of what others wrote are made in a process of their own, and cost nothing else when they cannot be."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.commands.errors import Invalid
from controller.report.drawings import NotDrawable, crystal_scene
from controller.report.reading import look
from controller.serving import Pictures
from strategies.spaces.candidates import examples
from tests.controller.console import hall

SALT = examples("crystal")[1]


@pytest.fixture
async def pictures() -> AsyncIterator[Pictures]:
    made = Pictures(60.0)
    yield made
    await made.stop()


async def test_a_molecule_is_drawn_elsewhere_and_kept(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdkit", None)  # not in this process
    drawn = await pictures.molecule("CCO")
    assert drawn.startswith(b"<?xml")
    with pytest.raises(NotDrawable, match="no SMILES"):
        await pictures.molecule("<script>")
    await pictures.stop()
    monkeypatch.setattr(pictures, "_deadline_s", 0.0)
    assert await pictures.molecule("CCO") == drawn
    with pytest.raises(NotDrawable, match="no SMILES"):
        await pictures.molecule("<script>")


async def test_what_takes_too_long_is_not_drawn_and_not_tried_again(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hurried:
        hurried.setattr(pictures, "_deadline_s", 0.0)
        with pytest.raises(NotDrawable, match="deadline"):
            await pictures.molecule("CCO")
        with pytest.raises(NotDrawable, match="deadline"):
            await pictures.crystal(SALT)
    assert await pictures.molecule("CCC")
    with pytest.raises(NotDrawable, match="deadline"):
        await pictures.molecule("CCO")


async def test_large_drawings_do_not_fill_the_memory(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = [len(await pictures.molecule(each)) for each in ("C" * 150, "C" * 151)]
    monkeypatch.setattr("controller.serving.pictures.KEPT_CHARACTERS", first + second)
    await pictures.molecule("C" * 152)
    monkeypatch.setattr(pictures, "_deadline_s", 0.0)
    assert await pictures.molecule("C" * 152)
    with pytest.raises(NotDrawable, match="deadline"):
        await pictures.molecule("C" * 150)


async def test_a_crystal_comes_back_as_it_was_made(pictures: Pictures) -> None:
    scene = await pictures.crystal(SALT)
    assert [(each.element, list(each.at)) for each in scene.atoms] == [
        (each.element, list(each.at)) for each in crystal_scene(SALT).atoms
    ]
    assert scene.legend == crystal_scene(SALT).legend
    with pytest.raises(NotDrawable, match="no element"):
        await pictures.crystal({**SALT, "species": ["Xx"] * 8})


async def test_a_file_is_looked_into_elsewhere(
    pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spectrum.csv"
    path.write_bytes(hall.spectrum())
    seen, here = await pictures.file(path, "text/csv"), look(path)
    assert seen.curves is not None
    assert here.curves is not None
    assert (seen.text, seen.curves.headings, seen.curves.count) == (here.text, here.curves.headings, here.curves.count)
    assert [list(map(list, each)) for each in here.curves.points] == seen.curves.points
    monkeypatch.setattr(pictures, "_deadline_s", 0.0)
    with pytest.raises(Invalid, match="could not be looked into"):
        await pictures.file(path, "text/csv")
    assert (await pictures.file(path, "image/png")).picture
