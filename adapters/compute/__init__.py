"""Where CPU-bound work runs: local worker processes with deadlines."""

from adapters.compute.local import TaskFailed, Workers

__all__ = ["TaskFailed", "Workers"]
