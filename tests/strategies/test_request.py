"""The digest of a request is stable; answers are checked before they are believed."""

from collections.abc import Callable
from typing import Any

import pytest

from strategies import Request, Response, check_response, propose, request_digest
from strategies.request import Suggestion

Build = Callable[..., Any]

RECORDED = "7d400310661cf094a48fbe4cdc694d5d03ab12d82cf176f680058d7fdb967eee"

SPACE = {"parameters": {"x": {"type": "continuous", "low": 0, "high": 1}}}


def point(x: float) -> dict[str, Any]:
    return {"kind": "conditions", "values": {"x": x}}


def test_digest_is_recorded_for_ever(build_request: Build) -> None:
    request = build_request(SPACE, observed=[(point(0.1), {"y": 80.0})], pending=[point(1)], event=12)
    assert request_digest(request) == RECORDED


def test_digest_survives_a_database(build_request: Build) -> None:
    request = build_request(SPACE, observed=[(point(1), {"y": 80})])
    again = Request.model_validate_json(request.model_dump_json())
    as_floats = build_request(SPACE, observed=[(point(1.0), {"y": 80.0})])
    assert request_digest(request) == request_digest(again) == request_digest(as_floats)


def test_digest_sees_every_change(build_request: Build) -> None:
    base = {"observed": [(point(0.1), {"y": 1.0})]}
    variants = [
        base,
        {**base, "seed": 8},
        {**base, "n": 2},
        {**base, "event": 1},
        {"observed": []},
        {"observed": [(point(0.1), {"y": 1.0000000000000002})]},
        {**base, "rejected": [point(0.3)]},
    ]
    assert len({request_digest(build_request(SPACE, **fields)) for fields in variants}) == len(variants)


@pytest.mark.parametrize(
    ("proposals", "fault"),
    [
        ([(0.5, "lab"), (0.6, "lab")], "2 proposals, but 1 were asked for"),
        ([(0.5, "moon")], "no stage 'moon'; known: lab"),
        ([(1.5, "lab")], "x: 1.5 cannot be set"),
        ([(0.1, "lab")], "was proposed before"),
        ([(0.5, "lab"), (0.5, "lab")], "the same candidate twice"),
    ],
)
def test_nonsense_answers_are_named(build_request: Build, proposals: list[tuple[float, str]], fault: str) -> None:
    request = build_request(SPACE, observed=[(point(0.1), {"y": 1.0})])
    answer = {"proposals": [{"candidate": point(x), "stage": stage, "reason": "r"} for x, stage in proposals]}
    assert any(fault in found for found in check_response(request, Response.model_validate(answer)))


def test_a_good_answer_has_no_faults(build_request: Build) -> None:
    request = build_request(SPACE, n=3)
    assert check_response(request, propose(request)) == []


def test_a_replicate_is_meant_as_one(build_request: Build) -> None:
    request = build_request(SPACE, observed=[(point(0.1), {"y": 1.0})], rejected=[point(0.3)])

    def faults(value: float) -> list[str]:
        again = Suggestion(candidate=point(value), stage="lab", reason="once more", repeat=True)
        return check_response(request, Response(proposals=[again]))

    assert faults(0.1) == []
    for never_measured in (0.3, 0.5):
        assert "nothing to repeat" in faults(never_measured)[0]
