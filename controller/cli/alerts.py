"""What people are told of, and a try whether they hear of it. Receivers and rules stand in the site file."""

from typing import Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import FAILED, Daemon, Refused, talks

alerts = typer.Typer(invoke_without_command=True, help="Show what people are told of now, or try whether they hear it.")

Receiver = Annotated[str | None, typer.Argument(help="Only this receiver; without it all of the site file.")]


@alerts.callback()
@talks
def show(daemon: Daemon, context: typer.Context) -> None:
    """Show what stands now, and what became of the last messages; `tatara alerts test` sends one that says nothing."""
    if context.invoked_subcommand is None:
        daemon.show(daemon.get("/alerts"), _show)


def _show(found: dict[str, Any]) -> None:
    output.table(
        ("rule", "what", "since (UTC)", "told"),
        (
            (row["rule"], row["text"], output.moment(row["since"]), row["times_sent"] or "not yet")
            for row in found["standing"]
        ),
        "Nothing stands of which people are told.",
    )
    if not found["receivers"]:
        print("Nobody is told: the section `alerts` of the site file names no receivers.")
        return
    output.table(
        ("time (UTC)", "receiver", "message", "became"),
        (
            (output.moment(row["at"]), row["subject"], "test" if row["data"]["test"] else "alerts", _became(row))
            for row in found["sendings"]
        ),
        f"No message was sent yet. Receivers: {', '.join(found['receivers'])}.",
    )


def _became(row: dict[str, Any]) -> str:
    return "sent" if row["kind"] == "alert.sent" else f"not delivered: {row['data']['why']}"


@alerts.command("test")
@talks
def send_test(daemon: Daemon, receiver: Receiver = None) -> None:
    """Have a message sent that says only that this is a test. Admins only; `tatara alerts` says what became of it."""
    names = [receiver] if receiver else daemon.get("/alerts")["receivers"]
    if not names:
        raise Refused(FAILED, "nobody is told: the section `alerts` of the site file names no receivers")
    answers = [daemon.post("/alerts/test", receiver=name) for name in names]
    daemon.show(answers, _tell)


def _tell(answers: list[dict[str, Any]]) -> None:
    for each in answers:
        print(f"A test is on its way to {each['receiver']}; `tatara alerts` says what became of it.")
