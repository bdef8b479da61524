"""Settings of Hypothesis, what makes the tests quick, and a PostgreSQL.

The same examples in every CI run, fresh ones on people's machines; no timing is asserted.
"""

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import postgresql as servers

# Hundreds of processes are started, each of which would else compile all of Tatara anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_finish() -> None:
    """What is imported stays; else every collection of garbage looks at all of it again, which takes long."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgreSQL]:
    """A server for all tests of this process."""
    with servers.running() as server:
        yield server
