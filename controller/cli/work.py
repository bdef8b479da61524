"""What people put into a campaign by hand: candidates, results of steps by hand, corrections; and where samples are."""

from pathlib import Path
from typing import Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import USAGE, Daemon, Refused, talks
from controller.cli.decisions import ProposalId, ShownDigest, Yes, shown
from controller.cli.quantities import measured

Why = Annotated[str, typer.Option(help="The reason; it stands in the audit trail.")]
Settings = Annotated[
    list[str], typer.Argument(metavar="NAME=VALUE...", help="Parameters, in the units of the campaign's space.")
]


@talks
def inject(
    daemon: Daemon,
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Name of the campaign.")],
    values: Settings,
    why: Why,
    stage: Annotated[str | None, typer.Option(help="Without it the first stage.")] = None,
) -> None:
    """Put an experiment of your own forward. The stage's rules and people approve it as any other."""
    answer = daemon.post(f"/campaigns/{campaign}/inject", values=_settings(values), why=why, stage=stage)
    daemon.show(answer, lambda row: print(f"Proposal {row['id']} (number {row['number']}) is put forward."))


@talks
def edit(
    daemon: Daemon,
    proposal: ProposalId,
    values: Settings,
    why: Why,
    digest: ShownDigest = None,
    yes: Yes = False,
) -> None:
    """Change some values of a proposal that has not begun: a new proposal takes its place, to be approved anew."""
    seen = shown(daemon, proposal, digest, "Change this proposal?", yes)
    answer = daemon.post(f"/proposals/{proposal}/edit", values=_settings(values), digest=seen, why=why)
    daemon.show(answer, lambda row: print(f"Proposal {row['id']} takes its place, to be approved anew."))


def _settings(texts: list[str]) -> dict[str, float | str]:
    settings: dict[str, float | str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name.strip() or not value.strip():
            raise Refused(USAGE, f"{text!r} should be NAME=VALUE, such as temperature=80")
        settings[name.strip()] = _setting(value.strip())
    return settings


def _setting(text: str) -> float | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if value - value == 0 else text


@talks
def tasks(daemon: Daemon) -> None:
    """List the steps that are to be done by hand."""
    daemon.show(daemon.get("/tasks"), _show_tasks)


def _show_tasks(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        output.fields(
            [
                ("attempt", row["id"]),
                ("campaign", f"{row['campaign']}, proposal {row['proposal']['number']}, step {row['step']}"),
                ("what to do", row["instructions"]),
                ("candidate", output.candidate(row["proposal"]["candidate"])),
                ("sample", row["request"].get("sample_id")),
                ("measures", row["yields"]),
                ("or from files", [f"{each['gives']} from {each['file']}" for each in row["analysis"]]),
                ("until (UTC)", output.moment(row["deadline"])),
            ]
        )
        print()
    print("When one is done: tatara measure ATTEMPT NAME=VALUE[UNIT]..." if rows else "Nothing is to be done by hand.")


@talks
def measure(
    daemon: Daemon,
    attempt: Annotated[str, typer.Argument(metavar="ATTEMPT", help="Id of the attempt, from `tatara tasks`.")],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE[UNIT]...", help="What was measured, such as yield=71.2% or 'mass=3.1 g'."),
    ] = None,
    failed: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="It failed: failed-synthesis, failed-measurement, invalid or lost."),
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option(help="Raw data, such as a spectrum; what the step's analysis gives is read from it."),
    ] = None,
    sample: Annotated[str | None, typer.Option(help="Name of the sample that the step made.")] = None,
    why: Annotated[str | None, typer.Option(help="A remark for the audit trail.")] = None,
) -> None:
    """Tell what a step by hand gave, or how it failed."""
    given = dict(map(measured, values)) if values else None
    files = [daemon.put_file(path) for path in file] if file else None
    answer = daemon.post(f"/tasks/{attempt}/measure", values=given, files=files, failed=failed, sample=sample, why=why)
    daemon.show(answer, lambda row: print(f"Attempt {row['id']} is {row['state']}."))


@talks
def analyse(
    daemon: Daemon,
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Name of the campaign.")],
    why: Why,
    attempt: Annotated[list[str] | None, typer.Option(help="Only this attempt (again for more).")] = None,
) -> None:
    """Read the files of earlier results once more, with the analysis that the campaign file has now.

    Values that come out differently take the place of the old ones, which stay on record; what people entered stays.
    """
    answer = daemon.post(f"/campaigns/{campaign}/analyse", attempts=attempt, why=why)
    daemon.show(answer, lambda row: print(f"Attempts whose files are read again: {len(row['attempts'])}."))


@talks
def correct(
    daemon: Daemon,
    measurement: Annotated[
        str, typer.Argument(metavar="MEASUREMENT", help="Id of the measurement, from `tatara measurements`.")
    ],
    value: Annotated[float, typer.Argument(help="The right value, in the unit of the measurement.")],
    why: Why,
) -> None:
    """Put a right value in the place of a wrong one. What was decided on the wrong one stays as it was."""
    answer = daemon.post("/corrections", measurement=measurement, value=value, why=why)
    daemon.show(answer, lambda row: print(f"{row['property']} is now {row['value']:g} {row['unit']} ({row['id']})."))


@talks
def measurements(
    daemon: Daemon,
    campaign: Annotated[str | None, typer.Option(help="Only those of this campaign.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="How many, the first ones.")] = 1000,
) -> None:
    """List what was measured."""
    daemon.show(daemon.get("/measurements", campaign=campaign, limit=limit), _show_measurements)


def _show_measurements(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("id", "property", "value", "unit", "error", "status", "origin", "counts"),
        (
            (
                *(row[name] for name in ("id", "property", "value", "unit", "standard_error", "status", "origin")),
                "corrected" if row["replaced_event"] else "late" if row["late"] else "yes",
            )
            for row in rows
        ),
        "Nothing has been measured.",
    )


@talks
def samples(
    daemon: Daemon, campaign: Annotated[str | None, typer.Option(help="Only those of this campaign.")] = None
) -> None:
    """List the samples: where each is, and what it was made of."""
    daemon.show(daemon.get("/samples", campaign=campaign), _show_samples)


def _show_samples(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("name", "where", "state", "experiment", "candidate", "made of", "made (UTC)"),
        (
            (
                *(row[name] for name in ("name", "place", "state", "proposal")),
                output.candidate(row["candidate"]),
                row["parents"],
                output.moment(row["made_at"]),
            )
            for row in rows
        ),
        "No samples.",
    )


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (inject, edit, tasks, measure):
        app.command(rich_help_panel="What waits for you")(command)
    for command in (measurements, correct, analyse, samples):
        app.command(rich_help_panel="The record")(command)
