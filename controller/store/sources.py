"""What a campaign learns from beside its own measurements: those of earlier campaigns, and of tables in its file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.spec import Campaign as Spec
from controller.spec import TransferSource
from controller.store.observed import ended_at, proposals_at, spec_at, values_at
from controller.store.specs import units_of
from controller.store.tables import Campaign
from strategies.spaces import candidate_of, values_in
from strategies.units import UnitError, convert, convert_difference

Plain = dict[str, Any]


def sources_at(session: Session, spec: Spec, event: int) -> list[Plain]:
    """The sources of a request as of an event number, in the order of the campaign file."""
    if spec.transfer is None:
        return []
    return [_source(session, spec, source, event) for source in spec.transfer.sources]


def _source(session: Session, spec: Spec, source: TransferSource, event: int) -> Plain:
    if source.campaign is None:
        rows = [(row.candidate, [{"property": name, "value": value} for name, value in row.values.items()])
                for row in source.rows or []]  # fmt: skip
        return {"name": source.name, "observations": [_observation(*row) for row in rows]}
    campaign = session.scalars(select(Campaign).where(col(Campaign.name) == source.campaign)).first()
    earlier = None if campaign is None else spec_at(session, campaign, event)
    if campaign is None or earlier is None:  # without the daemon there are no other campaigns
        return {"name": source.name, "observations": []}
    bring = Bring(earlier, spec, source.values)
    found = [
        bring.observation(row.candidate, values)
        for row, values in _dearest(session, campaign, earlier, event)
        if bring.counts(row.candidate)
    ]
    there = [each for each in found if each is not None]
    return {"name": source.name, "observations": there, "left_out": len(found) - len(there)}


def _dearest(session: Session, campaign: Campaign, spec: Spec, event: int) -> Iterable[tuple[Any, list[Plain]]]:
    """Completed proposals with the values that no dearer stage has measured of any candidate."""
    done = [row for row in ended_at(proposals_at(session, campaign.id, event), event) if row.state == "completed"]
    values = values_at(session, campaign.id, event)
    order = [stage.name for stage in spec.stages]
    last: dict[str, str] = {}
    for row in sorted((row for row in done if row.stage in order), key=lambda row: order.index(row.stage)):
        last |= {value["property"]: row.stage for value in values[row.id]}
    for row in done:
        if kept := [value for value in values[row.id] if last.get(value["property"]) == row.stage]:
            yield row, kept


@dataclass(frozen=True)
class Bring:
    """From an earlier campaign's names and units to those of another one, with what one side lacks."""

    earlier: Spec
    spec: Spec
    given: Mapping[str, float | int | str]

    def faults(self) -> list[str]:
        """What keeps everything from being brought over, in words."""
        there, here = self.earlier.space.names(), self.spec.space.names()
        faults = [
            f"{self.earlier.campaign} has no parameter {name!r}; say what it was: `values: {{{name}: ...}}`"
            for name in here
            if name not in there and name not in self.given
        ]
        for name in self.given:
            if name in there and name in here:
                faults.append(f"{self.earlier.campaign} has a parameter {name!r}: leave it out of `values`")
            if name not in there and name not in here:
                faults.append(f"`values`: neither campaign has a parameter {name!r}")
        units, wanted = units_of(self.earlier), units_of(self.spec)
        if not set(units) & set(wanted):
            faults.append(f"{self.earlier.campaign} measured none of {', '.join(wanted)}")
        pairs = [(name, self.earlier.space.unit(name), self.spec.space.unit(name)) for name in here if name in there]
        pairs += [(name, units[name], unit) for name, unit in wanted.items() if name in units]
        for name, before, now in pairs:
            try:
                convert_difference(1.0, before, now)
            except UnitError as error:
                faults.append(f"{name}: {error}")
        return faults

    def counts(self, candidate: Plain) -> bool:
        """Whether a candidate has the values that are asked of what only the earlier campaign varied."""
        values = values_in(self.earlier.space, candidate)
        here = self.spec.space.names()
        return all(values.get(name) == value for name, value in self.given.items() if name not in here)

    def observation(self, candidate: Plain, values: list[Plain]) -> Plain | None:
        """An earlier measurement as this campaign's strategy can read it; None where it cannot be brought over."""
        try:
            return _observation(self.candidate(candidate), [one for one in map(self.value, values) if one])
        except (KeyError, ValueError):
            return None

    def candidate(self, candidate: Plain) -> Plain:
        """The candidate by the names and in the units of this space; raises `KeyError`, `ValueError`."""
        before, now = self.earlier.space, self.spec.space
        values = values_in(before, candidate)
        settings: dict[str, float | int | str] = {}
        for name in now.names():
            value = values[name] if name in values else self.given[name]
            if name in values and not isinstance(value, str):
                value = convert(value, before.unit(name), now.unit(name))
            settings[name] = value
        return candidate_of(now, settings)

    def value(self, value: Plain) -> Plain | None:
        """A measured value in this campaign's unit; None of a property that it does not ask for."""
        units, wanted = units_of(self.earlier), units_of(self.spec)
        name = value["property"]
        if name not in units or name not in wanted:
            return None
        error = value["standard_error"]
        return {
            **value,
            "value": convert(value["value"], units[name], wanted[name]),
            "standard_error": None if error is None else convert_difference(error, units[name], wanted[name]),
        }


def _observation(candidate: Plain, values: list[Plain]) -> Plain:
    return {"candidate": candidate, "stage": "earlier", "values": values}
