"""The life of a sample: made by a step, there for later ones, until a step uses it up."""

from controller.loop.transitions import Transitions

SAMPLE = Transitions(
    "sample",
    "available",
    {
        "available": {"use-up": "used-up"},
        "used-up": {},
    },
)
