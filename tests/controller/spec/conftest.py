"""The example campaigns, read once."""

from pathlib import Path

import pytest

CAMPAIGNS = Path(__file__).parents[3] / "deploy" / "campaigns"
EXAMPLES = sorted(CAMPAIGNS.glob("*.yaml"))


@pytest.fixture(scope="session")
def beside() -> dict[str, bytes]:
    """What a client would send along: the CSV files beside the campaign files."""
    return {path.name: path.read_bytes() for path in CAMPAIGNS.glob("*.csv")}


@pytest.fixture(scope="session")
def reactor() -> str:
    """The text of the reactor campaign."""
    return (CAMPAIGNS / "reactor.yaml").read_text()


@pytest.fixture(scope="session")
def coating() -> str:
    """The text of the mixed, two-stage campaign."""
    return (CAMPAIGNS / "coating.yaml").read_text()


@pytest.fixture(scope="session")
def solvents() -> str:
    """The text of the pool campaign."""
    return (CAMPAIGNS / "solvents.yaml").read_text()


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example(request: pytest.FixtureRequest) -> str:
    """The text of each example campaign."""
    path: Path = request.param
    return path.read_text()
