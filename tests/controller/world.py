"""A real store with people, instruments and a campaign in it, and the real API over it."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from adapters.compute import Workers
from adapters.instruments.bus import BusDown
from controller.access.actors import Actor, Role, token_digest
from controller.api import close_app, create_app
from controller.commands import campaigns, users
from controller.commands.instruments import enrol
from controller.files import Files
from controller.intake.quarantine import Said, quarantine
from controller.serving import Services
from controller.store import Store, Unit
from controller.store.change import change_attempt, change_proposal
from controller.store.proposals import make_proposal
from controller.store.tables import Attempt, Campaign, Iteration, Job, Measurement, Orphan, Proposal

ADMIN = Actor("ada", Role.ADMIN)
OF_NOW_S = 20
REACTOR = (Path(__file__).parents[2] / "deploy" / "campaigns" / "reactor.yaml").read_text()
CANDIDATE = {
    "kind": "conditions",
    "values": {"residence_time": 1.0, "equivalents": 2.0, "concentration": 0.3, "temperature": 60.0},
    "units": {"residence_time": "min", "concentration": "mol/L", "temperature": "degC"},
}


@dataclass
class Broker:
    """Takes the place of the connection to the broker: what was published, or nothing while it is away."""

    away: bool = False
    published: list[tuple[str, str | None, str]] = field(default_factory=list)

    async def publish(self, estop_id: str, instrument: str | None, why: str) -> None:
        if self.away:
            raise BusDown("not connected to the broker")
        self.published.append((estop_id, instrument, why))


@dataclass
class World:
    """The API with its parts; `tokens` by role, `ids` of what `fill` made."""

    store: Store
    app: Any
    broker: Broker
    tokens: dict[str, str]
    ids: dict[str, str]

    def client(self, role: str | None = "operator") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://tatara", headers=headers)


def make_template(url: str) -> None:
    """A database with its tables, made once and copied for each test."""

    async def make() -> None:
        store = Store(url)
        await store.start()
        await store.stop()

    asyncio.run(make())


@dataclass(frozen=True)
class Filled:
    """A database that `fill` has filled, to be copied for each test, with the tokens and ids of what is in it."""

    database: Path
    tokens: dict[str, str]
    ids: dict[str, str]


@dataclass
class Worlds:
    """Makes what is copied for each test from a database with its tables, and anew when it is no longer of now."""

    template: Path
    folder: Path
    latest: Filled | None = None
    made_at: float = 0.0

    async def filled(self) -> Filled:
        if self.latest is None or time.monotonic() - self.made_at > OF_NOW_S:
            self.made_at = time.monotonic()
            self.latest = await self._fill(Path(shutil.copy(self.template, self.folder / "tatara.db")))
        return self.latest

    async def _fill(self, database: Path) -> Filled:
        store = Store(f"sqlite:///{database}")
        await store.start()
        tokens = await store.write(add_people, name="test")
        ids = await store.write(fill, name="test")
        await store.stop()
        return Filled(database, tokens, ids | {"token": token_digest(tokens["operator"])})


@contextlib.asynccontextmanager
async def open_world(filled: Filled, folder: Path) -> AsyncIterator[World]:
    shutil.copy(filled.database, folder / "tatara.db")
    store = Store(f"sqlite:///{folder / 'tatara.db'}")
    await store.start()
    broker = Broker()
    workers = Workers(1)
    health = {"ok": True, "site": "lab"}
    services = Services(
        store,
        Files(folder / "files"),
        workers,
        "lab",
        broker.publish,
        lambda: health,
        lambda: ["broker"] if broker.away else [],
    )
    app = create_app(services)
    try:
        yield World(store, app, broker, {**filled.tokens}, {**filled.ids})
    finally:
        close_app(app)
        await workers.stop()
        await store.stop()


def add_people(unit: Unit) -> dict[str, str]:
    names = {"viewer": "vera", "operator": "otto", "admin": "ada"}
    for role, name in names.items():
        users.create_user(unit, ADMIN, name, Role(role))
    users.create_user(unit, ADMIN, "olga", Role.OPERATOR)
    return {role: users.create_token(unit, ADMIN, name, "test") for role, name in names.items()} | {
        "second": users.create_token(unit, ADMIN, "olga", "test")
    }


def fill(unit: Unit) -> dict[str, str]:
    """One campaign with a proposal that waits, one attempt in doubt, and something in every list."""
    for name in ("reactor-1", "reactor-2", "analyser-1"):
        enrol(unit, ADMIN, name, simulated=True)
    from controller import spec

    campaign = campaigns.submit(unit, ADMIN, campaigns.Submission(REACTOR, spec.load(REACTOR)))
    unit.record(
        "test", Iteration(id=unit.new_id(), campaign_id=campaign.id, number=1, state="running", n=2, seed=1, event=1)
    )
    waiting, running = _proposal(unit, campaign), _proposal(unit, campaign)
    change_proposal(unit, waiting, "submit", campaign)
    change_proposal(unit, running, "approve", campaign)
    attempt = _attempt(unit, campaign, running)
    measurement = _measurement(unit, campaign, running, attempt)
    quarantine(unit, Said("tatara/v1/lab/reactor-1/x", b"\x1b[2J{broken", "reactor-1", attempt.id), "not JSON")
    orphan = Orphan(id=unit.new_id(), at=unit.now, instrument="reactor-1", attempt_id="x-1", digest="d")
    unit.record("result.orphan", orphan)
    return {
        "campaign": campaign.name,
        "proposal": waiting.id,
        "digest": waiting.digest,
        "attempt": attempt.id,
        "measurement": measurement,
    }


def _proposal(unit: Unit, campaign: Campaign) -> Proposal:
    fields: dict[str, Any] = {
        "stage": "flow",
        "key": "k",
        "candidate": CANDIDATE,
        "reason": "far from all that is known",
        "prediction": {"e_factor": {"mean": 12.5, "standard_deviation": 0.5}},
        "made_by": "strategy",
    }
    proposal = make_proposal(unit, campaign, **fields)
    unit.record("proposal.make", proposal, campaign, campaign_id=campaign.id, subject=proposal.id)
    return proposal


def _attempt(unit: Unit, campaign: Campaign, proposal: Proposal) -> Attempt:
    job = Job(
        id=unit.new_id(), campaign_id=campaign.id, proposal_id=proposal.id, step=1, name="analyse", state="running"
    )
    change_proposal(unit, proposal, "start", job)
    job.tries, job.attempt_id = 1, f"{job.id}-1"
    attempt = Attempt(
        id=f"{job.id}-1",
        job_id=job.id,
        campaign_id=campaign.id,
        proposal_id=proposal.id,
        adapter="instrument",
        resource="analyser-1",
        state="created",
        request={"yields": ["space_time_yield", "e_factor"]},
        digest="0" * 64,
        journal_id="j1",
        made_at=unit.now,
        start_before=unit.now + timedelta(minutes=5),
        deadline=unit.now + timedelta(minutes=10),
    )
    unit.record("job.dispatch", job, attempt, campaign_id=campaign.id, subject=job.id)
    attempt.doubt = "no answer within the time limit of the step"
    change_attempt(unit, attempt, "doubt", why=attempt.doubt)
    return attempt


def _measurement(unit: Unit, campaign: Campaign, proposal: Proposal, attempt: Attempt) -> str:
    row = Measurement(
        id=f"{attempt.id}/temperature/0",
        campaign_id=campaign.id,
        proposal_id=proposal.id,
        attempt_id=attempt.id,
        channel="temperature",
        place=0,
        property="temperature",
        value=60.5,
        unit="degC",
        simulated=True,
        event=unit.next_event,
    )
    unit.record("measurement.store", row, campaign_id=campaign.id)
    return row.id


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The address of the app on a real server on loopback."""
    server = _Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=2))
    serving = asyncio.create_task(server.serve())
    await asyncio.wait_for(server.listening.wait(), 10)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        close_app(app)
        server.should_exit = True
        await asyncio.wait_for(serving, 10)


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listening.set()


__all__ = ["ADMIN", "REACTOR", "Broker", "Filled", "World", "Worlds", "make_template", "open_world", "served"]
