"""An emulated instrument made from PROTOCOL.md and its schemas alone: paho-mqtt, jsonschema and sqlite3, one thread.

    python bare_instrument.py CONFIG.json

The configuration has: site, name, host, port (of a broker on this machine: there is no TLS here), username, password,
journal, reconnect_s and resend_s (the first and the longest pause), description (the message of that name),
measurements (a result has those that are wanted), duration_s, busy (while a file of this name exists, no work ends),
run_log (gets a line for each run begun).
"""

import contextlib
import json
import random
import re
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bare_journal import ACTIVE, Journal, Row
from bare_schemas import Draft202012Validator, ValidationError
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

LARGEST, HANG_S, HOST_LOST_S, CONNECTION = 262_144, 10.0, 30.0, 1_000_000_000
IDENTIFIER, NAME = re.compile("[a-z0-9][a-z0-9-]{0,79}"), re.compile("[A-Za-z][A-Za-z0-9_]{0,63}")
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
SCHEMAS = Path(__file__).resolve().parents[3] / "adapters" / "instruments" / "schemas"
VALIDATORS = {  # by the last word of the topic; in Python (not in JSON Schema) `$` also matches before a line feed
    kind.split("-")[-1]: Draft202012Validator(json.loads((SCHEMAS / f"{kind}.json").read_text().replace('$"', r'\\Z"')))
    for kind in ("request", "receipt", "command", "host-state")
}


def read(kind: str, name: str, payload: bytes) -> dict[str, Any]:
    """The message in `payload`, if that is one and the attempt `name` of its topic is its own."""
    try:
        message: dict[str, Any] = json.loads(payload.decode())
        json.dumps(message, ensure_ascii=False, allow_nan=False).encode()  # no NaN, no half of a surrogate pair
        VALIDATORS[kind].validate(message)
        for field in message.keys() & {"at", "start_before"}:
            instant(message[field])
    except (ValueError, RecursionError) as error:
        raise ValidationError(str(error)) from error
    if len(payload) > LARGEST or message.get("attempt_id", name) != name:
        raise ValidationError("it is too large, or its attempt_id is not that of the topic")
    if not all(map(NAME.fullmatch, message.get("parameters", ()))):  # which the schema does not say
        raise ValidationError("a parameter has no proper name")
    return message


def instant(text: str) -> datetime:
    """A time of RFC 3339."""
    if not TIME.fullmatch(text):
        raise ValueError(f"{text[:40]!a} is not a time with an offset")
    return datetime.fromisoformat(text.upper())


def fits(given: dict[str, Any], limits: dict[str, Any]) -> bool:
    """Whether a parameter is as described: its unit, its choices, its limits; without these, any value."""
    value, low, high, choices = given["value"], limits.get("low"), limits.get("high"), limits.get("choices")
    truth = isinstance(value, bool)  # which is no number, though Python thinks so
    number = isinstance(value, int | float) and not truth
    return (
        (given.get("unit") or "dimensionless") == (limits.get("unit") or "dimensionless")
        and (choices is None or any(value == each and truth == isinstance(each, bool) for each in choices))
        and (low is None or (number and value >= low))
        and (high is None or (number and value <= high))
    )


class Instrument:
    """The emulated instrument; `run` returns after `stopping` was set."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config, self.description, self.journal = config, config["description"], Journal(config["journal"])
        self.site = f"tatara/v1/{config['site']}"
        self.base = f"{self.site}/{config['name']}"
        self.runs: dict[str, float] = {}  # what works, since when
        self.hosts: dict[str, dict[str, Any]] = {}  # the last message of each daemon
        self.host_seen_at = self.heard_at = self.beat_at = self.pause_s = 0.0
        self.connections, self.seq, self.stopping = 0, 0, False
        self.forget_connection()

    def forget_connection(self) -> None:
        """Begin anew with all that belongs to one connection; also the client: an old one would repeat itself."""
        name, version = self.config["username"], CallbackAPIVersion.VERSION2
        self.client = Client(version, name, clean_session=False, reconnect_on_failure=False, manual_ack=True)
        self.pending: dict[int, Row | None] = {}  # what has had no PUBACK, by message number
        self.resend: dict[str, tuple[float, float]] = {}  # results without a receipt: when again, after which pause
        self.here: set[str] = set()  # daemons that are there

    def run(self) -> None:
        """Connect, work and answer until told to stop; then say so."""
        while not self.stopping:
            if self.client.loop(0.02) or time.monotonic() > self.heard_at + HANG_S:
                self.reconnect()
            self.tick()
        self.say("state", self.state("offline"))
        limit = time.monotonic() + 2.0
        while self.pending and time.monotonic() < limit and not self.client.loop(0.02):
            continue
        self.client.disconnect()

    def tick(self) -> None:
        """Everything that time brings."""
        clock = time.monotonic()
        if self.client.is_connected() and not self.pending:
            self.heard_at = clock
        if self.here:
            self.host_seen_at = clock
        for attempt_id, began in list(self.runs.items()):
            self.work(attempt_id, clock - began)
        self.begin()
        for attempt_id, (when, pause_s) in self.resend.items():
            if clock >= when:
                self.resend[attempt_id] = (float("inf"), pause_s)
                self.answer(attempt_id)
        if clock >= self.beat_at:
            self.beat_at = clock + self.description.get("heartbeat_s", 5.0)
            queue = len(self.journal.ids("accepted"))
            self.say("heartbeat", {"active": list(self.runs)[:1000], "queue": queue}, qos=0)

    # --- the connection

    def reconnect(self) -> None:
        """Drop the connection and, after a pause in which work goes on, begin another."""
        if connection := self.client.socket():
            connection.close()
        self.forget_connection()
        shortest, longest = self.config["reconnect_s"]
        self.pause_s = min(max(2 * self.pause_s, shortest), longest)
        until = time.monotonic() + self.pause_s * random.uniform(0.5, 1.0)
        while time.monotonic() < until and not self.stopping:
            time.sleep(0.02)
            self.tick()
        self.connections += 1
        self.seq, self.heard_at, client = self.connections * CONNECTION, time.monotonic(), self.client
        client.username_pw_set(self.config["username"], self.config["password"])
        client.on_connect, client.on_publish, client.on_message = self.greet, self.acknowledged, self.receive
        client.will_set(f"{self.base}/state", self.stamped(self.state("offline"), self.seq + CONNECTION - 1), 1, True)
        with contextlib.suppress(OSError):
            client.connect(self.config["host"], self.config["port"], keepalive=15)

    def greet(self, client: Client, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        """Unless I was refused: subscribe, say who and how I am, then what may not have been heard."""
        if reason.is_failure:
            return
        self.pause_s = 0.0
        filters = [f"{self.base}/{name}" for name in ("attempt/+/request", "attempt/+/receipt", "command")]
        client.subscribe([(name, 1) for name in (*filters, f"{self.site}/host/+/state")])
        self.say("description", json.dumps(self.description))
        self.say("state", self.state())
        for row in [row for row in self.journal.rows.values() if row["owed"]]:
            self.answer(row["attempt_id"])

    def acknowledged(self, _client: Client, _data: Any, number: int, _reason: Any, _more: Any) -> None:
        """After a PUBACK: a status is no longer owed, a result waits for its receipt."""
        if number not in self.pending:
            return  # it was a heartbeat
        self.heard_at, row = time.monotonic(), self.pending.pop(number)
        if row and row["owed"] and self.journal.rows[row["attempt_id"]] is row:
            if not row.get("result"):
                return self.journal.save({row["attempt_id"]: {"owed": False}})
            first, longest = self.config["resend_s"]
            pause_s = min(2 * self.resend.get(row["attempt_id"], (0.0, first / 2))[1], longest)
            self.resend[row["attempt_id"]] = (self.heard_at + pause_s * random.uniform(0.5, 1.0), pause_s)

    # --- what I say

    def say(self, topic: str, message: dict[str, Any] | str, about: Row | None = None, qos: int = 1) -> None:
        """If connected, publish a text as it is, or fields with the next number; `about` is for the PUBACK."""
        if self.client.is_connected():
            if isinstance(message, dict):
                self.seq += 1
                message = self.stamped(message, self.seq)
            sent = self.client.publish(f"{self.base}/{topic}", message, qos, topic in ("state", "description"))
            if qos:
                self.pending[sent.mid] = about

    def stamped(self, fields: dict[str, Any], seq: int) -> str:
        """A message with what all the numbered ones have; fields that are None are left out."""
        message = {**fields, "boot_id": self.journal.boot_id, "seq": seq, "at": datetime.now(UTC).isoformat()}
        return json.dumps({name: value for name, value in message.items() if value is not None})

    def state(self, mode: str = "") -> dict[str, Any]:
        """How I am: the fields of a state message."""
        memory = self.journal.memory
        usual = "estopped" if memory["estops"] else "paused" if memory["paused"] else "online"
        return {"state": mode or usual, **{name: memory[name] for name in ("journal_id", "wanted", "estops")}}

    def answer(self, attempt_id: str, **instead: Any) -> None:
        """Publish the result if it has had no receipt, else the present status, or one with other fields."""
        row = self.journal.rows.get(attempt_id, {"attempt_id": attempt_id, "state": "unknown", "owed": False})
        if row["owed"] and row.get("result") and not instead:
            return self.say(f"attempt/{attempt_id}/result", row["result"], about=row)
        known = {name: row.get(name) for name in ("attempt_id", "state", "digest", "refusal", "reason")}
        status = {**known, "journal_id": self.journal.memory["journal_id"], **instead}
        self.say(f"attempt/{attempt_id}/status", status, about=None if instead else row)

    def change(self, attempt_id: str, state: str, **fields: Any) -> None:
        """Commit a new state, then publish it."""
        self.journal.save({attempt_id: {"state": state, "owed": True, **fields}})
        self.answer(attempt_id)

    # --- what I hear

    def receive(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        """Obey a message, then acknowledge it; what cannot be read is only acknowledged, unless it is a request."""
        name, kind = message.topic.split("/")[-2:]
        hear = {"request": self.request, "receipt": self.receipt, "command": self.command, "state": self.host}
        try:
            hear[kind](name, read(kind, name, bytes(message.payload)))
        except ValidationError as error:
            print(f"{message.topic}: {error.message[:2000]}", file=sys.stderr, flush=True)
            if kind == "request" and name in self.journal.rows:
                self.answer(name)
            elif kind == "request" and IDENTIFIER.fullmatch(name):
                self.change(name, "refused", refusal="malformed", reason=error.message[:2000])
        client.ack(message.mid, message.qos)

    def request(self, attempt_id: str, request: dict[str, Any]) -> None:
        """Rules 14 and 17."""
        row, digest, memory = self.journal.rows.get(attempt_id), request["digest"], self.journal.memory
        if row and row.get("digest") in (None, digest):
            return self.answer(attempt_id)
        if row:
            return self.answer(attempt_id, state="refused", refusal="other-digest", reason="the id is another one's")
        capabilities, given = self.description["capabilities"], request.get("parameters", {})
        described = capabilities.get(request["capability"], {}).get("parameters", {})
        fitting = [name for name in given.keys() & described if fits(given[name], described[name])]
        checks = {
            "other-journal": request["journal_id"] != memory["journal_id"],
            "estopped": memory["estops"],
            "unknown-capability": request["capability"] not in capabilities,
            "invalid-parameter": not len(fitting) == len(given) == len(described),
        }
        for refusal in [name for name, applies in checks.items() if applies]:
            reason = f"I am {self.state()}; described are {described}, given are {given}"
            return self.change(attempt_id, "refused", digest=digest, refusal=refusal, reason=reason[:2000])
        if instant(request["start_before"]) < datetime.now(UTC):
            return self.change(attempt_id, "expired", digest=digest)
        needed = {name: request.get(name) for name in ("capability", "yields", "start_before", "timeout_s")}
        self.change(attempt_id, "accepted", digest=digest, request=needed)

    def receipt(self, attempt_id: str, receipt: dict[str, Any]) -> None:
        """Stop resending; forget the result unless it is in quarantine."""
        if result := self.journal.rows.get(attempt_id, {}).get("result"):
            kept = result if receipt["verdict"] == "quarantined" else None
            self.journal.save({attempt_id: {"owed": False, "result": kept}})
            self.resend.pop(attempt_id, None)

    def host(self, daemon: str, message: dict[str, Any]) -> None:
        """Rule 33: who is there, and my state again for each that comes."""
        if message["epoch"] >= self.hosts.get(daemon, message)["epoch"]:
            self.hosts[daemon] = message
            self.here.discard(daemon)
            if message["state"] == "online":
                self.here.add(daemon)
                self.say("state", self.state())

    def command(self, _name: str, command: dict[str, Any]) -> None:
        """Section 6."""
        memory, rows = self.journal.memory, self.journal.rows
        reason, named = command.get("reason") or "no reason given", command.get("attempts")
        match command["action"]:
            case "pause" | "resume" as action if (command.get("number") or 0) > memory["wanted"]:
                self.journal.save({}, wanted=command["number"], paused=action == "pause")
                self.say("state", self.state())
            case "estop":
                self.runs.clear()  # stop first, then commit, then speak
                estop = command.get("id") or "unnamed"
                cancelled = {"state": "cancelled", "owed": True, "reason": f"e-stop {estop}: {reason}"[:2000]}
                ended = dict.fromkeys(self.journal.ids(*ACTIVE), cancelled)
                refused = {**cancelled, "state": "refused", "refusal": "estopped"}
                ended |= dict.fromkeys(self.journal.ids("accepted"), refused)
                self.journal.save(ended, estops=sorted({*memory["estops"], estop}))
                self.say("state", self.state())
                for name in ended:
                    self.answer(name)
            case "reset":
                kept = [name for name in memory["estops"] if name not in command.get("estops", [])]
                self.journal.save({}, estops=kept)
                self.say("state", self.state())
            case "cancel":
                for name in named or []:
                    if name not in rows:
                        self.change(name, "refused", refusal="cancelled-before", reason=reason)
                    elif rows[name]["state"] in ACTIVE:
                        self.runs.pop(name, None)
                        self.change(name, "cancelled", reason=reason)
                    else:
                        self.answer(name)
            case "report-attempts":
                results = [name for name in rows if rows[name].get("result")]
                owed = [name for name in rows if rows[name]["owed"]]
                unsettled = dict.fromkeys([*results, *owed, *self.journal.ids(*ACTIVE)])
                for name in unsettled if named is None else named:
                    if name in results:
                        self.journal.save({name: {"owed": True}})
                    self.answer(name)

    # --- the work

    def begin(self) -> None:
        """Begin what is queued, in order, as far as rule 18 allows."""
        ready = self.here and not self.journal.memory["paused"] and not self.journal.memory["estops"]
        for attempt_id in self.journal.ids("accepted") if ready else []:
            if len(self.runs) >= self.description.get("concurrency", 1):
                return
            if instant(self.journal.rows[attempt_id]["request"]["start_before"]) < datetime.now(UTC):
                self.change(attempt_id, "expired")
                continue
            self.change(attempt_id, "running", started_at=datetime.now(UTC).isoformat())
            self.runs[attempt_id] = time.monotonic()
            with open(self.config["run_log"], "a") as log:
                print(attempt_id, file=log)

    def work(self, attempt_id: str, passed_s: float) -> None:
        """Go on working, or do what `on_host_lost` says; the one safe point is the end of the work."""
        row, absent_s = self.journal.rows[attempt_id], time.monotonic() - self.host_seen_at
        gone = all(message["state"] == "offline" for message in self.hosts.values())
        lost = not self.here and (gone or absent_s > HOST_LOST_S)
        policy = self.description.get("on_host_lost", "continue") if lost else "continue"
        done = passed_s >= self.config["duration_s"] and not Path(self.config["busy"]).exists()
        state = "holding" if done and policy == "hold" else "running"
        if policy == "abort":
            self.command("", {"action": "cancel", "attempts": [attempt_id], "reason": "the host is lost"})
        elif passed_s >= row["request"]["timeout_s"]:
            self.finish(row, "timeout_s has passed")
        elif row["state"] != state:
            self.change(attempt_id, state)
        elif done and state == "running":
            self.finish(row)

    def finish(self, row: Row, reason: str = "") -> None:
        """Commit and publish the result: constant values of the wanted properties, or the reason why there are none."""
        values = {each["property"]: each for each in self.config["measurements"]}
        wanted = row["request"]["yields"] or list(values)
        reason = reason or ", ".join(f"{name} is not measured here" for name in wanted if name not in values)
        result = {name: row[name] for name in ("attempt_id", "digest", "started_at")}
        result |= {"ended_at": datetime.now(UTC).isoformat(), "outcome": "failed-measurement" if reason else "ok"}
        result |= {"boot_id": self.journal.boot_id, "journal_id": self.journal.memory["journal_id"]}
        if reason:
            result["reason"] = reason[:2000]
        else:
            result["measurements"] = [values[name] for name in wanted]
            if self.description["capabilities"][row["request"]["capability"]].get("makes_sample"):
                result["sample_id"] = f"s-{row['attempt_id']}"
        del self.runs[row["attempt_id"]]
        self.change(row["attempt_id"], "finished", request=None, result=json.dumps(result))


if __name__ == "__main__":
    instrument = Instrument(json.loads(Path(sys.argv[1]).read_text()))
    signal.signal(signal.SIGTERM, lambda *_: setattr(instrument, "stopping", True))
    instrument.run()
