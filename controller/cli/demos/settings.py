"""What the reactor demo starts from."""

from importlib import resources

NOISE = 0.01  # relative standard deviation of each measured concentration


def campaign_text(*, seed: int, experiments: int) -> str:
    """The campaign file of the demo with this seed and budget."""
    text = resources.files(__package__).joinpath("reactor.yaml").read_text(encoding="utf-8")
    return text.replace("seed: 1\n", f"seed: {seed}\n").replace("experiments: 40\n", f"experiments: {experiments}\n")
