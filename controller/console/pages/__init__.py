"""The pages, by their paths."""

from importlib import import_module

NAMES = (
    "overview",
    "approvals",
    "campaign",
    "instruments",
    "doubts",
    "samples",
    "tasks",
    "files",
    "events",
    "quarantine",
    "system",
    "account",
)


def load() -> None:
    """Register all pages; NiceGUI does it when their modules are imported."""
    for name in NAMES:
        import_module(f"controller.console.pages.{name}")
