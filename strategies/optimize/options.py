"""Options of the strategies, as they stand in a campaign file."""

from typing import Literal

from pydantic import Field

from strategies.request import Plain


class NoOptions(Plain):
    """`random` and `sobol` take none."""


class BotorchOptions(Plain):
    """`start`: points of the space-filling start, before a model is asked: it chooses well from the second one on.

    `model`: `standard`, or `saas` where only a few of many parameters matter. `explain`: whether a report tells
    expected gain, neighbours, sensitivities and slices.
    """

    start: int = Field(default=1, ge=1)
    model: Literal["standard", "saas"] = "standard"
    explain: bool = True
