"""What the reactor demo starts from."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

CAMPAIGN = "reactor"
NOISE = 0.01  # relative standard deviation of each measured concentration
DURATION_S = 0.3  # of one emulated run
REPORT_FILES = ("pareto.png", "experiments.csv")


@dataclass(frozen=True)
class Settings:
    """What the person who starts the demo chooses; `runs` is the folder of all demos."""

    runs: Path = Path("runs")
    approve: bool = False
    experiments: int = 40
    seed: int = 1
    strategy: str = "botorch"

    @property
    def data(self) -> Path:
        """The daemon's data directory; the results lie there too."""
        return self.runs / CAMPAIGN


def campaign_text(settings: Settings) -> str:
    """The campaign file of the demo with what was chosen; all else stands in `reactor.yaml` beside this module."""
    text = resources.files(__package__).joinpath("reactor.yaml").read_text(encoding="utf-8")
    text = _put(text, "seed: 1", f"seed: {settings.seed}")
    text = _put(text, "experiments: 40\n", f"experiments: {settings.experiments}\n")
    text = _put(text, "name: botorch", f"name: {settings.strategy}")
    return _put(text, AUTOMATIC, BY_HAND) if settings.approve else text


AUTOMATIC = """      policy: auto
      rules:
        - {name: cheap, kind: cost, value: 10}
"""
BY_HAND = "      policy: operator\n"


def _put(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"reactor.yaml should hold {old!r} once")
    return text.replace(old, new)
