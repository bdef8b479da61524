"""Options of the strategies, as they stand in a campaign file."""

from pydantic import Field

from strategies.request import Plain


class NoOptions(Plain):
    """`random` and `sobol` take none."""


class BotorchOptions(Plain):
    """`start`: points of the space-filling start; what one model knows already, another point chosen by it tells more of.

    `explain`: whether a report tells expected gain, neighbours, sensitivities and slices.
    """

    start: int = Field(default=1, ge=1)
    explain: bool = True
