"""Tables for people."""

from collections.abc import Iterable, Sequence
from typing import Any

WHOLE = ("id", "attempt", "proposal", "campaign", "instrument", "where", "name", "e-stop", "SMILES")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], nothing: str) -> None:
    """Print a table, or what to say when it has no rows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = [[Text(cell(value)) for value in row] for row in rows]
    if not lines:
        print(nothing)
        return
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        # What is copied into the next command must stand there whole, however narrow the terminal.
        width = max(len(line[place]) for line in lines) if name in WHOLE else None
        shown.add_column(name, overflow="fold", min_width=width)
    for line in lines:
        shown.add_row(*line)
    console = Console()
    needed = console.measure(shown).maximum
    # A table too wide for the terminal is printed whole: cut ids are of no use, and terminals wrap or scroll.
    console.print(shown, width=max(console.width, needed), no_wrap=True, crop=False, soft_wrap=True)


def cell(value: Any) -> str:
    """A value as short text."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key}={cell(each)}" for key, each in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(cell(each) for each in value) or "-"
    return safe(str(value))


def safe(text: str) -> str:
    """The text with what could steer a terminal made visible."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def moment(text: str | None) -> str:
    """A time in UTC, to the second."""
    return "-" if text is None else text[:19].replace("T", " ")


def candidate(value: dict[str, Any]) -> str:
    """A candidate as people read it."""
    units = value.get("units", {})
    parts = [each for part in ("amounts", "elements") for each in value.get(part, {}).items() if each[1]]
    values = {**dict(parts), **value.get("values", {})}
    if not values:
        return cell({key: each for key, each in value.items() if key != "kind"})
    settings = ", ".join(
        f"{name}={cell(each)}" + (f" {safe(str(units[name]))}" if units.get(name) else "")
        for name, each in values.items()
    )
    return f"{safe(value['label'])}: {settings}" if value.get("label") else settings


def fields(pairs: Iterable[tuple[str, Any]]) -> None:
    """Print names and values, one pair a line."""
    for name, value in pairs:
        print(f"{name:<14}{cell(value)}")
