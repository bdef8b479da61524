"""The one seam of the crash test: every commit and every publication passes here, by name.

With `TATARA_KILL_AT=commit:intake:before#2` in its environment the process ends by SIGKILL at the second time that it
reaches that point; with `any#7` at the seventh point of all, whichever that is. Without it, passing here costs one
comparison.
"""

import os
import signal
import threading
from collections import Counter

_wanted, _, _occurrence = os.environ.get("TATARA_KILL_AT", "").partition("#")
_log = os.environ.get("TATARA_POINTS_LOG")
_reached: Counter[str] = Counter()
_one_at_a_time = threading.Lock()  # commits pass here in the writer's thread, publications in the event loop's

ANY = "any"


def reach(point: str) -> None:
    """Say that a named point is reached, such as `publish:request:before`."""
    if not _wanted and not _log:
        return
    with _one_at_a_time:
        _reached.update((point, ANY))
        if _log:
            with open(_log, "a", encoding="utf-8") as points:
                points.write(f"{point}#{_reached[point]}\n")
        if _wanted in (point, ANY) and _reached[_wanted] == int(_occurrence or 1):
            os.kill(os.getpid(), signal.SIGKILL)
