"""Views made by hand: one campaign at noon, with whatever a test wants to be otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any

from controller.loop.view import AttemptView, CampaignView, JobView, ProposalView, ResourceView
from controller.spec import Campaign as Spec

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def step(name: str = "cook", **changes: Any) -> dict[str, Any]:
    return {"name": name, "instruments": ["stove"], "capability": "cook", "timeout": 100, **changes}


def stage(name: str = "bench", *steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"name": name, "approval": {"policy": "auto"}, "steps": list(steps) or [step()], **changes}


def make_spec(*stages: dict[str, Any], **changes: Any) -> Spec:
    return Spec.model_validate(
        {
            "campaign": "heat",
            "space": {"parameters": {"temperature": {"type": "continuous", "low": 20, "high": 90, "unit": "degC"}}},
            "objectives": [{"property": "yield", "goal": "maximize", "unit": "percent"}],
            "stages": list(stages) or [stage()],
            "strategy": {"name": "random"},
            "budget": {"experiments": 10},
            **changes,
        }
    )


def make_attempt(state: str = "running", **changes: Any) -> AttemptView:
    fields: dict[str, Any] = {
        "id": "job-1-1",
        "state": state,
        "resource": "stove",
        "made_at": NOON,
        "deadline": later(200),
        "open": state in ("created", "sent", "accepted", "running", "doubtful"),
    }
    return AttemptView(**{**fields, **changes})


def make_job(state: str = "waiting", attempt: AttemptView | None = None, **changes: Any) -> JobView:
    fields: dict[str, Any] = {"id": "job-1", "step": 0, "state": state, "tries": 1 if attempt else 0}
    return JobView(attempt=attempt, **{**fields, **changes})


def make_proposal(state: str = "proposed", job: JobView | None = None, **changes: Any) -> ProposalView:
    return ProposalView(**{"id": "p-1", "stage": "bench", "state": state, "job": job, **changes})


def make_resource(name: str = "stove", **changes: Any) -> ResourceView:
    return ResourceView(**{"name": name, "simulated": True, "concurrency": 1, "busy": 0, **changes})


def make_view(*proposals: ProposalView, **changes: Any) -> CampaignView:
    fields: dict[str, Any] = {
        "id": "c-1",
        "state": "running",
        "spec": make_spec(),
        "started_at": NOON,
        "proposals": proposals,
        "resources": {"stove": make_resource()},
    }
    return CampaignView(**{**fields, **changes})
