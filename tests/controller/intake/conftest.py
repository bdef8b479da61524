"""What comes in is taken alike on both databases."""

import pytest


@pytest.fixture
def url(either_url: str) -> str:
    """On SQLite and on PostgreSQL."""
    return either_url
