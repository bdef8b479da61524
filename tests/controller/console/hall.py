"""A laboratory's hall as its console shows it: instruments at work and in doubt, a task by hand, files, a sample."""

import math
import struct
import zlib

from adapters.instruments.messages import AttemptState, File, encode
from controller.commands import campaigns, instruments
from controller.commands.uploads import record_file
from controller.intake.results import raw_data, sample_of
from controller.schedule.turns import turn
from controller.store import Unit
from controller.store.change import change_attempt
from controller.store.proposals import make_proposal
from controller.store.tables import Attempt, Campaign
from strategies.spaces import candidate_key
from tests.controller.stand import ADMIN, DESCRIPTION, Stand

LOG = b"# <img src=x onerror=alert(1)>\n" + b"step 1 converged\n" * 30
BY_HAND = """
campaign: weigh-it
space: {parameters: {temperature: {type: continuous, low: 20, high: 90, unit: degC}}}
objectives: [{property: mass, goal: maximize, unit: g}]
stages:
  - name: desk
    approval: {policy: auto}
    steps:
      - name: weigh
        adapter: person
        instructions: "Dry it at {temperature}, then weigh it."
        yields: [mass]
        timeout: 3600
strategy: {name: random}
budget: {experiments: 3}
"""


def spectrum(count: int = 3000) -> bytes:
    """A narrow peak on a long line."""
    rows = (f"{200 + place / 10:.1f},{math.exp(-(((place - 1501) / 2) ** 2)):.6f}" for place in range(count))
    return ("wavelength,absorbance\n" + "\n".join(rows) + "\n").encode()


def picture() -> bytes:
    """A small red square, as PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = zlib.compress((b"\0" + b"\xc0\x20\x20" * 40) * 40)
    head = struct.pack(">IIBBBBB", 40, 40, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


async def fill(stand: Stand) -> dict[str, str]:
    """Ids of what is there: `running`, `doubt` and `task`; `spectrum`, `picture` and `log` are digests."""
    await stand.prepare()
    ids = {"doubt": (await stand.attempt()).id}
    await stand.status(AttemptState.ACCEPTED)
    await stand.store.write(lambda unit: _doubt(unit, ids["doubt"]), name="t")
    ids["running"] = await propose(stand, 61.0)
    await stand.status(AttemptState.RUNNING)
    await stand.store.write(_furnace, name="t")
    await stand.hear("description", encode(DESCRIPTION.model_copy(update={"simulated": False})), "furnace")
    ids["task"] = await _task(stand)
    ids |= await _files(stand, ids["doubt"])
    return ids


def _doubt(unit: Unit, attempt_id: str) -> None:
    attempt = unit.session.get_one(Attempt, attempt_id)
    attempt.doubt = "no answer within the time limit of the step"
    rows = [sample_of(unit.session.get_one(Campaign, attempt.campaign_id), attempt, "vial-7")]
    change_attempt(unit, attempt, "doubt", *rows, why=attempt.doubt)


async def propose(stand: Stand, temperature: float) -> str:
    """Another proposal of the campaign that the stand began with; the id of the latest attempt."""
    await stand.store.write(lambda unit: _propose(unit, stand.campaign_id, "bench", temperature), name="t")
    await stand.turn()
    return (await stand.attempt()).id


def _propose(unit: Unit, campaign_id: str, stage: str, temperature: float) -> None:
    campaign = unit.session.get_one(Campaign, campaign_id)
    candidate = {"kind": "conditions", "values": {"temperature": temperature}, "units": {"temperature": "degC"}}
    proposal = make_proposal(
        unit,
        campaign,
        stage=stage,
        key=candidate_key(candidate),
        candidate=candidate,
        reason="test",
        made_by="random",
        facts={"cost": 0.0, "hazard": 0.0},
    )
    unit.record("proposal.make", proposal, campaign, campaign_id=campaign.id, subject=proposal.id)


def _furnace(unit: Unit) -> None:
    instruments.enrol(unit, ADMIN, "furnace", simulated=False)


async def _task(stand: Stand) -> str:
    submission = campaigns.prepare(BY_HAND, {}, stand.files)
    campaign = await stand.store.write(lambda unit: campaigns.submit(unit, ADMIN, submission).id, name="t")
    await stand.store.write(lambda unit: _propose(unit, campaign, "desk", 45.0), name="t")
    await stand.store.write(lambda unit: turn(unit, campaign), name="t")
    return (await stand.attempt()).id


async def _files(stand: Stand, attempt_id: str) -> dict[str, str]:
    found = {}
    for name, media_type, content in (
        ("spectrum.csv", "text/csv", spectrum()),
        ("picture.png", "image/png", picture()),
        ("run.log", "text/plain", LOG),
    ):
        sha256 = stand.files.put(content)
        file = File(sha256=sha256, name=name, media_type=media_type)
        known = (file, len(content))
        await stand.store.write(lambda unit, known=known: _name(unit, attempt_id, *known), name="t")
        found[name.partition(".")[0]] = sha256
    return found


def _name(unit: Unit, attempt_id: str, file: File, size: int) -> None:
    record_file(unit, "stove", file.sha256, size, file.name, file.media_type)
    attempt = unit.session.get_one(Attempt, attempt_id)
    unit.record("test", *raw_data(unit, attempt, [file]))
