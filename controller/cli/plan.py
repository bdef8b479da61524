"""`tatara campaign dry-run`: what would be proposed and what would be sent, without doing it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.cli import output
from controller.cli.asking import asking, offline, show_proposals, tables
from controller.cli.connection import FAILED, Daemon, Refused, talks
from controller.cli.local import LocalCampaign, load_campaign

if TYPE_CHECKING:
    from adapters.instruments.messages import Description

File = Annotated[Path, typer.Argument(metavar="CAMPAIGN.yaml", help="The campaign file.")]


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
    asking(spec.strategy.name)
    with campaign.kept() as files:
        paths = {name: Path(path) for name, path in files.items()}
        made_up = offline(spec, paths, tables(campaign, spec, paths, None), descriptions)
        try:
            waiting = made_up.advance()
            made = made_up.read(lambda session: proposals(session, None, None, limit=1_000_000))
            refused = made_up.read(jobs_that_failed)
        except (OfflineError, ValueError) as error:
            raise Refused(FAILED, str(error)) from None
        finally:
            made_up.close()
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
    show_proposals(answer["proposals"])
    for message in answer["messages"]:
        print(f"\nto {message['to']} ({message['adapter']}):")
        print(output.safe(json.dumps(message["request"], indent=2, ensure_ascii=False)))
    for why in answer["refused"]:
        print(f"\nwould not be sent: {output.safe(why)}")
    cost = answer["cost"]
    whole = "" if cost["of_all"] is None else f", {cost['of_all']:g} for the whole budget if nothing is repeated"
    print(f"\nCost: {cost['of_these']:g} for these messages, {cost['of_one']:g} for one experiment{whole}.")
    print("Later steps are told the earlier ones' results, so their messages are made then. Nothing was sent.")


def add_to(campaign: typer.Typer) -> None:
    """Add the command."""
    campaign.command("dry-run")(dry_run)
