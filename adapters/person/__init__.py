"""Steps done by hand: what a person is told."""

from adapters.person.instructions import instructions_for, placeholders

__all__ = ["instructions_for", "placeholders"]
