"""Commands on campaigns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from controller import spec as campaign_file
from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict, Invalid, NotFound
from controller.commands.imports import Table, checked_table, write_table
from controller.commands.lookup import find_campaign
from controller.files import Files
from controller.loop import CAMPAIGN, PROPOSAL
from controller.loop.attempt import UNDER_WAY
from controller.loop.instrument import REMOVED
from controller.spec import Campaign as Spec
from controller.store import Unit
from controller.store.apply.proposals import judge_anew
from controller.store.change import change_campaign
from controller.store.sources import Bring
from controller.store.specs import spec_of, step_of
from controller.store.tables import Attempt, Campaign, Instrument, Proposal, SpecVersion
from strategies.objectives import Objective, OutcomeConstraint


@dataclass(frozen=True)
class Submission:
    """A checked campaign file; its files are in the file store already, its tables of earlier data are read."""

    text: str
    spec: Spec
    tables: Sequence[Table] = ()


def prepare(text: str, contents: Mapping[str, bytes], files: Files) -> Submission:
    """Check a campaign file and keep the files that stand beside it. Needs no transaction.

    Raises `SpecError`, and `Invalid` for a table of earlier measurements that does not fit the space.
    """
    checked = campaign_file.load(text, dict(contents))
    pool = checked.space.pool
    for name in checked.beside():
        files.put(contents[name])
    kept = {pool.sha256: files.path(pool.sha256)} if pool and pool.sha256 else {}
    tables = [checked_table(checked, each.file, each.sha256 or "", contents[each.file], kept) for each in checked.data]
    return Submission(text, checked, tables)


def submit(unit: Unit, actor: Actor, submission: Submission) -> Campaign:
    """Start a campaign."""
    actor.require(Role.OPERATOR)
    spec = submission.spec
    taken = unit.session.scalars(select(Campaign).where(col(Campaign.name) == spec.campaign)).first()
    if taken is not None:
        raise Conflict(f"there is a campaign {spec.campaign!r} already ({taken.state}); choose another name")
    simulated = is_simulated(unit, spec)
    check_sources(unit, spec, simulated)
    campaign = Campaign(
        id=unit.new_id(),
        name=spec.campaign,
        state=CAMPAIGN.initial,
        priority=spec.priority,
        seed=spec.seed,
        simulated=simulated,
        made_by=actor.name,
        started_at=unit.now,
    )
    unit.session.add(campaign)
    version = _version(campaign, submission, 1, unit.next_event)
    unit.record("campaign.submit", campaign, version, campaign_id=campaign.id, subject=campaign.id, actor=actor.name)
    for table in submission.tables:
        write_table(unit, actor, campaign, spec, table)
    return campaign


def _version(campaign: Campaign, submission: Submission, number: int, event: int) -> SpecVersion:
    return SpecVersion(
        campaign_id=campaign.id,
        version=number,
        text=submission.text,
        document=submission.spec.model_dump(mode="json"),
        digest=campaign_file.spec_digest(submission.spec),
        event=event,
    )


def is_simulated(unit: Unit, spec: Spec) -> bool:
    """Whether the named instruments are simulated; a campaign never mixes simulated and real ones."""
    names = {name for stage in spec.stages for step in stage.steps for name in step.instruments}
    there = select(Instrument).where(col(Instrument.name).in_(names), col(Instrument.state) != REMOVED)
    rows = unit.session.scalars(there).all()
    if missing := sorted(names - {row.name for row in rows}):
        raise NotFound(f"not enrolled: {', '.join(missing)}; an admin must add these instruments first")
    kinds = {row.simulated for row in rows}
    if len(kinds) > 1:
        raise Invalid("simulated and real instruments cannot be used in one campaign")
    return kinds.pop() if kinds else False  # what is done by hand is real


def check_sources(unit: Unit, spec: Spec, simulated: bool) -> None:
    """Refuse a campaign that is to learn from one that is not there, or that cannot be brought to its space."""
    for source in spec.transfer.sources if spec.transfer else []:
        if source.campaign is None:
            continue
        earlier = find_campaign(unit.session, source.campaign)
        if earlier.simulated and not simulated:
            raise Invalid(f"{earlier.name} is simulated: a real campaign does not learn from it unmarked")
        if faults := Bring(spec_of(unit.session, earlier), spec, source.values).faults():
            raise Invalid("; ".join(faults))


def amend(unit: Unit, actor: Actor, submission: Submission) -> Campaign:
    """Give a campaign a new version of its file; what has been done stays as it was."""
    actor.require(Role.OPERATOR)
    campaign = find_campaign(unit.session, submission.spec.campaign)
    if CAMPAIGN.final(campaign.state):
        raise Conflict(f"campaign {campaign.name} is {campaign.state}")
    before = unit.session.get_one(SpecVersion, (campaign.id, campaign.version))
    if before.digest == campaign_file.spec_digest(submission.spec):
        raise Conflict(f"nothing is changed: version {before.version} of {campaign.name} says the same")
    if is_simulated(unit, submission.spec) != campaign.simulated:
        raise Invalid("a campaign cannot change between simulated and real instruments")
    check_sources(unit, submission.spec, campaign.simulated)
    _keep_what_is_open(unit, campaign, submission.spec)
    campaign.version += 1
    campaign.exhausted = False
    campaign.priority = submission.spec.priority
    version = _version(campaign, submission, campaign.version, unit.next_event)
    unit.session.add(version)
    unit.session.flush()
    judge_anew(unit, campaign)  # the limits of outcome constraints and the last stage may be others
    unit.record("campaign.amend", campaign, version, campaign_id=campaign.id, subject=campaign.id, actor=actor.name)
    return campaign


def _keep_what_is_open(unit: Unit, campaign: Campaign, spec: Spec) -> None:
    """Refuse a version in which earlier candidates, or the stages of open proposals, have no meaning."""
    before = spec_of(unit.session, campaign)
    if set(before.space.names()) != set(spec.space.names()):
        raise Invalid("an amended space keeps its parameters; their ranges may change")
    if [_meaning(each) for each in before.objectives] != [_meaning(each) for each in spec.objectives]:
        raise Invalid("an amended campaign keeps its objectives, their goals and units; reference points may change")
    if {_meaning(each) for each in before.constraints} != {_meaning(each) for each in spec.constraints}:
        raise Invalid("an amended campaign keeps the properties and units of its outcome constraints")
    steps = {stage.name: [step.name for step in stage.steps] for stage in spec.stages}
    if [stage.name for stage in before.stages] != list(steps) and campaign.iterating:
        raise Conflict("a strategy is proposing for the stages of this campaign at this moment; try again")
    query = select(col(Proposal.stage)).where(
        col(Proposal.campaign_id) == campaign.id, col(Proposal.state).in_(PROPOSAL.open_states)
    )
    for name in set(unit.session.scalars(query)):
        stage = next(stage for stage in before.stages if stage.name == name)
        if steps.get(name) != [step.name for step in stage.steps]:
            raise Conflict(f"stage {name!r} has open proposals: keep it and its steps, or wait until they have ended")
    under_way = select(Attempt).where(col(Attempt.campaign_id) == campaign.id, col(Attempt.state).in_(UNDER_WAY))
    for attempt in unit.session.scalars(under_way):
        was = step_of(unit.session, attempt)
        now = next(step for stage in spec.stages for step in stage.steps if step.name == was.name)
        if was.asked != now.asked:
            raise Conflict(f"step {was.name!r} is under way: what it yields and its analysis change when it has ended")


def _meaning(wanted: Objective | OutcomeConstraint) -> tuple[str, str, str]:
    """What stored values of a property mean."""
    return wanted.property, wanted.unit, wanted.goal if isinstance(wanted, Objective) else ""


def pause(unit: Unit, actor: Actor, name: str, why: str) -> Campaign:
    """Begin nothing new. Everyone signed in may."""
    return _change(unit, actor, Role.VIEWER, name, "pause", why)


def resume(unit: Unit, actor: Actor, name: str, why: str) -> Campaign:
    """Go on, also with steps that the circuit breaker paused."""
    campaign = find_campaign(unit.session, name)
    actor.require(Role.OPERATOR)
    if campaign.state in ("running", "stopping") and campaign.paused_steps:
        _forget_failures(campaign)
        unit.record("step.resume", campaign, campaign_id=campaign.id, subject=campaign.id, actor=actor.name, why=why)
        return campaign
    _forget_failures(campaign)
    return _change(unit, actor, Role.OPERATOR, name, "resume", why)


def _forget_failures(campaign: Campaign) -> None:
    campaign.paused_steps, campaign.failures = [], {}


def stop_campaign(unit: Unit, actor: Actor, name: str, why: str) -> Campaign:
    """What runs may finish and counts; nothing else begins."""
    return _change(unit, actor, Role.OPERATOR, name, "stop", why)


def abort(unit: Unit, actor: Actor, name: str, why: str) -> Campaign:
    """Cancel what runs; results that come all the same are kept, marked late."""
    return _change(unit, actor, Role.OPERATOR, name, "abort", why)


def _change(unit: Unit, actor: Actor, role: Role, name: str, event: str, why: str) -> Campaign:
    actor.require(role)
    campaign = find_campaign(unit.session, name)
    if not CAMPAIGN.allows(campaign.state, event):
        raise Conflict(f"campaign {campaign.name} is {campaign.state}: it cannot {event}")
    campaign.reason = why
    change_campaign(unit, campaign, event, actor=actor.name, why=why)
    return campaign
