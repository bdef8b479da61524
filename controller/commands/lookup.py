"""Find what a command names, or say that it is not there."""

from typing import TypeVar

from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from controller.commands.errors import NotFound
from controller.store.tables import Campaign, Proposal

Row = TypeVar("Row", bound=SQLModel)


def find(session: Session, table: type[Row], key: str | int) -> Row:
    """A row by its key; raises `NotFound`."""
    if (row := session.get(table, key)) is None:
        raise NotFound(f"no {table.__name__.lower()} {key!r}")
    return row


def find_campaign(session: Session, name: str) -> Campaign:
    """A campaign by name or id; raises `NotFound`."""
    row = session.scalars(select(Campaign).where((col(Campaign.name) == name) | (col(Campaign.id) == name))).first()
    if row is None:
        raise NotFound(f"no campaign {name!r}")
    return row


def in_words(session: Session, proposal: Proposal) -> str:
    """A proposal as people call it."""
    return f"proposal {proposal.number} of {session.get_one(Campaign, proposal.campaign_id).name}"
