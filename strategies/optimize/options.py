"""Options of the strategies, as they stand in a campaign file."""

from pydantic import Field

from strategies.request import Plain


class NoOptions(Plain):
    """`random` and `sobol` take none."""


class BotorchOptions(Plain):
    """`start`: bounded points of the space-filling start; absent: 2 (d + 1), d the number of parameters.

    `explain`: whether a report tells expected gain, neighbours, sensitivities and slices.
    """

    start: int | None = Field(default=None, ge=1)
    explain: bool = True
