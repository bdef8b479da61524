"""Deciders that note whom they let decide, each by an event; and some that go wrong."""

from collections.abc import Sequence

from sqlmodel import Session

from controller.loop import Decision
from controller.store import Store, Unit
from controller.store.tables import Job
from tests.controller.store.ledger import note


class Noting:
    """Everybody is `c-1` and `c-2`."""

    def __init__(self) -> None:
        self.asked: list[frozenset[str] | None] = []
        self.given_up: list[str] = []

    @classmethod
    def in_(cls, store: Store) -> "Noting":
        decider = cls()
        store.decide_by(decider)
        return decider

    def called(self, session: Session, campaigns: frozenset[str] | None) -> Sequence[str]:
        self.asked.append(campaigns)
        return ["everybody"] if campaigns is None else sorted(campaigns)

    def decide(self, unit: Unit, campaign_id: str) -> Decision:
        note(unit, f"{campaign_id} decides")
        return Decision([], None)

    def give_up(self, unit: Unit, campaign_id: str, error: Exception) -> None:
        self.given_up.append(f"{campaign_id}: {type(error).__name__}")
        note(unit, f"{campaign_id} is given up {len(self.given_up)}")


class Failing(Noting):
    """Frees something for everybody, then breaks."""

    def decide(self, unit: Unit, campaign_id: str) -> Decision:
        note(unit, "nothing of this is kept")
        unit.wake_all()
        raise ZeroDivisionError("mine")


class Recovering(Noting):
    """Breaks once."""

    def decide(self, unit: Unit, campaign_id: str) -> Decision:
        if not self.given_up:
            raise ZeroDivisionError("mine")
        return super().decide(unit, campaign_id)


class Homeless(Noting):
    """`bad` writes a row that belongs to nothing, which only the commit sees."""

    def decide(self, unit: Unit, campaign_id: str) -> Decision:
        if campaign_id == "bad":
            job = Job(id="j", campaign_id="none", proposal_id="none", step=0, name="x", state="waiting")
            unit.record("job.open", job)
        return super().decide(unit, campaign_id)
