"""A demo's campaign as its database tells it."""

from dataclasses import dataclass

from controller.cli.connection import Refused
from controller.cli.demos.description import Settings
from controller.cli.records import read_only
from controller.report.pareto import Tried, tried
from controller.spec import Campaign as Spec


@dataclass(frozen=True)
class Record:
    """What was wanted, what became of it, and all that was measured, in order."""

    spec: Spec
    state: str
    reason: str
    seed: int
    rows: list[Tried]


def state(settings: Settings) -> str | None:
    """The state of the demo's campaign; None where there is none."""
    if settings.database is None and not (settings.data / "tatara.db").is_file():
        return None
    from controller.commands.errors import NotFound
    from controller.commands.lookup import find_campaign

    try:
        with read_only(settings.database, settings.data) as session:
            return find_campaign(session, settings.demo.name).state
    except (NotFound, Refused):
        return None


def read(settings: Settings) -> Record:
    """Read the campaign back; nothing is written."""
    from controller.commands.lookup import find_campaign
    from controller.store.specs import spec_of

    with read_only(settings.database, settings.data) as session:
        row = find_campaign(session, settings.demo.name)
        return Record(spec_of(session, row), row.state, row.reason or "", row.seed, tried(session, row))
