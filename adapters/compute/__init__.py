"""Where CPU-bound work runs: local worker processes with deadlines."""

from adapters.compute.local import Failure, TaskFailed, WorkerDied, Workers

__all__ = ["Failure", "TaskFailed", "WorkerDied", "Workers"]
