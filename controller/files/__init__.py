"""Big things by their SHA-256, under the data directory."""

from controller.files.files import Files, Incoming, sync_folder

__all__ = ["Files", "Incoming", "sync_folder"]
