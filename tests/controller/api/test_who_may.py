"""Who may do what: every route with everybody who could ask. A route that stands in no row here fails."""

import base64
import hashlib
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import col

from adapters.instruments import topics
from adapters.instruments.messages import Outcome, Result, encode
from controller.access.actors import Role, token_digest
from controller.access.alerts import AlertsSection
from controller.commands import instruments, users
from controller.commands.uploads import record_file
from controller.intake.intake import read_topic
from controller.intake.quarantine import quarantine
from controller.report.lists import last_event
from controller.store import Unit
from controller.store.tables import Quarantine
from tests.controller.world import ADMIN, REACTOR, World

WHY = {"why": "a test"}
FRESH = REACTOR.replace("seed: 1", "seed: 2")
OTHER = REACTOR.replace("campaign: reactor", "campaign: other")
VALUES = {"residence_time": 1, "equivalents": 2, "concentration": 0.2, "temperature": 60}
READ_OFF = {"space_time_yield": {"value": 3, "unit": "kg/m**3/h"}, "e_factor": {"value": 5}}
OLD = base64.b64encode(
    b"residence_time,equivalents,concentration,temperature,space_time_yield,e_factor\n1,2,0.2,60,500,30\n"
).decode()
TOLD = {"receivers": [{"name": "mail", "kind": "mail", "host": "mail.lab", "sender": "a@lab.org", "to": ["b@lab.org"]}]}
CONTENT, NEW_CONTENT = b"400,0.1\n", b"400,0.2\n"

OUTSIDE = ("no token", "wrong token", "token of a disabled user", "revoked token", "instrument")
ROLES = ("viewer", "operator", "admin")

SHUT = (401, 401, 401, 401, 401)
OPEN = (200, 200, 200, 200, 200)
EVERYBODY, OPERATORS, ADMINS = (200, 200, 200), (403, 200, 200), (403, 403, 200)

# Method, path and body; the answers to those outside, in the order of OUTSIDE; to those signed in, as in ROLES.
Row = tuple[str, str, Any, tuple[int, ...], tuple[int, ...]]
TABLE: list[Row] = [
    ("GET", "/health", None, OPEN, EVERYBODY),
    ("GET", "/ready", None, OPEN, EVERYBODY),
    ("GET", "/metrics", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/openapi.json", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/campaigns", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/campaigns", {"text": OTHER}, SHUT, (403, 201, 201)),
    ("POST", "/api/v1/campaigns/check", {"text": OTHER}, SHUT, EVERYBODY),
    ("GET", "/api/v1/campaigns/{campaign}", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/campaigns/{campaign}/export/measurements.csv", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/campaigns/{campaign}/amend", {"text": FRESH}, SHUT, OPERATORS),
    ("POST", "/api/v1/campaigns/{campaign}/import", {"name": "old.csv", "content": OLD}, SHUT, OPERATORS),
    ("POST", "/api/v1/campaigns/{campaign}/inject", {"values": VALUES, **WHY}, SHUT, (403, 201, 201)),
    ("POST", "/api/v1/campaigns/{campaign}/analyse", WHY, SHUT, OPERATORS),
    ("POST", "/api/v1/campaigns/{campaign}/pause", WHY, SHUT, EVERYBODY),
    ("POST", "/api/v1/campaigns/{campaign}/resume", WHY, SHUT, (403, 409, 409)),
    ("POST", "/api/v1/campaigns/{campaign}/stop", WHY, SHUT, OPERATORS),
    ("POST", "/api/v1/campaigns/{campaign}/abort", WHY, SHUT, OPERATORS),
    ("GET", "/api/v1/proposals", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/proposals?campaign=reactor&state=awaiting-approval", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/proposals/{proposal}", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/proposals/{proposal}/approve", {"digest": "{digest}"}, SHUT, OPERATORS),
    ("POST", "/api/v1/proposals/{proposal}/reject", {"digest": "{digest}", **WHY}, SHUT, OPERATORS),
    (
        *("POST", "/api/v1/proposals/{proposal}/edit"),
        {"values": {"temperature": 61}, "digest": "{digest}", **WHY},
        *(SHUT, (403, 201, 201)),
    ),
    ("GET", "/api/v1/doubts", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/attempts/{attempt}/resolve", {"how": "ask-again", **WHY}, SHUT, OPERATORS),
    ("POST", "/api/v1/attempts/{attempt}/resolve", {"how": "repeat", **WHY}, SHUT, OPERATORS),
    ("POST", "/api/v1/attempts/{attempt}/resolve", {"how": "fail", "kind": "invalid", **WHY}, SHUT, OPERATORS),
    ("POST", "/api/v1/attempts/{attempt}/resolve", {"how": "value", "values": READ_OFF, **WHY}, SHUT, OPERATORS),
    ("POST", "/api/v1/attempts/{attempt}/cancel", WHY, SHUT, (403, 409, 409)),
    ("GET", "/api/v1/quarantine", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/quarantine/{refused}/discard", WHY, SHUT, OPERATORS),
    ("POST", "/api/v1/quarantine/{refused}/accept", {"payload": "{corrected}", **WHY}, SHUT, OPERATORS),
    ("POST", "/api/v1/quarantine/{refused}/accept", {"payload": "no JSON", **WHY}, SHUT, (403, 422, 422)),
    ("GET", "/api/v1/orphans", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/tasks", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/tasks/{attempt}/measure", {"failed": "lost"}, SHUT, (403, 409, 409)),
    ("GET", "/api/v1/instruments", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/instruments", {"name": "oven", "simulated": True}, SHUT, (403, 403, 201)),
    ("POST", "/api/v1/instruments", {"name": "host"}, SHUT, (403, 403, 422)),
    ("POST", "/api/v1/instruments", {"name": "daemon"}, SHUT, (422, 422, 422)),
    ("POST", "/api/v1/instruments", {"name": "reactor-1"}, SHUT, (403, 403, 409)),
    ("POST", "/api/v1/instruments/{instrument}/arm", {"seconds": 3600}, SHUT, OPERATORS),
    ("POST", "/api/v1/instruments/{instrument}/arm", {"seconds": 1e9}, SHUT, (422, 422, 422)),
    ("POST", "/api/v1/instruments/{instrument}/disarm", {}, SHUT, EVERYBODY),
    ("POST", "/api/v1/instruments/{instrument}/accept", {"digest": "0" * 64}, SHUT, (403, 403, 409)),
    ("POST", "/api/v1/instruments/{instrument}/pause", WHY, SHUT, EVERYBODY),
    ("POST", "/api/v1/instruments/{instrument}/resume", WHY, SHUT, OPERATORS),
    ("POST", "/api/v1/instruments/{instrument}/remove", WHY, SHUT, ADMINS),
    ("POST", "/api/v1/instruments/{busy}/remove", WHY, SHUT, (403, 403, 409)),
    ("GET", "/api/v1/estops", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/estop", {"instrument": "reactor-1"}, SHUT, (201, 201, 201)),
    ("POST", "/api/v1/estop", {}, SHUT, (201, 201, 201)),
    ("POST", "/api/v1/estops/{estop}/reset", WHY, SHUT, OPERATORS),
    ("GET", "/api/v1/users", None, SHUT, ADMINS),
    ("POST", "/api/v1/users", {"name": "eve", "role": "admin"}, SHUT, (403, 403, 201)),
    ("POST", "/api/v1/users/{user}/code", None, SHUT, (403, 403, 201)),
    ("POST", "/api/v1/users/{user}/disable", {}, SHUT, ADMINS),
    ("POST", "/api/v1/users/ada/disable", WHY, SHUT, (403, 403, 409)),
    ("POST", "/api/v1/users/{user}/enable", {}, SHUT, (403, 403, 409)),
    ("GET", "/api/v1/tokens", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/tokens", {"user": "olga", "label": "phone"}, SHUT, (403, 403, 201)),
    ("POST", "/api/v1/tokens", {"user": "vera", "label": "phone"}, SHUT, (201, 403, 201)),
    ("POST", "/api/v1/tokens/{token}/revoke", WHY, SHUT, OPERATORS),
    ("GET", "/api/v1/events", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/events?after=3&campaign=reactor&limit=5", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/events/stream", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/measurements?campaign=reactor", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/iterations?campaign=reactor", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/corrections", {"measurement": "{measurement}", "value": 3, **WHY}, SHUT, (403, 201, 201)),
    ("GET", "/api/v1/samples", None, SHUT, EVERYBODY),
    ("GET", "/api/v1/alerts", None, SHUT, EVERYBODY),
    ("POST", "/api/v1/alerts/test", {"receiver": "mail"}, SHUT, ADMINS),
    ("POST", "/api/v1/alerts/test", {"receiver": "nobody"}, SHUT, (403, 403, 404)),
    ("POST", "/api/v1/diagnosis", None, SHUT, ADMINS),
    ("PUT", "/api/v1/files/{new_file}", NEW_CONTENT, (401, 401, 401, 401, 201), (403, 201, 201)),
    ("GET", "/api/v1/files/{file}", None, SHUT, EVERYBODY),
]
NAMES = [f"{method} {path}" for method, path, *_ in TABLE]


@pytest.fixture
async def headers(world: World) -> dict[str, dict[str, str]]:
    """How each asks; what they ask about is added to the world."""
    secrets = await world.store.write(_let_in, name="test")
    world.ids |= await world.store.write(lambda unit: _refuse(unit, world.ids["attempt"]), name="test")
    services = world.app.state.services
    services.files.put(CONTENT)
    world.app.state.services = replace(services, alerts=AlertsSection.model_validate(TOLD))
    world.ids |= {"instrument": "reactor-1", "busy": "analyser-1", "user": "olga"}
    world.ids |= {"file": hashlib.sha256(CONTENT).hexdigest(), "new_file": hashlib.sha256(NEW_CONTENT).hexdigest()}
    world.ids["estop"] = (await world.app.state.recorder.stop(ADMIN, None, "a test"))["id"]
    basic = base64.b64encode(f"spectrometer:{secrets['instrument']}".encode()).decode()
    world.app.state.bell.close()  # streams end after what there is
    return {
        "no token": {},
        "wrong token": _bearer("x" * 43),
        **{who: _bearer(secrets[who]) for who in ("token of a disabled user", "revoked token")},
        "instrument": {"Authorization": f"Basic {basic}"},
        **{role: _bearer(world.tokens[role]) for role in ROLES},
    }


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _let_in(unit: Unit) -> dict[str, str]:
    """Two admins who are shut out again, an instrument, and a file."""
    secrets = {}
    for name, what in (("dora", "token of a disabled user"), ("rita", "revoked token")):
        users.create_user(unit, ADMIN, name, Role.ADMIN)
        secrets[what] = users.create_token(unit, ADMIN, name, "test")
    users.set_disabled(unit, ADMIN, "dora", disabled=True)
    users.revoke_token(unit, ADMIN, token_digest(secrets["revoked token"]), "left")
    secrets["instrument"] = instruments.enrol(unit, ADMIN, "spectrometer", simulated=True)
    record_file(unit, "ada", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "spectrum.csv", "text/csv")
    return secrets


def _refuse(unit: Unit, attempt: str) -> dict[str, str]:
    """A result that was refused, and what it should have said."""
    told = Result(
        attempt_id=attempt,
        digest="0" * 64,
        outcome=Outcome.FAILED_MEASUREMENT,
        boot_id="b",
        journal_id="j1",
        started_at=unit.now,
        ended_at=unit.now,
    )
    topic = topics.attempt("lab", "analyser-1", attempt, "result")
    quarantine(unit, read_topic(topic, b"{"), "no JSON")
    row = unit.session.scalars(select(Quarantine).where(col(Quarantine.topic) == topic)).one()
    return {"refused": row.id, "corrected": encode(told).decode()}


async def _ask(world: World, headers: dict[str, str], row: Row) -> httpx.Response:
    method, path, body, *_ = row
    sent = {"content": body} if isinstance(body, bytes) else {"json": filled(body, world.ids)}
    async with world.client(None) as client:
        return await client.request(method, filled(path, world.ids), headers=headers, **sent)


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(each, ids) for key, each in value.items()}
    return value.format(**ids) if isinstance(value, str) and value.startswith(("/", "{")) else value


def test_every_route_stands_in_the_table(world: World) -> None:
    found = {f"{method.upper()} {path}" for path, methods in _written_out(world).items() for method in methods}
    assert found == {_pattern(name) for name in NAMES}


def _written_out(world: World) -> dict[str, dict[str, Any]]:
    """The document's operations by path, with a path of its own for each word that a parameter may be."""
    paths = {}
    for path, operations in world.app.openapi()["paths"].items():
        for method, operation in operations.items():
            for each in _paths(path, operation.get("parameters", [])):
                paths.setdefault(each, {})[method] = operation
    return paths


def _paths(path: str, parameters: list[dict[str, Any]]) -> list[str]:
    words = next((each["schema"]["enum"] for each in parameters if "enum" in each["schema"]), [None])
    return [re.sub(r"\{\w+\}", "*", path.replace("{change}", word or "{change}")) for word in words]


def _pattern(name: str) -> str:
    return re.sub(r"\{\w+\}|(?<=users/)ada", "*", name.split("?")[0])


async def test_what_changes_nothing(world: World, headers: dict[str, dict[str, str]]) -> None:
    """All reads, and all that is refused, one after the other."""
    found, expected = {}, {}
    for name, row in zip(NAMES, TABLE, strict=True):
        for who, status in zip((*OUTSIDE, *ROLES), (*row[3], *row[4]), strict=True):
            if row[0] != "GET" and status < 400:
                continue
            before = await world.store.read(last_event)
            answer = await _ask(world, headers[who], row)
            expected[name, who], found[name, who] = status, answer.status_code
            assert await world.store.read(last_event) == before, (name, who)
            if answer.status_code >= 400:
                assert set(answer.json()) == {"error", "message"}, (name, who)
    assert found == expected


CHANGES = [
    pytest.param(row, who, status, id=f"{name} {who}")
    for name, row in zip(NAMES, TABLE, strict=True)
    for who, status in zip((*OUTSIDE, *ROLES), (*row[3], *row[4]), strict=True)
    if row[0] != "GET" and status < 400
]


@pytest.mark.parametrize(("row", "who", "status"), CHANGES)
async def test_what_changes_something(
    world: World, headers: dict[str, dict[str, str]], row: Row, who: str, status: int
) -> None:
    answer = await _ask(world, headers[who], row)
    assert answer.status_code == status, answer.text
