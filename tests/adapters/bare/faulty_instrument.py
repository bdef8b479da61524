"""`python faulty_instrument.py FAULT CONFIG.json`: the bare instrument with one fault, which the test must find."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

from bare_instrument import CONNECTION, Instrument


class Forgetful(Instrument):
    """Runs a known id again."""

    def request(self, attempt_id: str, request: dict[str, Any]) -> None:
        self.journal.rows.pop(attempt_id, None)
        super().request(attempt_id, request)


class Deaf(Instrument):
    """Takes an e-stop for a pause."""

    def command(self, name: str, command: dict[str, Any]) -> None:
        if command["action"] == "estop":
            command = {"action": "pause", "number": self.journal.memory["wanted"] + 1}
        super().command(name, command)


class Hasty(Instrument):
    """Says a result once, and thinks that it has arrived."""

    def tick(self) -> None:
        self.resend.clear()
        super().tick()


class Reckless(Instrument):
    """Takes any parameters and begins without a host."""

    def request(self, attempt_id: str, request: dict[str, Any]) -> None:
        described = self.description["capabilities"].get(request["capability"])
        if described is not None:
            request["parameters"] = {
                name: {"value": each.get("low", 0), "unit": each.get("unit", "dimensionless")}
                for name, each in described.get("parameters", {}).items()
            }
        super().request(attempt_id, request)

    def begin(self) -> None:
        self.here.add("nobody")
        super().begin()


class Backdated(Instrument):
    """A last will with the first seq of its connection, which wins over nothing."""

    def stamped(self, fields: dict[str, Any], seq: int) -> str:
        is_will = seq % CONNECTION == CONNECTION - 1
        stamped: str = super().stamped(fields, self.seq if is_will else seq)
        return stamped


FAULTS = {each.__name__.lower(): each for each in (Forgetful, Deaf, Hasty, Reckless, Backdated)}

if __name__ == "__main__":
    instrument = FAULTS[sys.argv[1]](json.loads(Path(sys.argv[2]).read_text()))
    signal.signal(signal.SIGTERM, lambda *_: setattr(instrument, "stopping", True))
    instrument.run()
