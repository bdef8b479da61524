"""How much each parameter matters to a fitted model, and how its prediction runs along one of them.

The covariance is a product over the parameters: with all factors but one multiplied once, that one can take any value
at the cost of a small matrix product, and nothing is predicted point by point.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.gp import PropertyModel
from strategies.learn.kernel import Kernel

Array = NDArray[np.float64]

LEAST = 1e-12  # of the variance: less is rounding


def sensitivities(model: PropertyModel, background: Array) -> dict[str, float]:
    """Each parameter's share of what the posterior mean varies by, on the model's scale; all 0 where it is constant.

    Total-effect indices (Homma and Saltelli 1996): the variance that remains when all the other parameters are known,
    averaged over `background` (b x d: points of the space) with the parameter's own values drawn from the same points;
    divided by their sum, which counts an interaction for each parameter in it. None are told of several tasks modelled
    together: their covariance is no product over the parameters.
    """
    gp = model.gp
    rows = torch.as_tensor(background)
    if not gp.separable or not isinstance(gp.kernel, Kernel):
        return {}
    named = gp.kernel.factors(rows, gp.support)
    factors = torch.stack(list(named.values()))
    others = _products_of_others(factors)
    means = torch.matmul(others * (gp.kernel.variance * gp.weights), factors.transpose(-1, -2))  # g x b x b
    left = means.var(dim=-1, correction=0).mean(dim=-1)
    total = float(left.sum())
    shares = left / total if total > LEAST * gp.kernel.variance else torch.zeros_like(left)
    return {name: float(share) for name, share in zip(named, shares, strict=True)}


def along(model: PropertyModel, point: Array, name: str, rows: Array) -> tuple[Array, Array]:
    """Mean and standard deviation (l, l) in the property's unit at a point (d) whose columns `name` are those of rows.

    `rows` are l x d; of each only the columns of that parameter count.
    """
    gp = model.gp
    moved = torch.as_tensor(np.repeat(point[None], len(rows), axis=0))
    columns = next(group.columns for group in gp.kernel.groups if group.parameter == name)
    moved[:, columns] = torch.as_tensor(rows)[:, columns]
    with torch.no_grad():
        return model.moments(*gp.marginal(moved))


def _products_of_others(factors: Tensor) -> Tensor:
    """For each of g x m x n factors the product of all the others: by running products, as a factor may be 0."""
    ones = torch.ones_like(factors[:1])
    before = torch.cat([ones, factors[:-1].cumprod(0)])
    after = torch.cat([factors[1:].flip(0).cumprod(0).flip(0), ones])
    return before * after
