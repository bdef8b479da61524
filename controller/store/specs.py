"""The spec of a campaign, parsed once per version."""

from sqlmodel import Session

from controller.spec import Campaign as Spec
from controller.spec import Step
from controller.store.chain import canonical
from controller.store.tables import Attempt, Campaign, Job, Proposal, SpecVersion

KEPT = 256

_parsed: dict[str, Spec] = {}  # by digest, which covers the whole document


def units_of(spec: Spec) -> dict[str, str]:
    """The unit of each property that is an objective or is constrained."""
    return {
        **{each.property: each.unit for each in spec.constraints},
        **{each.property: each.unit for each in spec.objectives},
    }


class NoSuchStep(LookupError):
    """The campaign file was amended, and has the step of an attempt that ended before no more."""


def step_of(session: Session, attempt: Attempt) -> Step:
    """The step of an attempt, as the campaign file has it now; raises `NoSuchStep`."""
    spec = spec_of(session, session.get_one(Campaign, attempt.campaign_id))
    stage = session.get_one(Proposal, attempt.proposal_id).stage
    name = session.get_one(Job, attempt.job_id).name
    for step in (step for each in spec.stages if each.name == stage for step in each.steps):
        if step.name == name:
            return step
    raise NoSuchStep(f"the campaign file has no step {name!r} in a stage {stage!r} any more")


def spec_of(session: Session, campaign: Campaign, version: int | None = None) -> Spec:
    """The spec in force, or that of a given version."""
    row = session.get_one(SpecVersion, (campaign.id, version or campaign.version))
    if (spec := _parsed.get(row.digest)) is None:
        if len(_parsed) >= KEPT:
            _parsed.clear()
        # Sorted, so that the order in which parameters are tried does not depend on how the database keeps JSON.
        spec = _parsed[row.digest] = Spec.model_validate_json(canonical(row.document))
    return spec
