"""One property: a Gaussian process on encoded inputs, exact up to `EXACT` values.

Covariance: `kernel.py`; hyperparameters: `fitting.py`; float64. The values are standardized, or their logarithms are,
where all are positive and the evidence prefers it (Jacobian counted; Snelson et al. 2003 with the choice kept to these
two). A value that all others speak against is taken with the error that it seems to have, and told.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.data import PropertyData
from strategies.learn.fitting import SAMPLE, Fit, Priors, fit, spread
from strategies.learn.kernel import Group
from strategies.learn.outliers import contradicts, most, stands_out
from strategies.learn.process import GaussianProcess
from strategies.learn.sparse import SparseProcess, inducing_points
from strategies.represent.encoding import Column, Encoding

Array = NDArray[np.float64]

MANY = 20  # numbers of a pool up to which each has its own lengthscale
LOG_MARGIN = 2.0  # nats by which the logarithm must be better: a warp must earn its keep
LOG_SPAN = 2.0  # largest over smallest value below which a logarithm changes nothing worth a second fit
VARIANCE = 0.9  # share of the descriptors' variance that their principal components hold
STANDARD = Priors()
MOST_OFF = 1e6  # standard deviations: an absurd value is as absurd as this, and its square is a number
EXACT = 1500  # values up to which the posterior is exact: it grows with their cube
VARIANCE_FLOOR = 1e-6  # of the standardized values; smaller noise makes the covariance singular


@dataclass(frozen=True)
class PropertyModel:
    """A fitted GP on standardized (and, with `log`, log-transformed) values: z = (t(y) - shift) / scale."""

    name: str
    gp: GaussianProcess
    shift: float
    scale: float
    log: bool
    evidence: float  # log marginal likelihood of the values that were fitted to, in their own unit
    warnings: tuple[str, ...] = ()
    outliers: tuple[int, ...] = ()  # their places among the values; in the process they stand last

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
            return self.moments(*self.gp.marginal(torch.as_tensor(inputs, dtype=torch.float64)))

    def moments(self, middle: Tensor, spread: Tensor) -> tuple[Array, Array]:
        """Means and variances on the model's scale as means and standard deviations in the property's unit."""
        mean, variance = (middle * self.scale + self.shift).numpy(), spread.numpy() * self.scale**2
        if not self.log:
            return mean, np.sqrt(variance)
        log_normal = np.exp(mean + variance / 2)
        return log_normal, log_normal * np.sqrt(np.expm1(variance))


def groups(encoding: Encoding) -> tuple[Group, ...]:
    """One group for each parameter: a number, an ordered label, a category, a fingerprint; of descriptors several.

    More than `MANY` numbers of a pool are descriptors of its rows, mostly of one another's kind: a lengthscale for each
    is more than a campaign's few points can tell. Those side by side are one group with one lengthscale. (Tried on the
    170 columns of spacier_polymers and the RDKit descriptors of ESOL, from 10 to 100 points: principal components or
    clusters of columns with lengthscales of their own predict worse or no better; whether columns are scaled by their
    range, standardized, ranked or left as they are makes little difference.)
    """
    scales = encoding.scales()
    described, found = is_described(encoding), list[Group]()
    for is_number, columns in groupby(encoding.columns, lambda column: column.kind == "number"):
        if is_number and described:
            found.append(_together(list(columns)))
        else:
            found += [group for column in columns for group in _alone(column, 1.0 / float(scales[column.start]))]
    return tuple(found)


def is_described(encoding: Encoding) -> bool:
    """Whether the space is a pool whose rows are described by more than `MANY` numbers."""
    return encoding.space.pool is not None and sum(one.kind == "number" for one in encoding.columns) > MANY


def _alone(column: Column, width: float) -> list[Group]:
    if column.kind == "descriptors" and column.block is not None:
        directions = principal_directions(column.block)
        names = [f"{column.name} component {place + 1}" for place in range(len(directions))]
        return [
            Group(name, column.start, column.size, direction=direction, owner=column.name)
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


def _together(columns: Sequence[Column]) -> Group:
    """Numbers side by side; their width is the root mean square of the distances between two rows."""
    first, last = columns[0], columns[-1]
    width = math.sqrt(2.0 * sum(column.deviation**2 for column in columns))
    name = first.name if first is last else f"{first.name} to {last.name}"
    return Group(name, first.start, len(columns), width or 1.0)


def fit_property(data: PropertyData, together: Sequence[Group], priors: Priors = STANDARD) -> PropertyModel:
    """Fit one property; needs at least one value. Deterministic."""
    if not len(data):
        raise ValueError(f"no measured value of {data.name}")
    model, rest = fit_values(data, together, priors), data
    kept, outliers = list(range(len(data))), list[int]()
    while len(outliers) < most(len(data)):
        means, variances = model.gp.left_out()
        place = stands_out(model.gp.targets.numpy(), means.numpy(), variances.sqrt().numpy())
        if place is None:
            break
        others = rest.without([place])
        judge = fit_values(others, together, priors)
        if not _speaks_against(judge, rest, place):
            break
        model, rest = judge, others
        outliers.append(kept.pop(place))
    return _with_outliers(model, data, outliers) if outliers else model


def _speaks_against(model: PropertyModel, data: PropertyData, place: int) -> bool:
    """Whether a model of all the others contradicts a value."""
    target, mean, variance = _predicted(model, data, place)
    own = known_noise(data, model.scale, model.log)[place]
    noise = float(model.gp.noise.mean()) if math.isnan(own) else float(own)
    return contradicts(target - mean, variance + noise)


def _predicted(model: PropertyModel, data: PropertyData, place: int) -> tuple[float, float, float]:
    """A value on the model's scale, and its predicted mean and variance there."""
    mean, variance = model.gp.marginal(torch.as_tensor(data.inputs[place][None]))
    return model.standardized(float(data.values[place])), float(mean), float(variance)


def _with_outliers(model: PropertyModel, data: PropertyData, places: Sequence[int]) -> PropertyModel:
    """The model that has seen them too, each with the error that it seems to have."""
    targets, notes = [], []
    for place in places:
        target, mean, variance = _predicted(model, data, place)
        deviation = min(max(target - mean, -MOST_OFF), MOST_OFF)
        targets.append((mean + deviation, deviation**2))
        notes.append(
            f"{data.name}: {data.values[place]:.6g} at {data.where(place)} contradicts all other values "
            f"({abs(deviation) / math.sqrt(variance):.2g} standard deviations off): it hardly counts; measure it again"
        )
    seen, noise = torch.tensor(targets, dtype=torch.float64).T
    gp = model.gp.given(torch.as_tensor(data.inputs[list(places)]), seen, noise)
    return replace(model, gp=gp, outliers=tuple(places), warnings=(*model.warnings, *notes))


def fit_values(
    data: PropertyData, together: Sequence[Group], priors: Priors = STANDARD, logarithm: bool = True
) -> PropertyModel:
    """Fit all values, no outlier among them; their logarithms, where these may be and the evidence prefers them."""
    plain = _fit(data, together, priors, log=False)
    smallest, largest = float(data.values.min()), float(data.values.max())
    if not logarithm or smallest <= 0 or largest / smallest < LOG_SPAN or len(data) < 4:
        return plain
    logarithmic = _fit(data, together, priors, log=True)
    return logarithmic if logarithmic.evidence > plain.evidence + LOG_MARGIN else plain


def _fit(data: PropertyData, together: Sequence[Group], priors: Priors, log: bool) -> PropertyModel:
    values = np.log(data.values) if log else data.values
    shift, scale = moments(values)
    targets = (values - shift) / scale
    fitted = fit(together, data.inputs, targets, known_noise(data, scale, log), priors)
    return PropertyModel(
        data.name,
        process(fitted, data.inputs, targets),
        shift,
        scale,
        log,
        evidence=fitted.evidence + _jacobian(data.values[spread(len(data), SAMPLE)], scale, log),
        warnings=tuple(data.warnings),
    )


def known_noise(data: PropertyData, scale: float, log: bool) -> Array:
    """Variances of the measurements on the model's scale (n), NaN where they are not known."""
    if data.standard_errors is None:
        return np.full(len(data), np.nan)
    errors = data.standard_errors / data.values if log else data.standard_errors  # first order
    return np.maximum((errors / scale) ** 2, VARIANCE_FLOOR)


def process(fitted: Fit, inputs: Array, targets: Array) -> GaussianProcess:
    """The Gaussian process of a fit, given n targets at n x d inputs; sparse where there are more than `EXACT`."""
    rows, values, noise = (torch.as_tensor(each) for each in (inputs, targets, fitted.noise))
    if len(rows) <= EXACT:
        return GaussianProcess(fitted.kernel, fitted.mean, rows, values, noise)
    inducing = inducing_points(fitted.kernel, rows, values)
    return SparseProcess(fitted.kernel, fitted.mean, rows, values, noise, inducing)


def moments(values: Array) -> tuple[float, float]:
    """To standardize n values: mean and standard deviation; 1 for the latter where there is none."""
    shift = float(values.mean())
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return shift, spread if spread > 1e-12 * max(1.0, abs(shift)) else 1.0


def _jacobian(values: Array, scale: float, log: bool) -> float:
    return -len(values) * math.log(scale) - (float(np.log(values).sum()) if log else 0.0)
