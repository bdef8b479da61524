"""How well a property model predicts: what it says of each measured value from all the others.

The hyperparameters stay as they were fitted to all values; the predictions without one value then follow in closed form
(Rasmussen and Williams 2006, section 5.4.2, eq. 5.10-5.12).
"""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.fitting import SAMPLE, spread
from strategies.learn.gp import PropertyModel
from strategies.learn.sparse import SparseProcess

Array = NDArray[np.float64]

MOST = 200  # points that a report holds; of more they are taken evenly, in the order of measurement
LEVELS = (0.5, 0.68, 0.8, 0.9, 0.95)
WIDTH_95 = 1.96  # standard deviations on each side
DIGITS = 6
LARGEST = 1e300


def leave_one_out(model: PropertyModel) -> tuple[Array, Array, Array]:
    """Standardized targets, their leave-one-out means and standard deviations, noise included (n each); no outliers.

    What was measured of other tasks than the model's own takes part, and is not told.
    """
    means, variances = model.gp.left_out()
    kept = own_values(model)
    return model.gp.targets[kept].numpy(), means[kept].numpy(), variances[kept].sqrt().numpy()


def own_values(model: PropertyModel) -> Any:
    """Which of the process's values are the property's own: not of other tasks, and no outliers, which stand last."""
    return slice(0, len(model.gp.targets) - len(model.outliers)) if model.outliers else model.gp.own


def describe(model: PropertyModel) -> dict[str, Any]:
    """The model in numbers: lengthscales (in units of each column's range), noise, leave-one-out quality."""
    kernel = model.gp.kernel
    names = [group.name for group in kernel.groups if group.kind == "matern"]
    return {
        "n": int(model.gp.own.sum()),
        **_method(model),
        "scale": "logarithmic" if model.log else "linear",
        "lengthscales": dict(zip(names, kernel.lengthscales, strict=True)),
        "signal_standard_deviation": math.sqrt(kernel.variance) * model.scale,  # on the scale named above, as the noise
        "leave_one_out_r2": None,
        **(_quality(model) if len(model.gp.targets) else {}),  # with sources a model may have no own value yet
    }


def _quality(model: PropertyModel) -> dict[str, Any]:
    targets, means, deviations = leave_one_out(model)
    total = float(((targets - targets.mean()) ** 2).sum())
    return {
        "noise_standard_deviation": float(model.gp.noise[own_values(model)].mean().sqrt()) * model.scale,
        "leave_one_out_r2": 1.0 - float(((targets - means) ** 2).sum()) / total if total > 0 else None,
        "leave_one_out_coverage_95": float(np.mean(np.abs(targets - means) <= WIDTH_95 * deviations)),
        "leave_one_out": left_out_points(model, targets, means, deviations),
        "calibration": calibration(targets, means, deviations),
    }


def _method(model: PropertyModel) -> dict[str, Any]:
    """How the values were used: all alike, or, of a long history, through inducing points."""
    told: dict[str, Any] = {"method": "exact", "fitted_to": len(spread(len(model.gp.targets), SAMPLE))}
    if isinstance(model.gp, SparseProcess):
        told |= {"method": "sparse", "inducing_points": len(model.gp.support)}
    return told


def left_out_points(model: PropertyModel, targets: Array, means: Array, deviations: Array) -> dict[str, list[float]]:
    """Measured values, their predictions (medians) and the 95 % intervals, in the unit of the property."""
    kept = np.unique(np.linspace(0, len(targets) - 1, min(len(targets), MOST)).round().astype(int))
    half = WIDTH_95 * deviations
    columns = {"measured": targets, "predicted": means, "low": means - half, "high": means + half}
    return {name: _rounded(model.natural(torch.as_tensor(each[kept]))) for name, each in columns.items()}


def calibration(targets: Array, means: Array, deviations: Array) -> list[list[float]]:
    """Pairs: the probability of a central interval, and the share of left-out values that lie within it."""
    spread = np.abs(targets - means) / deviations
    inside = torch.erf(torch.as_tensor(spread) / 2**0.5).numpy()
    return [[level, float(np.mean(inside <= level))] for level in LEVELS]


def _rounded(values: Tensor) -> list[float]:
    """Short, and numbers also where a logarithm's interval ends beyond all of them."""
    finite = torch.nan_to_num(values, nan=LARGEST, posinf=LARGEST, neginf=-LARGEST)
    return [float(f"{value:.{DIGITS}g}") for value in finite.tolist()]
