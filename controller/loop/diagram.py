"""Draw the transition tables: `python -m controller.loop.diagram` writes `TRANSITIONS.md` beside this module."""

from collections.abc import Iterator
from pathlib import Path

from controller.loop import TABLES, Transitions

DOCUMENT = Path(__file__).with_name("TRANSITIONS.md")
HEAD = """# Transitions

The life of each thing of the loop: an arrow is an event that can happen in a state. Nothing else can happen.
Written by `python -m controller.loop.diagram` from the tables in this folder; a test keeps it current.
"""


def render() -> str:
    """The whole document."""
    return "\n".join([HEAD, *(_section(table) for table in TABLES)])


def _section(table: Transitions) -> str:
    return "\n".join([f"## {table.thing.capitalize()}", "", "```mermaid", *_diagram(table), "```", ""])


def _diagram(table: Transitions) -> Iterator[str]:
    yield "stateDiagram-v2"
    for state in table.table:
        if _name(state) != state:
            yield f'    state "{state}" as {_name(state)}'
    yield f"    [*] --> {_name(table.initial)}"
    for state, events in table.table.items():
        for event, after in events.items():
            yield f"    {_name(state)} --> {_name(after)}: {event}"
        if table.final(state):
            yield f"    {_name(state)} --> [*]"


def _name(state: str) -> str:
    return state.replace("-", "_")  # Mermaid reads a hyphen as part of an arrow


if __name__ == "__main__":
    DOCUMENT.write_text(render(), encoding="utf-8")
