"""The operator's console: pages on the daemon's own server that show what the database says and ask `commands`."""

from controller.console.house import House
from controller.console.mount import mounted

__all__ = ["House", "mounted"]
