"""What a worker answers of a proposal beside the proposal itself."""

from typing import Any

from controller.effects.tasks import propose


def row(x: float, **fields: Any) -> dict[str, Any]:
    return {"candidate": {"kind": "conditions", "values": {"x": x}}, "stage": "lab", **fields}


def test_how_probable_it_is_that_a_proposal_can_be_carried_out_is_a_fact_about_it() -> None:
    def facts(*failed: float) -> dict[str, float]:
        request = {
            "space": {"parameters": {"x": {"type": "continuous", "low": 0, "high": 1}}},
            "objectives": [{"property": "y", "goal": "maximize"}],
            "stages": [{"name": "lab", "yields": ["y"]}],
            "strategy": {"name": "botorch"},
            "observations": [row(x, values=[{"property": "y", "value": x}]) for x in (0.1, 0.2, 0.4, 0.5, 0.6)],
            "failures": [row(x, kind="failed-synthesis") for x in failed],
            "n": 1,
            "seed": 1,
            "event": 1,
        }
        [found] = propose({"request": request, "files": {}, "region": False})["facts"]
        return dict(found)

    assert 0 < facts(0.8, 0.9, 1.0)["feasibility"] < 1
    assert "feasibility" not in facts()
