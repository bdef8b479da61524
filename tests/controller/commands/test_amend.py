"""An amended file becomes a new version; what is open or has been done keeps its meaning."""

import pytest
from sqlalchemy import select
from sqlmodel import Session

from controller.commands import campaigns
from controller.commands.errors import Conflict, Invalid
from controller.store.history import build_request
from controller.store.tables import Iteration, SpecVersion
from tests.controller.stand import ADMIN, TEXT, Stand


async def amend(stand: Stand, text: str) -> None:
    submission = campaigns.prepare(text, {}, stand.files)
    await stand.store.write(lambda unit: campaigns.amend(unit, ADMIN, submission), name="t")


async def test_a_new_version_leaves_earlier_requests_as_they_were(stand: Stand) -> None:
    def request(session: Session) -> object:
        iteration = session.scalars(select(Iteration)).one()
        return build_request(session, iteration)

    before = await stand.store.read(request)
    await amend(stand, TEXT.replace("high: 90", "high: 80"))
    assert [row.version for row in await stand.all(SpecVersion)] == [1, 2]
    assert await stand.store.read(request) == before


async def test_other_parameters_are_refused(stand: Stand) -> None:
    with pytest.raises(Invalid, match="keeps its parameters"):
        await amend(stand, TEXT.replace("temperature:", "warmth:"))


async def test_a_stage_with_open_proposals_stays(stand: Stand) -> None:
    with pytest.raises(Conflict, match="open proposals"):
        await amend(stand, TEXT.replace("name: cook", "name: fry"))
