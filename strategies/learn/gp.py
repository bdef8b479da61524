"""One property: an exact Gaussian process on encoded inputs.

BoTorch's SingleTaskGP in float64 with its default covariance (RBF, dimension-scaled log-normal lengthscale priors,
Hvarfner et al. 2024), on standardized values, or on standardized logarithms where all values are positive and the
evidence prefers it (Jacobian counted; Snelson et al. 2003 with the choice kept to these two).
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.data import PropertyData

Array = NDArray[np.float64]

LOG_MARGIN = 2.0  # nats by which the logarithm must be better: a warp must earn its keep
LOG_SPAN = 2.0  # largest over smallest value below which a logarithm changes nothing worth a second fit
VARIANCE_FLOOR = 1e-6  # of the standardized values; smaller noise makes the covariance singular


@dataclass(frozen=True)
class PropertyModel:
    """A fitted GP. `gp` lives on standardized (and, with `log`, log-transformed) values: z = (t(y) - shift) / scale."""

    name: str
    gp: Any  # SingleTaskGP
    shift: float
    scale: float
    log: bool
    evidence: float  # log marginal likelihood of the values in their own unit
    warnings: tuple[str, ...] = ()

    def natural(self, z: Tensor) -> Tensor:
        """Model values back in the property's unit (any shape)."""
        plain = z * self.scale + self.shift
        return plain.exp() if self.log else plain

    def predict(self, inputs: Array) -> tuple[Array, Array]:
        """Posterior mean and standard deviation (m, m) of the noise-free property at m x d inputs, in its unit."""
        with torch.no_grad():
            posterior = self.gp.posterior(torch.as_tensor(inputs, dtype=torch.float64))
            mean = (posterior.mean.squeeze(-1) * self.scale + self.shift).numpy()
            variance = posterior.variance.clamp_min(0).squeeze(-1).numpy() * self.scale**2
        if not self.log:
            return mean, np.sqrt(variance)
        log_normal = np.exp(mean + variance / 2)
        return log_normal, log_normal * np.sqrt(np.expm1(variance))


def fit_property(data: PropertyData) -> PropertyModel:
    """Fit one property; needs at least one value. Deterministic."""
    if not len(data):
        raise ValueError(f"no measured value of {data.name}")
    plain = _fit(data, log=False)
    smallest, largest = float(data.values.min()), float(data.values.max())
    if smallest <= 0 or largest / smallest < LOG_SPAN or len(data) < 4:
        return plain
    logarithmic = _fit(data, log=True)
    return logarithmic if logarithmic.evidence > plain.evidence + LOG_MARGIN else plain


def _fit(data: PropertyData, log: bool) -> PropertyModel:
    from botorch.exceptions.errors import ModelFittingError
    from botorch.fit import fit_gpytorch_mll
    from gpytorch.mlls import ExactMarginalLogLikelihood

    model = _unfitted(data, log)
    likelihood = ExactMarginalLogLikelihood(model.gp.likelihood, model.gp)
    warnings = list(data.warnings)
    try:
        fit_gpytorch_mll(likelihood)
    except ModelFittingError as error:
        warnings.append(f"{data.name}: the fit failed ({error}); its prior hyperparameters are used")
        model = _unfitted(data, log)
    model.gp.eval()
    return replace(model, evidence=_evidence(model, data), warnings=tuple(warnings))


def _unfitted(data: PropertyData, log: bool) -> PropertyModel:
    from botorch.models import SingleTaskGP
    from botorch.settings import validate_input_scaling

    values = np.log(data.values) if log else data.values
    errors = data.standard_errors
    if errors is not None and log:
        errors = errors / data.values  # first order
    shift = float(values.mean())
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    scale = spread if spread > 1e-12 * max(1.0, abs(shift)) else 1.0
    targets = torch.as_tensor((values - shift) / scale, dtype=torch.float64).unsqueeze(-1)
    variances = None if errors is None else torch.as_tensor((errors / scale) ** 2, dtype=torch.float64)
    with validate_input_scaling(False):  # one value, or equal ones, cannot be standardized
        gp = SingleTaskGP(
            torch.as_tensor(data.inputs, dtype=torch.float64),
            targets,
            train_Yvar=None if variances is None else variances.clamp_min(VARIANCE_FLOOR).unsqueeze(-1),
            outcome_transform=None,
        )
    return PropertyModel(data.name, gp, shift, scale, log, evidence=0.0)


def training_covariance(model: PropertyModel) -> tuple[Tensor, Tensor, Tensor]:
    """Covariance with noise (n x n), residuals from the mean (n) and noise variances (n) of the training data."""
    gp = model.gp
    inputs = gp.train_inputs[0]
    prior = gp.mean_module(inputs).detach()
    covariance = gp.covar_module(inputs).to_dense().detach()
    noise = gp.likelihood.noise.detach().expand(len(inputs))
    return covariance + torch.diag(noise), gp.train_targets - prior, noise


def _evidence(model: PropertyModel, data: PropertyData) -> float:
    covariance, residuals, _ = training_covariance(model)
    factor = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(factor, residuals.unsqueeze(-1), upper=False)
    logarithm = -0.5 * float(white.square().sum()) - float(factor.diagonal().log().sum())
    count = len(data)
    jacobian = -count * math.log(model.scale) - (float(np.log(data.values).sum()) if model.log else 0.0)
    return logarithm - 0.5 * count * math.log(2 * math.pi) + jacobian
