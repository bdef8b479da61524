"""A transition table: which event leads from which state to which, and nothing else."""

from dataclasses import dataclass


class ForbiddenTransition(ValueError):
    """The event cannot happen in this state."""


@dataclass(frozen=True)
class Transitions:
    """The life of one kind of thing. `table` maps state -> event -> next state; a state without events is final."""

    thing: str
    initial: str
    table: dict[str, dict[str, str]]

    def next(self, state: str, event: str) -> str:
        """Return the state after `event`, or raise `ForbiddenTransition`."""
        if (after := self.table[state].get(event)) is None:
            raise ForbiddenTransition(f"{self.thing} is {state}: {event!r} is not possible")
        return after

    def allows(self, state: str, event: str) -> bool:
        """Say whether `event` can happen in `state`."""
        return event in self.table[state]

    def final(self, state: str) -> bool:
        """Say whether nothing can happen any more."""
        return not self.table[state]

    @property
    def open_states(self) -> frozenset[str]:
        """States that are not final."""
        return frozenset(state for state, events in self.table.items() if events)
