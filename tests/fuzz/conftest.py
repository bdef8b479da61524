"""The stands of the controller's tests."""

from tests.controller.conftest import sqlite_url, stand, template, url, world, worlds

__all__ = ["sqlite_url", "stand", "template", "url", "world", "worlds"]
