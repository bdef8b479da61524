"""Warnings that a person should see about fitted models and where they have led."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strategies.learn.gp import PropertyModel
from strategies.represent.encoding import Column, Encoding
from strategies.spaces.settings import levels

Array = NDArray[np.float64]

FEW = 8  # values below which leave-one-out says little
POOR = 0.1  # R2
LEADERS = 3  # best points that must all sit at the limit
MATTERS = 0.05  # share of the variation below which a parameter's limit is not worth a word
EDGE = 1e-6


def health(models: Sequence[PropertyModel], descriptions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong, or not yet right, with the models."""
    return [note for model in models for note in (*model.warnings, *_notes(model, descriptions[model.name]))]


def _notes(model: PropertyModel, described: Mapping[str, Any]) -> list[str]:
    name, count, quality = model.name, described["n"], described["leave_one_out_r2"]
    notes = []
    free = len(model.gp.kernel.lengthscales) + 3  # variance, noise and mean
    if count < free:
        notes.append(f"{name}: {count} values for {free} parameters of the model: it says mostly what was assumed")
    if count < FEW or quality is None:
        return notes
    if quality < POOR:
        notes.append(
            f"{name}: no signal, left-out points are predicted no better than by their mean (R2 {quality:.2f})"
        )
    effect = float(model.gp.marginal(model.gp.inputs)[0].std()) * model.scale
    noise = described["noise_standard_deviation"]
    if noise > effect:
        notes.append(f"{name}: the noise ({noise:.2g}) is larger than all effects found ({effect:.2g})")
    return notes


def saturated(encoding: Encoding, leaders: Array, shares: Mapping[str, float]) -> list[str]:
    """The numbers that matter and whose limit all the best points (l x d) sit at; `shares` are sensitivities."""
    if len(leaders) < LEADERS:
        return []
    notes = []
    for column in encoding.columns:
        if shares.get(column.name, 0.0) < MATTERS or not _may_widen(encoding, column):
            continue
        values = leaders[:LEADERS, column.start]
        for end, at_end in (("lowest", values <= EDGE), ("highest", values >= 1.0 - EDGE)):
            if at_end.all():
                notes.append(f"the best {LEADERS} points have the {end} {column.name}: a wider range may be better")
    return notes


def _may_widen(encoding: Encoding, column: Column) -> bool:
    """A declared number with more than a few levels; a pool's rows are what they are."""
    parameter = encoding.space.parameters.get(column.name)
    if column.choices or parameter is None or encoding.space.pool is not None:
        return False
    count = levels(parameter)
    return count is None or count > LEADERS
