"""What a demo is, and what the person who starts one chooses. Nothing heavy is imported to describe one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controller.access.site import Site
    from controller.cli.demos.record import Record

Write = Callable[[str], None]


@dataclass(frozen=True)
class Setup:
    """What a demo starts with: its emulated instruments, and files that they or the campaign read.

    `instruments` holds the part of each emulator's configuration that is the demo's own, by name (see
    `adapters.instruments.emulators.config`). `files` are contents by name; they lie in the demo's folder.
    """

    instruments: Mapping[str, Mapping[str, Any]]
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Demo:
    """A whole campaign with emulated instruments. Its campaign file is `NAME.yaml` in `package`."""

    name: str  # of its campaign and its folder too
    package: str
    summary: str
    takes: str
    needs: str
    setup: Callable[[Path], Setup]  # given the demo's folder; slow things are made here
    report: Callable[[Path, "Record", Write], None]  # shows and writes what came out, into the demo's folder


@dataclass(frozen=True)
class Settings:
    """What the person who starts a demo chooses; `runs` is the folder of all demos."""

    demo: Demo
    runs: Path
    experiments: int
    approve: bool = False
    seed: int = 1
    strategy: str = "botorch"
    parallel: int | None = None  # None: as the campaign file says
    site: "Site | None" = None  # None: database and broker in the demo's folder

    @property
    def database(self) -> str | None:
        """The site's own database; None: the one in the folder."""
        return None if self.site is None else self.site.database

    @property
    def data(self) -> Path:
        """The daemon's data directory; the results lie there too."""
        return self.runs / self.demo.name


def campaign_text(settings: Settings) -> str:
    """The demo's campaign file with what was chosen."""
    file = f"{settings.demo.name}.yaml"
    text = resources.files(settings.demo.package).joinpath(file).read_text(encoding="utf-8")
    text = _put(text, r"(?m)^seed: \d+$", f"seed: {settings.seed}")
    if settings.parallel is not None:
        text = _put(text, r"(?m)^parallel: \d+$", f"parallel: {settings.parallel}")
    text = _put(text, r"(?m)^  experiments: \d+$", f"  experiments: {settings.experiments}")
    text = _put(text, r"(?m)^  name: botorch$", f"  name: {settings.strategy}")
    return _put(text, re.escape(AUTOMATIC), BY_HAND) if settings.approve else text


AUTOMATIC = """      policy: auto
      rules:
        - {name: cheap, kind: cost, value: 10}
"""
BY_HAND = "      policy: operator\n"


def _put(text: str, pattern: str, new: str) -> str:
    changed, count = re.subn(pattern, lambda _: new, text)
    if count != 1:
        raise ValueError(f"the campaign file of a demo should hold {pattern!r} once, not {count} times")
    return changed
