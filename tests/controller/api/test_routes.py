"""What the routes answer, and the shape of every refusal."""

import base64
from typing import Any

import pytest

from adapters.broker.access import verify_password
from controller.loop.site_limits import Limits
from controller.store import Unit
from controller.store.change import change_proposal
from controller.store.tables import Iteration, Proposal
from tests.controller.world import REACTOR, World

WHY = {"why": "a test"}
OTHER = REACTOR.replace("campaign: reactor", "campaign: other")
FRESH = REACTOR.replace("seed: 1", "seed: 2")


def _filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, ids) for key, each in value.items()}
    return value.format(**ids) if isinstance(value, str) and value.startswith(("/", "{")) else value


async def test_an_enrolment_has_all_that_the_broker_needs_and_a_removed_one_may_come_back(world: World) -> None:
    async with world.client("admin") as admin:
        made = (await admin.post("/api/v1/instruments", json={"name": "oven"})).json()
        assert (made["simulated"], made["external_broker"]) == (False, False)
        assert made["acl"].splitlines()[0] == "user oven"
        assert "topic write tatara/v1/lab/oven/state" in made["acl"].splitlines()
        user, _, password_hash = made["password_line"].strip().partition(":")
        assert user == "oven"
        assert verify_password(made["password"], password_hash)
        removed = (await admin.post("/api/v1/instruments/oven/remove", json=WHY)).json()
        assert removed["state"] == "removed"
        assert "password_hash" not in removed
        assert "oven" not in (await admin.get("/api/v1/instruments")).text
        assert (await admin.post("/api/v1/instruments/oven/pause", json=WHY)).status_code == 404
        other = {"name": "oven", "simulated": True}
        assert (await admin.post("/api/v1/instruments", json=other)).status_code == 409
        again = (await admin.post("/api/v1/instruments", json={"name": "oven"})).json()
        assert again["password"] != made["password"]


async def test_only_an_admin_sees_who_is_let_in_and_everybodys_tokens(world: World) -> None:
    async with world.client("operator") as operator, world.client("admin") as admin:
        assert (await operator.get("/api/v1/users")).status_code == 403
        rows = (await admin.get("/api/v1/users")).json()
        assert [(row["name"], row["role"]) for row in rows] == [
            ("ada", "admin"),
            ("olga", "operator"),
            ("otto", "operator"),
            ("vera", "viewer"),
        ]
        assert {row["user"] for row in (await operator.get("/api/v1/tokens?user=otto")).json()} == {"otto"}
        assert (await operator.get("/api/v1/tokens?user=ada")).json() == []
        assert {row["user"] for row in (await admin.get("/api/v1/tokens")).json()} == {"ada", "olga", "otto", "vera"}


async def test_a_token_is_shown_once_and_works_until_its_user_is_disabled(world: World) -> None:
    async with world.client("admin") as admin:
        made = (await admin.post("/api/v1/tokens", json={"user": "olga", "label": "phone"})).json()
        world.tokens["olga"] = made["token"]
        assert made["token"] not in (await admin.get("/api/v1/tokens")).text
        async with world.client("olga") as olga:
            assert (await olga.get("/api/v1/campaigns")).status_code == 200
            await admin.post("/api/v1/users/olga/disable", json={"why": "left"})
            assert (await olga.get("/api/v1/campaigns")).status_code == 401
            assert (await admin.post("/api/v1/tokens", json={"user": "olga", "label": "x"})).status_code == 409
            await admin.post("/api/v1/users/olga/enable", json={})
            assert (await olga.get("/api/v1/campaigns")).status_code == 200
            revoked = await admin.post(f"/api/v1/tokens/{made['sha256'][:12]}/revoke", json={"why": "lost"})
            assert revoked.json()["sha256"] == made["sha256"]
            assert (await olga.get("/api/v1/campaigns")).status_code == 401


async def test_reset_takes_an_operator_and_a_reason(world: World) -> None:
    async with world.client("viewer") as viewer, world.client("operator") as operator:
        stopped = (await viewer.post("/api/v1/estop", json={"why": "smoke"})).json()
        path = f"/api/v1/estops/{stopped['id']}/reset"
        assert (await viewer.post(path, json={"why": "gone"})).status_code == 403
        assert (await operator.post(path, json={"why": "  "})).status_code == 422
        assert (await operator.post(path, json={"why": "no fire"})).json()["reset_by"] == "otto"
        assert (await operator.post(path, json={"why": "no fire"})).status_code == 409
        assert not (await operator.get("/api/v1/estops")).json()[0]["holds"]


async def test_health_takes_no_token_and_others_none_from_the_url(world: World) -> None:
    async with world.client(None) as nobody:
        assert (await nobody.get("/health")).json() == {"ok": True, "site": "lab"}
        token = world.tokens["admin"]
        for query in ({"token": token}, {"access_token": token}, {"authorization": f"Bearer {token}"}):
            assert (await nobody.get("/api/v1/campaigns", params=query)).status_code == 401
        for header in ("Basic abc", "Bearer", f"Bearer {token}x", "Bearer \u00fc", token):
            answer = await nobody.get("/api/v1/campaigns", headers={"Authorization": header.encode("latin-1")})
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_token_and_a_disabled_user_are_refused(world: World) -> None:
    from controller.access.actors import token_digest
    from controller.commands import users
    from tests.controller.world import ADMIN

    await world.store.write(
        lambda unit: users.revoke_token(unit, ADMIN, token_digest(world.tokens["viewer"]), "left"), name="test"
    )
    await world.store.write(lambda unit: users.set_disabled(unit, ADMIN, "otto", disabled=True), name="test")
    for role in ("viewer", "operator"):
        async with world.client(role) as client:
            assert (await client.get("/api/v1/campaigns")).status_code == 401


async def test_an_approval_names_what_was_shown(world: World) -> None:
    path = f"/api/v1/proposals/{world.ids['proposal']}"
    async with world.client() as client:
        shown = (await client.get(path)).json()
        assert (shown["people_needed"], shown["approved_by"], shown["campaign"]) == (1, [], "reactor")
        wrong = await client.post(f"{path}/approve", json={"digest": "0" * 64})
        assert (wrong.status_code, wrong.json()["error"]) == (409, "conflict")
        right = await client.post(f"{path}/approve", json={"digest": shown["digest"]})
        assert right.json()["state"] == "approved"
        assert (await client.post(f"{path}/approve", json={"digest": shown["digest"]})).status_code == 409


async def test_a_campaign_shows_progress_open_proposals_and_counters(world: World) -> None:
    async with world.client("viewer") as client:
        row = (await client.get("/api/v1/campaigns/reactor")).json()
    assert row["counters"] == {
        "proposals": {"awaiting-approval": 1, "running": 1},
        "attempts": {"doubtful": 1},
        "measurements": 1,
    }
    assert [each["state"] for each in row["open"]] == ["awaiting-approval", "running"]
    assert row["text"] == REACTOR
    assert row["budget"] == {"experiments": 40}


async def test_a_doubt_comes_with_its_evidence(world: World) -> None:
    async with world.client("viewer") as client:
        [row] = (await client.get("/api/v1/doubts")).json()
    assert row["why"].startswith("no answer")
    assert row["request"] == {"yields": ["space_time_yield", "e_factor"]}
    assert [each["kind"] for each in row["events"]] == ["attempt.doubt"]
    assert [each["reason"] for each in row["refused"]] == ["not JSON"]
    assert row["instrument_now"] == {
        "state": "unseen",
        "said_at": None,
        "obstacle": "is unseen",
        "has_the_same_journal": False,
    }


async def test_quarantine_hides_nothing(world: World) -> None:
    async with world.client("viewer") as client:
        [row] = (await client.get("/api/v1/quarantine")).json()
    assert base64.b64decode(row["payload"]) == b"\x1b[2J{broken"
    assert row["preview"] == r"\x1b[2J{broken"


async def test_a_bad_campaign_file_is_explained_by_line(world: World) -> None:
    async with world.client() as client:
        answer = await client.post("/api/v1/campaigns", json={"text": OTHER.replace("low: 0.5", "low: 50")})
    said = answer.json()
    assert (answer.status_code, said["error"]) == (422, "spec")
    assert {"line", "field", "value", "message"} == set(said["problems"][0])


async def test_check_warns_of_what_would_keep_it_from_being_submitted(world: World) -> None:
    text = REACTOR.replace("analyser-1", "analyser-9")
    world.store.limits = Limits.model_validate({"parameters": {"temperature": {"high": 100, "unit": "degC"}}})
    async with world.client("viewer") as client:
        said = (await client.post("/api/v1/campaigns/check", json={"text": text})).json()
        assert said["warnings"] == [
            "there is a campaign 'reactor' already (running)",
            "site limits: temperature = 120 degC is above 100",
            "step 'react': instrument 'reactor-1' has sent no description yet",
            "step 'react': instrument 'reactor-2' has sent no description yet",
            "step 'analyse': instrument 'analyser-9' is not enrolled",
        ]
        assert len((await client.get("/api/v1/campaigns")).json()) == 1


async def test_amend_takes_the_file_of_that_campaign_only(world: World) -> None:
    async with world.client() as client:
        answer = await client.post("/api/v1/campaigns/reactor/amend", json={"text": OTHER})
        assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
        assert (await client.post("/api/v1/campaigns/reactor/amend", json={"text": FRESH})).json()["version"] == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/campaigns/nobody", 404),
        ("/proposals/nothing", 404),
        ("/proposals?campaign=nobody", 404),
        ("/events?campaign=nobody", 404),
        ("/events?after=-1", 422),
        ("/events?after=99999999999999999999999", 422),
        ("/events?limit=x", 422),
        ("/campaigns/%00", 422),
        ("/campaigns/%ff", 422),
        ("/proposals?state=%00", 422),
        ("/nowhere", 404),
        ("/estop", 405),
    ],
)
async def test_what_is_not_there_or_makes_no_sense(world: World, path: str, status: int) -> None:
    async with world.client() as client:
        answer = await client.get("/api/v1" + path)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error", "message"}


DEEP = b"[" * 100_000
BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"\xff\xfe",
    DEEP,
    b'{"why":' + DEEP + b"]" * 100_000 + b"}",
    b'{"why": 1}',
    b'{"why": "\\ud800"}',
    b'{"why": "a\\u0000b"}',
    b'{"why": "x", "more": 1}',
    b'{"why": "' + b"x" * 2000 + b'"}',
    b'{"why": NaN}',
    b'{"text": "campaign: [", "files": {"a.csv": "no base64!"}}',
    b'{"text": "\\ud800"}',
    b'{"digest": "0", "why": "x"}',
    b'{"how": "value", "why": "x"}',
    b'{"how": "value", "why": "x", "values": {"e_factor": {"value": NaN}}}',
    b'{"how": "value", "why": "x", "values": {"e_factor": {"value": 1, "unit": "no unit"}}}',
    b'{"how": "fail", "why": "x", "kind": "tired"}',
    b'{"how": "repeat", "why": "x", "kind": "lost"}',
    b'{"instrument": "../#"}',
]
TARGETS = [
    "/campaigns",
    "/campaigns/check",
    "/campaigns/reactor/amend",
    "/campaigns/reactor/stop",
    "/proposals/{proposal}/approve",
    "/attempts/{attempt}/resolve",
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:30].decode("latin-1"))
async def test_bad_bodies_are_refused_and_never_a_fault(world: World, body: bytes) -> None:
    async with world.client() as client:
        for target in [*TARGETS, "/estop"]:
            if target == "/estop" and body in (b"", b"null"):
                continue
            answer = await client.post(
                "/api/v1" + _filled(target, world.ids), content=body, headers={"Content-Type": "application/json"}
            )
            assert 400 <= answer.status_code < 500, (target, answer.text)
            assert {"error", "message"} <= set(answer.json())
        assert (await client.get("/api/v1/campaigns/reactor")).json()["state"] == "running"


async def test_bodies_are_bounded(world: World) -> None:
    async with world.client() as client:
        big = b'{"why": "' + b"x" * (257 * 1024) + b'"}'
        answer = await client.post("/api/v1/estops/x/reset", content=big, headers={"Content-Type": "application/json"})
        assert (answer.status_code, set(answer.json())) == (413, {"error", "message"})
        text = "#" + "x" * (32 * 1024 * 1024)
        answer = await client.post("/api/v1/campaigns/check", json={"text": text})
        assert answer.status_code == 413


async def test_files_are_sent_along_with_a_campaign(world: World) -> None:
    from pathlib import Path

    folder = Path(__file__).parents[3] / "deploy" / "campaigns"
    text = (folder / "solvents.yaml").read_text()
    files = {"solvents.csv": base64.b64encode((folder / "solvents.csv").read_bytes()).decode()}
    async with world.client() as client:
        assert (await client.post("/api/v1/campaigns/check", json={"text": text})).status_code == 422
        said = (await client.post("/api/v1/campaigns/check", json={"text": text, "files": files})).json()
    assert said["campaign"] == "solvents"


async def test_a_proposal_whose_stage_is_gone_is_still_listed(world: World) -> None:
    path = f"/api/v1/proposals/{world.ids['proposal']}"
    text = REACTOR.replace("- name: flow", "- name: other")
    async with world.client() as client:
        await client.post(f"{path}/reject", json={"digest": world.ids["digest"], "why": "no"})
        await client.post(
            f"/api/v1/attempts/{world.ids['attempt']}/resolve", json={"how": "fail", "kind": "lost", "why": "gone"}
        )
        await world.store.write(_end_what_runs, name="test")
        assert (await client.post("/api/v1/campaigns/reactor/amend", json={"text": text})).status_code == 200
        assert [row["people_needed"] for row in (await client.get("/api/v1/proposals")).json()] == [None, None]


def _end_what_runs(unit: Unit) -> None:
    from sqlmodel import select

    row = unit.session.scalars(select(Proposal).where(Proposal.state == "running")).one()
    row.failure = "lost"
    change_proposal(unit, row, "fail")
    iteration = unit.session.scalars(select(Iteration)).one()
    iteration.state = "done"
    unit.record("test", iteration)
