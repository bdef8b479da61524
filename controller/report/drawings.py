"""Pictures of candidates: molecules as SVG, crystals as what a scene in space is made of."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import acos, degrees, gcd, hypot
from typing import Any

WIDTH, HEIGHT = 260, 180
LONGEST = 2000  # characters of a SMILES
MOST_ATOMS = 200  # of a drawing: beyond it nobody sees anything, and the layout takes seconds
MOST_SPHERES = 600  # of a scene, with the repeated ones on the cell's faces
NEAR = 1e-3  # of a lattice vector: an atom so close to a face of the cell is shown on the opposite one as well

Candidate = Mapping[str, Any]
Point = tuple[float, float, float]


class NotDrawable(ValueError):
    """There is no picture of it; the text says why."""


def molecule_svg(smiles: str) -> str:
    """A molecule or a polymer's repeat unit, in ISO 8859-1 as it says of itself; raises `NotDrawable`. For a worker."""
    from rdkit.Chem.Draw import rdMolDraw2D

    from strategies.spaces.chemistry import parse_smiles

    if len(smiles) > LONGEST:
        raise NotDrawable(f"a SMILES of more than {LONGEST} characters is not drawn")
    try:
        molecule = parse_smiles(smiles)
    except ValueError as error:
        raise NotDrawable(str(error)) from error
    if molecule.GetNumAtoms() > MOST_ATOMS:
        raise NotDrawable(f"a molecule of more than {MOST_ATOMS} atoms is not drawn")
    picture = rdMolDraw2D.MolDraw2DSVG(WIDTH, HEIGHT)
    rdMolDraw2D.PrepareAndDrawMolecule(picture, molecule)
    picture.FinishDrawing()
    return str(picture.GetDrawingText())


@dataclass(frozen=True)
class Cell:
    """A crystal's cell in numbers: lengths in angstrom, angles in degrees, volume in cubic angstrom."""

    lengths: Point
    angles: Point
    volume: float
    formula: str
    counts: Mapping[str, int]


def cell(candidate: Candidate) -> Cell:
    """What a crystal's cell measures and holds."""
    a, b, c = (_point(each) for each in candidate["lattice"])
    counts = Counter(str(each) for each in candidate["species"])
    common = gcd(*counts.values())
    formula = "".join(f"{name}{n // common if n > common else ''}" for name, n in counts.items())
    across = (b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0])
    return Cell(
        (hypot(*a), hypot(*b), hypot(*c)), (_angle(b, c), _angle(a, c), _angle(a, b)), abs(_dot(a, across)),
        formula, dict(counts),
    )  # fmt: skip


def _point(values: Any) -> Point:
    x, y, z = map(float, values)
    return x, y, z


def _dot(one: Point, other: Point) -> float:
    return sum(x * y for x, y in zip(one, other, strict=True))


def _angle(one: Point, other: Point) -> float:
    lengths = hypot(*one) * hypot(*other)
    return degrees(acos(max(-1.0, min(1.0, _dot(one, other) / lengths)))) if lengths else 0.0


@dataclass(frozen=True)
class Sphere:
    """An atom in space, in angstrom from the middle of the cell."""

    element: str
    at: Point
    radius: float
    color: str


@dataclass(frozen=True)
class Scene:
    """Atoms, the edges of the cell, a color for each element, and the radius of a sphere around it all."""

    atoms: list[Sphere]
    edges: list[tuple[Point, Point]]
    legend: Mapping[str, str]
    radius: float


def crystal_scene(candidate: Candidate) -> Scene:
    """A crystal's cell in space; raises `NotDrawable`. It loads a library: for a worker."""
    from ase.data import atomic_numbers, covalent_radii
    from ase.data.colors import jmol_colors

    lattice = [_point(each) for each in candidate["lattice"]]
    legend, atoms = {}, []
    for element in dict.fromkeys(candidate["species"]):
        if element not in atomic_numbers:
            raise NotDrawable(f"{element!r} is no element")
        legend[element] = "#" + "".join(f"{round(255 * part):02x}" for part in jmol_colors[atomic_numbers[element]])
    for element, position in zip(candidate["species"], candidate["positions"], strict=True):
        radius = 0.45 * float(covalent_radii[atomic_numbers[element]])
        atoms += [Sphere(element, _placed(lattice, at), radius, legend[element]) for at in _repeated(_point(position))]
        if len(atoms) > MOST_SPHERES:
            raise NotDrawable(f"more than {MOST_SPHERES} atoms are not drawn")
    corners = [_point(each) for each in product((0.0, 1.0), repeat=3)]
    edges = [
        (_placed(lattice, one), _placed(lattice, other))
        for one, other in product(corners, repeat=2)
        if one < other and sum(x != y for x, y in zip(one, other, strict=True)) == 1
    ]
    reach = max(hypot(*_placed(lattice, each)) for each in corners)
    return Scene(atoms, edges, legend, reach)


def scene_from(plain: Mapping[str, Any]) -> Scene:
    """As a worker tells of it."""
    return Scene(**{**plain, "atoms": [Sphere(**each) for each in plain["atoms"]]})


def _repeated(position: Point) -> list[Point]:
    """An atom within the cell, and its like on the faces, edges and corners on the other side."""
    inside = [each % 1.0 for each in position]
    choices = [(each, each + 1) if each < NEAR else (each, each - 1) if each > 1 - NEAR else (each,) for each in inside]
    return [_point(each) for each in product(*choices)]


def _placed(lattice: list[Point], fractional: Point) -> Point:
    shifted = [each - 0.5 for each in fractional]
    return _point([sum(part * row[axis] for part, row in zip(shifted, lattice, strict=True)) for axis in range(3)])
