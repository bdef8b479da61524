"""Instruments, and the e-stop. It is a software stop over a network and does not replace the wired one."""

from datetime import timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from adapters.broker.access import Login, instrument_rules, mosquitto_acl, password_lines
from controller.access.actors import Actor
from controller.api.bodies import (
    Acceptance,
    Arming,
    Asking,
    Key,
    Limit,
    MaybeWhy,
    NewInstrument,
    Serving,
    Stop,
    Why,
    listed,
)
from controller.commands import instruments as commands
from controller.commands.errors import Invalid
from controller.report import lists
from controller.serving import Services
from controller.store import Unit
from controller.store.tables import Instrument

router = APIRouter(tags=["instruments"])


@router.get("/instruments")
async def list_instruments(services: Serving) -> Response:
    """Each instrument: its state, and what keeps it from being given work."""
    return await listed(services, lambda session: lists.instruments(session, services.store.clock()))


@router.post("/instruments", status_code=201)
async def enrol(services: Serving, actor: Asking, body: NewInstrument) -> dict[str, Any]:
    """Enrol one. The answer has its password, which stands nowhere else, and lines for the broker's files."""
    if body.name == services.daemon:
        raise Invalid(f"{body.name!r} is the daemon's own name at the broker; give the instrument another one")
    return await services.store.write(lambda unit: _enrol(unit, services, actor, body), name="enrol")


def _enrol(unit: Unit, services: Services, actor: Actor, body: NewInstrument) -> dict[str, Any]:
    password = commands.enrol(unit, actor, body.name, simulated=body.simulated)
    row = unit.session.get_one(Instrument, body.name)
    logins = {row.name: Login(row.password_hash, tuple(instrument_rules(services.site, row.name)))}
    return {
        "name": row.name,
        "simulated": row.simulated,
        "password": password,
        "site": services.site,
        "broker": services.broker,
        "external_broker": services.external_broker,
        "password_line": password_lines(logins),
        "acl": mosquitto_acl(logins),
    }


@router.post("/instruments/{name}/arm")
async def arm(services: Serving, actor: Asking, name: Key, body: Arming) -> dict[str, Any]:
    """Let a real one take work for a while."""
    return await services.store.write(
        lambda unit: _shown(commands.arm(unit, actor, name, unit.now + timedelta(seconds=body.seconds))), name="arm"
    )


@router.post("/instruments/{name}/disarm")
async def disarm(services: Serving, actor: Asking, name: Key, body: MaybeWhy) -> dict[str, Any]:
    """Let it take no further work; everyone signed in may."""
    return await services.store.write(lambda unit: _shown(commands.disarm(unit, actor, name, body.why)), name="disarm")


@router.post("/instruments/{name}/accept")
async def accept(services: Serving, actor: Asking, name: Key, body: Acceptance) -> dict[str, Any]:
    """Accept a description that is wider than the one before."""
    return await services.store.write(
        lambda unit: _shown(commands.accept_description(unit, actor, name, body.digest)), name="accept"
    )


@router.post("/instruments/{name}/remove")
async def remove(services: Serving, actor: Asking, name: Key, body: Why) -> dict[str, Any]:
    """Let it in no more; refused while it has open attempts. Its record stays."""
    told = await services.store.write(lambda unit: _shown(commands.remove(unit, actor, name, body.why)), name="remove")
    return {**told, "external_broker": services.external_broker}


@router.post("/instruments/{name}/{change}")
async def pause_or_resume(
    services: Serving, actor: Asking, name: Key, change: Literal["pause", "resume"], body: Why
) -> dict[str, Any]:
    """Want it paused, or not."""
    return await services.store.write(
        lambda unit: _shown(commands.set_paused(unit, actor, name, paused=change == "pause", why=body.why)), name=change
    )


def _shown(row: Instrument) -> dict[str, Any]:
    """Its row, without the hash of its password."""
    return {key: value for key, value in lists.as_dict(row).items() if key != "password_hash"}


@router.get("/estops")
async def list_estops(services: Serving, limit: Limit = 100) -> Response:
    """E-stops, those that hold first."""
    return await listed(services, lambda session: lists.estops(session, limit=limit))


@router.post("/estop", status_code=201, responses={202: {"description": "not published, or not recorded yet"}})
async def estop(request: Request, response: Response, actor: Asking, body: Stop) -> dict[str, Any]:
    """Stop one instrument or all. Everyone signed in may; the answer says whether it was published and recorded."""
    told: dict[str, Any] = await request.app.state.recorder.stop(actor, body.instrument, body.why)
    if not (told["published"] and told["recorded"]):
        response.status_code = 202
    return told


@router.post("/estops/{estop_id}/reset")
async def reset(services: Serving, actor: Asking, estop_id: Key, body: Why) -> dict[str, Any]:
    """End an e-stop."""
    return await services.store.write(
        lambda unit: lists.as_dict(commands.reset(unit, actor, estop_id, body.why)), name="reset"
    )
