"""Campaigns of other programs as drafts of ours: what BayBE (`Campaign.to_json`) and Ax (`save_to_json_file`) write.

Only the space and what is wanted of it are taken over. Measurements are not: BayBE pickles them, and a pickle can do
anything to whoever reads it. What has no place here is told in `notes`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.spec.data import TableError
from controller.spec.draft import Goal
from controller.spec.headers import names_and_units

Plain = Mapping[str, Any]


@dataclass
class Foreign:
    """Parameters (as YAML) and linear constraints under our names, goals, limits on other outcomes, and notes."""

    parameters: dict[str, str] = field(default_factory=dict)
    constraints: list[str] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    limits: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_foreign(program: str, content: bytes) -> Foreign:
    """What a file of BayBE or Ax (`program`: baybe, ax) says; raises `TableError` where it is none."""
    try:
        found = _READERS[program](json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TableError(f"this is nothing that {program} has saved ({type(error).__name__}: {error})") from error
    if not found.parameters or not found.goals:
        raise TableError("neither parameters nor objectives can be taken over" + "".join(f"; {n}" for n in found.notes))
    return found


def _named(names: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    return dict(zip(names, names_and_units(names), strict=True))


def _number(low: float, high: float, unit: str | None, kind: str = "continuous") -> str:
    return f"{{type: {kind}, low: {low:.12g}, high: {high:.12g}{_unit(unit)}}}"


def _listed(values: Sequence[Any], unit: str | None = None, *, numbers: bool) -> str:
    if numbers:
        return f"{{type: discrete, values: [{', '.join(f'{each:.12g}' for each in values)}]{_unit(unit)}}}"
    return f"{{type: categorical, choices: {json.dumps([str(each) for each in values], ensure_ascii=False)}}}"


def _unit(unit: str | None) -> str:
    return f", unit: {json.dumps(unit)}" if unit else ""


def _linear(terms: Mapping[str, float], operator: str, bound: float) -> str:
    """`1 * a - 2 * b <= 3`; terms by our names."""
    text = "".join(f" {'-' if value < 0 else '+'} {abs(value):.12g} * {name}" for name, value in terms.items())
    comparison = "==" if operator == "=" else operator
    return f"{text.removeprefix(' + ').strip()} {comparison} {bound:.12g}"


def _baybe(document: Plain) -> Foreign:
    space = document["searchspace"]
    discrete, continuous = space.get("discrete") or {}, space.get("continuous") or {}
    declared = [*space.get("parameters", ()), *discrete.get("parameters", ()), *continuous.get("parameters", ())]
    named, found = _named([each["name"] for each in declared]), Foreign()
    for each in declared:
        name, unit = named[each["name"]]
        _take(found, name, each["name"], _baybe_parameter(each, unit))
    linear = [each for key in ("constraints_lin_eq", "constraints_lin_ineq") for each in continuous.get(key) or ()]
    for each in linear:
        terms = {named[name][0]: value for name, value in zip(each["parameters"], each["coefficients"], strict=True)}
        found.constraints.append(_linear(terms, each["operator"], each["rhs"]))
    for each in [
        *space.get("constraints", ()),
        *discrete.get("constraints", ()),
        *continuous.get("constraints_nonlin", ()),
    ]:
        _baybe_constraint(found, each, named)
    objective = document["objective"]
    targets = objective.get("targets") or [objective["target"]]
    if "Desirability" in str(objective.get("type")):
        found.notes.append(
            "the DesirabilityObjective: give every objective a desirability for one score; here they are a Pareto front"
        )
    for (name, unit), target in zip(names_and_units([each["name"] for each in targets]), targets, strict=True):
        found.goals.append(Goal(name, _baybe_goal(found, target), unit or "dimensionless"))
    if document.get("measurements_exp"):
        found.notes.append("measurements (they are pickled): save campaign.measurements as CSV, and name it under data")
    return found


def _take(found: Foreign, name: str, theirs: str, parameter: str | None) -> None:
    if parameter is None:
        found.notes.append(f"parameter {theirs!r}: it has one value, or its kind is not known")
    else:
        found.parameters[name] = parameter


def _baybe_parameter(each: Plain, unit: str | None) -> str | None:
    bounds, kind = each.get("bounds"), each.get("type")
    if bounds is not None:
        low, high = (bounds["lower"], bounds["upper"]) if isinstance(bounds, dict) else bounds
        return _number(low, high, unit)
    values = list(each.get("active_values") or each.get("values") or each.get("data") or ())
    if kind not in ("NumericalDiscreteParameter", "CategoricalParameter", "SubstanceParameter") or len(values) < 2:
        return None
    return _listed(values, unit, numbers=kind == "NumericalDiscreteParameter")


def _baybe_constraint(found: Foreign, each: Plain, named: Mapping[str, tuple[str, str | None]]) -> None:
    condition = each.get("condition") or {}
    operator = condition.get("operator")
    if each.get("type") == "DiscreteSumConstraint" and operator in ("<=", ">=", "=", "=="):
        terms = {named[name][0]: 1.0 for name in each["parameters"]}
        found.constraints.append(_linear(terms, operator, condition["threshold"]))
    else:
        found.notes.append(f"a constraint of the kind {each.get('type', 'unknown')}")


def _baybe_goal(found: Foreign, target: Plain) -> str:
    transformation = (target.get("transformation") or {}).get("type", "IdentityTransformation")
    if target.get("mode") == "MATCH" or transformation != "IdentityTransformation":
        found.notes.append(
            f"how target {target['name']!r} is transformed: write goal value with value, or target with low and high"
        )
    return "minimize" if target.get("minimize") or target.get("mode") == "MIN" else "maximize"


def _ax(document: Plain) -> Foreign:
    experiment = document.get("experiment", document)
    space, wanted = experiment["search_space"], experiment["optimization_config"]
    named, found = _named([each["name"] for each in space["parameters"]]), Foreign()
    for each in space["parameters"]:
        name, unit = named[each["name"]]
        _take(found, name, each["name"], _ax_parameter(each, unit))
        if each.get("log_scale"):
            found.notes.append(f"the logarithmic scale of parameter {each['name']!r}")
    ours = {theirs: name for theirs, (name, _) in named.items()}
    for each in space.get("parameter_constraints") or ():
        if "inequality" in each:
            found.constraints.append(_renamed(each["inequality"], ours))
        else:
            terms = {ours[name]: value for name, value in each["constraint_dict"].items()}
            found.constraints.append(_linear(terms, "<=", each["bound"]))
    goals = _ax_goals(wanted["objective"])
    for (name, unit), goal in zip(names_and_units(list(goals)), goals.values(), strict=True):
        found.goals.append(Goal(name, goal, unit or "dimensionless"))
    for each in wanted.get("outcome_constraints") or ():
        [(name, _)] = names_and_units([each["metric"]["name"]])
        if each.get("relative"):
            found.notes.append(f"the constraint on {name}: it is relative to a status quo")
            continue
        comparison = {"LEQ": "<=", "GEQ": ">="}[each["op"]["name"]]
        found.limits[name] = f'{{property: {name}, comparison: "{comparison}", value: {each["bound"]:.12g}}}'
    if experiment.get("trials"):
        found.notes.append("trials and their data: save them as CSV (client.summarize()), and name it under data")
    return found


def _renamed(text: str, ours: Mapping[str, str]) -> str:
    names = "|".join(re.escape(name) for name in sorted(ours, key=len, reverse=True))
    return re.sub(rf"(?<![\w.])({names})(?![\w.])", lambda found: ours[found[0]], text)


def _ax_parameter(each: Plain, unit: str | None) -> str | None:
    kind, type_ = each["__type"], each["parameter_type"]["name"]
    if kind == "RangeParameter":
        return _number(each["lower"], each["upper"], unit, "integer" if type_ == "INT" else "continuous")
    values = each.get("values") or ()
    if kind != "ChoiceParameter" or len(values) < 2:
        return None
    return _listed(values, unit, numbers=bool(each.get("is_ordered")) and type_ in ("INT", "FLOAT"))


def _ax_goals(objective: Plain) -> dict[str, str]:
    """Their metrics, each maximized or minimized."""
    if "expression" in objective:
        parts = [part.strip() for part in objective["expression"].split(",")]
        if not all(re.fullmatch(r"-?\s*[\w.\[\]-]+", part) for part in parts):
            raise ValueError(f"the objective {objective['expression']!r} is a formula of several metrics")
        return {part.lstrip("- "): "minimize" if part.startswith("-") else "maximize" for part in parts}
    every = objective.get("objectives") or [objective]
    return {each["metric"]["name"]: "minimize" if each["minimize"] else "maximize" for each in every}


_READERS: dict[str, Callable[[Plain], Foreign]] = {"baybe": _baybe, "ax": _ax}
