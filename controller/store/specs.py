"""The spec of a campaign, parsed once per version."""

from functools import lru_cache

from sqlmodel import Session

from controller.spec import Campaign as Spec
from controller.store.chain import canonical
from controller.store.tables import Campaign, SpecVersion


@lru_cache(maxsize=256)
def _parse(document: str) -> Spec:
    return Spec.model_validate_json(document)


def units_of(spec: Spec) -> dict[str, str]:
    """The unit of each property that is an objective or is constrained."""
    return {
        **{each.property: each.unit for each in spec.constraints},
        **{each.property: each.unit for each in spec.objectives},
    }


def spec_of(session: Session, campaign: Campaign, version: int | None = None) -> Spec:
    """The spec in force, or that of a given version."""
    row = session.get_one(SpecVersion, (campaign.id, version or campaign.version))
    return _parse(canonical(row.document))
