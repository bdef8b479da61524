"""`deploy/README.md` from its first box to its last: PostgreSQL, mosquitto with TLS and ACL, the daemon, the demo."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from adapters.broker.testing import MOSQUITTO
from adapters.instruments.topics import attempt, own
from controller.access.site import load_site
from controller.cli.records import read_only
from controller.report.audit import audit
from controller.store.tables import Attempt, Campaign, Job, Measurement, Proposal
from tests.controller.demos.running import run_demo
from tests.deploy.machine import Machine, commands, machine
from tests.postgresql import PostgreSQL

EXPERIMENTS = 13
DEMO = ("--experiments", str(EXPERIMENTS))
PATIENCE_S = 30
FOREIGN = attempt("lab", "reactor-1", "a-1", "request")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]


@pytest.fixture
def here(postgresql: PostgreSQL) -> Iterator[Machine]:
    with machine(postgresql) as made:
        yield made


async def test_the_readme_from_its_first_box_to_its_last(here: Machine, tmp_path: Path) -> None:
    here.make_folders()
    here.make_role()
    here.make_database()
    here.tatara("tatara db upgrade")
    here.tatara(
        "tatara broker config --output /etc/mosquitto/tatara --state /var/lib/mosquitto --self-signed localhost"
    )
    here.start("mosquitto")
    here.start("tatara")
    here.tatara("tatara doctor")
    here.tatara("tatara user create vera --role operator")
    here.tatara("tatara token create vera --label laptop --output /var/lib/tatara/vera.token")
    assert re.search(r"(\w{4}-){3}\w{4}", here.tatara("tatara user code vera"))
    await _an_instrument(here)
    assert here.stop("tatara") == 0
    _the_demo(here, tmp_path)
    here.start("tatara")
    await _who_is_refused(here)
    await _a_backup_is_restored(here)
    here.tatara("tatara doctor")
    assert [line for line in commands() if line not in here.ran] == [], "what the README says, and this does not try"


async def _an_instrument(here: Machine) -> None:
    here.tatara("tatara instrument add oven --password-file /var/lib/tatara/oven.password")
    password = here.path("/var/lib/tatara/oven.password").read_text().strip()
    assert not await here.lets_in("oven", password)
    _let_them_in(here)
    await _until_let_in(here, "oven", password)


def _let_them_in(here: Machine) -> None:
    here.tatara("tatara broker config --output /etc/mosquitto/tatara")
    here.reload("mosquitto")


async def _until_let_in(here: Machine, name: str, password: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await here.lets_in(name, password):
            await asyncio.sleep(0.05)


def _the_demo(here: Machine, tmp_path: Path) -> None:
    """The same campaign with the same seed: proposals, ends and values are those of SQLite and the embedded broker."""
    line = "tatara demo reactor --site /etc/tatara/site.yaml --runs /var/lib/tatara/demo --parallel 1"
    with here.running(line, *DEMO) as demo:
        assert demo.stdout is not None
        seen = [next(demo.stdout)]
        while "wait for the broker" not in seen[-1]:
            seen.append(next(demo.stdout))
        _let_them_in(here)
        rest, _ = demo.communicate(timeout=300)
        assert demo.returncode == 0, "".join(seen) + rest
    plain = run_demo(tmp_path, "--parallel", "1", *DEMO, patience=300)
    assert plain.returncode == 0, plain.stdout + plain.stderr
    url = load_site(here.path("/etc/tatara/site.yaml")).database
    with read_only(url, tmp_path) as theirs, read_only(None, tmp_path / "reactor") as ours:
        assert len(_told(ours)) == EXPERIMENTS
        assert _told(theirs) == _told(ours)
        for session in (theirs, ours):
            report = audit(session)
            assert report.ok, report.faults
    assert (
        rest[rest.index("Pareto set") : rest.index("Plot:")]
        == plain.stdout[plain.stdout.index("Pareto set") : plain.stdout.index("Plot:")]
    )


def _told(session: Session) -> list[tuple[object, ...]]:
    """Of each proposal in order: its key, its end, that of its jobs and attempts, and what was measured."""
    [campaign] = session.scalars(select(Campaign)).all()
    assert campaign.state == "completed"
    return [
        (proposal.number, proposal.key, proposal.state, proposal.stage, *_done(session, proposal))
        for proposal in session.scalars(select(Proposal).order_by(col(Proposal.number)))
    ]


def _done(session: Session, proposal: Proposal) -> tuple[object, ...]:
    jobs = select(Job).where(col(Job.proposal_id) == proposal.id)
    attempts = select(Attempt).where(col(Attempt.proposal_id) == proposal.id)
    measured = select(Measurement).where(col(Measurement.proposal_id) == proposal.id)
    return (
        sorted((row.name, row.state) for row in session.scalars(jobs)),
        sorted((row.adapter, row.state) for row in session.scalars(attempts)),
        sorted((row.property, row.value, row.unit) for row in session.scalars(measured)),
    )


async def _who_is_refused(here: Machine) -> None:
    """By the configuration that `tatara broker config` wrote."""
    password = here.path("/var/lib/tatara/oven.password").read_text().strip()
    reactor = here.path("/var/lib/tatara/demo/reactor/instruments/reactor-1.password").read_text().strip()
    assert await here.lets_in("oven", password)
    assert not await here.lets_in(None, None), "nobody is anonymous"
    assert not await here.lets_in("oven", password + "x")
    assert not await here.lets_in("oven", reactor)
    assert not await here.lets_in("stranger", password)
    assert not await here.lets_in("oven", password, tls=False)
    async with here.client("reactor-1", reactor) as owner, here.client("oven", password) as oven:
        for kind in ("command", "state", "attempt/+/request"):
            await owner.subscribe(own("lab", "reactor-1", kind), qos=1)
        for topic in (own("lab", "reactor-1", "command"), own("lab", "reactor-1", "state"), FOREIGN):
            await oven.publish(topic, "forged", qos=1)
        await oven.publish(own("lab", "oven", "state"), "its own, and malformed", qos=1)
        async with asyncio.timeout(PATIENCE_S):
            while not (refused := here.json("tatara quarantine")):  # the daemon has heard what came last
                await asyncio.sleep(0.05)
            assert {row["instrument"] for row in refused} == {"oven"}
            here.tatara("tatara instrument pause reactor-1 --why test")
            said = await anext(aiter(owner.messages))
        assert b'"pause"' in bytes(said.payload), "and nothing before it"


async def _a_backup_is_restored(here: Machine) -> None:
    here.tatara("tatara backup --output /var/lib/tatara/today.dump")
    assert here.stop("tatara") == 0
    here.put_database_aside()
    here.make_database()
    here.tatara("tatara restore /var/lib/tatara/today.dump")
    _let_them_in(here)
    here.start("tatara")
    here.tatara("tatara orphans")
    assert [row["state"] for row in here.json("tatara campaign list")] == ["completed"]
    assert here.stop("tatara") == 0
    here.server.execute("ALTER DATABASE tatara RENAME TO tatara_first")
    here.server.execute("CREATE DATABASE tatara OWNER tatara TEMPLATE tatara_first")
    assert "tatara restore --in-place" in here.refusal("tatara serve")
    here.tatara("tatara restore --in-place")
    here.start("tatara")
