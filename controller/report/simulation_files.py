"""What simulated campaigns leave behind: a table of curves, everything as JSON, and a plot."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from controller.report.plots import curves_plot
from controller.report.simulate import NEAR, Plan, Run, Summary
from controller.report.table import write_csv
from strategies.objectives import is_scored


def document(plan: Plan, runs: Sequence[Run], summaries: Sequence[Summary], best: float | None) -> dict[str, Any]:
    """Everything, as plain data."""
    return {
        "campaign": plan.spec.campaign,
        "score": score_name(plan),
        "budget": plan.budget,
        "batch": plan.batch,
        "replicates": plan.replicates,
        "best_of_table": best,
        "near": NEAR,
        "strategies": [asdict(each) for each in summaries],
        "runs": [asdict(each) for each in runs],
    }


def score_name(plan: Plan) -> str:
    """What the curves show."""
    if is_scored(plan.spec.objectives):
        return "desirability"
    if len(plan.spec.objectives) > 1:
        return "hypervolume"
    objective = plan.spec.objectives[0]
    return {"maximize": objective.property, "minimize": f"-{objective.property}", "explore": "0"}.get(
        objective.goal, f"-(distance of {objective.property} from its {objective.goal.removesuffix('-set')})"
    )


def write(folder: Path, plan: Plan, runs: Sequence[Run], summaries: Sequence[Summary], best: float | None) -> None:
    """Write `simulate.csv`, `simulate.json` and `simulate.png`."""
    rows = [
        (each.strategy, number, mean, deviation)
        for each in summaries
        for number, (mean, deviation) in enumerate(zip(each.mean, each.deviation, strict=True), start=1)
    ]
    write_csv(folder / "simulate.csv", ("strategy", "experiment", "mean", "standard deviation"), rows)
    text = json.dumps(document(plan, runs, summaries, best), indent=1)
    (folder / "simulate.json").write_text(text + "\n", encoding="utf-8")
    curves_plot(
        folder / "simulate.png",
        f"{plan.spec.campaign}: {plan.seeds} simulated campaigns each",
        ("experiments", f"best {score_name(plan)} so far (mean and standard deviation)"),
        {each.strategy: (each.mean, each.deviation) for each in summaries},
        best,
    )
