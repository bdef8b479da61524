"""One act of Bayesian optimization: fit, choose greedily, explain. Imports torch; `botorch_strategy` decides when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from botorch.acquisition import AcquisitionFunction
from numpy.typing import NDArray

from strategies.learn.data import PropertyData, modelled_properties, property_data
from strategies.learn.feasibility import Feasibility, fit_feasibility
from strategies.learn.fidelity import Judged, judge, learn
from strategies.learn.fitting import SAAS, Priors
from strategies.learn.gp import STANDARD, PropertyModel, groups, is_described
from strategies.learn.kernel import Group
from strategies.learn.quality import describe
from strategies.learn.transfer.models import fit_models, source_inputs
from strategies.levels import dear_stages, levels_of
from strategies.optimize.acquisition import build_acquisition
from strategies.optimize.explain import reason
from strategies.optimize.goal_report import goal_report, remark
from strategies.optimize.goals import Goals, build_goals, observed_utilities
from strategies.optimize.health import health
from strategies.optimize.insight import explain
from strategies.optimize.known import asked_in_order, earlier, exhausted, measured_outside, taken_keys
from strategies.optimize.measured import Measured, measured
from strategies.optimize.options import BotorchOptions
from strategies.optimize.random import batch_fixed
from strategies.optimize.replicates import Measurements, repetition
from strategies.optimize.search import best_candidate, scattered
from strategies.optimize.stages import Choice, Desk
from strategies.optimize.target import aim
from strategies.represent.encoding import Encoding
from strategies.request import Candidate, Prediction, Request, Response, Suggestion
from strategies.spaces import key_of_valid

Array = NDArray[np.float64]
LARGEST = 1e300
PROBES = 512  # points that stand for the space


@dataclass(frozen=True)
class Fitted:
    """What was learned from a request."""

    data: Mapping[str, PropertyData]
    models: list[PropertyModel]
    feasibility: Feasibility | None
    goals: Goals
    best: Measured
    baseline: Array  # distinct measured points, n x d
    warnings: list[str]
    judged: Judged  # which stages' measurements are used
    transfer: list[Mapping[str, Any]]  # what was decided of each source


def optimize(request: Request, files: Mapping[str, Path], encoding: Encoding) -> Response:
    """Propose `request.n` candidates by the acquisition's maximum; needs a value of each property, or a source's."""
    torch.set_num_threads(1)  # more are slower on a busy machine, and would change the last digits
    seed = _iteration_seed(request)
    torch.manual_seed(seed)
    fitted = fit(request, encoding)
    fitted = replace(fitted, goals=_probed(request, files, encoding, fitted))
    choose = _choose if len(fitted.judged.asked) == 1 else _choose_stages
    chosen = choose(request, files, encoding, fitted, seed)
    proposals = [_explained(request, encoding, fitted, choice) for choice in chosen]
    space = "pool" if request.space.pool else "space"
    report = _report(request, fitted)
    if _options(request).explain:
        rows = encoding.encode([choice.candidate for choice in chosen])
        explain(report, request, files, encoding, fitted.models, fitted.best, rows)
    report["warnings"] += measured_outside(request, files) + exhausted(len(proposals), request.n, space)
    return Response(proposals=proposals, report=report)


def _iteration_seed(request: Request) -> int:
    """Another draw at every iteration, the same whenever the same rows are asked about."""
    return int(np.random.SeedSequence([request.seed, len(request.rows())]).generate_state(1)[0])


def fit(request: Request, encoding: Encoding) -> Fitted:
    """Fit a model of every property, the feasibility and the goals."""
    names, together = modelled_properties(request), groups(encoding)
    judged = _judged(request, encoding, names, together)
    data = {name: property_data(request, encoding, name, dear_stages(judged.asked, name)) for name in names}
    models, decided = _models(request, encoding, data, judged, together)
    baseline = np.unique(np.vstack([one.inputs for one in data.values()]), axis=0)
    if not len(baseline):
        baseline = _least(request, models, source_inputs(request, encoding, names))
    credible = {model.name: data[model.name].without(model.outliers) for model in models}
    best, warnings = measured(credible, request.objectives, request.constraints), []
    if best is None:
        best = _predicted_instead(request, models, baseline)
        warnings.append("no point has a value of every property: the best so far is judged by predictions")
    observed = observed_utilities(request.objectives, best.values)
    goals = build_goals(request.objectives, request.constraints, models, observed)
    return Fitted(data, models, _feasibility(request, encoding, data), goals, best, baseline, warnings, judged, decided)


def _judged(request: Request, encoding: Encoding, names: list[str], together: Sequence[Group]) -> Judged:
    """The levels whose measurements are used; there is nothing to judge where candidates enter at one stage."""
    levels = levels_of(request)
    return Judged(tuple(levels), 1) if len(levels) == 1 else judge(request, encoding, names, levels, together)


def _probed(request: Request, files: Mapping[str, Path], encoding: Encoding, fitted: Fitted) -> Goals:
    """The goals with what they need to know of the space."""
    goals = replace(fitted.goals, of_pool=request.space.pool is not None, described=is_described(encoding))
    if not goals.regions and not goals.mapped:
        return goals
    probes = scattered(encoding, request.seed, files, PROBES)
    return aim(replace(goals, probes=probes), fitted.best.values)


def _options(request: Request) -> BotorchOptions:
    return BotorchOptions.model_validate(request.strategy.options)


def _priors(request: Request) -> Priors:
    return SAAS if _options(request).model == "saas" else STANDARD


def _models(
    request: Request, encoding: Encoding, data: Mapping[str, PropertyData], judged: Judged, together: Sequence[Group]
) -> tuple[list[PropertyModel], list[Mapping[str, Any]]]:
    """A model of every property, from the sources too where there are any, and what was decided of each source."""
    if request.sources:
        learned = fit_models(request, encoding, data)
        return [each.model for each in learned], [decision for each in learned for decision in each.decisions]
    priors = _priors(request)
    return [learn(request, encoding, name, judged.levels, together, priors) for name in data], []


def _least(request: Request, models: list[PropertyModel], inputs: Array) -> Array:
    """The point (1 x d) of the sources that is predicted worst: where nothing is measured yet, all else is a gain."""
    utilities = observed_utilities(request.objectives, _predicted_instead(request, models, inputs).values)
    total = (utilities / np.maximum(utilities.std(axis=0), 1e-12)).sum(axis=1)
    return inputs[[int(np.argmin(total))]]


def _predicted_instead(request: Request, models: list[PropertyModel], baseline: Array) -> Measured:
    by_name = {model.name: model.predict(baseline)[0] for model in models}
    return Measured(baseline, np.stack([by_name[objective.property] for objective in request.objectives], axis=1))


def _feasibility(request: Request, encoding: Encoding, data: Mapping[str, PropertyData]) -> Feasibility | None:
    """A classifier once something failed; each point counts once on each side."""
    if not request.failures:
        return None
    made = encoding.encode([row.candidate for row in request.observations])
    failed = encoding.encode([row.candidate for row in request.failures])
    once = np.unique(made, axis=0), np.unique(failed, axis=0)
    return fit_feasibility(*once, groups(encoding), asked_in_order(request))


def _choose_stages(
    request: Request, files: Mapping[str, Path], encoding: Encoding, fitted: Fitted, seed: int
) -> list[Choice]:
    """Candidates with the stages that the strategy chooses for them."""

    def acquire(models: Sequence[PropertyModel], pending: Array) -> AcquisitionFunction:
        goals = replace(fitted.goals, models=models)
        return build_acquisition(goals, fitted.baseline, pending, fitted.feasibility, seed)

    incumbents = fitted.best.best(request.objectives)
    desk = Desk(request, files, encoding, fitted.judged, fitted.models, acquire, incumbents)
    chosen: list[Choice] = []
    while len(chosen) < request.n and (found := desk.choose(seed + len(chosen))) is not None:
        chosen.append(found)
    return chosen


def _choose(request: Request, files: Mapping[str, Path], encoding: Encoding, fitted: Fitted, seed: int) -> list[Choice]:
    stage, taken = fitted.judged.levels[0].entry, taken_keys(request)
    under_way = encoding.encode([row.candidate for row in request.pending])
    refused = encoding.encode([row.candidate for row in request.rejected])
    closed = {key_of_valid(row.candidate) for row in [*request.pending, *request.rejected]}
    chosen: list[Choice] = []
    incumbents = fitted.best.best(request.objectives)
    for place in range(request.n):
        before = [choice.candidate for choice in chosen]
        pending = np.vstack([under_way, encoding.encode(before)])
        feasibility = fitted.feasibility.with_pending(pending) if fitted.feasibility is not None else None
        # A rejected point counts as under way: its near twin would be rejected too.
        waiting = np.vstack([pending, refused])
        acquisition = build_acquisition(fitted.goals, fitted.baseline, waiting, feasibility, seed)
        shared = batch_fixed(request.space, before)
        found = best_candidate(acquisition, encoding, taken, incumbents, seed + place, files, shared)
        if found is None:
            break
        again = None if shared else _repetition(encoding, fitted, found[0], closed)
        candidate, value = found
        chosen.append(Choice(again or candidate, stage, value, repeat=again is not None))
        key = key_of_valid(chosen[-1].candidate)
        taken.add(key)
        closed.add(key)
    return chosen


def _repetition(encoding: Encoding, fitted: Fitted, fresh: Candidate, closed: set[str]) -> Candidate | None:
    """The candidate to be measured again rather than the new one, where one property is to be large or small."""
    goals = fitted.goals
    if not goals.improves_one or goals.regions or goals.constraints:
        return None
    model, sign = goals.model_of(goals.improving[0]), -1.0 if goals.improving[0].goal == "minimize" else 1.0
    measured = fitted.data[model.name]
    keys = [key_of_valid(candidate) for candidate in measured.candidates]
    data = Measurements(measured.inputs, measured.values, keys, measured.candidates, measured.standard_errors)
    return repetition(model.gp, sign, data, encoding.encode([fresh])[0], closed)


def _explained(request: Request, encoding: Encoding, fitted: Fitted, choice: Choice) -> Suggestion:
    row = encoding.encode([choice.candidate])
    predicted = _predicted(fitted.models, row)
    probability = None if fitted.feasibility is None else float(fitted.feasibility.probability(row)[0])
    sentence = reason(request.objectives, predicted, fitted.best.values, probability)
    sentence += remark(fitted.goals, row, predicted) + choice.why
    if choice.repeat:
        sentence = f"measured again, because noise hides the best point: {sentence}"
    return Suggestion(
        candidate=choice.candidate,
        stage=choice.stage,
        parents=earlier(request, choice.candidate, choice.stage),
        prediction=predicted,
        acquisition=choice.value,
        reason=sentence,
        repeat=choice.repeat,
        feasibility=probability if probability is not None and np.isfinite(probability) else None,
    )


def predictions(request: Request, encoding: Encoding, candidate: Candidate) -> dict[str, Prediction]:
    """Posterior mean and standard deviation of every property for a candidate that somebody else puts forward."""
    torch.set_num_threads(1)
    torch.manual_seed(_iteration_seed(request))
    names, together = modelled_properties(request), groups(encoding)
    judged = _judged(request, encoding, names, together)
    data = {name: property_data(request, encoding, name, dear_stages(judged.asked, name)) for name in names}
    models, _ = _models(request, encoding, data, judged, together)
    return _predicted(models, encoding.encode([candidate]))


def _predicted(models: list[PropertyModel], row: Array) -> dict[str, Prediction]:
    found = {}
    for model in models:
        mean, deviation = model.predict(row)
        found[model.name] = Prediction(mean=_finite(mean[0]), standard_deviation=_finite(deviation[0]))
    return found


def _finite(value: float) -> float:
    """After absurd measurements a prediction may be beyond all numbers; it is told as the largest one."""
    return float(np.nan_to_num(value, nan=LARGEST, posinf=LARGEST, neginf=-LARGEST))


def _report(request: Request, fitted: Fitted) -> dict[str, Any]:
    described = {model.name: describe(model) for model in fitted.models}
    return {
        "strategy": "botorch",
        "phase": "model",
        "prior": _options(request).model,
        "n": len(request.observations),
        "failures": len(request.failures),
        "pending": len(request.pending),
        **goal_report(fitted.goals, fitted.best.values),
        **({"fidelity": fitted.judged.told(fitted.models)} if len(fitted.judged.asked) > 1 else {}),
        "models": described,
        **({"transfer": fitted.transfer} if request.sources else {}),
        "warnings": [*fitted.warnings, *health(fitted.models, described)],
    }
