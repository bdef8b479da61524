"""Two stands before the database, without a broker: `stand` drives the loop by hand, `world` is behind the API."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from controller.store import Store
from tests.controller.demos.running import Recorded, recorded_demo
from tests.controller.stand import Stand
from tests.controller.world import World, Worlds, make_template, open_world
from tests.postgresql import PostgreSQL


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables, made once and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "tatara.db"
    make_template(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def server_template(postgresql: PostgreSQL) -> str:
    """The same on PostgreSQL: its name."""
    url = postgresql.fresh()
    make_template(url)
    name = url.rpartition("/")[2]
    postgresql.execute("DELETE FROM epoch", name)  # else its copies are taken for what they are
    return name


@pytest.fixture
def sqlite_url(template: Path, tmp_path: Path) -> str:
    """A fresh database in the test's folder."""
    shutil.copy(template, tmp_path / "tatara.db")
    return f"sqlite:///{tmp_path / 'tatara.db'}"


@pytest.fixture
def url(sqlite_url: str) -> str:
    """The database of `stand`."""
    return sqlite_url


@pytest.fixture(params=["sqlite", "postgresql"])
def either_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database of each kind; where a test is to run on both, its `url` is this."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    made = server.fresh(request.getfixturevalue("server_template"))
    yield made
    server.drop(made)


@pytest.fixture(scope="session")
def worlds(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    """Where each `world` comes from."""
    return Worlds(template, tmp_path_factory.mktemp("worlds"))


@pytest.fixture
async def world(worlds: Worlds, tmp_path: Path) -> AsyncIterator[World]:
    """Users, a campaign, a proposal that waits, an attempt in doubt, and the API over them."""
    async with open_world(await worlds.filled(), tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def six_experiments(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Recorded:
    """A small demo that has run to its end, once for all test processes; to be copied by whoever changes it."""
    temporary = tmp_path_factory.getbasetemp()
    return recorded_demo((temporary if worker_id == "master" else temporary.parent) / "six-experiments")


@pytest.fixture
async def stand(url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    """One campaign whose first attempt has been dispatched, and the intake in front of it."""
    store = Store(url)
    await store.start()
    try:
        stand = Stand(store, tmp_path)
        await stand.prepare()
        yield stand
    finally:
        await store.stop()
