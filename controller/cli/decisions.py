"""What waits for a person: proposals to approve, attempts in doubt, messages that were refused."""

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import FAILED, USAGE, Daemon, Refused, talks
from controller.cli.quantities import measured

ProposalId = Annotated[str, typer.Argument(metavar="PROPOSAL", help="Id of the proposal, from `tatara proposals`.")]
Proposals = Annotated[
    list[str] | None, typer.Argument(metavar="PROPOSAL...", help="Ids of the proposals, from `tatara proposals`.")
]
AllOf = Annotated[str | None, typer.Option(help="All of this campaign that wait for approval.")]
ShownDigest = Annotated[
    str | None, typer.Option(help="Digest of what you were shown, to decide without looking again.")
]


class How(StrEnum):
    """Ways out of a doubt."""

    ASK_AGAIN = "ask-again"
    REPEAT = "repeat"
    FAIL = "fail"
    VALUE = "value"


@talks
def proposals(
    daemon: Daemon,
    campaign: Annotated[str | None, typer.Option(help="Only those of this campaign.")] = None,
    state: Annotated[str, typer.Option(help="Only those in this state; `open` for all that have not ended.")] = (
        "awaiting-approval"
    ),
) -> None:
    """List the proposed experiments that wait for approval."""
    daemon.show(daemon.get("/proposals", campaign=campaign, state=state), _show_proposals)


def _show_proposals(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("id", "campaign", "number", "stage", "state", "candidate", "predicted", "approved by"),
        (
            (
                row["id"],
                row["campaign"],
                row["number"],
                row["stage"],
                row["state"],
                output.candidate(row["candidate"]),
                _predicted(row),
                f"{output.cell(row['approved_by'])} ({len(row['approved_by'])} of {row['people_needed']})",
            )
            for row in rows
        ),
        "No such proposals.",
    )


def _predicted(row: dict[str, Any]) -> str:
    return ", ".join(
        f"{name}={each['mean']:.4g} +/- {each['standard_deviation']:.2g}" for name, each in row["prediction"].items()
    )


def _show_proposal(row: dict[str, Any]) -> None:
    output.fields(
        [
            ("proposal", f"{row['campaign']} number {row['number']}, stage {row['stage']}, {row['state']}"),
            ("candidate", output.candidate(row["candidate"])),
            ("replicate", row["replicate"]),
            ("predicted", _predicted(row) or None),
            ("reason", row["reason"]),
            ("facts", row["facts"]),
            ("made by", row["made_by"]),
            ("approved by", f"{output.cell(row['approved_by'])} ({len(row['approved_by'])} of {row['people_needed']})"),
            ("digest", row["digest"]),
        ]
    )


def shown(daemon: Daemon, proposal_id: str, digest: str | None, question: str, yes: bool) -> str:
    """The digest to decide about: the given one, or that of what is now shown (and, on a terminal, confirmed)."""
    if digest is not None:
        return digest
    row = daemon.get(f"/proposals/{proposal_id}")
    if not daemon.as_json:
        _show_proposal(row)
        _confirm(question, yes)
    return str(row["digest"])


def _confirm(question: str, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise Refused(USAGE, "nobody can be asked here: give --yes, or --digest of what was shown")
    if not yes and not typer.confirm(question):
        raise Refused(FAILED, "nothing was decided")


Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask back.")]


@talks
def approve(
    daemon: Daemon,
    proposals: Proposals = None,
    campaign: AllOf = None,
    digest: ShownDigest = None,
    why: Annotated[str | None, typer.Option(help="A reason, if you want one in the audit trail.")] = None,
    yes: Yes = False,
) -> None:
    """Show proposals and approve them: they are then carried out."""
    _decide(daemon, "approve", proposals or [], campaign, digest, why, yes)


@talks
def reject(
    daemon: Daemon,
    why: Annotated[str, typer.Option(help="The reason; it stands in the audit trail.")],
    proposals: Proposals = None,
    campaign: AllOf = None,
    digest: ShownDigest = None,
    yes: Yes = False,
) -> None:
    """Show proposals and reject them: they are not carried out, and their places in the budget are free again."""
    _decide(daemon, "reject", proposals or [], campaign, digest, why, yes)


def _decide(
    daemon: Daemon, verdict: str, names: list[str], campaign: str | None, digest: str | None, why: str | None, yes: bool
) -> None:
    """One decision for each proposal, about just what was shown; one that is refused keeps no other from its own."""
    if bool(names) == (campaign is not None) or (digest is not None and len(names) != 1):
        raise Refused(USAGE, "give proposals, or --campaign for all that wait; --digest belongs to a single proposal")
    if len(names) == 1:
        seen = shown(daemon, names[0], digest, f"{verdict.capitalize()} this proposal?", yes)
        daemon.show(daemon.post(f"/proposals/{names[0]}/{verdict}", digest=seen, why=why), _decided)
        return
    rows = [daemon.get(f"/proposals/{name}") for name in names] or _waiting(daemon, campaign)
    if not daemon.as_json:
        _show_proposals(rows)
    _confirm(f"{verdict.capitalize()} these {len(rows)} proposals?", yes)
    done: list[dict[str, Any]] = []
    refused: list[Refused] = []
    for row in rows:
        try:
            done.append(daemon.post(f"/proposals/{row['id']}/{verdict}", digest=row["digest"], why=why))
        except Refused as refusal:
            refused.append(Refused(refusal.code, f"{row['id']}: {refusal}", refusal.answer))
    if refused and daemon.as_json:
        raise Refused(refused[0].code, "\n".join(map(str, refused)), {**refused[0].answer, "decided": done})
    daemon.show(done, _all_decided)
    if refused:
        raise Refused(refused[0].code, "\n".join(map(str, refused)))


def _all_decided(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        _decided(row)


def _waiting(daemon: Daemon, campaign: str | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = daemon.get("/proposals", campaign=campaign, state="awaiting-approval")
    return rows


def _decided(row: dict[str, Any]) -> None:
    waits = "; it takes the approval of another person" if row["state"] == "awaiting-approval" else ""
    print(f"Proposal {row['id']} is {row['state']}{waits}.")


@talks
def doubts(daemon: Daemon) -> None:
    """List attempts of which nobody but a person can say what became of them."""
    daemon.show(daemon.get("/doubts"), _show_doubts)


def _show_doubts(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        now = row["instrument_now"]
        output.fields(
            [
                ("attempt", row["id"]),
                ("campaign", f"{row['campaign']}, proposal {row['proposal']['number']}, step {row['step']}"),
                ("why", row["why"]),
                ("where", "by hand" if now is None else f"{row['resource']}: {now['state']}, {_journal(now)}"),
                ("candidate", output.candidate(row["proposal"]["candidate"])),
                ("sent", output.moment(row["made_at"])),
                ("yields", row["yields"]),
                ("refused", [each["reason"] for each in row["refused"]]),
                ("so far", [each["kind"] for each in row["events"]]),
            ]
        )
        print()
    print(
        "Go and look, then: tatara resolve ATTEMPT ask-again|repeat|fail|value --why ... (`ask-again` asks an "
        "instrument; after `campaign amend`, `tatara analyse` reads a file anew)."
        if rows
        else "Nothing is in doubt."
    )


def _journal(now: dict[str, Any]) -> str:
    return "with the journal it had" if now["has_the_same_journal"] else "with ANOTHER journal: it has forgotten"


@talks
def resolve(
    daemon: Daemon,
    attempt: Annotated[str, typer.Argument(metavar="ATTEMPT", help="Id of the attempt, from `tatara doubts`.")],
    how: Annotated[
        How,
        typer.Argument(
            help="ask-again: ask the instrument once more; repeat: run it once more; fail: it failed, for good; "
            "value: enter what you read yourself."
        ),
    ],
    why: Annotated[str, typer.Option(help="The reason; it stands in the audit trail.")],
    value: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE[UNIT]", help="With `value`: what was read, such as 'yield=81.5 percent'."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="With `fail`: failed-synthesis, failed-measurement (the default), invalid or lost."),
    ] = None,
    sample: Annotated[
        str | None, typer.Option(help="With `value`: the name of the sample that it made, if later steps need it.")
    ] = None,
) -> None:
    """Say what became of an attempt in doubt."""
    values = dict(map(measured, value)) if value else None
    told = {"how": how.value, "why": why, "kind": kind, "values": values, "sample": sample}
    answer = daemon.post(f"/attempts/{attempt}/resolve", **told)
    daemon.show(answer, lambda row: print(_RESOLVED[how].format(**row)))


_RESOLVED = {
    How.ASK_AGAIN: "{resource} is asked again what became of {id}; see `tatara doubts`.",
    How.REPEAT: "Attempt {id} is {state}; another one takes its place.",
    How.FAIL: "Attempt {id} is {state}: {failure}.",
    How.VALUE: "Attempt {id} is {state}; see `tatara measurements`.",
}


@talks
def quarantine(
    daemon: Daemon,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, the latest first.")] = 20,
) -> None:
    """List messages of instruments that were refused, and why. Nothing of them took effect."""
    daemon.show(daemon.get("/quarantine", limit=limit), _show_quarantine)


def _show_quarantine(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("time (UTC)", "instrument", "attempt", "reason", "bytes", "begins with"),
        (
            (
                output.moment(row["at"]),
                row["instrument"],
                row["attempt_id"],
                row["reason"],
                row["size"],
                row["preview"][:60],
            )
            for row in rows
        ),
        "Nothing was refused.",
    )


@talks
def orphans(
    daemon: Daemon,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, the latest first.")] = 20,
) -> None:
    """List results of attempts that the database does not know, such as those from after a restored backup.

    Nothing of them counts. Values that are to count come in by `tatara campaign import`, with their conditions.
    """
    daemon.show(daemon.get("/orphans", limit=limit), _show_orphans)


def _show_orphans(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("time (UTC)", "instrument", "attempt", "outcome", "measured"),
        (
            (
                output.moment(row["at"]),
                row["instrument"],
                row["attempt_id"],
                row["payload"].get("outcome"),
                [f"{each['property']}={each['value']:g} {each['unit']}" for each in row["payload"]["measurements"]]
                if "measurements" in row["payload"]
                else None,
            )
            for row in rows
        ),
        "No orphans.",
    )


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (proposals, approve, reject, doubts, resolve, quarantine, orphans):
        app.command(rich_help_panel="What waits for you")(command)
