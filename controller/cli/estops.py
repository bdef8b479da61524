"""The e-stop and its reset."""

from typing import Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import UNREACHABLE, Daemon, Refused, talks


@talks
def estop(
    daemon: Daemon,
    instrument: Annotated[str | None, typer.Argument(help="Only this instrument; without it ALL of them.")] = None,
    why: Annotated[str, typer.Option(help="The reason, if there is time for one.")] = "",
) -> None:
    """STOP at once: one instrument, or all of them. Everyone may.

    This is a software stop over a network. It does not replace the wired emergency stop.
    """
    answer = daemon.post("/estop", instrument=instrument, why=why)
    if not answer["published"]:
        raise Refused(UNREACHABLE, answer["message"], answer)
    daemon.show(
        answer,
        lambda told: print(
            f"E-stop {told['id']}: {told['message']}. End it with `tatara reset {told['id']} --why REASON`."
        ),
    )


@talks
def estops(daemon: Daemon) -> None:
    """List e-stops, those that hold first."""
    daemon.show(daemon.get("/estops"), _show_estops)


def _show_estops(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("id", "holds", "instrument", "by", "reason", "time (UTC)", "reset by", "because"),
        (
            (
                row["id"],
                row["holds"],
                row["instrument"] or "all",
                row["by"],
                row["reason"],
                output.moment(row["at"]),
                row["reset_by"],
                row["reset_reason"],
            )
            for row in rows
        ),
        "No e-stops.",
    )


@talks
def reset(
    daemon: Daemon,
    estop: Annotated[str, typer.Argument(metavar="ESTOP", help="Id of the e-stop, from `tatara estops`.")],
    why: Annotated[str, typer.Option(help="Why it is safe to go on; it stands in the audit trail.")],
) -> None:
    """End an e-stop. Look at the instruments first; real ones must be armed again afterwards."""
    answer = daemon.post(f"/estops/{estop}/reset", why=why)
    daemon.show(answer, lambda row: print(f"E-stop {row['id']} has ended."))


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (estop, estops, reset):
        app.command(rich_help_panel="Instruments")(command)
