"""Signing in and out: plain pages without scripts, outside of all that takes a session."""

import asyncio
import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.exc import SQLAlchemyError

from controller.access.actors import NotSignedIn
from controller.access.passwords import LONGEST, verify_password
from controller.access.sign_ins import LASTS
from controller.commands import sign_ins as commands
from controller.console.gate import COOKIE, SIGN_IN, from_own_page, plain_headers
from controller.console.house import House
from controller.console.texts import say
from controller.store import StoreUnavailable
from controller.store.tables import User

if TYPE_CHECKING:
    from jinja2 import Environment

log = logging.getLogger("tatara.console")

router = APIRouter(include_in_schema=False)

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@router.get(SIGN_IN)
async def show(request: Request, code: str = "") -> Response:
    """The form; `code` is filled in, and used only when the form is sent."""
    return _form(request, code=code)


@router.post(SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Begin a session and set its cookie."""
    house: House = request.app.state.house
    if not from_own_page(request):
        return _form(request, 403, say("sign_in.other_origin"))
    if not _private(request):
        return _form(request, 403, say("sign_in.not_private"))
    form = await request.form(max_files=0, max_fields=10)
    name, password, code = (str(form.get(each, "")) for each in ("name", "password", "code"))
    name, code = name.strip(), code.strip()  # of a password every character counts
    address = request.client.host if request.client else ""
    # Codes are too long to be guessed: whoever gets one wrong must not keep others from using theirs.
    key = f"code from {address}" if code else name[:LONGEST]
    if (wait := house.limiter.wait_s(key, address)) > 0:
        answer = _form(request, 429, say("sign_in.too_many", minutes=f"{wait / 60:.0f}"), by_code=bool(code))
        answer.headers["retry-after"] = f"{wait:.0f}"
        return answer
    house.limiter.tries(key, address)
    try:
        secret = await _begin(house, name, password, code)
    except NotSignedIn as error:
        log.warning("somebody at %s could not sign in as %r", address, name[:80])
        return _form(request, 403, str(error), by_code=bool(code))
    except (StoreUnavailable, SQLAlchemyError):
        house.limiter.forgive(key, address)
        return _form(request, 503, say("sign_in.no_database"), by_code=bool(code))
    house.limiter.succeeded(key, address)
    answer = RedirectResponse(_local(request.query_params.get("next", "/")), 303)
    answer.set_cookie(
        COOKIE, secret, int(LASTS.total_seconds()), httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session of this browser."""
    house: House = request.app.state.house
    secret = request.cookies.get(COOKIE)
    answer = RedirectResponse(SIGN_IN, 303)
    if not from_own_page(request):
        return answer
    if secret is not None:
        await house.services.store.write(lambda unit: commands.sign_out(unit, secret), name="sign-out")
    answer.delete_cookie(COOKIE)
    return answer


async def _begin(house: House, name: str, password: str, code: str) -> str:
    store = house.services.store
    if code:
        return await store.write(lambda unit: commands.sign_in_by_secret(unit, code), name="sign-in")
    kept = await store.read(lambda session: _password_hash(session.get(User, name)))
    right = await asyncio.to_thread(verify_password, password[: LONGEST + 1], kept)
    if not right or kept is None:
        raise NotSignedIn(commands.WRONG)
    return await store.write(lambda unit: commands.sign_in_by_password(unit, name, kept), name="sign-in")


def _password_hash(user: User | None) -> str | None:
    return None if user is None else user.password_hash


def _private(request: Request) -> bool:
    """Whether nobody on the way can read what is sent: by TLS, or because it does not leave this machine."""
    host = request.headers.get("host", "").rpartition(":")
    return request.url.scheme == "https" or (host[0] or host[2]) in LOOPBACK


def _local(path: str) -> str:
    """Where to go on: a page of ours, never another site."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def _form(request: Request, status: int = 200, fault: str = "", code: str = "", by_code: bool = False) -> Response:
    """The page; the form for a code comes first, and the fault stands in it, where one was given."""
    house: House = request.app.state.house
    page = _templates().get_template("sign_in.html")
    by_code = by_code or bool(code)
    content = page.render(
        say=say, site=house.services.site, fault=fault, code=code, by_code=by_code, query=request.url.query
    )
    return HTMLResponse(content, status, {**plain_headers(), "cache-control": "no-store"})


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader

    folder: Any = Path(__file__).parent / "templates"
    return Environment(loader=FileSystemLoader(folder), autoescape=True)
