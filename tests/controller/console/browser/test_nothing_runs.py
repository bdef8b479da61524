"""What instruments, files and chemists write is text on every page: nothing of it becomes a part of a page or runs."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select
from sqlmodel import col

from adapters.instruments.messages import File
from controller.commands.uploads import record_file
from controller.store import Unit
from controller.store.tables import Attempt, Campaign, Instrument, Measurement, Proposal, Quarantine, Sample
from tests.controller.console import hall
from tests.controller.console.opened import Opened
from tests.controller.console.places import pages
from tests.laboratory.browser import Console, connected

EVIL = "<img data-evil src=x onerror=window.ran=1>"
PICTURE = b"""<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran=1" data-evil="">
<script>window.ran = 1</script><image href="x" onerror="window.ran=1"/></svg>"""
CURVES = f"{EVIL},{EVIL},b{EVIL}\n" + "".join(f"{each},{each * each},1\n" for each in range(50))
WHAT_RAN = "[window.ran ?? null, document.querySelectorAll('[data-evil]').length]"
WITHOUT = {"/system", "/account"}  # of these nobody but an admin or oneself writes anything


def spoil(unit: Unit) -> None:
    """Everything that others write says the same."""
    session = unit.session
    for campaign in session.scalars(select(Campaign)).all():
        campaign.state, campaign.reason = "paused", EVIL
    for attempt in session.scalars(select(Attempt)).all():
        attempt.doubt = attempt.reason = EVIL
        unit.record("attempt.doubt", subject=attempt.id, campaign_id=attempt.campaign_id, why=EVIL)
    for proposal in session.scalars(select(Proposal)).all():
        proposal.reason = EVIL
        proposal.candidate = {
            "kind": "conditions",
            "label": EVIL,
            "values": {"temperature": 61.0, EVIL: 3.0, "solvent": EVIL},
            "units": {"temperature": "degC", EVIL: EVIL},
        }
        proposal.prediction = {EVIL: {"mean": 1.0, "standard_deviation": 0.1}}
    for sample in session.scalars(select(Sample)).all():
        sample.name = sample.place = EVIL
    known = session.get_one(Instrument, "stove")
    capability = {"parameters": {EVIL: {"unit": EVIL}, "label": {"choices": [EVIL]}}, "channels": {}}
    fields = known.model_dump(exclude={"name", "description"})
    description = {**known.description, "model": EVIL, "capabilities": {EVIL: capability}, "calibration": {EVIL: EVIL}}
    session.add(Instrument(**fields, name=EVIL, description=description))
    for place, attempt in enumerate(session.scalars(select(Attempt)).all()):
        told = {"campaign_id": attempt.campaign_id, "proposal_id": attempt.proposal_id, "attempt_id": attempt.id}
        session.add(
            Measurement(
                **told, id=f"evil-{place}", channel=EVIL, place=place, property="yield", value=1.0, unit=EVIL, event=1
            )
        )
    refused = {"topic": EVIL, "instrument": EVIL, "reason": EVIL, "digest": "d", "payload": EVIL.encode(), "size": 9}
    session.add(Quarantine(**refused, id="evil", at=unit.now))


async def keep(there: Opened, name: str, media_type: str, content: bytes) -> str:
    """A file of the attempt in doubt."""
    sha256 = there.stand.files.put(content)
    file = File(sha256=sha256, name=name, media_type=media_type)
    await there.stand.store.write(
        lambda unit: record_file(unit, EVIL, file.sha256, len(content), file.name, file.media_type), name="t"
    )
    return sha256


async def nothing_runs(page: Page) -> None:
    assert await page.evaluate(WHAT_RAN) == [None, 0], page.url


@pytest.mark.timeout(180)
async def test_what_others_wrote_is_text_on_every_page(there: Opened, hall_console: Console) -> None:
    await hall.propose(there.stand, 70.0)
    await there.stand.store.write(wait_for_people, name="t")
    await there.stand.store.write(spoil, name="t")
    picture = await keep(there, f"{EVIL}.svg", "image/svg+xml", PICTURE)
    curves = await keep(there, f"{EVIL}.csv", "text/csv", CURVES.encode())
    page = await hall_console.enter_with(there.tokens["admin"])
    for path in (*pages("heat"), f"/files/{picture}", f"/files/{curves}"):
        await page.goto(f"{there.url}{path}")
        await connected(page)
        if path not in WITHOUT:
            await expect(page.locator("main")).to_contain_text(EVIL)
        await nothing_runs(page)
    plot = page.locator(".plot")
    await plot.hover()
    await expect(plot).to_contain_text(EVIL)  # in what ECharts shows beside the pointer
    await nothing_runs(page)


def wait_for_people(unit: Unit) -> None:
    """The last proposal waits for approval."""
    latest = unit.session.scalars(select(Proposal).order_by(col(Proposal.id).desc())).first()
    assert latest is not None
    latest.state = "awaiting-approval"


async def test_a_picture_that_could_run_is_only_handed_over(there: Opened, hall_console: Console) -> None:
    sha256 = await keep(there, "evil.svg", "image/svg+xml", PICTURE)
    page = await hall_console.enter_with(there.tokens["viewer"])
    token = {"Authorization": f"Bearer {there.tokens['viewer']}"}
    for path, headers in ((f"/raw/{sha256}", {}), (f"/api/v1/files/{sha256}", token)):
        answer = await page.request.get(path, headers=headers)
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == 'attachment; filename="evil.svg"'
        assert answer.headers["content-security-policy"] == "sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
    await page.goto(f"{there.url}/files/{sha256}")
    await expect(page.get_by_text("window.ran = 1")).to_be_visible()  # its text is read
    await nothing_runs(page)
