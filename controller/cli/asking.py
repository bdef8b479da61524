"""Asking a campaign's strategy on this machine: its tables are read, and a database in memory knows what they say."""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controller.cli import output
from controller.cli.connection import FAILED, Refused
from controller.cli.local import LocalCampaign

if TYPE_CHECKING:
    from adapters.instruments.messages import Description
    from controller.commands.imports import Table
    from controller.report.offline import Offline
    from controller.spec import Campaign as Spec


def tables(campaign: LocalCampaign, spec: "Spec", files: Mapping[str, Path], data: Path | None) -> "list[Table]":
    """The tables that the campaign file names and one more, read and checked; raises `Refused`."""
    named = {each.file: campaign.files[each.file] for each in spec.data}
    if data is not None:
        try:
            named[data.name] = data.read_bytes()
        except OSError as error:
            raise Refused(FAILED, f"{data}: {error.strerror}") from None
    return [_table(spec, name, content, files) for name, content in named.items()]


def _table(spec: "Spec", name: str, content: bytes, files: Mapping[str, Path]) -> "Table":
    from controller.commands.imports import notes, read_table
    from controller.spec import TableError

    try:
        table = read_table(spec, name, hashlib.sha256(content).hexdigest(), content, files)
    except TableError as error:
        raise Refused(FAILED, f"{name}: {error}") from None
    for note in notes(table):
        print(f"{name}: {note}", file=sys.stderr)
    return table


def offline(
    spec: "Spec", files: Mapping[str, Path], tables: "Sequence[Table]", descriptions: "Mapping[str, Description]"
) -> "Offline":
    """The campaign on a database in memory; raises `Refused`."""
    from controller.commands.errors import Conflict, Invalid
    from controller.report.offline import Offline

    try:
        return Offline(spec, files, descriptions, tables=tables)
    except (Conflict, Invalid) as error:
        raise Refused(FAILED, str(error)) from None


def show_proposals(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print proposals as a table."""
    output.table(
        ("candidate", "predicted", "reason"),
        ((output.candidate(row["candidate"]), _predicted(row["prediction"]), row["reason"]) for row in rows),
        "The strategy proposes nothing: every candidate has been tried.",
    )


def _predicted(prediction: Mapping[str, Mapping[str, float]]) -> str:
    return ", ".join(
        f"{name} {each['mean']:.4g} +- {each['standard_deviation']:.2g}" for name, each in prediction.items()
    )


def asking(strategy: str) -> None:
    """Say to who waits at a terminal what it is that takes its time."""
    if sys.stderr.isatty():
        print(f"asking the strategy {strategy} ...", file=sys.stderr, flush=True)
