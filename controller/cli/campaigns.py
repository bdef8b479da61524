"""`tatara campaign ...`: check, submit, look, steer."""

import base64
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from controller.cli import output
from controller.cli.beside import read_campaign
from controller.cli.connection import FAILED, Daemon, Refused, talks
from controller.cli.local import load_campaign

app = typer.Typer(
    no_args_is_help=True,
    help="Check, submit, show and steer campaigns. A campaign is one YAML file: what may be varied, what is wanted, "
    "what may be spent.",
    rich_help_panel="Work",
)

NO_DAEMON = "no daemon was asked whether the instruments are enrolled and can do this"
File = Annotated[Path, typer.Argument(help="The campaign file (YAML). CSV files that it names must lie beside it.")]
Name = Annotated[str, typer.Argument(help="Name of the campaign.")]
Why = Annotated[str, typer.Option("--why", help="The reason; it stands in the audit trail.")]


@app.command()
@talks
def check(daemon: Daemon, file: File) -> None:
    """Say whether a campaign file can be used, and what is wrong on which line. Starts nothing.

    Where a daemon runs, it also says whether the instruments can do what the file asks of them.
    """
    if daemon.known:
        answer = daemon.post("/campaigns/check", **read_campaign(file))
    else:
        from controller.report.specs import describe

        answer = {**describe(load_campaign(file).spec), "warnings": [NO_DAEMON]}
    daemon.show(answer, _show_checked)


def _show_checked(answer: dict[str, Any]) -> None:
    goals = [f"{each['goal']} {each['property']}" for each in answer["objectives"]]
    output.fields(
        [
            ("campaign", answer["campaign"]),
            ("varies", answer["parameters"]),
            ("wants", goals),
            ("stages", [f"{each['name']} (cost {each['cost']:g})" for each in answer["stages"]]),
            ("strategy", answer["strategy"]),
            ("budget", answer["budget"]),
        ]
    )
    for warning in answer["warnings"]:
        print(f"warning: {output.safe(warning)}")
    print("The file can be used.")


@app.command()
@talks
def submit(daemon: Daemon, file: File) -> None:
    """Start a campaign."""
    content = read_campaign(file)
    warnings = daemon.post("/campaigns/check", **content)["warnings"]
    answer = daemon.post("/campaigns", **content)
    for warning in warnings:
        print(f"warning: {output.safe(warning)}", file=sys.stderr)
    daemon.show(
        answer, lambda row: print(f"Campaign {row['name']} is {row['state']}. See: tatara campaign show {row['name']}")
    )


@app.command("import")
@talks
def import_(
    daemon: Daemon,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns named as the parameters and properties.")],
) -> None:
    """Bring earlier measurements into a campaign; its strategy knows them from its next question on.

    In the units of the space and the objectives. An empty cell among the properties tells of a failed synthesis.
    Cells may be separated by commas, semicolons or tabs; with the latter two numbers may have a decimal comma.
    """
    try:
        content = base64.b64encode(file.read_bytes()).decode()
    except OSError as error:
        raise Refused(FAILED, f"{file}: {error.strerror}") from None
    answer = daemon.post(f"/campaigns/{name}/import", name=file.name, content=content)
    daemon.show(answer, lambda row: print(f"{file.name} is part of campaign {row['name']}."))


@app.command("list")
@talks
def list_(daemon: Daemon) -> None:
    """List all campaigns."""
    daemon.show(daemon.get("/campaigns"), _show_list)


def _show_list(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("campaign", "state", "experiments", "cost", "best", "hypervolume", "simulated", "started (UTC)"),
        (
            (
                row["name"],
                row["state"],
                _of(row["experiments"], row["budget"].get("experiments")),
                _of(row["cost"], row["budget"].get("cost")),
                row["progress"].get("best", {}),
                row["hypervolume"],
                row["simulated"],
                output.moment(row["started_at"]),
            )
            for row in rows
        ),
        "No campaigns yet. Start one: tatara campaign submit FILE",
    )


def _of(used: float, budget: float | None) -> str:
    return f"{used:g}" if budget is None else f"{used:g} of {budget:g}"


@app.command()
@talks
def show(daemon: Daemon, name: Name) -> None:
    """Show one campaign: progress, what runs where, open proposals."""
    daemon.show(daemon.get(f"/campaigns/{_quoted(name)}"), _show_one)


def _show_one(row: dict[str, Any]) -> None:
    output.fields(
        [
            ("campaign", row["name"]),
            ("state", f"{row['state']}" + (f" ({row['reason']})" if row["reason"] else "")),
            ("paused steps", row["paused_steps"]),
            ("gets no work", [f"{name}: {why}" for name, why in row["obstacles"].items()]),
            ("simulated", row["simulated"]),
            ("experiments", _of(row["experiments"], row["budget"].get("experiments"))),
            ("cost", _of(row["cost"], row["budget"].get("cost"))),
            ("best", row["progress"].get("best", {})),
            ("hypervolume", row["hypervolume"]),
            ("proposals", row["counters"]["proposals"]),
            ("attempts", row["counters"]["attempts"]),
            ("measurements", row["counters"]["measurements"]),
        ]
    )
    if row["under_way"]:
        print()
        output.table(
            ("proposal", "step", "where", "state", "attempt"),
            (tuple(each[key] for key in ("proposal", "step", "resource", "state", "id")) for each in row["under_way"]),
            "",
        )
    if row["failures"]:
        print()
        output.table(
            ("failed", "how", "why", "candidate"),
            (
                (each["number"], each["failure"], each["why"], output.candidate(each["candidate"]))
                for each in row["failures"]
            ),
            "",
        )
    if row["open"]:
        print()
        output.table(
            ("proposal", "stage", "state", "candidate", "id"),
            (
                (each["number"], each["stage"], each["state"], output.candidate(each["candidate"]), each["id"])
                for each in row["open"]
            ),
            "",
        )


def _steer(daemon: Daemon, name: str, change: str, why: str) -> None:
    answer = daemon.post(f"/campaigns/{_quoted(name)}/{change}", why=why)
    daemon.show(answer, lambda row: print(f"Campaign {row['name']} is {row['state']}."))


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


@app.command()
@talks
def pause(daemon: Daemon, name: Name, why: Why) -> None:
    """Begin nothing new; what runs goes on. Everyone may."""
    _steer(daemon, name, "pause", why)


@app.command()
@talks
def resume(daemon: Daemon, name: Name, why: Why) -> None:
    """Go on after a pause, also with steps that were paused after repeated failures."""
    _steer(daemon, name, "resume", why)


@app.command()
@talks
def stop(daemon: Daemon, name: Name, why: Why) -> None:
    """End the campaign; what runs may finish, and its results count."""
    _steer(daemon, name, "stop", why)


@app.command()
@talks
def abort(daemon: Daemon, name: Name, why: Why) -> None:
    """End the campaign at once; what runs is cancelled."""
    _steer(daemon, name, "abort", why)


@app.command()
@talks
def amend(daemon: Daemon, name: Name, file: File) -> None:
    """Give a campaign a new version of its file; what has been done stays."""
    answer = daemon.post(f"/campaigns/{_quoted(name)}/amend", **read_campaign(file))
    daemon.show(answer, lambda row: print(f"Campaign {row['name']} has version {row['version']} of its file."))


@app.command()
def schema() -> None:
    """Print the JSON Schema of campaign files, for editors. Needs no daemon."""
    import json

    from controller.spec import json_schema

    print(json.dumps(json_schema(), indent=2))
