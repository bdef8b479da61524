"""What is asked before something is done to a campaign: first what happens to what is in flight."""

from typing import Any

from controller.console import actions, dialogs, editing
from controller.console.actions import Action
from controller.console.amending import Amendment
from controller.console.desk import Desk
from controller.console.entry import complete, decimal
from controller.console.shown import quantity, unit_sign
from controller.console.texts import say
from controller.report import campaign as report

Plain = dict[str, Any]

_CHANGES: dict[str, Action] = {
    "pause": actions.pause_campaign,
    "resume": actions.resume_campaign,
    "stop": actions.stop_campaign,
    "abort": actions.abort_campaign,
}
FINAL = ("stop", "abort")  # cannot be taken back
_STATES = ("running", "approved", "awaiting-approval", "proposed")


async def change(desk: Desk, name: str, what: str) -> None:
    """Pause, resume, stop or abort, after saying what that does now."""
    if (flight := await _in_flight(desk, name)) is None:
        return
    note = told(what, flight)
    why = await dialogs.ask_why(
        desk,
        say(f"campaign.{what}_title", campaign=name),
        say(f"campaign.{what}"),
        note=note,
        color="negative" if what in FINAL else "primary",
    )
    if why:
        await desk.do(_CHANGES[what], say(f"campaign.{what}_done", campaign=name), campaign=name, why=why)


async def _in_flight(desk: Desk, name: str) -> Plain | None:
    found: Plain | None = await desk.look_up(lambda session: report.in_flight(session, name))
    return found


def told(what: str, flight: Plain) -> str:
    """What becomes of everything in flight, a line each."""

    def text(about: str, **values: Any) -> str:
        return say(f"campaign.flight.{what}.{about}", **values)

    lines = []
    if count := sum(flight["attempts"].values()):
        where = (
            say("campaign.flight.where", count=each, resource=resource) for resource, each in flight["attempts"].items()
        )
        lines.append(text("attempts", count=count, where=", ".join(where)))
    counts = {**{each: flight[each] for each in ("doubtful", "analysing")}, **flight["proposals"]}
    lines += [text(each, count=counts[each]) for each in ("doubtful", "analysing", *_STATES) if counts.get(each)]
    if flight["iterating"]:
        lines.append(text("iterating"))
    if what == "resume" and flight["paused_steps"]:
        lines.append(text("paused_steps", steps=", ".join(flight["paused_steps"])))
    return "\n".join([text("first"), *(lines or [say("campaign.flight.nothing")])])


async def amend(desk: Desk, name: str) -> None:
    """Give it a new version of its file, which is checked first."""
    file, flight = await desk.look_up(lambda session: report.file_of(session, name)), await _in_flight(desk, name)
    if file is not None and flight is not None:
        await Amendment(desk, name, file).ask(told("amend", flight))


async def put_forward(desk: Desk, name: str) -> None:
    """Put a point forward, with its prediction first."""
    wanted = await desk.look_up(lambda session: report.injectable(session, name))
    if wanted is None:
        return
    if wanted["kind"] != "conditions":
        desk.complain(say("campaign.inject_kind", kind=wanted["kind"]))
        return
    await editing.inject(desk, name, wanted)


async def correct(desk: Desk, row: Plain) -> None:
    """Put another value in the place of a measured one."""
    now = quantity(row["value"], row["unit"])
    title = say("campaign.correct_of", property=row["property"], number=row["experiment"])
    with dialogs.dialog(desk, title, say("campaign.correct_note", value=now)) as dialog:
        unit = unit_sign(row["unit"])
        label = say("campaign.correct_value", unit=unit) if unit else say("campaign.value")
        value = decimal(label, row["value"]).classes("full")
        why = dialogs.reason()

        async def go() -> None:
            given, said = complete(value), dialogs.reason_of(why)
            if not given or not said:
                return
            done = await desk.do(
                actions.correct,
                say("campaign.correct_done"),
                measurement=row["id"],
                value=value.number,
                why=said,
            )
            if done is not None:
                dialog.submit(True)

        dialogs.buttons(dialog, say("campaign.correct_do"), go)
    await dialog
    dialog.delete()
