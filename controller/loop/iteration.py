"""The life of an iteration: a strategy is asked once, and answers or fails."""

from controller.loop.transitions import Transitions

ITERATION = Transitions(
    "iteration",
    "running",
    {
        "running": {"finish": "done", "fail": "failed"},
        "done": {},
        "failed": {},
    },
)
