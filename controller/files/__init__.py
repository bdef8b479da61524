"""Big things by their SHA-256, under the data directory."""

from controller.files.files import Files

__all__ = ["Files"]
