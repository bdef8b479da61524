"""From a spectrum to a value: an instrument uploads a curve, a worker reads it, and the campaign goes on with it."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from sqlmodel import SQLModel, select

from adapters.instruments import Capability, Channel, Description, Finished, Instrument, ParameterLimits, Work
from adapters.instruments import Measurement as Sent
from adapters.instruments.upload import described, upload
from controller.access.actors import Actor, Role
from controller.access.site import Site
from controller.commands import campaigns, instruments
from controller.daemon import Daemon
from controller.report.audit import audit
from controller.store.tables import Attempt, Campaign, Event, Measurement, Proposal
from tests.controller.cli.terminal import Terminal

ADMIN = Actor("ada", Role.ADMIN)
WIDTH = 4.0
AREA = WIDTH * math.sqrt(2 * math.pi)  # of a peak of height 1
CAMPAIGN = """
campaign: colour
space: {parameters: {dye: {type: continuous, low: 0.1, high: 1, unit: g/L}}}
objectives: [{property: absorbed, goal: maximize, unit: um}]
stages:
  - name: bench
    approval: {policy: auto}
    steps:
      - name: look
        STEP
        yields: [absorbed, temperature]
        timeout: 60
        analysis:
          - function: peak
            file: "*.csv"
            options: {x: wavelength, y: absorbance, x_unit: nm, low: LOW, high: 480}
            gives: {area: absorbed}
strategy: {name: random}
budget: {experiments: 1}
"""
ON_INSTRUMENT = "instruments: [spectrometer]\n        capability: scan"
BY_HAND = "adapter: person\n        instructions: Take a spectrum of {dye}."
DESCRIPTION = Description(
    model="spectrometer",
    software="1",
    simulated=True,
    heartbeat_s=0.2,
    capabilities={
        "scan": Capability(
            parameters={"dye": ParameterLimits(unit="g/L", low=0, high=2)},
            channels={"t": Channel(property="temperature", unit="degC")},
        )
    },
)
Row = TypeVar("Row", bound=SQLModel)


def spectrum(height: float) -> str:
    curve = ((x, height * math.exp(-((x - 450) ** 2) / (2 * WIDTH**2)) + 0.1) for x in range(400, 501))
    return "wavelength,absorbance\n" + "".join(f"{x},{y}\n" for x, y in curve)


@dataclass
class Bench:
    """A real daemon with its embedded broker, and what a test asks of it."""

    daemon: Daemon
    terminal: Terminal
    uploads: list[Callable[[], Awaitable[Any]]] = field(default_factory=list)

    async def submit(self, text: str) -> None:
        submission = campaigns.prepare(text, {}, self.daemon.files)
        await self.daemon.store.write(lambda unit: campaigns.submit(unit, ADMIN, submission), name="submit")

    async def rows(self, table: type[Row]) -> list[Row]:
        return await self.daemon.store.read(lambda session: list(session.scalars(select(table))))

    async def until(self, table: type[Row], state: str) -> Row:
        async with asyncio.timeout(30):
            while True:
                for row in await self.rows(table):
                    if getattr(row, "state") == state:  # noqa: B009 - only some tables have states
                        return row
                await asyncio.sleep(0.02)

    async def values(self) -> dict[str, Measurement]:
        return {row.property: row for row in await self.rows(Measurement) if row.replaced_event is None}


@asynccontextmanager
async def bench(folder: Path, *, height: float = 0.5, late: bool = False) -> AsyncIterator[Bench]:
    """The spectrometer sees a peak of that height; `late`: its file comes only when the test says so."""
    daemon = Daemon(folder / "tatara-data", Site())
    stop, leave, ready = asyncio.Event(), asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run(stop, ready))
        await ready.wait()
        password = await daemon.store.write(
            lambda unit: instruments.enrol(unit, ADMIN, "spectrometer", simulated=True), name="enrol"
        )
        assert daemon.broker is not None
        device = Instrument(
            "spectrometer",
            site="lab",
            description=DESCRIPTION,
            journal=folder / "journal",
            host=daemon.broker.host,
            port=daemon.broker.port,
            password=password,
        )
        here = Bench(daemon, Terminal(folder, {}))

        @device.capability("scan")
        async def scan(work: Work) -> Finished:
            path = folder / f"{work.attempt_id}.csv"
            path.write_text(spectrum(height))
            put = lambda: asyncio.to_thread(upload, daemon.api_url or "", "spectrometer", password, path)  # noqa: E731
            here.uploads.append(put)
            named = described(path) if late else await put()
            return Finished([Sent(channel="t", property="temperature", value=25, unit="degC")], [named])

        serving = group.create_task(device.serve(leave))
        yield here
        leave.set()
        await asyncio.wait([serving])
        stop.set()


def text(step: str = ON_INSTRUMENT, low: float = 420) -> str:
    return CAMPAIGN.replace("STEP", step).replace("LOW", str(low))


async def test_a_spectrum_becomes_a_value_in_the_unit_of_the_objective(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        await here.submit(text())
        await here.until(Campaign, "completed")
        values = await here.values()
        assert values["absorbed"].value == pytest.approx(0.5 * AREA / 1000, rel=1e-3)
        assert (values["absorbed"].unit, values["absorbed"].origin) == ("um", "analysis")
        assert (values["absorbed"].made_from or {})["version"] == 1
        assert values["temperature"].origin == "instrument"
        [attempt] = await here.rows(Attempt)
        assert "absorbed" not in attempt.request["yields"]
        assert (await here.daemon.store.read(audit)).ok


async def test_an_attempt_waits_for_a_file_that_comes_after_its_result(tmp_path: Path) -> None:
    async with bench(tmp_path, late=True) as here:
        await here.submit(text())
        await here.until(Attempt, "analysing")
        assert set(await here.values()) == {"temperature"}
        await here.uploads[0]()
        await here.until(Campaign, "completed")
        assert set(await here.values()) == {"absorbed", "temperature"}


async def test_a_spectrum_without_a_peak_is_a_measurement_that_failed(tmp_path: Path) -> None:
    async with bench(tmp_path, height=0.0) as here:
        await here.submit(text())
        failed = await here.until(Attempt, "failed")
        assert failed.failure == "failed-measurement"
        assert "no peak from 420 to 480 nm" in (failed.reason or "")
        await here.until(Proposal, "failed")


async def test_a_file_that_cannot_be_read_is_for_an_operator_who_mends_the_analysis(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        await here.submit(text(low=300))
        doubtful = await here.until(Attempt, "doubtful")
        assert "the curve goes from 400 to 500 nm" in (doubtful.doubt or "")
        [told] = (await here.terminal.run("doubts", "--json")).json
        assert told["yields"] == ["absorbed"]  # the temperature is there
        (tmp_path / "colour.yaml").write_text(text())
        assert (await here.terminal.run("campaign", "amend", "colour", "colour.yaml")).code == 0
        done = await here.terminal.run("analyse", "colour", "--why", "the window was wrong")
        assert (done.code, done.out) == (0, "Attempts whose files are read again: 1.\n"), done.err
        await here.until(Campaign, "completed")
        assert (await here.values())["absorbed"].value == pytest.approx(0.5 * AREA / 1000, rel=1e-3)


async def test_old_files_are_read_again_and_people_are_not_overruled(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        await here.submit(text().replace("experiments: 1", "experiments: 100"))
        await here.until(Proposal, "completed")
        assert (await here.terminal.run("campaign", "pause", "colour", "--why", "to look")).code == 0
        async with asyncio.timeout(30):
            while any(row.state != "succeeded" for row in await here.rows(Attempt)):
                await asyncio.sleep(0.02)
        before = [row for row in await here.rows(Measurement) if row.property == "absorbed"]
        assert (await here.terminal.run("correct", before[0].id, "0.007", "--why", "misread")).code == 0
        (tmp_path / "colour.yaml").write_text(text(low=446).replace("experiments: 1", "experiments: 100"))
        assert (await here.terminal.run("campaign", "amend", "colour", "colour.yaml")).code == 0
        done = await here.terminal.run("analyse", "colour", "--why", "from 446 nm on", "--json")
        assert len(done.json["attempts"]) == len(before), done.err
        async with asyncio.timeout(30):
            while [row.kind for row in await here.rows(Event)].count("attempt.analysed-again") < len(before):
                await asyncio.sleep(0.02)
        now = {row.attempt_id: row for row in await here.rows(Measurement) if row.property == "absorbed"}
        assert (now[before[0].attempt_id].origin, now[before[0].attempt_id].value) == ("operator", 0.007)
        for old in before[1:]:
            fresh = now[old.attempt_id]
            assert fresh.id.startswith(f"{old.id}/correction-")
            assert (fresh.origin, fresh.value < old.value) == ("analysis", True)  # the sides of the peak are cut
        strange = await here.terminal.run("analyse", "colour", "--attempt", "moon-1-1", "--why", "x")
        assert "no attempt of colour that has files" in strange.err
        assert (await here.daemon.store.read(audit)).ok


async def test_a_person_brings_a_spectrum(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        await here.submit(text(BY_HAND))
        task = await here.until(Attempt, "sent")
        told = await here.terminal.run("tasks")
        assert "absorbed from *.csv" in told.out
        (tmp_path / "mine.csv").write_text(spectrum(1.0))
        (tmp_path / "mine.txt").write_text(spectrum(1.0))
        for arguments, says in (
            (("temperature=20degC",), "give exactly absorbed, temperature"),
            (("temperature=20degC", "--file", "mine.txt"), "needs one file named '*.csv'; the result has mine.txt"),
            (("temperature=20degC", "--file", "moon.csv"), "moon.csv cannot be read"),
            (("--failed", "lost", "--file", "mine.csv"), "no files"),
        ):
            refused = await here.terminal.run("measure", task.id, *arguments)
            assert refused.code != 0
            assert says in refused.err
        done = await here.terminal.run("measure", task.id, "temperature=20degC", "--file", "mine.csv")
        assert done.code == 0, done.err
        await here.until(Campaign, "completed")
        values = await here.values()
        assert values["absorbed"].value == pytest.approx(AREA / 1000, rel=1e-3)
        assert values["temperature"].origin == "person"


async def test_the_file_store_must_hold_what_a_person_names(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        await here.submit(text(BY_HAND))
        task = await here.until(Attempt, "sent")
        token = (tmp_path / "tatara-data" / "admin-token").read_text().strip()
        body = {
            "values": {"temperature": {"value": 20, "unit": "degC"}},
            "files": [{"sha256": "0" * 64, "name": "a.csv"}],
        }
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
            answer = await client.post(f"{here.daemon.api_url}/api/v1/tasks/{task.id}/measure", json=body)
        assert answer.status_code == 422
        assert "not in the file store" in answer.json()["message"]


async def test_a_task_whose_file_could_not_be_read_is_done_and_in_doubt(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        await here.submit(text(BY_HAND, low=300))
        task = await here.until(Attempt, "sent")
        (tmp_path / "mine.csv").write_text(spectrum(1.0))
        assert (await here.terminal.run("measure", task.id, "temperature=20degC", "--file", "mine.csv")).code == 0
        await here.until(Attempt, "doubtful")
        assert (await here.terminal.run("tasks", "--json")).json == []
        assert [row["id"] for row in (await here.terminal.run("doubts", "--json")).json] == [task.id]


async def test_an_abort_does_not_wait_for_a_file(tmp_path: Path) -> None:
    async with bench(tmp_path, late=True) as here:
        await here.submit(text().replace("timeout: 60", "timeout: 600"))
        await here.until(Attempt, "analysing")
        assert (await here.terminal.run("campaign", "abort", "colour", "--why", "enough")).code == 0
        await here.until(Campaign, "aborted")
        [attempt] = await here.rows(Attempt)
        assert (attempt.state, (await here.daemon.store.read(audit)).ok) == ("abandoned", True)


async def test_a_value_that_is_no_objective_gets_the_unit_of_the_new_reading(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        both = text().replace("{area: absorbed}", "{area: absorbed, position: peak_at}")
        both = both.replace("yields: [absorbed,", "yields: [absorbed, peak_at,")
        await here.submit(both.replace("policy: auto", "policy: operator").replace("experiments: 1", "experiments: 9"))
        await here.until(Proposal, "awaiting-approval")
        assert (await here.terminal.run("approve", "--campaign", "colour", "--yes")).code == 0
        await here.until(Proposal, "completed")
        (tmp_path / "colour.yaml").write_text(both.replace("x_unit: nm", "x_unit: um"))
        assert (await here.terminal.run("campaign", "amend", "colour", "colour.yaml")).code == 0
        assert (await here.terminal.run("analyse", "colour", "--why", "its axis is in um")).code == 0
        async with asyncio.timeout(30):
            while "attempt.analysed-again" not in {row.kind for row in await here.rows(Event)}:
                await asyncio.sleep(0.02)
        values = await here.values()
        assert (values["peak_at"].value, values["peak_at"].unit) == (pytest.approx(450), "um")
        assert (values["absorbed"].value, values["absorbed"].unit) == (pytest.approx(0.5 * AREA, rel=1e-3), "um")


async def test_an_amended_campaign_still_knows_which_step_an_old_file_is_of(tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        before = text().replace("policy: auto", "policy: operator").replace("experiments: 1", "experiments: 9")
        await here.submit(before)
        await here.until(Proposal, "awaiting-approval")
        assert (await here.terminal.run("approve", "--campaign", "colour", "--yes")).code == 0
        await here.until(Proposal, "completed")
        assert (await here.terminal.run("campaign", "pause", "colour", "--why", "to look")).code == 0
        weigh = '    steps:\n      - {name: weigh, adapter: person, instructions: "Weigh it.", timeout: 60}\n'
        await amend(here, tmp_path, before.replace("    steps:\n", weigh))
        done = await here.terminal.run("analyse", "colour", "--why", "a step before it", "--json")
        assert len(done.json["attempts"]) == 1, done.err
        async with asyncio.timeout(30):
            while "attempt.analysed-again" not in {row.kind for row in await here.rows(Event)}:
                await asyncio.sleep(0.02)
        await amend(here, tmp_path, before.replace("name: bench", "name: desk"))
        done = await here.terminal.run("analyse", "colour", "--why", "its stage is gone", "--json")
        assert (done.code, done.json["attempts"]) == (0, []), done.err


async def amend(here: Bench, folder: Path, to: str) -> None:
    """Once nothing is open any more."""
    (folder / "colour.yaml").write_text(to)
    async with asyncio.timeout(30):
        while (await here.terminal.run("campaign", "amend", "colour", "colour.yaml")).code:
            await here.terminal.run("reject", "--campaign", "colour", "--why", "amended", "--yes")
            await asyncio.sleep(0.02)
