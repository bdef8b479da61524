"""Big things by their SHA-256, under the data directory."""

from controller.files.files import Files, Incoming

__all__ = ["Files", "Incoming"]
