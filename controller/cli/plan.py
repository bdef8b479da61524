"""`tatara propose` and `tatara campaign dry-run`: what would be proposed and what would be sent, without doing it."""

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import FAILED, Daemon, Json, Refused, refusals, talks
from controller.cli.local import LocalCampaign, load_campaign

if TYPE_CHECKING:
    from adapters.instruments.messages import Description
    from controller.commands.imports import Table
    from controller.report.offline import Offline
    from controller.spec import Campaign as Spec

File = Annotated[Path, typer.Argument(metavar="CAMPAIGN.yaml", help="The campaign file.")]


def propose(
    file: File,
    n: Annotated[int, typer.Option("-n", min=1, max=10_000, help="How many experiments.")] = 1,
    data: Annotated[
        Path | None,
        typer.Option(help="CSV of what has been measured: columns named as the parameters and the properties."),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option("--output", help="Write the proposals to this CSV too; filled in, `campaign import` takes it."),
    ] = None,
    json_: Json = False,
) -> None:
    """Ask the campaign's strategy once: which experiments next? No daemon, nothing is kept.

    The tables that the campaign file names under `data` count as measured too.
    """
    from controller.report.next_table import write_next
    from controller.report.simulate import adapted

    with refusals(json_):
        campaign = load_campaign(file)
        _asking(campaign.spec.strategy.name)
        spec = adapted(campaign.spec, campaign.spec.strategy.name, n, n, campaign.spec.seed)
        rows = _proposed(campaign, spec, data)
        if table is not None:
            write_next(table, spec, rows)
            print(f"{table} is written. Before the import delete empty rows: they count as failed.", file=sys.stderr)
        if json_:
            print(json.dumps(rows))
        else:
            _show(rows)


def _proposed(campaign: LocalCampaign, spec: "Spec", data: Path | None) -> list[dict[str, Any]]:
    from controller.report.lists import proposals
    from controller.report.offline import OfflineError

    with campaign.kept() as files:
        paths = {name: Path(path) for name, path in files.items()}
        offline = _offline(spec, paths, _tables(campaign, spec, paths, data), {})
        try:
            offline.advance()
            made = offline.read(lambda session: proposals(session, None, None, limit=1_000_000))
        except (OfflineError, ValueError) as error:
            raise Refused(FAILED, str(error)) from None
        finally:
            offline.close()
    shown = ("candidate", "stage", "prediction", "acquisition", "reason")
    return [{name: row[name] for name in shown} for row in made if row["iteration_id"] is not None]


def _tables(campaign: LocalCampaign, spec: "Spec", files: Mapping[str, Path], data: Path | None) -> "list[Table]":
    named = {each.file: campaign.files[each.file] for each in spec.data}
    if data is not None:
        try:
            named[data.name] = data.read_bytes()
        except OSError as error:
            raise Refused(FAILED, f"{data}: {error.strerror}") from None
    return [_table(spec, name, content, files) for name, content in named.items()]


def _table(spec: "Spec", name: str, content: bytes, files: Mapping[str, Path]) -> "Table":
    from controller.commands.imports import read_table
    from controller.spec import TableError

    try:
        return read_table(spec, name, hashlib.sha256(content).hexdigest(), content, files)
    except TableError as error:
        raise Refused(FAILED, f"{name}: {error}") from None


def _offline(
    spec: "Spec", files: Mapping[str, Path], tables: "list[Table]", descriptions: "Mapping[str, Description]"
) -> "Offline":
    from controller.commands.errors import Conflict, Invalid
    from controller.report.offline import Offline

    try:
        return Offline(spec, files, descriptions, tables=tables)
    except (Conflict, Invalid) as error:
        raise Refused(FAILED, str(error)) from None


def _show(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("candidate", "predicted", "reason"),
        ((output.candidate(row["candidate"]), _predicted(row["prediction"]), row["reason"]) for row in rows),
        "The strategy proposes nothing: every candidate has been tried.",
    )


def _predicted(prediction: dict[str, dict[str, float]]) -> str:
    return ", ".join(
        f"{name} {each['mean']:.4g} +- {each['standard_deviation']:.2g}" for name, each in prediction.items()
    )


def _asking(strategy: str) -> None:
    """Say to who waits at a terminal what it is that takes its time."""
    if sys.stderr.isatty():
        print(f"asking the strategy {strategy} ...", file=sys.stderr, flush=True)


@talks
def dry_run(daemon: Daemon, file: File) -> None:
    """Show the first proposals, the messages that would be sent and what they cost. Sends and keeps nothing.

    Where a daemon runs, the messages are made for the instruments as they describe themselves; else for such as take
    everything.
    """
    campaign = load_campaign(file)
    answer = _dry(campaign, _described(daemon) if daemon.known else {})
    daemon.show(answer, _show_dry)


def _described(daemon: Daemon) -> "dict[str, Description]":
    from adapters.instruments.messages import Description

    rows = daemon.get("/instruments")
    return {row["name"]: Description.model_validate(row["description"]) for row in rows if row["description"]}


def _dry(campaign: LocalCampaign, descriptions: "Mapping[str, Description]") -> dict[str, Any]:
    from controller.report.lists import jobs_that_failed, proposals
    from controller.report.offline import OfflineError
    from controller.report.simulate import approved

    spec = approved(campaign.spec)
    _asking(spec.strategy.name)
    with campaign.kept() as files:
        paths = {name: Path(path) for name, path in files.items()}
        offline = _offline(spec, paths, _tables(campaign, spec, paths, None), descriptions)
        try:
            waiting = offline.advance()
            made = offline.read(lambda session: proposals(session, None, None, limit=1_000_000))
            refused = offline.read(jobs_that_failed)
        except (OfflineError, ValueError) as error:
            raise Refused(FAILED, str(error)) from None
        finally:
            offline.close()
    first = spec.stages[0]
    experiments = spec.budget.experiments
    return {
        "campaign": spec.campaign,
        "proposals": [
            {name: row[name] for name in ("candidate", "prediction", "reason")} for row in made if row["iteration_id"]
        ],
        "messages": [{"to": each.resource, "adapter": each.adapter, "request": each.request} for each in waiting],
        "refused": refused,
        "cost": {
            "of_one": sum(stage.cost for stage in spec.stages),
            "of_these": len(waiting) * first.steps[0].cost,
            "of_all": None if experiments is None else experiments * sum(stage.cost for stage in spec.stages),
        },
    }


def _show_dry(answer: dict[str, Any]) -> None:
    _show(answer["proposals"])
    for message in answer["messages"]:
        print(f"\nto {message['to']} ({message['adapter']}):")
        print(output.safe(json.dumps(message["request"], indent=2, ensure_ascii=False)))
    for why in answer["refused"]:
        print(f"\nwould not be sent: {output.safe(why)}")
    cost = answer["cost"]
    whole = "" if cost["of_all"] is None else f", {cost['of_all']:g} for the whole budget if nothing is repeated"
    print(f"\nCost: {cost['of_these']:g} for these messages, {cost['of_one']:g} for one experiment{whole}.")
    print("Later steps are told the earlier ones' results, so their messages are made then. Nothing was sent.")


def add_to(app: typer.Typer, campaign: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel="Plan")(propose)
    campaign.command("dry-run")(dry_run)
