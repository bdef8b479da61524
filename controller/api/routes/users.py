"""Users and their tokens. People sign in with tokens only; one is shown once, when it is made."""

from typing import Any, Literal

from fastapi import APIRouter, Response

from controller.access.actors import Actor, Role, token_digest
from controller.api.bodies import Asking, Key, MaybeWhy, NewToken, NewUser, Serving, UserFilter, UserKey, Why, listed
from controller.commands import sign_ins
from controller.commands import users as commands
from controller.report import lists, people
from controller.store import Unit

router = APIRouter(tags=["users"])


@router.get("/users")
async def list_users(services: Serving, actor: Asking) -> Response:
    """Everybody who was let in; for admins."""
    actor.require(Role.ADMIN)
    return await listed(services, people.users)


@router.post("/users", status_code=201)
async def create_user(services: Serving, actor: Asking, body: NewUser) -> dict[str, Any]:
    """Let a person in; they need a token as well."""
    return await services.store.write(
        lambda unit: people.user(commands.create_user(unit, actor, body.name, body.role)), name="user"
    )


@router.post("/users/{name}/code", status_code=201)
async def create_code(services: Serving, actor: Asking, name: UserKey) -> dict[str, Any]:
    """Make a code with which the user signs in to the console once, within a day; it is shown here only."""
    code = await services.store.write(lambda unit: sign_ins.create_code(unit, actor, name), name="code")
    return {"user": name, "code": code}


@router.post("/users/{name}/{change}")
async def change_user(
    services: Serving, actor: Asking, name: UserKey, change: Literal["disable", "enable"], body: MaybeWhy
) -> dict[str, Any]:
    """Shut a person out with all their tokens, or let them in again."""
    return await services.store.write(
        lambda unit: people.user(commands.set_disabled(unit, actor, name, disabled=change == "disable", why=body.why)),
        name=change,
    )


@router.get("/tokens")
async def list_tokens(services: Serving, actor: Asking, user: UserFilter = None) -> Response:
    """Tokens by their digests: one's own; to an admin those of everybody."""
    return await listed(services, lambda session: people.tokens(session, actor, user))


@router.post("/tokens", status_code=201)
async def create_token(services: Serving, actor: Asking, body: NewToken) -> dict[str, Any]:
    """Make a token; the answer is the only place where it ever stands."""
    return await services.store.write(lambda unit: _create(unit, actor, body), name="token")


def _create(unit: Unit, actor: Actor, body: NewToken) -> dict[str, Any]:
    secret = commands.create_token(unit, actor, body.user, body.label)
    return {"user": body.user, "label": body.label, "sha256": token_digest(secret), "token": secret}


@router.post("/tokens/{token}/revoke")
async def revoke_token(services: Serving, actor: Asking, token: Key, body: Why) -> dict[str, Any]:
    """End a token, named by the beginning of its digest."""
    return await services.store.write(
        lambda unit: lists.as_dict(commands.revoke_token(unit, actor, token, body.why)), name="revoke"
    )
