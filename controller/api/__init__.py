"""The API over HTTP: it authenticates, calls commands and reports, and says what went wrong in one shape."""

from controller.api.app import close_app, create_app

__all__ = ["close_app", "create_app"]
