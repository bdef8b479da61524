"""`tatara propose`: which experiments next, for a campaign file or for a table of candidates."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.cli import output
from controller.cli.asking import asking, offline, show_proposals, tables
from controller.cli.connection import FAILED, USAGE, Json, Refused, refusals
from controller.cli.local import LocalCampaign, load_campaign, tell_of_transfer

if TYPE_CHECKING:
    from controller.commands.imports import Table
    from controller.spec import Campaign as Spec

SHOWN = ("candidate", "stage", "prediction", "acquisition", "reason")


@dataclass(frozen=True)
class Answer:
    """What the strategy proposes, and what it reports of its models."""

    rows: list[dict[str, Any]]
    report: Mapping[str, Any]


def propose(
    file: Annotated[
        Path | None, typer.Argument(metavar="[CAMPAIGN.yaml]", help="The campaign file; or give --candidates.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=10_000, help="How many experiments.")] = 1,
    data: Annotated[
        Path | None,
        typer.Option(help="CSV of what has been measured: columns named as the parameters and the properties."),
    ] = None,
    candidates: Annotated[
        Path | None,
        typer.Option(
            metavar="POOL.csv",
            help="Instead of a campaign file: a table whose rows with a value have been measured (`failed`: could not "
            "be made), and whose other rows are the candidates.",
        ),
    ] = None,
    maximize: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="An objective of the table.")] = None,
    minimize: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="An objective of the table.")] = None,
    label: Annotated[str | None, typer.Option(metavar="COLUMN", help="What tells the table's rows apart.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="No parameter; it is kept.")] = None,
    strategy: Annotated[str, typer.Option(help="The strategy that is asked about the table.")] = "botorch",
    seed: Annotated[int, typer.Option(min=0, help="Of what is random where a table is asked about.")] = 0,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Say what the models are worth, and of each proposal what it is near to."),
    ] = False,
    table: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "--out",
            help="Write the proposals to this CSV too, of --candidates with every column; filled in, `campaign import` "
            "takes it.",
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """Ask a strategy once: which experiments next? No daemon, nothing is kept.

    The tables that a campaign file names under `data` count as measured too. Without a campaign file, all columns of
    the candidates' table are parameters but the objectives, the label and what is ignored.
    """
    with refusals(json_):
        if (file is None) == (candidates is None):
            raise Refused(USAGE, "give a campaign file, or a table with --candidates")
        if file is not None:
            if maximize or minimize or label or ignore:
                raise Refused(USAGE, "--maximize, --minimize, --label and --ignore belong to --candidates")
            _say(_for_campaign(load_campaign(file), n, data, table, explain), explain, json_)
            return
        if data is not None:
            raise Refused(USAGE, "with --candidates what was measured stands in the same table")
        goals = {**dict.fromkeys(maximize or (), "maximize"), **dict.fromkeys(minimize or (), "minimize")}
        if not goals or len(goals) < len(maximize or ()) + len(minimize or ()):
            raise Refused(USAGE, "say what is wanted: --maximize COLUMN or --minimize COLUMN, each column once")
        said = {"goals": goals, "label": label, "ignored": ignore or (), "n": n, "seed": seed, "strategy": strategy}
        _say(_for_table(Path(str(candidates)), said, table, explain), explain, json_)


def _for_campaign(campaign: LocalCampaign, n: int, data: Path | None, table: Path | None, explain: bool) -> Answer:
    from controller.report.next_table import write_next
    from controller.report.simulate import adapted

    tell_of_transfer(campaign.spec)
    spec = adapted(campaign.spec, campaign.spec.strategy.name, n, n, campaign.spec.seed)
    with campaign.kept() as files:
        paths = {name: Path(path) for name, path in files.items()}
        answer = _ask(spec, paths, tables(campaign, spec, paths, data), explain)
    if table is not None:
        write_next(table, spec, answer.rows, explain=explain)
        print(f"{table} is written. Before the import delete empty rows: they count as failed.", file=sys.stderr)
    return answer


def _for_table(file: Path, said: Mapping[str, Any], table: Path | None, explain: bool) -> Answer:
    from controller.report.candidate_table import Asked, read_candidate_table
    from controller.report.simulate import adapted
    from controller.spec import TableError
    from strategies import check_strategy

    try:
        check_strategy(said["strategy"], {})
        given = read_candidate_table(file.name, file.read_bytes(), Asked(**said))
    except OSError as error:
        raise Refused(FAILED, f"{file}: {error.strerror}") from None
    except TableError as error:
        raise Refused(FAILED, "\n".join(f"{file}: {fault}" for fault in error.faults)) from None
    except ValueError as error:
        raise Refused(USAGE, str(error)) from None
    spec = adapted(given.spec, said["strategy"], said["n"], said["n"], said["seed"])
    files = {given.measured.sha256: file}
    answer = _ask(spec, files, [given.measured] if given.measured.rows else [], explain)
    if table is not None:
        given.write(table, files, answer.rows, explain=explain)
        print(f"{table} is written.", file=sys.stderr)
    return answer


def _ask(spec: "Spec", files: Mapping[str, Path], known: "Sequence[Table]", explain: bool) -> Answer:
    from controller.report.explained import nearest
    from controller.report.iterations import model_health
    from controller.report.lists import proposals
    from controller.report.offline import OfflineError

    asking(spec.strategy.name)
    campaign = offline(spec, files, known, {})
    try:
        campaign.advance()
        made = campaign.read(lambda session: proposals(session, None, None, limit=1_000_000))
        health = campaign.read(lambda session: model_health(session, spec.campaign))
    except (OfflineError, ValueError) as error:
        raise Refused(FAILED, str(error)) from None
    finally:
        campaign.close()
    measured = [(_name(row), row["candidate"]) for row in made if row["state"] == "completed"]
    rows = []
    for row in made:
        if row["iteration_id"] is None:
            continue
        told = {name: row[name] for name in SHOWN} | {"feasibility": row["facts"].get("feasibility")}
        rows.append(told | ({"nearest": nearest(spec.space, files, row["candidate"], measured)} if explain else {}))
    return Answer(rows, {} if health is None else health["report"])


def _name(row: Mapping[str, Any]) -> str:
    """An earlier measurement by its label, else by its line: imports give it as their reason."""
    return str(row["candidate"].get("label") or row["reason"])


def _say(answer: Answer, explain: bool, json_: bool) -> None:
    if json_:
        print(json.dumps({"proposals": answer.rows, "report": answer.report} if explain else answer.rows))
        return
    if explain:
        _show_explained(answer)
    else:
        show_proposals(answer.rows)


def _show_explained(answer: Answer) -> None:
    from controller.report.explained import model_lines, near_text

    show_proposals(answer.rows)
    for place, row in enumerate(answer.rows, start=1):
        print(f"\nProposal {place}")
        output.fields(
            [
                ("P(feasible)", row["feasibility"]),
                ("acquisition", row["acquisition"]),
                ("near", near_text(row["nearest"])),
            ]
        )
    print("\n" + output.safe("\n".join(model_lines(answer.report))))


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Plan")(propose)
