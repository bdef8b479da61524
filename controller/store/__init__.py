"""The record of what happened: tables, units of work, the one writer."""

from controller.store.database import LockedElsewhere, LostLock
from controller.store.schema import WrongSchema
from controller.store.store import Committed, Store, StoreUnavailable
from controller.store.unit import Unit

__all__ = [
    "Committed",
    "LockedElsewhere",
    "LostLock",
    "Store",
    "StoreUnavailable",
    "Unit",
    "WrongSchema",
]
