"""The covariance of every Gaussian process here: a product over parameters.

k(x, x') = s * prod_g k_g(x, x'): each parameter g that is a number, an ordered label or a label (0/1) contributes a
Matern-5/2 function of its own distance over its own lengthscale, a label with descriptors one for each principal
component of them, and a fingerprint the Tanimoto similarity (Ralaivola et al. 2005). A category with one lengthscale
over its 0/1 columns has one correlation between any two labels: the kernel of Ru et al. 2020 and Pelamatti et al. 2019
("compound symmetry").

Twice the same formula: in numpy with derivatives for the fit (`correlations`), in torch for predictions (`covariance`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]

ROOT5 = math.sqrt(5.0)
TINY = 1e-24  # squared distance below which two points are one: keeps the root's derivative finite


@dataclass(frozen=True, eq=False)
class Group:
    """Columns that belong together: `matern` ones share a lengthscale, `tanimoto` ones are one fingerprint.

    Lengthscales are in units of `width`, the largest distance within the space. With a `direction` (one weight for each
    column) the columns count by their sum under these weights alone; `owner`: whose group it is.
    """

    name: str
    start: int
    size: int
    width: float = 1.0
    kind: Literal["matern", "tanimoto"] = "matern"
    direction: Array | None = None
    owner: str | None = None

    @property
    def parameter(self) -> str:
        """The parameter that it belongs to: its owner's name, or its own."""
        return self.name if self.owner is None else self.owner

    @property
    def columns(self) -> slice:
        """Its columns."""
        return slice(self.start, self.start + self.size)

    def of(self, X: Tensor) -> Tensor:
        """Its part of ... x d inputs."""
        part = X[..., self.columns]
        return part if self.direction is None else part @ torch.as_tensor(self.direction).unsqueeze(-1)


@dataclass(frozen=True)
class Kernel:
    """A covariance with its values: one lengthscale for each `matern` group, and the prior variance."""

    groups: tuple[Group, ...]
    lengthscales: tuple[float, ...]
    variance: float

    def factors(self, X: Tensor, Z: Tensor) -> dict[str, Tensor]:
        """Each parameter's correlation alone, m x d and n x d -> m x n: their product times the variance is all."""
        lengthscales = iter(self.lengthscales)
        found: dict[str, Tensor] = {}
        for group in self.groups:
            left, right = group.of(X), group.of(Z)
            if group.kind == "tanimoto":
                factor = _tanimoto(left, right)
            else:
                distance = _distance(left, right) * (ROOT5 / (next(lengthscales) * group.width))
                factor = (1.0 + distance + distance.square() / 3.0) * torch.exp(-distance)
            found[group.parameter] = found[group.parameter] * factor if group.parameter in found else factor
        return found

    def covariance(self, X: Tensor, Z: Tensor) -> Tensor:
        """... x m x d and ... x n x d -> ... x m x n; differentiable."""
        matern = [group for group in self.groups if group.kind == "matern"]
        exponent: Tensor | float = 0.0
        polynomial: Tensor | float = self.variance
        for group, lengthscale in zip(matern, self.lengthscales, strict=True):
            distance = _distance(group.of(X), group.of(Z)) * (ROOT5 / (lengthscale * group.width))
            exponent = exponent + distance
            polynomial = polynomial * (1.0 + distance + distance.square() / 3.0)
        value = polynomial * torch.exp(-torch.as_tensor(exponent))
        for group in self.groups:
            if group.kind == "tanimoto":
                value = value * _tanimoto(group.of(X), group.of(Z))
        return torch.as_tensor(value)


def _distance(X: Tensor, Z: Tensor) -> Tensor:
    if X.shape[-1] == 1:
        return (X - Z.transpose(-1, -2)).abs()
    squares = X.square().sum(-1, keepdim=True) + Z.square().sum(-1).unsqueeze(-2) - 2.0 * X @ Z.transpose(-1, -2)
    return squares.clamp_min(TINY).sqrt()


def _tanimoto(X: Tensor, Z: Tensor) -> Tensor:
    """<x, z> / (<x, x> + <z, z> - <x, z>); two empty fingerprints are alike."""
    product = X @ Z.transpose(-1, -2)
    total = X.square().sum(-1, keepdim=True) + Z.square().sum(-1).unsqueeze(-2)
    return (product + TINY) / (total - product + TINY)


def scaled_distances(groups: Sequence[Group], inputs: Array) -> tuple[Array, Array]:
    """Root-5 times the distances within n x d inputs (g x n x n, `matern` groups), and the Tanimoto part (n x n)."""
    rows = torch.as_tensor(inputs)
    matern = [group for group in groups if group.kind == "matern"]
    distances = np.empty((len(matern), len(inputs), len(inputs)))
    for place, group in enumerate(matern):
        distances[place] = _distance(group.of(rows), group.of(rows)).numpy() * (ROOT5 / group.width)
    similarity = np.ones((len(inputs), len(inputs)))
    for group in groups:
        if group.kind == "tanimoto":
            similarity *= _tanimoto(group.of(rows), group.of(rows)).numpy()
    return distances, similarity


def correlations(distances: Array, lengthscales: Array) -> tuple[Array, Array]:
    """Product of the Matern-5/2 functions (n x n) and its logarithm's derivatives by log lengthscale (g x n x n)."""
    scaled = distances / lengthscales[:, None, None]
    squares = np.square(scaled)
    polynomial = 1.0 + scaled + squares / 3.0
    product = np.exp(-scaled.sum(axis=0)) * polynomial.prod(axis=0)
    return product, squares * (1.0 + scaled) / (3.0 * polynomial)
