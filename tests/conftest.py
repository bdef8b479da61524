"""Settings of Hypothesis, and a PostgreSQL.

The same examples in every CI run, fresh ones on people's machines; no timing is asserted.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import postgresql as servers

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgreSQL]:
    """A server for all tests of this process."""
    with servers.running() as server:
        yield server
