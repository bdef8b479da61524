"""Files that people write: what is good is read, what is not is refused with a reason; nothing else comes out."""

import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller import spec
from controller.access.limits import load_limits
from controller.access.site import load_site
from controller.commands.errors import Invalid
from controller.commands.imports import checked_table
from controller.spec import SpecError
from strategies.spaces import PoolError, parse_pool
from tests.fuzz.mutations import Mutations

CAMPAIGNS = Path(__file__).parents[2] / "deploy" / "campaigns"
TEXTS = [path.read_bytes() for path in sorted(CAMPAIGNS.glob("*.yaml"))]
BESIDE = {path.name: path.read_bytes() for path in CAMPAIGNS.glob("*.csv")}
SITES = [
    b"name: lab\ndaemon: daemon\ndatabase: sqlite:///x.db\nworkers: 2\napi: {host: 127.0.0.1, port: 8000}\n",
    b"name: lab\nbroker:\n  host: broker.lab\n  port: 8883\n  username: daemon\n  password_file: /x\n  ca_file: /y\n",
]
LIMITS = [
    b"parameters:\n  temperature: {low: 0, high: 120, unit: degC}\nhazards:\n"
    b"  - {parameter: solvent, equals: DMF, class: 2}\n  - {parameter: pressure, above: 3, unit: bar, class: 3}\n"
    b"two_people_from: 2\n"
]
TABLES = [
    b"residence_time,equivalents,concentration,temperature,space_time_yield,e_factor\n"
    b"1,2,0.2,60,500,30\n0.5,1.5,0.3,80,1200.5,12\n1.2,2,0.4,100,,\n"
]
FEW, MANY = 100, pytest.mark.slow


def cases(many: int) -> Any:
    return pytest.mark.parametrize("cases", [FEW, pytest.param(many, marks=[MANY, pytest.mark.timeout(1800)])])


def feed(take: Callable[[bytes], object], refusal: type[Exception], seeds: list[bytes], cases: int) -> Counter[str]:
    """Give mutations to a reader; whatever is not this refusal, with words in it, is a fault."""
    found: Counter[str] = Counter()
    reasons = []
    for content in itertools.islice(Mutations(seeds, seed=cases), cases):
        try:
            take(content)
            found["taken"] += 1
        except refusal as error:
            reasons.append(str(error))
            found["refused"] += 1
    assert all(reasons)
    assert min(found["taken"], found["refused"]) > 0, found
    return found


@cases(15_000)
def test_campaigns(cases: int) -> None:
    feed(lambda content: spec.load(content, BESIDE), SpecError, TEXTS, cases)


@cases(5_000)
def test_site_files(cases: int, tmp_path: Path) -> None:
    feed(lambda content: load_site(_written(tmp_path / "site.yaml", content)), ValueError, SITES, cases)


@cases(5_000)
def test_limits(cases: int, tmp_path: Path) -> None:
    feed(lambda content: load_limits(_written(tmp_path / "limits.yaml", content)), ValueError, LIMITS, cases)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@cases(15_000)
def test_tables_of_earlier_measurements(cases: int) -> None:
    campaign = spec.load(next(text for text in TEXTS if b"campaign: reactor" in text))
    feed(lambda content: checked_table(campaign, "old.csv", "0" * 64, content, {}), Invalid, TABLES, cases)


@cases(10_000)
def test_pools(cases: int) -> None:
    campaign = spec.load(next(text for text in TEXTS if b"campaign: solvents" in text), BESIDE)
    pool = campaign.space.pool
    assert pool is not None
    feed(lambda content: parse_pool(content, pool, campaign.space.parameters), PoolError, list(BESIDE.values()), cases)
