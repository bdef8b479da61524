"""The stands of the controller's tests."""

from tests.controller.conftest import stand, template, world

__all__ = ["stand", "template", "world"]
