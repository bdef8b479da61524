"""What must hold between the sections of a campaign file."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from adapters.analysis import analysis_names, output_units
from controller.spec.model import Campaign
from controller.spec.source import Node
from controller.spec.stages import Analysis, Stage
from controller.spec.transfer import transfer_faults
from strategies import check_strategy, strategy_names
from strategies.objectives import MAPPING, fault_together, is_scored
from strategies.units import UnitError, check_unit, convert_difference, unit_hint

Path = list[str | int]
Fault = tuple[Path, str]

_UNIT = re.compile(
    r"(1|[A-Za-z][A-Za-z0-9_]*)(\*\*-?[0-9](\.[0-9])?)?( ?[*/] ?[A-Za-z][A-Za-z0-9_]*(\*\*-?[0-9](\.[0-9])?)?)*"
)


def check_units_plain(root: Node) -> Iterator[Fault]:
    """Refuse units that are no product of named units before they are given to pint, which computes what it reads."""
    for path, value in _scalars(root, []):
        if path[-1:] == ["unit"] and isinstance(value, str) and not (len(value) <= 64 and _UNIT.fullmatch(value)):
            yield path, f"unknown unit; {unit_hint(value[:64])}"


def _scalars(node: Node, path: Path) -> Iterator[tuple[Path, Any]]:
    if not node.children:
        yield path, node.value
    for step, child in node.children.items():
        yield from _scalars(child, [*path, step])


def check(campaign: Campaign) -> list[Fault]:
    """Every fault as the path of what is wrong and what would be right."""
    return [fault for rule in _RULES for fault in rule(campaign)]


def _names_are_unique(campaign: Campaign) -> Iterator[Fault]:
    yield from _repeated(["stages"], [stage.name for stage in campaign.stages])
    for place, stage in enumerate(campaign.stages):
        yield from _repeated(["stages", place, "steps"], [step.name for step in stage.steps])
    yield from _repeated(["objectives"], [objective.property for objective in campaign.objectives], "property")


def _repeated(path: Path, names: list[str], key: str = "name") -> Iterator[Fault]:
    for place, name in enumerate(names):
        if name in names[:place]:
            yield [*path, place, key], "this stands here twice; it should be unique"


def _adapters_can_run(campaign: Campaign) -> Iterator[Fault]:
    for place, stage in enumerate(campaign.stages):
        if stage.kind != "instrument":
            yield ["stages", place, "kind"], f"stages of kind {stage.kind!r} cannot be run yet; only 'instrument' can"
        for number, step in enumerate(stage.steps):
            by_hand = step.adapter == "person" and stage.kind == "instrument"
            if step.adapter != stage.kind and not by_hand:
                path: Path = ["stages", place, "steps", number, "adapter"]
                yield path, f"should be {stage.kind!r}, as the kind of its stage"


def _properties_are_measured(campaign: Campaign) -> Iterator[Fault]:
    last = campaign.stages[-1]
    for place, objective in enumerate(campaign.objectives):
        if objective.property not in last.yields:
            yield ["objectives", place, "property"], f"no step of the last stage yields it; {_yielded(last)}"
    everywhere = {name for stage in campaign.stages for name in stage.yields}
    for place, constraint in enumerate(campaign.constraints):
        if constraint.property not in everywhere:
            known = ", ".join(sorted(everywhere)) or "nothing"
            yield ["constraints", place, "property"], f"no step yields it; the steps yield {known}"
    for place, stage in enumerate(campaign.stages):
        for name, count in Counter(stage.yields).items():
            if count > 1:
                yield ["stages", place, "steps"], f"{name!r} is yielded by two steps of one stage; one should yield it"


def _yielded(stage: Stage) -> str:
    return f"stage {stage.name!r} yields {', '.join(stage.yields) or 'nothing'}"


def _units_convert(campaign: Campaign) -> Iterator[Fault]:
    units = {objective.property: objective.unit for objective in campaign.objectives}
    for place, constraint in enumerate(campaign.constraints):
        wanted = units.setdefault(constraint.property, constraint.unit)
        try:
            convert_difference(1.0, constraint.unit, wanted)
        except UnitError as error:
            yield ["constraints", place, "unit"], f"should convert to {wanted!r}: {error}"


def _files_can_be_read(campaign: Campaign) -> Iterator[Fault]:
    units = {each.property: each.unit for each in campaign.constraints}
    units |= {each.property: each.unit for each in campaign.objectives}
    for place, stage in enumerate(campaign.stages):
        for number, step in enumerate(stage.steps):
            for index, analysis in enumerate(step.analysis):
                path: Path = ["stages", place, "steps", number, "analysis", index]
                yield from _analysis_faults(path, analysis, units)


def _analysis_faults(path: Path, analysis: Analysis, units: dict[str, str]) -> Iterator[Fault]:
    if analysis.function not in analysis_names():
        yield [*path, "function"], f"should be one of {', '.join(analysis_names())}"
        return
    try:
        given = output_units(analysis.function, analysis.options)
    except ValueError as error:
        yield [*path, "options"], str(error)
        return
    for output, wanted in analysis.gives.items():
        if output not in given:
            yield [*path, "gives"], f"{analysis.function} gives {', '.join(given)}, and no {output!r}"
            continue
        try:
            convert_difference(1.0, check_unit(given[output]), units.get(wanted, given[output]))
        except UnitError as error:
            yield [*path, "gives"], f"{output}, in {given[output]}: {error}"


def _parameters_exist(campaign: Campaign) -> Iterator[Fault]:
    known = campaign.space.names()
    for place, stage in enumerate(campaign.stages):
        for number, step in enumerate(stage.steps):
            for index, name in enumerate(step.parameters or []):
                if name not in known:
                    path: Path = ["stages", place, "steps", number, "parameters", index]
                    yield path, f"the space has no such parameter; it has {', '.join(known)}"


def _promotions_lead_on(campaign: Campaign) -> Iterator[Fault]:
    objectives = [objective.property for objective in campaign.objectives]
    if campaign.stages[-1].promote is not None:
        yield ["stages", len(campaign.stages) - 1, "promote"], "the last stage has no next one to promote to"
    for place, (stage, _) in enumerate(pairwise(campaign.stages)):
        rule = stage.promote
        if rule is not None and rule.rule == "strategy":
            yield from _choice_faults(campaign, place)
        if rule is None or rule.property is None:
            continue
        path: Path = ["stages", place, "promote", "property"]
        if rule.property not in objectives:
            yield path, f"should be the property of an objective: {', '.join(objectives)}"
        elif rule.rule == "best" and rule.property not in stage.yields:
            yield path, f"this stage does not measure it; {_yielded(stage)}"


def _choice_faults(campaign: Campaign, place: int) -> Iterator[Fault]:
    """Of a stage from which the strategy promotes."""
    if campaign.strategy.name in ("random", "sobol"):
        path: Path = ["stages", place, "promote", "rule"]
        yield path, f"strategy {campaign.strategy.name!r} proposes for the first stage alone; use 'botorch'"
    objectives = [objective.property for objective in campaign.objectives]
    if not set(objectives) & set(campaign.stages[place].yields):
        told = f"should yield what is wanted ({', '.join(objectives)}), or the strategy learns nothing from it"
        yield ["stages", place, "steps"], told


def _ends_some_time(campaign: Campaign) -> Iterator[Fault]:
    if not campaign.budget.is_limited and not campaign.stop:
        yield ["budget"], "nothing ends this campaign; give a budget (such as `experiments: 40`) or a stopping rule"


def _goals_go_together(campaign: Campaign) -> Iterator[Fault]:
    if fault := fault_together(campaign.objectives):
        yield ["objectives"], fault
    mapped = next((each.goal for each in campaign.objectives if each.goal in MAPPING), None)
    for place, rule in enumerate(campaign.stop):
        if mapped and rule.rule in ("no_improvement", "expected_gain"):
            yield ["stop", place, "rule"], f"with goal {mapped!r} nothing becomes better; give a budget"


def _goals_can_be_judged(campaign: Campaign) -> Iterator[Fault]:
    references = {objective.property: objective.reference for objective in campaign.objectives}
    without = [name for name, reference in references.items() if reference is None]
    for place, rule in enumerate(campaign.stop):
        if rule.rule == "target_reached" and rule.property not in references:
            yield ["stop", place, "property"], f"should be the property of an objective: {', '.join(references)}"
        volume = rule.rule in ("hypervolume", "hypervolume_stalled")
        if volume and (len(references) != 2 or is_scored(campaign.objectives)):
            yield ["stop", place, "rule"], "is computed for two objectives; use target_reached or no_improvement"
        elif volume and without:
            yield ["stop", place, "rule"], f"needs a `reference` on every objective; missing on {', '.join(without)}"
        if rule.rule == "expected_gain" and len(references) != 1:
            yield ["stop", place, "rule"], "is in the unit of one objective; of several use hypervolume_stalled"
        elif rule.rule == "expected_gain" and campaign.strategy.name in ("random", "sobol"):
            yield ["stop", place, "rule"], f"strategy {campaign.strategy.name!r} expects nothing; use no_improvement"


def _strategy_is_known(campaign: Campaign) -> Iterator[Fault]:
    strategy = campaign.strategy
    try:
        check_strategy(strategy.name, strategy.options)
    except ValueError as error:
        near = get_close_matches(strategy.name, strategy_names(), n=1)
        known = strategy.name in strategy_names()
        hint = f"; did you mean {near[0]!r}?" if near and not known else ""
        yield ["strategy", "options" if known else "name"], f"{error}{hint}"


_RULES: tuple[Callable[[Campaign], Iterator[Fault]], ...] = (
    _names_are_unique,
    _adapters_can_run,
    _properties_are_measured,
    _units_convert,
    _files_can_be_read,
    _parameters_exist,
    _promotions_lead_on,
    _ends_some_time,
    _goals_go_together,
    _goals_can_be_judged,
    _strategy_is_known,
    transfer_faults,
)
