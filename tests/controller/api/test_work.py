"""What people put into a campaign: candidates of their own, edits, corrections, results of steps by hand."""

from typing import Any

import httpx
from sqlmodel import Session

from controller.commands.lookup import find_campaign
from controller.report.trail import newest
from controller.store.history import request_as_of
from strategies import Request
from tests.controller.world import World

MINE = {"residence_time": 1.0, "equivalents": 2.0, "concentration": 0.2, "temperature": 60.0}


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> httpx.Response:
    return await client.post(f"/api/v1{path}", json=body)


async def get(client: httpx.AsyncClient, path: str) -> Any:
    return (await client.get(f"/api/v1{path}")).json()


def asked_now(session: Session) -> Request:
    """What the campaign's strategy would be asked now."""
    return request_as_of(session, find_campaign(session, "reactor"), newest(session)[0])


async def test_a_candidate_of_ones_own_is_checked_predicted_and_counted(world: World) -> None:
    async with world.client("operator") as client:
        before = (await get(client, "/campaigns/reactor"))["experiments"]
        made = await post(client, "/campaigns/reactor/inject", values=MINE, why="a hunch")
        assert made.status_code == 201, made.text
        row = made.json()
        assert (row["made_by"], row["reason"], row["state"], row["iteration_id"]) == (
            "otto",
            "a hunch",
            "proposed",
            None,
        )
        assert row["facts"]["cost"] == 3
        assert (await get(client, "/campaigns/reactor"))["experiments"] == before + 1


async def test_a_candidate_outside_the_space_is_refused_with_the_reason(world: World) -> None:
    async with world.client("operator") as client:
        for values, why in (
            ({**MINE, "temperature": 400.0}, "temperature: 400 cannot be set; the nearest value is 120"),
            ({**MINE, "pressure": 3.0}, "no parameter 'pressure'"),
            ({"temperature": 60.0}, "no value for concentration, equivalents, residence_time"),
            ({**MINE, "temperature": "warm"}, "warm"),
        ):
            refused = await post(client, "/campaigns/reactor/inject", values=values, why="test")
            assert refused.status_code == 422
            assert why in refused.json()["message"]
        nowhere = await post(client, "/campaigns/reactor/inject", values=MINE, why="test", stage="moon")
        assert "no stage 'moon'" in nowhere.json()["message"]


async def test_an_edit_supersedes_and_its_approvals_do_not_carry_over(world: World) -> None:
    old, digest = world.ids["proposal"], world.ids["digest"]
    async with world.client("operator") as client:
        stale = await post(client, f"/proposals/{old}/edit", values={"temperature": 61.0}, digest="0" * 64, why="x")
        assert stale.status_code == 409
        made = await post(client, f"/proposals/{old}/edit", values={"temperature": 61.0}, digest=digest, why="cooler")
        assert made.status_code == 201, made.text
        row = made.json()
        assert row["candidate"]["values"]["temperature"] == 61.0
        assert row["parents"] == [old]
        assert row["digest"] != digest
        assert (await get(client, f"/proposals/{old}"))["state"] == "superseded"
        request = await world.store.read(asked_now)
        assert [each.proposal for each in request.rejected] == ["1"], "what was edited away is not proposed again"
        again = await post(client, f"/proposals/{old}/approve", digest=digest)
        assert again.status_code == 409


async def test_an_edit_that_changes_nothing_is_refused(world: World) -> None:
    async with world.client("operator") as client:
        made = (await post(client, "/campaigns/reactor/inject", values=MINE, why="mine")).json()
        path = f"/proposals/{made['id']}/edit"
        same = await post(client, path, values={"temperature": 60.0}, digest=made["digest"], why="x")
        assert (same.status_code, same.json()["message"]) == (422, "nothing would change")


async def test_a_correction_is_a_new_row(world: World) -> None:
    async with world.client("operator") as client:
        [old] = await get(client, "/measurements?campaign=reactor")
        made = await post(client, "/corrections", measurement=old["id"], value=12.5, why="misread")
        assert made.status_code == 201, made.text
        fresh = made.json()
        assert (fresh["value"], fresh["unit"], fresh["origin"]) == (12.5, old["unit"], "operator")
        rows = {row["id"]: row for row in await get(client, "/measurements?campaign=reactor")}
        assert rows[old["id"]]["replaced_event"] == fresh["event"]
        assert rows[old["id"]]["value"] == old["value"]
        twice = await post(client, "/corrections", measurement=old["id"], value=13.0, why="again")
        assert twice.status_code == 409
        further = await post(client, "/corrections", measurement=fresh["id"], value=13.0, why="again")
        assert further.json()["id"].startswith(f"{old['id']}/correction-")


async def test_only_work_by_hand_is_measured_by_hand(world: World) -> None:
    async with world.client("operator") as client:
        path = f"/tasks/{world.ids['attempt']}/measure"
        refused = await post(client, path, values={"e_factor": {"value": 1.0}})
        assert refused.status_code == 409
        assert "reports its results itself" in refused.json()["message"]
        both = await post(client, path, values={"e_factor": {"value": 1.0}}, failed="lost")
        assert both.status_code == 422
        assert await get(client, "/tasks") == []
        assert await get(client, "/samples") == []
