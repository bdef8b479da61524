"""What waits for people, in numbers, and which e-stops hold."""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.loop.attempt import UNDER_WAY
from controller.report.lists import as_dict
from controller.store.tables import Attempt, Proposal, Quarantine
from controller.store.views import held_estops


def attention(session: Session) -> dict[str, Any]:
    """`counts` of what waits for somebody, and the `estops` that hold."""
    waiting = select(func.count()).where(col(Proposal.state) == "awaiting-approval")
    by_hand = select(func.count()).where(col(Attempt.adapter) == "person", col(Attempt.state).in_(UNDER_WAY))
    doubtful = select(func.count()).where(col(Attempt.state) == "doubtful")
    refused = select(func.count()).where(col(Quarantine.settled_at).is_(None))
    counts = {"approvals": waiting, "tasks": by_hand, "doubts": doubtful, "quarantine": refused}
    return {
        "counts": {name: session.scalar(query) or 0 for name, query in counts.items()},
        "estops": [as_dict(row) for row in held_estops(session)],
    }
