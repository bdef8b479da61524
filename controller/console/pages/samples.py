"""Samples: which there are, and where they are."""

from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.console.candidates import brief
from controller.console.frame import READS_WITHIN_S, opened
from controller.console.shown import moment, table
from controller.console.texts import say
from controller.report.samples import samples

Plain = dict[str, Any]

MOST = 200


@ui.page("/samples", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """The latest first, as far as they are wanted."""
    async with opened(request, client, say("samples.title")) as desk:
        wanted = ui.input(say("samples.filter"), on_change=desk.look_again).props(
            "outlined dense clearable debounce=300"
        )

        def read(session: Session) -> list[Plain]:
            return samples(session, (wanted.value or "").strip(), limit=MOST)

        desk.section(read, _draw)
        ui.link(say("doubts.back"), "/instruments")


def _draw(rows: list[Plain]) -> None:
    if not rows:
        ui.label(say("samples.none")).classes("nothing")
        return
    keys = ("name", "place", "state", "campaign", "candidate", "parents", "made")
    table([say(f"samples.{key}") for key in keys], map(_row, rows), stacks=True)
    if len(rows) == MOST:
        ui.label(say("samples.most", count=MOST)).classes("note")


def _row(row: Plain) -> tuple[str, ...]:
    made_in = say("samples.proposal", campaign=row["campaign"], number=row["number"])
    parents = ", ".join(row["parents"]) or "-"
    name = say("samples.simulated", name=row["name"]) if row["simulated"] else row["name"]
    return name, row["place"], row["state"], made_in, brief(row["candidate"]), parents, moment(row["made_at"])
