"""The model of a property with sources: the model of the own values, and one for each source, weighted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from strategies.learn.data import PropertyData
from strategies.learn.gp import PropertyModel, fit_values, groups, known_noise, moments
from strategies.learn.kernel import Group
from strategies.learn.process import GaussianProcess
from strategies.learn.transfer.average import Averaged
from strategies.learn.transfer.guard import Verdict, verdicts
from strategies.learn.transfer.registry import load_method
from strategies.learn.transfer.sample import Learned, Method, Sample
from strategies.learn.transfer.sources import JUDGED_FROM, SourceData, source_data
from strategies.represent.encoding import Encoding
from strategies.request import Request

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Transferred:
    """A property's model, and what was decided of each source, as the report says it."""

    model: PropertyModel
    decisions: tuple[Mapping[str, Any], ...] = ()


def fit_with_sources(
    data: PropertyData, sources: Sequence[SourceData], together: Sequence[Group], method: str
) -> Transferred:
    """Fit one property from its own values and from sources; needs one value of either. Deterministic."""
    usable = [source for source in sources if len(source.data)]
    alone = fit_values(data, together) if len(data) else None
    if not usable:
        if alone is None:
            raise ValueError(f"no measured value of {data.name}")
        return Transferred(alone, tuple(_told(source, data, None, None) for source in sources))
    if alone is not None and alone.log and any(source.data.values.min() <= 0 for source in usable):
        alone = fit_values(data, together, logarithm=False)
    return _weighed(data, usable, together, load_method(method), alone, sources)


def _weighed(
    data: PropertyData,
    usable: Sequence[SourceData],
    together: Sequence[Group],
    method: Method,
    alone: PropertyModel | None,
    sources: Sequence[SourceData],
) -> Transferred:
    log = alone is not None and alone.log
    samples = [_standardized(source.data, log)[0] for source in usable]
    judged = len(data) >= JUDGED_FROM
    own, shift, scale = _standardized(data, log) if judged else _as_source(data, usable[0].data, log)
    found = verdicts(together, method, own, samples)
    learned = [
        method(together, own, sample, None) if verdict.weight else None
        for sample, verdict in zip(samples, found, strict=True)
    ]
    told = {
        source.name: _told(source, data, verdict, one)
        for source, verdict, one in zip(usable, found, learned, strict=True)
    }
    decisions = tuple(told.get(source.name) or _told(source, data, None, None) for source in sources)
    kept = [(one.process, verdict.weight) for one, verdict in zip(learned, found, strict=True) if one is not None]
    if not kept and alone is not None:
        return Transferred(alone, decisions)
    missing = 1.0 - sum(weight for _, weight in kept)
    if judged and alone is not None and missing > 0:
        kept.append((alone.gp, missing))
    gp = kept[0][0] if len(kept) == 1 else Averaged(*zip(*kept, strict=True))
    evidence = _evidence(max(kept, key=lambda each: each[1])[0], data, scale, log)
    return Transferred(PropertyModel(data.name, gp, shift, scale, log, evidence, tuple(data.warnings)), decisions)


def _standardized(data: PropertyData, log: bool) -> tuple[Sample, float, float]:
    """Values on the model's scale by their own moments, and these."""
    shift, scale = moments(np.log(data.values) if log else data.values)
    return _scaled(data, shift, scale, log), shift, scale


def _as_source(data: PropertyData, source: PropertyData, log: bool) -> tuple[Sample, float, float]:
    """As `_standardized`, by the moments of a source: of a handful of values one's own say little."""
    _, shift, scale = _standardized(source, log)
    return _scaled(data, shift, scale, log), shift, scale


def _scaled(data: PropertyData, shift: float, scale: float, log: bool) -> Sample:
    values = np.log(data.values) if log else data.values
    noise = known_noise(data, scale, log)
    return Sample(data.inputs, (values - shift) / scale, None if np.isnan(noise).any() else noise)


def _evidence(gp: GaussianProcess, data: PropertyData, scale: float, log: bool) -> float:
    """Log marginal likelihood of the own values, given the source's, in their unit."""
    mean = gp.prior(gp.inputs, gp.inputs)[0]
    fitted = -0.5 * float((gp.targets - mean) @ gp.weights) - float(torch.log(gp.factor.diagonal()).sum())
    jacobian = -len(data) * math.log(scale) - (float(np.log(data.values).sum()) if log else 0.0)
    return fitted - 0.5 * len(data) * math.log(2 * math.pi) + jacobian


_NOTHING = {"weight": 0.0, "judged_by": 0, "decision": "nothing to learn from"}


def _told(source: SourceData, data: PropertyData, verdict: Verdict | None, learned: Learned | None) -> dict[str, Any]:
    """What a report says of one source."""
    judged = asdict(verdict) if verdict is not None else _NOTHING
    return {
        "source": source.name,
        "property": data.name,
        "measured": source.measured,
        "left_out": source.left_out,
        "learned_from": len(source.data),
        **judged,
        "correlation": None if learned is None else learned.correlation,
    }


def fit_models(request: Request, encoding: Encoding, data: Mapping[str, PropertyData]) -> list[Transferred]:
    """Fit every property of a request (`data` by name), with its sources if it has any."""
    together = groups(encoding)
    return [
        fit_with_sources(
            one, [source_data(each, encoding, name) for each in request.sources], together, request.transfer
        )
        for name, one in data.items()
    ]


def source_inputs(request: Request, encoding: Encoding, names: Sequence[str]) -> Array:
    """Where the sources measured any of these properties (n x d)."""
    found = [source_data(each, encoding, name).data.inputs for each in request.sources for name in names]
    return np.vstack([np.zeros((0, encoding.dimensions)), *found])
