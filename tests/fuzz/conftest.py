"""The stands of the controller's tests."""

from tests.controller.conftest import filled, sqlite_url, stand, template, url, world

__all__ = ["filled", "sqlite_url", "stand", "template", "url", "world"]
