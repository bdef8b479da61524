"""Numbers for Prometheus, and whether the daemon can do its work."""

from dataclasses import replace

import httpx
from prometheus_client.parser import text_string_to_metric_families

from controller.api import close_app, create_app
from tests.controller.world import World


def _numbers(answer: httpx.Response) -> dict[str, float]:
    families = text_string_to_metric_families(answer.text)
    return {
        each.name + "".join(f"[{value}]" for value in each.labels.values()): each.value
        for family in families
        for each in family.samples
    }


async def test_everything_that_is_watched_is_counted(world: World) -> None:
    async with world.client("viewer") as client:
        answer = await client.get("/metrics")
        numbers = _numbers(answer)
        events = (await client.get("/api/v1/events?limit=1")).json()[0]["number"]
    assert answer.headers["content-type"].startswith("text/plain")
    assert numbers["tatara_events_total"] == events
    assert numbers["tatara_measurements_total"] == 1
    assert numbers["tatara_quarantined_total"] == 1
    assert numbers["tatara_attempts[doubtful]"] == 1
    assert numbers["tatara_proposals_waiting"] == 1
    assert (numbers["tatara_instruments_present"], numbers["tatara_instruments_enrolled"]) == (0, 3)
    assert numbers["tatara_commit_seconds_count"] >= 2
    assert "tatara_intake_seconds_count" in numbers


async def test_metrics_take_a_token_unless_the_site_says_otherwise_for_this_machine(world: World) -> None:
    async with world.client(None) as nobody:
        assert (await nobody.get("/metrics")).status_code == 401
    app = create_app(replace(world.app.state.services, metrics_without_token=True))
    try:
        for client, status in (("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 401)):
            transport = httpx.ASGITransport(app, client=(client, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://tatara") as nobody:
                assert (await nobody.get("/metrics")).status_code == status
                assert (await nobody.get("/api/v1/campaigns")).status_code == 401
    finally:
        close_app(app)


async def test_ready_names_what_is_missing(world: World) -> None:
    async with world.client(None) as nobody:
        ready = await nobody.get("/ready")
        assert (ready.status_code, ready.json()) == (200, {"ready": True, "missing": []})
        world.broker.away = True
        waits = await nobody.get("/ready")
        assert (waits.status_code, waits.json()) == (503, {"ready": False, "missing": ["broker"]})
