"""Why a strategy proposes what it proposes, in words and in columns of a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from strategies.spaces import Candidate, Space

Plain = dict[str, Any]
NEAREST = 3
DIGITS = 6  # significant ones of a prediction


def said_columns(properties: Sequence[str], *, explain: bool) -> list[str]:
    """The columns in which a table tells of its proposals."""
    predicted = [f"{kind} {name}" for name in properties for kind in ("predicted", "standard deviation")]
    return [*predicted, *(["P(feasible)", "acquisition", "nearest measured"] if explain else []), "reason"]


def said_cells(properties: Sequence[str], row: Mapping[str, Any], *, explain: bool) -> list[Any]:
    """What stands in these columns of one proposal; an empty cell where nothing is known."""
    moments = (row["prediction"].get(name, {}).get(kind) for name in properties for kind in _MOMENTS)
    cells: list[float | str | None] = [_short(each) for each in moments]
    if explain:
        cells += [_short(row["feasibility"]), _short(row["acquisition"]), near_text(row["nearest"])]
    return [*cells, row["reason"]]


_MOMENTS = ("mean", "standard_deviation")


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")


def nearest(
    space: Space, files: Mapping[str, Path], candidate: Candidate, known: Sequence[tuple[str, Candidate]]
) -> list[Plain]:
    """The `NEAREST` known candidates, each by its `name` and `distance`, the nearest first; of equal ones the first.

    The distance is Euclidean in what the models see: every number in parts of its range, every category 0 or 1 for
    each choice.
    """
    import numpy as np

    from strategies.represent.encoding import Encoding

    if not known:
        return []
    encoding = Encoding.of(space, files)
    points = encoding.encode([each for _, each in known])
    distances = np.linalg.norm(points - encoding.encode([candidate]), axis=1)
    order = np.argsort(distances, kind="stable")[:NEAREST]
    return [{"name": known[place][0], "distance": float(distances[place])} for place in order]


def near_text(near: Sequence[Mapping[str, Any]]) -> str | None:
    """`line 4 (0.12); line 9 (0.3)`; None where nothing was measured."""
    return "; ".join(f"{each['name']} ({each['distance']:.3g})" for each in near) or None


def model_lines(report: Mapping[str, Any]) -> list[str]:
    """What an iteration's report says of its models, a line for each thing; older reports may say less."""
    models: Mapping[str, Plain] = report.get("models") or {}
    lines = [_model_line(name, model) for name, model in models.items()]
    if not lines:
        lines = [f"No model yet: the strategy {report.get('strategy', '')} proposes without one so far."]
    lines += [transfer_line(each) for each in report.get("transfer") or ()]
    return [*lines, *(f"Warning: {each}" for each in report.get("warnings") or ())]


_DECIDED = {
    "used": "predicts better than without it",
    "dropped": "predicts worse than without it",
    "trusted": "not yet judged",
}


def transfer_line(told: Mapping[str, Any]) -> str:
    """What was decided of a source of earlier measurements, and by what."""
    decision, rows = told["decision"], f"{told['learned_from']} of {told['measured']} values"
    parts = [f"{told['property']} from {told['source']} ({rows}): {decision}"]
    if decision in _DECIDED:
        parts.append(f"{_DECIDED[decision]} ({told['judged_by']} own values)")
    if told.get("gain") is not None:
        parts.append(f"log score {told['score']:.3g} against {told['own_score']:.3g}")
    parts.append(f"weight {told['weight']:.0%}")
    return "; ".join(parts) + (f"; {told['left_out']} do not fit this space" if told["left_out"] else "")


def _model_line(name: str, model: Plain) -> str:
    quality, covered = model.get("leave_one_out_r2"), model.get("leave_one_out_coverage_95")
    parts = [
        f"{model.get('n', '?')} values",
        "leave-one-out R2 " + ("not defined" if quality is None else f"{quality:.2f}"),
        *([] if covered is None else [f"95 % intervals hold {covered:.0%} of the left-out values"]),
    ]
    shares = sorted((model.get("sensitivities") or {}).items(), key=lambda pair: -pair[1])
    if shares:
        parts.append("depends on " + ", ".join(f"{parameter} {share:.0%}" for parameter, share in shares[:NEAREST]))
    return f"{name}: {'; '.join(parts)}"
