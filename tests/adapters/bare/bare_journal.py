"""The journal of the bare instrument: one SQLite file, opened by one process at a time."""

import json
import secrets
import sqlite3
from typing import Any

ATTEMPTS = """CREATE TABLE IF NOT EXISTS attempts (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, digest TEXT, state TEXT, refusal TEXT, reason TEXT,
    request TEXT, result TEXT, receipt TEXT, told INTEGER)"""


class Journal:
    """What must survive a power cut: `memory` (pauses, e-stops, names) and a row for each attempt id ever seen.

    `told` is 1 once the broker has acknowledged the status of the row's present state.
    """

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path)
        self.db.row_factory = sqlite3.Row
        for setting in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
            self.db.execute(f"PRAGMA {setting}")
        self.db.execute("CREATE TABLE IF NOT EXISTS memory (content TEXT)")
        self.db.execute(ATTEMPTS)
        kept = self.db.execute("SELECT content FROM memory").fetchone()
        new = {"journal_id": f"j-{secrets.token_hex(12)}", "boots": 0, "wanted": 0, "paused": False, "estops": []}
        self.memory: dict[str, Any] = json.loads(kept["content"]) if kept else new

    def start(self) -> str:
        """Count this start, end what ran at the last one, and give the new boot_id."""
        self.memory["boots"] += 1
        self.remember("UPDATE attempts SET state = 'interrupted', told = 0 WHERE state IN ('running', 'holding')")
        return f"b{self.memory['boots']}-{secrets.token_hex(6)}"

    def remember(self, *statements: str) -> None:
        """Commit `memory` and the statements as one."""
        with self.db:
            self.db.execute("DELETE FROM memory")
            self.db.execute("INSERT INTO memory VALUES (?)", (json.dumps(self.memory),))
            for statement in statements:
                self.db.execute(statement)

    def put(self, attempt_id: str, **columns: Any) -> None:
        """Commit columns of an attempt, which may be new."""
        names = ", ".join(f"{name} = ?" for name in columns)
        with self.db:
            self.db.execute("INSERT OR IGNORE INTO attempts (id) VALUES (?)", (attempt_id,))
            self.db.execute(f"UPDATE attempts SET {names} WHERE id = ?", (*columns.values(), attempt_id))

    def rows(self, where: str, *values: Any) -> list[sqlite3.Row]:
        """The attempts that fit, in the order of their first sight."""
        return self.db.execute(f"SELECT * FROM attempts WHERE {where} ORDER BY number", values).fetchall()

    def row(self, attempt_id: str) -> sqlite3.Row | None:
        """The attempt, if it was ever seen."""
        return next(iter(self.rows("id = ?", attempt_id)), None)
