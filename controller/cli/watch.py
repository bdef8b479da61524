"""`tatara events`: what has happened, and what happens now."""

import json
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import Daemon, check, talks

if TYPE_CHECKING:
    import httpx

SILENCE = 60.0  # seconds; the daemon says something every 15
COME_BACK = 0.5  # seconds between two streams


@talks
def events(
    daemon: Daemon,
    campaign: Annotated[str | None, typer.Option(help="Only those of this campaign.")] = None,
    after: Annotated[int | None, typer.Option(min=0, help="From the event after this number on.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="How many.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they happen, until Ctrl-C.")] = False,
) -> None:
    """Show the audit trail: everything that was decided, sent, answered and measured, in order.

    With --follow and --json each event is a document on a line of its own.
    """
    page = daemon.get("/events", campaign=campaign, after=after, limit=limit)
    if not follow:
        daemon.show(page, lambda rows: _table(rows))
        return
    for event in page:
        _line(daemon, event)
    last = page[-1]["number"] if page else after or 0
    try:
        _follow(daemon, campaign, last)
    except KeyboardInterrupt:
        return


def _table(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("number", "time (UTC)", "event", "about", "by", "details"),
        (
            (row["number"], output.moment(row["at"]), row["kind"], row["subject"], row["actor"], row["data"])
            for row in rows
        ),
        "No events.",
    )


def _line(daemon: Daemon, event: dict[str, Any]) -> None:
    if daemon.as_json:
        print(json.dumps(event, ensure_ascii=False))
    else:
        words = [
            event["number"],
            output.moment(event["at"]),
            event["kind"],
            event["subject"] or "",
            event["actor"] or "",
        ]
        print("  ".join(output.cell(word) for word in words), output.cell(event["data"]))
    sys.stdout.flush()


def _follow(daemon: Daemon, campaign: str | None, last: int) -> None:
    """Until the daemon is gone; where only the stream ended, begin again at the number that was read last."""
    import httpx

    query = {"campaign": campaign} if campaign else {}
    with daemon.client() as client:
        while True:
            headers = {"Last-Event-ID": str(last)}
            try:
                with client.stream("GET", "/events/stream", params=query, headers=headers, timeout=SILENCE) as answer:
                    if not answer.is_success:
                        answer.read()
                    check(answer)
                    for event in _told(answer):
                        _line(daemon, event)
                        last = event["number"]
            except httpx.ConnectError as error:
                daemon.unreachable(error)
            except httpx.TransportError:
                pass  # cut off; the next try says whether the daemon is there
            time.sleep(COME_BACK)


def _told(answer: "httpx.Response") -> Iterator[dict[str, Any]]:
    """The events of a stream."""
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="The record")(events)
