"""Many rows, each told by a valid event: what the loop would have written, written in bulk."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from controller.access.actors import Actor, Role
from controller.commands import campaigns, instruments
from controller.files import Files
from controller.store import Store, Unit
from controller.store.chain import canonical, event_hash, sha256
from controller.store.tables import Attempt, Campaign, Job, Measurement, Proposal, Table
from controller.store.unit import Chain

CAMPAIGN = Path(__file__).parents[2] / "deploy" / "campaigns" / "reactor.yaml"
ADMIN = Actor("admin", Role.ADMIN)
DIGEST = "0" * 64
PAGE = 1000
YIELDS = {"space_time_yield": "kg/m**3/h", "e_factor": "dimensionless"}
CANDIDATE = {
    "kind": "conditions",
    "values": {"residence_time": 1.0, "equivalents": 2.0, "concentration": 0.3, "temperature": 60.0},
    "units": {"residence_time": "min", "concentration": "mol/L", "temperature": "degC"},
}
Plain = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """Identities of what stands for one proposal."""

    proposal: str
    jobs: tuple[str, str]

    @property
    def attempts(self) -> tuple[str, str]:
        """The attempt of each step."""
        return f"{self.jobs[0]}-1", f"{self.jobs[1]}-1"


def named(name: str, number: int) -> Made:
    """Identities of the proposal with this number, the same every time."""
    return Made(f"{name}-p{number:07d}", (f"{name}-a{number:07d}", f"{name}-b{number:07d}"))


async def enrol(store: Store, *names: str) -> dict[str, str]:
    """Enrol simulated instruments; returns their passwords."""

    def all_of_them(unit: Unit) -> dict[str, str]:
        return {name: instruments.enrol(unit, ADMIN, name, simulated=True) for name in names}

    return await store.write(all_of_them, name="enrol")


async def submit(store: Store, files: Path, name: str, changes: dict[str, str] | None = None) -> str:
    """Submit the demo's campaign under another name, with whole lines of its file changed; returns its id."""
    text = CAMPAIGN.read_text(encoding="utf-8").replace("campaign: reactor", f"campaign: {name}")
    for old, new in {
        "name: botorch": "name: random",
        "experiments: 40": "experiments: 1000000",
        **(changes or {}),
    }.items():
        if old not in text:
            raise ValueError(f"{CAMPAIGN.name} has no {old!r} any more")
        text = text.replace(old, new)
    submission = campaigns.prepare(text, {}, Files(files))
    campaign = await store.write(lambda unit: campaigns.submit(unit, ADMIN, submission), name="submit")
    return campaign.id


async def fill(store: Store, campaign_id: str, name: str, count: int, *, finished: bool, start: int = 1) -> None:
    """Make proposals: finished ones with two measurements each, or such as wait for the analyser's result."""
    for first in range(start, start + count, PAGE):
        numbers = range(first, min(first + PAGE, start + count))
        await store.write(lambda unit, page=numbers: _page(unit, campaign_id, name, page, finished), name="fill")
    await store.write(lambda unit: _counted(unit, campaign_id, start + count - 1), name="fill")


def _counted(unit: Unit, campaign_id: str, proposals: int) -> None:
    campaign = unit.session.get_one(Campaign, campaign_id)
    campaign.proposals = campaign.experiments = proposals
    unit.record("campaign.filled", campaign, campaign_id=campaign_id, subject=campaign_id)


def _page(unit: Unit, campaign_id: str, name: str, numbers: range, finished: bool) -> None:
    """Rows and events as dictionaries: objects would take minutes. Nothing else may be written in this unit."""
    chain = Chain(unit.session)
    filled: dict[str, list[Plain]] = defaultdict(list)
    for number in numbers:
        made = list(_rows(unit, campaign_id, named(name, number), number, finished, chain.number + 1))
        for table, row in made:
            filled[table].append(row)
        event = {
            "number": chain.number + 1, "at": unit.now, "kind": "proposal.complete", "campaign_id": campaign_id,
            "subject": made[0][1]["id"], "actor": None, "data": {}, "previous": chain.hash,
            "rows": {f"{table}/{row['id']}": sha256(canonical(row)) for table, row in made},
        }  # fmt: skip
        chain.number, chain.hash = event["number"], event_hash(event)
        filled["event"].append({**event, "hash": chain.hash})
    for table, rows in filled.items():
        unit.session.execute(insert(Table.metadata.tables[table]), rows)


def _row(kind: type[Table], **given: Any) -> tuple[str, Plain]:
    """Table and columns of a row, with the defaults of its table."""
    return str(kind.__tablename__), {**_defaults(kind), **given}


@cache
def _defaults(kind: type[Table]) -> Plain:
    optional = {name: field for name, field in kind.model_fields.items() if not field.is_required()}
    return {name: field.get_default(call_default_factory=True) for name, field in optional.items()}


def _rows(
    unit: Unit, campaign_id: str, made: Made, number: int, finished: bool, event: int
) -> Iterator[tuple[str, Plain]]:
    yield _row(
        Proposal, id=made.proposal, campaign_id=campaign_id, number=number, stage="flow", key=made.proposal,
        state="completed" if finished else "running", candidate=CANDIDATE, digest=DIGEST, made_by="benchmark",
        reason="made in bulk", made_event=event, ended_event=event if finished else None,
        promotion="last" if finished else None,
    )  # fmt: skip
    for step, instrument in enumerate(("reactor-1", "analyser-1")):
        done = finished or step == 0
        yield _row(
            Job, id=made.jobs[step], campaign_id=campaign_id, proposal_id=made.proposal, step=step, tries=1,
            attempt_id=made.attempts[step], name=("react", "analyse")[step], state="succeeded" if done else "active",
        )  # fmt: skip
        yield _row(
            Attempt, id=made.attempts[step], job_id=made.jobs[step], campaign_id=campaign_id,
            proposal_id=made.proposal, adapter="instrument", resource=instrument,
            state="succeeded" if done else "running", digest=DIGEST, journal_id="journal",
            request={"yields": ["e_factor"] if step else []}, made_at=unit.now, start_before=unit.now,
            deadline=unit.now + timedelta(days=3650), outcome="ok" if done else None,
            ended_at=unit.now if done else None,
        )  # fmt: skip
    for place, (quantity, of) in enumerate(YIELDS.items() if finished else ()):
        yield _row(
            Measurement, id=f"{made.attempts[1]}/{quantity}/0", campaign_id=campaign_id, proposal_id=made.proposal,
            attempt_id=made.attempts[1], channel=quantity, place=0, property=quantity, value=100.0 + number + place,
            unit=of, simulated=True, event=event,
        )  # fmt: skip
