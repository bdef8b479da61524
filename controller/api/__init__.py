"""The API over HTTP: it authenticates, calls commands and reports, and says what went wrong in one shape."""

from controller.api.app import create_app, end_streams
from controller.api.services import Services

__all__ = ["Services", "create_app", "end_streams"]
