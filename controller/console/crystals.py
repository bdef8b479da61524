"""Crystals: in numbers at once, in space when asked for, since a browser bears only a few such scenes at a time."""

from collections.abc import Mapping
from math import cos, radians, sin
from typing import Any

from nicegui import ui

from controller.console.shown import facts, table
from controller.console.texts import say
from controller.report.drawings import Cell, NotDrawable, Scene, cell
from controller.serving import Pictures

WIDTH, HEIGHT = 300, 280
STEP = 30.0  # degrees
BACK, LINE = "#ffffff", "#515b67"


def crystal(candidate: Mapping[str, Any], pictures: Pictures) -> None:
    """The cell's numbers, its atoms, and a button that shows it in space."""
    _numbers(cell(candidate))
    place = ui.element("div").classes("scene")

    async def show() -> None:
        button.disable()
        try:
            scene = await pictures.crystal(candidate)
        except NotDrawable as error:
            with place:
                ui.label(say("candidate.no_picture", why=str(error))).classes("note")
            return
        with place:
            _Turned(scene, cell(candidate).formula)
        button.delete()

    button = ui.button(say("candidate.show_crystal"), icon="view_in_ar", on_click=show).props("outline dense")


def _numbers(found: Cell) -> None:
    ui.label(found.formula).classes("name")
    a, b, c = (f"{each:.4g}" for each in found.lengths)
    angles = ", ".join(f"{each:.4g}°" for each in found.angles)
    facts(
        [
            (say("candidate.lengths"), say("candidate.three_lengths", a=a, b=b, c=c)),
            (say("candidate.angles"), angles),
            (say("candidate.volume"), f"{found.volume:.5g} Å³"),
        ]
    )
    header = (say("candidate.element"), say("candidate.atoms"))
    table(header, ((name, str(count)) for name, count in found.counts.items()))


class _Turned:
    """A scene that a mouse, a finger or two buttons turn."""

    def __init__(self, scene: Scene, formula: str) -> None:
        self._angle = -60.0
        self._distance = 3.3 * scene.radius
        with ui.element("div").props("role=img") as around:
            around.props["aria-label"] = say("candidate.crystal", formula=formula)
            self._view = ui.scene(
                WIDTH, HEIGHT, grid=False, background_color=BACK, camera=ui.scene.perspective_camera(fov=38)
            )
        with self._view as view:
            for atom in scene.atoms:
                view.sphere(atom.radius, 20, 14).material(atom.color).move(*atom.at)
            for one, other in scene.edges:
                view.line(list(one), list(other)).material(LINE)
        self._look()
        with ui.element("div").classes("row"):
            self._button("turn_left", "rotate_left", -STEP)
            self._button("turn_right", "rotate_right", STEP)
            for element, color in scene.legend.items():
                with ui.element("span").classes("key"):
                    ui.element("span").classes("dot").style(f"background: {color}").props('aria-hidden="true"')
                    ui.label(element)

    def _button(self, key: str, icon: str, step: float) -> None:
        button = ui.button(icon=icon, on_click=lambda: self._turn(step)).props("flat round dense")
        button.props["aria-label"] = say(f"candidate.{key}")

    def _turn(self, step: float) -> None:
        self._angle += step
        self._look(0.4)

    def _look(self, seconds: float = 0.0) -> None:
        across, angle = 0.93 * self._distance, radians(self._angle)
        self._view.move_camera(
            x=across * cos(angle), y=across * sin(angle), z=0.37 * self._distance,
            look_at_x=0, look_at_y=0, look_at_z=0, duration=seconds,
        )  # fmt: skip
