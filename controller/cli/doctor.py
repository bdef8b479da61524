"""`tatara doctor`: what is wrong with a set-up, and how to mend it."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from controller.cli import output
from controller.cli.connection import DEFAULT_DATA, FAILED, Data, Json, refusals
from controller.cli.site import SiteFile, read_site

if TYPE_CHECKING:
    from controller.report.doctor import Finding


def doctor(site: SiteFile = None, data: Data = DEFAULT_DATA, json_: Json = False) -> None:
    """Look at everything that a daemon needs, and say what is wrong and how to mend it; exit code 1 if anything is.

    Run it on the daemon's machine, as root or as the daemon's account. It changes nothing. What the daemon may write
    at the broker is found out by a round trip for each class of topic: by the daemon if it runs, else from here with
    its login.
    """
    import asyncio
    import logging

    from controller.report.doctor import examine

    logging.getLogger("tatara").setLevel(logging.CRITICAL)  # what goes wrong stands in the table
    with refusals(json_):
        findings = asyncio.run(examine(read_site(site), data))
        if json_:
            print(json.dumps([{**asdict(each), "ok": each.ok} for each in findings]))
        else:
            _show(findings)
        if not all(each.ok for each in findings):
            raise typer.Exit(FAILED)


def _show(findings: "list[Finding]") -> None:
    output.table(
        ("", "looked at", "found"),
        (("ok" if each.ok else "WRONG", each.looked_at, each.found) for each in findings),
        "nothing",
    )
    wrong = [each for each in findings if not each.ok]
    for each in wrong:
        print(f"\n{output.safe(each.looked_at)}: {output.safe(each.found)}\n  -> {output.safe(each.mend or '')}")
    print(f"\n{len(wrong)} to mend." if wrong else "\nEverything is in order.")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Administration")(doctor)
