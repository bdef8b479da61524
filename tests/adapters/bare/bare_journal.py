"""The journal of the bare instrument: one SQLite file, opened by one process at a time, and all of it in memory."""

import json
import secrets
import sqlite3
from typing import Any

Row = dict[str, Any]
ACTIVE = ("accepted", "running", "holding")
OPENING = """
PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY, id TEXT UNIQUE, content TEXT)
"""
WRITE = "INSERT INTO journal (id, content) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET content = excluded.content"


class Journal:
    """What must survive a power cut: `memory` (names, pauses, e-stops) and a row for each attempt id ever seen.

    A row is `owed` until the broker has acknowledged the status of its present state, or the host its result. A change
    makes a new dict of a row: who holds an old one can see that it is no longer true.
    """

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path)
        self.db.executescript(OPENING)
        kept = self.db.execute("SELECT id, content FROM journal ORDER BY number")
        self.rows: dict[str, Row] = {name: json.loads(content) for name, content in kept}
        new = {"journal_id": f"j-{secrets.token_hex(12)}", "boots": 0, "wanted": 0, "paused": False, "estops": []}
        self.memory: dict[str, Any] = self.rows.pop("", new)
        broken_off = {name: {"state": "interrupted", "owed": True} for name in self.ids("running", "holding")}
        self.save(broken_off, boots=self.memory["boots"] + 1)
        self.boot_id = f"b{self.memory['boots']}-{secrets.token_hex(6)}"

    def save(self, changes: dict[str, Row], **memory: Any) -> None:
        """Commit what changes in rows, which may be new, and in `memory`, all as one."""
        self.memory |= memory
        for name, change in changes.items():
            self.rows[name] = {**self.rows.get(name, {"attempt_id": name}), **change}
        with self.db:
            contents = {"": self.memory, **{name: self.rows[name] for name in changes}}
            self.db.executemany(WRITE, [(name, json.dumps(content)) for name, content in contents.items()])

    def ids(self, *states: str) -> list[str]:
        """The attempts in one of these states, in the order of their first sight."""
        return [name for name, row in self.rows.items() if row["state"] in states]
