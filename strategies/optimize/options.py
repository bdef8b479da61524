"""Options of the strategies, as they stand in a campaign file."""

from typing import Literal

from pydantic import Field

from strategies.request import Plain


class NoOptions(Plain):
    """`random` and `sobol` take none."""


class BotorchOptions(Plain):
    """`start`: points of the space-filling start; absent: one, and one for each number of more than three values.

    (The first points that a model chooses are corners, so that it learns nothing of the inside of a range; labels and
    coarse grids have none. See decision 019.)

    `model`: `standard`, or `saas` where only a few of many parameters matter. `explain`: whether a report tells
    expected gain, neighbours, sensitivities and slices.
    """

    start: int | None = Field(default=None, ge=1)
    model: Literal["standard", "saas"] = "standard"
    explain: bool = True
