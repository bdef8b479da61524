"""One property: an exact Gaussian process on encoded inputs.

Covariance: `kernel.py`; hyperparameters: `fitting.py`; float64. The values are standardized, or their logarithms are,
where all are positive and the evidence prefers it (Jacobian counted; Snelson et al. 2003 with the choice kept to these
two). A value that all others speak against is taken with the error that it seems to have, and told.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.data import PropertyData
from strategies.learn.fitting import Fit, Priors, fit
from strategies.learn.kernel import Group
from strategies.learn.process import GaussianProcess
from strategies.represent.encoding import Column, Encoding

Array = NDArray[np.float64]

LOG_MARGIN = 2.0  # nats by which the logarithm must be better: a warp must earn its keep
LOG_SPAN = 2.0  # largest over smallest value below which a logarithm changes nothing worth a second fit
VARIANCE = 0.9  # share of the descriptors' variance that their principal components hold
VARIANCE_FLOOR = 1e-6  # of the standardized values; smaller noise makes the covariance singular


@dataclass(frozen=True)
class PropertyModel:
    """A fitted GP on standardized (and, with `log`, log-transformed) values: z = (t(y) - shift) / scale."""

    name: str
    gp: GaussianProcess
    shift: float
    scale: float
    log: bool
    evidence: float  # log marginal likelihood of the values in their own unit
    warnings: tuple[str, ...] = ()

    def natural(self, z: Tensor) -> Tensor:
        """Model values back in the property's unit (any shape)."""
        plain = z * self.scale + self.shift
        return plain.exp() if self.log else plain

    def standardized(self, value: float) -> float:
        """A value of the property on the model's scale; minus infinity for what has no logarithm."""
        if self.log and value <= 0:
            return -math.inf
        return ((math.log(value) if self.log else value) - self.shift) / self.scale

    def predict(self, inputs: Array) -> tuple[Array, Array]:
        """Posterior mean and standard deviation (m, m) of the noise-free property at m x d inputs, in its unit."""
        with torch.no_grad():
            middle, spread = self.gp.marginal(torch.as_tensor(inputs, dtype=torch.float64))
        mean, variance = (middle * self.scale + self.shift).numpy(), spread.numpy() * self.scale**2
        if not self.log:
            return mean, np.sqrt(variance)
        log_normal = np.exp(mean + variance / 2)
        return log_normal, log_normal * np.sqrt(np.expm1(variance))


def groups(encoding: Encoding) -> tuple[Group, ...]:
    """One group for each parameter: a number, an ordered label, a category, a fingerprint; of descriptors several."""
    scales = encoding.scales()
    return tuple(group for column in encoding.columns for group in _groups(column, 1.0 / float(scales[column.start])))


def _groups(column: Column, width: float) -> list[Group]:
    if column.kind == "descriptors" and column.block is not None:
        directions = principal_directions(column.block)
        names = [f"{column.name} component {place + 1}" for place in range(len(directions))]
        return [
            Group(name, column.start, column.size, direction=direction)
            for name, direction in zip(names, directions, strict=True)
        ]
    kind: Literal["matern", "tanimoto"] = "tanimoto" if column.kind == "fingerprint" else "matern"
    return [Group(column.name, column.start, column.size, width, kind)]


def principal_directions(block: Array) -> Array:
    """Directions (k x p) that hold `VARIANCE` of the variance of levels x p descriptors, each with a range of 1.

    Scaled alike: what decides is not how many descriptors happen to say the same, but how a property follows them.
    """
    centred = block - block.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    shares = np.cumsum(sizes**2) / np.sum(sizes**2)
    kept = directions[: int(np.argmax(shares >= VARIANCE)) + 1]
    kept = kept * np.sign(kept[np.arange(len(kept)), np.argmax(np.abs(kept), axis=1)])[:, None]  # one sign everywhere
    return np.asarray(kept / np.ptp(centred @ kept.T, axis=0)[:, None])


def fit_property(data: PropertyData, together: Sequence[Group]) -> PropertyModel:
    """Fit one property; needs at least one value. Deterministic."""
    if not len(data):
        raise ValueError(f"no measured value of {data.name}")
    plain = _fit(data, together, log=False)
    smallest, largest = float(data.values.min()), float(data.values.max())
    if smallest <= 0 or largest / smallest < LOG_SPAN or len(data) < 4:
        return plain
    logarithmic = _fit(data, together, log=True)
    return logarithmic if logarithmic.evidence > plain.evidence + LOG_MARGIN else plain


def _fit(data: PropertyData, together: Sequence[Group], log: bool) -> PropertyModel:
    values = np.log(data.values) if log else data.values
    errors = data.standard_errors
    if errors is not None and log:
        errors = errors / data.values  # first order
    shift, scale = _moments(values)
    targets = (values - shift) / scale
    known = None if errors is None else np.maximum((errors / scale) ** 2, VARIANCE_FLOOR)
    fitted = fit(together, data.inputs, targets, known, Priors())
    return PropertyModel(
        data.name,
        process(fitted, data.inputs, targets),
        shift,
        scale,
        log,
        evidence=fitted.evidence + _jacobian(data.values, scale, log),
        warnings=tuple(data.warnings),
    )


def process(fitted: Fit, inputs: Array, targets: Array) -> GaussianProcess:
    """The Gaussian process of a fit, given n targets at n x d inputs."""
    return GaussianProcess(
        fitted.kernel, fitted.mean, torch.as_tensor(inputs), torch.as_tensor(targets), torch.as_tensor(fitted.noise)
    )


def _moments(values: Array) -> tuple[float, float]:
    """Mean and standard deviation; 1 for the latter where there is none."""
    shift = float(values.mean())
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return shift, spread if spread > 1e-12 * max(1.0, abs(shift)) else 1.0


def _jacobian(values: Array, scale: float, log: bool) -> float:
    return -len(values) * math.log(scale) - (float(np.log(values).sum()) if log else 0.0)
