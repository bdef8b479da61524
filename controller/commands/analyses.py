"""Old files, analysed once more: the functions or what the campaign file says about them have changed."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from controller.access.actors import Actor, Role
from controller.commands.errors import Invalid
from controller.commands.lookup import find_campaign
from controller.intake.results import begin_analysis
from controller.store import Unit
from controller.store.specs import NoSuchStep, step_of
from controller.store.tables import Attempt

AGAIN = ("succeeded", "doubtful")


def analyse_again(unit: Unit, actor: Actor, name: str, attempts: Sequence[str] | None, why: str) -> list[str]:
    """Want the files of a campaign's attempts read again, of all or of some; returns their ids.

    One that is in doubt because its files could not be read ends as the files say now.
    """
    actor.require(Role.OPERATOR)
    campaign = find_campaign(unit.session, name)
    query = select(Attempt).where(col(Attempt.campaign_id) == campaign.id, col(Attempt.state).in_(AGAIN))
    if attempts is not None:
        query = query.where(col(Attempt.id).in_(attempts))
    rows = {row.id: row for row in unit.session.scalars(query.order_by(col(Attempt.id))) if _has_files(unit, row)}
    if strange := set(attempts or ()) - rows.keys():
        raise Invalid(f"{', '.join(sorted(strange))}: no attempt of {campaign.name} that has files to analyse")
    for row in rows.values():
        unit.record("attempt.analyse-again", campaign_id=campaign.id, subject=row.id, actor=actor.name, why=why)
        if row.state == "doubtful":
            begin_analysis(unit, row, actor=actor.name)
        else:
            unit.outbox("analysis", campaign.id, attempt=row.id)
    return list(rows)


def _has_files(unit: Unit, attempt: Attempt) -> bool:
    try:
        return bool((attempt.result or {}).get("files")) and bool(step_of(unit.session, attempt).analysis)
    except NoSuchStep:
        return False
