"""Everything that a page can ask for, each a plain function of the house, the person and what they said.

A handler of a page calls one of these and nothing else; they call `commands`, which hold the roles.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from inspect import signature
from typing import Any

from adapters.instruments.messages import File
from controller.access.actors import Actor, Role
from controller.commands import (
    alerts,
    attempts,
    campaigns,
    corrections,
    doubts,
    instruments,
    proposals,
    quarantine,
    sign_ins,
    tasks,
    users,
)
from controller.commands.errors import Conflict, Invalid
from controller.commands.uploads import record_file
from controller.commands.values import Given
from controller.console.given import check, number
from controller.console.house import House
from controller.console.texts import say
from controller.serving import campaigns as campaign_files
from controller.serving import candidates, passwords
from controller.store import Unit

Action = Callable[..., Awaitable[Any]]
ACTIONS: dict[str, Action] = {}
LONGEST_ARMED_H = 30 * 24.0  # as the API has it
FAILURES = doubts.FAILURES  # kinds of failure that people may tell of


def action(function: Action) -> Action:
    """Register what pages may ask for; a test has every role try each of them. What is given is looked at first."""

    @wraps(function)
    async def checked(house: House, actor: Actor, *said: Any, **given: Any) -> Any:
        check({**dict(zip(names, said, strict=False)), **given})
        return await function(house, actor, *said, **given)

    names = list(signature(function).parameters)[2:]
    ACTIONS[function.__name__] = checked
    return checked


async def _write(house: House, name: str, function: Callable[[Unit], Any]) -> Any:
    return await house.services.store.write(function, name=name)


# Proposals


@action
async def approve(house: House, actor: Actor, proposal: str, digest: str, why: str | None = None) -> Any:
    """Approve what was shown."""
    return await _write(house, "approve", lambda unit: proposals.approve(unit, actor, proposal, digest, why))


@action
async def reject(house: House, actor: Actor, proposal: str, digest: str, why: str) -> Any:
    """Reject what was shown."""
    return await _write(house, "reject", lambda unit: proposals.reject(unit, actor, proposal, digest, why))


@action
async def foresee(house: House, actor: Actor, proposal: str, values: dict[str, Any]) -> Any:
    """What would be predicted with other values."""
    return await candidates.assess_edit(house.services, actor, proposal, values)


@action
async def edit(
    house: House, actor: Actor, proposal: str, digest: str, values: dict[str, Any], shown: str, why: str
) -> Any:
    """Put other values in the place of what was shown; `shown` is the digest of what was foreseen of them."""
    return await candidates.edit(house.services, actor, proposal, digest, values, why, shown)


# Campaigns


@action
async def pause_campaign(house: House, actor: Actor, campaign: str, why: str) -> Any:
    """Begin nothing new."""
    return await _write(house, "pause", lambda unit: campaigns.pause(unit, actor, campaign, why))


@action
async def resume_campaign(house: House, actor: Actor, campaign: str, why: str) -> Any:
    """Go on."""
    return await _write(house, "resume", lambda unit: campaigns.resume(unit, actor, campaign, why))


@action
async def stop_campaign(house: House, actor: Actor, campaign: str, why: str) -> Any:
    """Let what runs end, and end."""
    return await _write(house, "stop", lambda unit: campaigns.stop_campaign(unit, actor, campaign, why))


@action
async def abort_campaign(house: House, actor: Actor, campaign: str, why: str) -> Any:
    """Cancel what runs, and end."""
    return await _write(house, "abort", lambda unit: campaigns.abort(unit, actor, campaign, why))


@action
async def amend_campaign(
    house: House, actor: Actor, campaign: str, text: str, files: Mapping[str, bytes] | None = None
) -> Any:
    """Give a campaign a new version of its file; files beside it that are not given stay as they are."""
    return await campaign_files.amend(house.services, actor, campaign, text, files or {})


@action
async def foresee_point(
    house: House, actor: Actor, campaign: str, values: dict[str, Any], stage: str | None = None
) -> Any:
    """What would be predicted for a candidate that somebody thinks of."""
    return await candidates.assess_new(house.services, actor, campaign, values, stage)


@action
async def inject(
    house: House, actor: Actor, campaign: str, values: dict[str, Any], shown: str, why: str, stage: str | None = None
) -> Any:
    """Put a candidate forward; `shown` is the digest of what was foreseen of it."""
    return await candidates.inject(house.services, actor, campaign, values, why, stage, shown)


@action
async def correct(house: House, actor: Actor, measurement: str, value: float, why: str) -> Any:
    """Put another value in the place of a measured one."""
    return await _write(
        house, "correct", lambda unit: corrections.correct(unit, actor, measurement, number(value), why)
    )


# Instruments and the e-stop


@action
async def estop(house: House, actor: Actor, instrument: str | None = None) -> Any:
    """Stop one instrument or all, at once; the reason is asked for afterwards."""
    return await house.recorder.stop(actor, instrument, "")


@action
async def explain_estop(house: House, actor: Actor, estop: str, why: str) -> Any:
    """Say why an e-stop was pressed."""
    return await _write(house, "estop-why", lambda unit: instruments.explain_estop(unit, actor, estop, why))


@action
async def reset(house: House, actor: Actor, estop: str, why: str) -> Any:
    """End an e-stop."""
    return await _write(house, "reset", lambda unit: instruments.reset(unit, actor, estop, why))


@action
async def pause_instrument(house: House, actor: Actor, instrument: str, why: str) -> Any:
    """Give it nothing new."""
    return await _write(
        house, "pause", lambda unit: instruments.set_paused(unit, actor, instrument, paused=True, why=why)
    )


@action
async def resume_instrument(house: House, actor: Actor, instrument: str, why: str) -> Any:
    """Give it work again."""
    return await _write(
        house, "resume", lambda unit: instruments.set_paused(unit, actor, instrument, paused=False, why=why)
    )


@action
async def arm(house: House, actor: Actor, instrument: str, hours: float) -> Any:
    """Let a real instrument take work for a while."""
    if number(hours) > LONGEST_ARMED_H:
        raise Invalid(say("instruments.too_long"))
    length = timedelta(hours=hours)
    return await _write(house, "arm", lambda unit: instruments.arm(unit, actor, instrument, unit.now + length))


@action
async def disarm(house: House, actor: Actor, instrument: str) -> Any:
    """Let it take no further work."""
    return await _write(house, "disarm", lambda unit: instruments.disarm(unit, actor, instrument))


@action
async def accept_description(house: House, actor: Actor, instrument: str, digest: str) -> Any:
    """Accept what an instrument says of itself."""
    return await _write(house, "accept", lambda unit: instruments.accept_description(unit, actor, instrument, digest))


# The record


@action
async def verify(house: House, actor: Actor) -> Any:
    """Check the whole audit trail, and all rows against it."""
    return await house.auditor.verify(actor)


@action
async def discard(house: House, actor: Actor, message: str, why: str) -> Any:
    """Say that nothing comes of a refused message."""
    return await _write(house, "discard", lambda unit: quarantine.discard(unit, actor, message, why))


@action
async def accept_corrected(house: House, actor: Actor, message: str, payload: str, why: str) -> Any:
    """Take a corrected result in the place of a refused one; what became of it."""
    row = await _write(house, "accept", lambda unit: quarantine.accept(unit, actor, message, payload, why))
    return row.settled_how


# Attempts: called off, or in doubt


@action
async def cancel_attempt(house: House, actor: Actor, attempt: str, why: str) -> Any:
    """Call one off that is under way."""
    return await _write(house, "cancel", lambda unit: attempts.cancel(unit, actor, attempt, why))


@action
async def ask_again(house: House, actor: Actor, attempt: str, why: str) -> Any:
    """Ask the instrument what became of it."""
    return await _write(house, "ask-again", lambda unit: doubts.ask_again(unit, actor, attempt, why))


@action
async def repeat(house: House, actor: Actor, attempt: str, why: str) -> Any:
    """Do it once more."""
    return await _write(house, "repeat", lambda unit: doubts.repeat(unit, actor, attempt, why))


@action
async def fail(house: House, actor: Actor, attempt: str, kind: str, why: str) -> Any:
    """Say that it failed."""
    return await _write(house, "fail", lambda unit: doubts.fail(unit, actor, attempt, why, kind))


@action
async def enter(
    house: House, actor: Actor, attempt: str, values: Mapping[str, Given], why: str, sample: str | None = None
) -> Any:
    """Say what it gave."""
    return await _write(house, "enter", lambda unit: doubts.value(unit, actor, attempt, dict(values), why, sample))


# Tasks and their files


@action
async def measure(
    house: House,
    actor: Actor,
    attempt: str,
    values: Mapping[str, Given],
    files: Sequence[File] = (),
    sample: str | None = None,
    why: str | None = None,
) -> Any:
    """Tell what a task gave."""
    return await _write(
        house,
        "measure",
        lambda unit: tasks.measure(unit, actor, attempt, values, files=files, sample=sample, why=why),
    )


@action
async def fail_task(house: House, actor: Actor, attempt: str, kind: str, why: str) -> Any:
    """Tell how a task failed."""
    return await _write(house, "fail-task", lambda unit: tasks.fail(unit, actor, attempt, kind, why))


@action
async def keep_file(house: House, actor: Actor, name: str, media_type: str, parts: AsyncIterator[bytes]) -> File:
    """Put a file into the store; what a task gave may then name it."""
    actor.require(Role.OPERATOR)
    with house.services.files.receive() as incoming:
        async for part in parts:
            await asyncio.to_thread(incoming.write, part)
        await asyncio.to_thread(incoming.keep)
    sha256, size = incoming.sha256, incoming.size
    file = File(sha256=sha256, name=name[:200] or sha256, media_type=media_type[:100] or "application/octet-stream")
    await _write(house, "file", lambda unit: record_file(unit, actor.name, sha256, size, file.name, file.media_type))
    return file


# System and account


@action
async def create_user(house: House, actor: Actor, name: str, role: str) -> Any:
    """Let a person in."""
    return await _write(house, "user", lambda unit: users.create_user(unit, actor, name, Role(role)))


@action
async def disable_user(house: House, actor: Actor, name: str, why: str) -> Any:
    """Shut a person out, with all their tokens and sessions."""
    return await _write(house, "disable", lambda unit: users.set_disabled(unit, actor, name, disabled=True, why=why))


@action
async def enable_user(house: House, actor: Actor, name: str, why: str) -> Any:
    """Let a person in again."""
    return await _write(house, "enable", lambda unit: users.set_disabled(unit, actor, name, disabled=False, why=why))


@action
async def make_code(house: House, actor: Actor, name: str) -> Any:
    """A code with which a person signs in once."""
    return await _write(house, "code", lambda unit: sign_ins.create_code(unit, actor, name))


@action
async def make_token(house: House, actor: Actor, name: str, label: str) -> Any:
    """A token of a person, shown once."""
    return await _write(house, "token", lambda unit: users.create_token(unit, actor, name, label))


@action
async def revoke_token(house: House, actor: Actor, token: str, why: str) -> Any:
    """End a token."""
    return await _write(house, "revoke", lambda unit: users.revoke_token(unit, actor, token, why))


@action
async def test_alert(house: House, actor: Actor, receiver: str) -> Any:
    """Have a receiver of alerts told that nothing has happened."""
    section = house.services.alerts
    return await _write(house, "test-alert", lambda unit: alerts.test_alert(unit, actor, section, receiver))


@action
async def change_password(house: House, actor: Actor, secret: str, present: str, wanted: str) -> Any:
    """Choose another password; whoever guesses the present one is made to wait."""
    key = f"account {actor.name}"
    if (wait := house.limiter.wait_s(key, key)) > 0:
        raise Conflict(say("sign_in.too_many", minutes=f"{wait / 60:.0f}"))
    house.limiter.tries(key, key)
    guessed = False
    try:
        await passwords.change_password(house.services, actor, secret, present, wanted)
    except passwords.WrongPassword:
        guessed = True
        raise
    finally:
        if not guessed:
            house.limiter.forgive(key, key)


@action
async def end_other_sessions(house: House, actor: Actor, secret: str) -> Any:
    """Sign out everywhere else."""
    return await _write(house, "sign-out", lambda unit: sign_ins.end_others(unit, actor, secret))
