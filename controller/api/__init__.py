"""The API over HTTP: it authenticates, calls commands and reports, and says what went wrong in one shape."""

from controller.api.app import close_app, create_app
from controller.api.services import Services

__all__ = ["Services", "close_app", "create_app"]
