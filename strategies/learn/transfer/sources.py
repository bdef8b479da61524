"""What a source measured of a property, as numbers that a model can use.

Rows that do not belong to the space, or have a label of which nothing is known, are left out and counted. Of more than
`MOST` rows those are taken that stand evenly in the order of their values, the least and the largest among them: the
ends tell where to look, and the cost of a fit grows with the third power of their number.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strategies.learn.data import PropertyData, modelled_properties, property_data, values_of
from strategies.represent.encoding import Encoding
from strategies.request import Candidate, Request, Source
from strategies.spaces import CandidateError, values_in
from strategies.spaces.settings import Setting

Array = NDArray[np.float64]

MOST = 300
JUDGED_FROM = 5  # own values; before that a source is taken at its word, for half of the points


@dataclass(frozen=True)
class SourceData:
    """The data of one property from a source; `measured` values in all, of which `left_out` do not fit this space."""

    name: str
    data: PropertyData
    measured: int
    left_out: int


def source_data(source: Source, encoding: Encoding, name: str) -> SourceData:
    """Collect what a source measured of a property."""
    pairs = [
        (values, value)
        for row in source.observations
        for value in row.values
        if value.property == name and value.status != "out-of-range"
        for values in [_placed(encoding, row.candidate)]
    ]
    fitting = [(values, value) for values, value in pairs if values is not None]
    data = values_of(name, encoding.encode_values([values for values, _ in fitting]), [each for _, each in fitting])
    return SourceData(
        source.name, thinned(data), len(pairs) + source.left_out, len(pairs) - len(fitting) + source.left_out
    )


def have_values(request: Request, encoding: Encoding) -> bool:
    """Whether some source has measured every property that is to be modelled."""
    return all(
        any(len(source_data(source, encoding, name).data) for source in request.sources)
        for name in modelled_properties(request)
    )


def is_waiting(request: Request, encoding: Encoding) -> bool:
    """Whether there are too few own values to judge a source by."""
    own = min(len(property_data(request, encoding, name)) for name in modelled_properties(request))
    return own < JUDGED_FROM


def _placed(encoding: Encoding, candidate: Candidate) -> Mapping[str, Setting] | None:
    """The candidate's values in the space's units, if the model knows where each of them lies."""
    try:
        values = values_in(encoding.space, candidate)
    except CandidateError:
        return None
    known = all(column.places_it(values[column.name]) for column in encoding.columns)
    return values if known else None


def thinned(data: PropertyData) -> PropertyData:
    """All rows, or `MOST` of them, evenly in the order of their values; the order of rows stays."""
    if len(data) <= MOST:
        return data
    ranks = np.linspace(0, len(data) - 1, MOST).round().astype(np.intp)
    kept = np.sort(np.argsort(data.values, kind="stable")[ranks])
    errors = None if data.standard_errors is None else data.standard_errors[kept]
    return PropertyData(data.name, data.inputs[kept], data.values[kept], errors, [], data.warnings)
