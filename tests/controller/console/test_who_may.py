"""Who may do what: everything that a page can ask for, tried by every role. An action without a row here fails."""

import ast
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

import controller.console
from controller.access.actors import Actor, Forbidden, Role, token_digest
from controller.commands.errors import Conflict, Invalid, NotFound
from controller.console import House, actions
from controller.console.actions import ACTIONS
from controller.loop.transitions import ForbiddenTransition
from controller.store.tables import Quarantine
from tests.controller.world import ADMIN, REACTOR, World

VIEWER, OPERATOR, ADMINISTRATOR = Role.VIEWER, Role.OPERATOR, Role.ADMIN
VALUES = {"temperature": 61.0}
WHOLE = {"residence_time": 1.0, "equivalents": 2.0, "concentration": 0.2, "temperature": 60.0}
WHY = {"why": "a test"}
SHOWN = {"shown": "0" * 64}
READS = ("controller.commands.errors", "controller.commands.lookup")
WRITES = "store.write"
BEFORE_ANYBODY = ("sign_in.py",)

# Action, what is said, the lowest role that may. What is said need not make sense: a refusal for another reason than
# the role is a pass of the role.
TABLE: list[tuple[str, dict[str, Any], Role]] = [
    ("approve", {"proposal": "{proposal}", "digest": "{digest}"}, OPERATOR),
    ("reject", {"proposal": "{proposal}", "digest": "{digest}", **WHY}, OPERATOR),
    ("foresee", {"proposal": "{proposal}", "values": VALUES}, OPERATOR),
    ("edit", {"proposal": "{proposal}", "digest": "{digest}", "values": VALUES, **SHOWN, **WHY}, OPERATOR),
    ("foresee_point", {"campaign": "{campaign}", "values": WHOLE, "stage": "flow"}, OPERATOR),
    ("inject", {"campaign": "{campaign}", "values": WHOLE, "stage": "flow", **SHOWN, **WHY}, OPERATOR),
    ("amend_campaign", {"campaign": "{campaign}", "text": REACTOR.replace("seed: 1", "seed: 2")}, OPERATOR),
    ("correct", {"measurement": "{measurement}", "value": 3.0, **WHY}, OPERATOR),
    ("verify", {}, VIEWER),
    ("discard", {"message": "{message}", **WHY}, OPERATOR),
    ("accept_corrected", {"message": "{message}", "payload": "{{}}", **WHY}, OPERATOR),
    ("pause_campaign", {"campaign": "{campaign}", **WHY}, VIEWER),
    ("resume_campaign", {"campaign": "{campaign}", **WHY}, OPERATOR),
    ("stop_campaign", {"campaign": "{campaign}", **WHY}, OPERATOR),
    ("abort_campaign", {"campaign": "{campaign}", **WHY}, OPERATOR),
    ("estop", {"instrument": "reactor-1"}, VIEWER),
    ("explain_estop", {"estop": "{estop}", **WHY}, VIEWER),
    ("reset", {"estop": "{estop}", **WHY}, OPERATOR),
    ("pause_instrument", {"instrument": "reactor-1", **WHY}, VIEWER),
    ("resume_instrument", {"instrument": "reactor-1", **WHY}, OPERATOR),
    ("arm", {"instrument": "reactor-1", "hours": 1.0}, OPERATOR),
    ("disarm", {"instrument": "reactor-1"}, VIEWER),
    ("cancel_attempt", {"attempt": "{attempt}", **WHY}, OPERATOR),
    ("ask_again", {"attempt": "{attempt}", **WHY}, OPERATOR),
    ("repeat", {"attempt": "{attempt}", **WHY}, OPERATOR),
    ("fail", {"attempt": "{attempt}", "kind": "invalid", **WHY}, OPERATOR),
    ("enter", {"attempt": "{attempt}", "values": {"e_factor": (5.0, None)}, **WHY}, OPERATOR),
    ("measure", {"attempt": "{attempt}", "values": {}}, OPERATOR),
    ("fail_task", {"attempt": "{attempt}", "kind": "lost", **WHY}, OPERATOR),
    ("keep_file", {"name": "a.csv", "media_type": "text/csv", "parts": b"1,2\n"}, OPERATOR),
    ("create_user", {"name": "eve", "role": "viewer"}, ADMINISTRATOR),
    ("disable_user", {"name": "olga", **WHY}, ADMINISTRATOR),
    ("enable_user", {"name": "olga", **WHY}, ADMINISTRATOR),
    ("make_code", {"name": "olga"}, ADMINISTRATOR),
    ("make_token", {"name": "olga", "label": "telephone"}, ADMINISTRATOR),
    ("revoke_token", {"token": "{second}", **WHY}, ADMINISTRATOR),
    ("test_alert", {"receiver": "nobody"}, ADMINISTRATOR),
    ("change_password", {"secret": "x", "present": "", "wanted": "a furnace burns for days"}, VIEWER),
    ("end_other_sessions", {"secret": "x"}, VIEWER),
    ("accept_description", {"instrument": "reactor-1", "digest": "0" * 64}, ADMINISTRATOR),
]
RANK = [VIEWER, OPERATOR, ADMINISTRATOR]
NAMES = {VIEWER: "vera", OPERATOR: "otto", ADMINISTRATOR: "ada"}
OTHER_REASONS = (Conflict, ForbiddenTransition, Invalid, NotFound)


@pytest.fixture
async def asked(world: World, house: House) -> House:
    """With an e-stop that holds."""
    world.ids["message"] = await world.store.read(lambda session: session.scalars(select(col(Quarantine.id))).first())
    world.ids["second"] = token_digest(world.tokens["second"])
    world.ids["estop"] = (await house.recorder.stop(ADMIN, None, ""))["id"]
    return house


def test_every_action_stands_in_the_table() -> None:
    assert set(ACTIONS) == {name for name, _, _ in TABLE}
    assert all(getattr(actions, name) is ACTIONS[name] for name in ACTIONS)


def test_no_module_of_actions_is_forgotten() -> None:
    written = [
        node.name
        for path in Path(actions.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef) and any(ast.unparse(each) == "action" for each in node.decorator_list)
    ]
    assert sorted(written) == sorted(ACTIONS)


@pytest.mark.parametrize("role", RANK)
@pytest.mark.parametrize(("name", "said", "lowest"), TABLE, ids=[row[0] for row in TABLE])
async def test_who_may(world: World, asked: House, name: str, said: dict[str, Any], lowest: Role, role: Role) -> None:
    words = {key: _filled(value, world) for key, value in said.items()}
    allowed = RANK.index(role) >= RANK.index(lowest)
    actor = Actor(NAMES[role], role)
    if not allowed:
        with pytest.raises(Forbidden):
            await ACTIONS[name](asked, actor, **words)
        return
    with contextlib.suppress(OTHER_REASONS):
        await ACTIONS[name](asked, actor, **words)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _filled(value: Any, world: World) -> Any:
    if isinstance(value, bytes):
        return _once(value)
    return value.format(**world.ids) if isinstance(value, str) and value.startswith("{") else value


def test_the_console_asks_by_actions_only() -> None:
    """Nothing else in it writes or has a command at hand; who signs in is nobody yet who could ask."""
    folder = Path(controller.console.__file__).parent
    found = [
        f"{path.relative_to(folder)}: {reached}"
        for path in folder.rglob("*.py")
        if path.relative_to(folder).parts[0] not in ("actions", *BEFORE_ANYBODY)
        for reached in _reached(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def _reached(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{each.name}" for each in node.names]
        elif isinstance(node, ast.Import):
            found += [each.name for each in node.names]
        elif isinstance(node, ast.Attribute) and ast.unparse(node).endswith(WRITES):
            found.append(WRITES)
    commands = {each for each in found if each.startswith("controller.commands") and not each.startswith(READS)}
    return sorted(commands | ({WRITES} & set(found)))
