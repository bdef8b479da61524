"""Where CPU-bound work runs: local worker processes with deadlines."""

from adapters.compute.local import TaskFailed, WorkerDied, Workers

__all__ = ["TaskFailed", "WorkerDied", "Workers"]
