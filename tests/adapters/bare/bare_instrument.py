"""An emulated instrument made from PROTOCOL.md alone: paho-mqtt, sqlite3 and the standard library, one thread.

    python bare_instrument.py CONFIG.json

The configuration has: name, site, host, port, username, password_file, journal, duration_s, description (the message
of that name), values ({property: [value, unit]}). It may have ca_file (TLS), run_log (a line for each run begun), busy
(while a file of this name exists, no work ends), resend_s and reconnect_s (the first and the longest pause).
"""

import json
import math
import os
import random
import re
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bare_journal import Journal
from bare_schema import instant, read
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

IDENTIFIER = re.compile("[a-z0-9][a-z0-9-]{0,79}")
HANG_S = 10.0
HOST_LOST_S = 30.0


def now() -> str:
    """The present time as RFC 3339."""
    return datetime.now(UTC).isoformat()


@dataclass
class Run:
    """Work in progress: the request, when it began, the time since, that without holding, whether it holds."""

    request: dict[str, Any]
    started_at: str
    passed_s: float = 0.0
    worked_s: float = 0.0
    held: bool = False


class Link:
    """One connection: the client, its place in the sequence, and what has had no PUBACK yet.

    A connection has a client of its own: a client that reconnects sends its unacknowledged messages again, and a stale
    `state` would then be the one that the broker retains.
    """

    def __init__(self, config: dict[str, Any], number: int) -> None:
        self.client = Client(
            CallbackAPIVersion.VERSION2, config["username"], clean_session=False, reconnect_on_failure=False
        )
        self.client.username_pw_set(config["username"], Path(config["password_file"]).read_text().strip())
        self.client.manual_ack_set(True)
        if "ca_file" in config:
            self.client.tls_set(config["ca_file"])
        self.seq, self.up, self.progress = number * 1_000_000_000, False, time.monotonic()
        self.pending: dict[int, tuple[str, str]] = {}

    def publish(self, topic: str, text: str, about: tuple[str, str] = ("", ""), retain: bool = False) -> None:
        """Publish at QoS 1; `about` is the attempt and its state, for the PUBACK."""
        if not self.pending:
            self.progress = time.monotonic()
        self.pending[self.client.publish(topic, text, 1, retain).mid] = about

    def hangs(self) -> bool:
        """Whether a CONNACK or PUBACK has been missing for too long."""
        return (bool(self.pending) or not self.up) and time.monotonic() - self.progress > HANG_S


class Instrument:
    """The emulated instrument; `run` returns after SIGTERM."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config, self.description = config, config["description"]
        self.root = f"tatara/v1/{config['site']}"
        self.base = f"{self.root}/{config['name']}"
        self.journal = Journal(config["journal"])
        self.memory = self.journal.memory
        self.boot_id = self.journal.start()
        self.link: Link | None = None
        self.connections, self.retry_at, self.beat_at = 0, 0.0, 0.0
        self.resend_s: tuple[float, float] = tuple(config.get("resend_s", (2.0, 60.0)))
        self.reconnect_s: tuple[float, float] = tuple(config.get("reconnect_s", (0.2, 10.0)))
        self.pause_s = self.reconnect_s[0]
        self.runs: dict[str, Run] = {}
        self.waits: dict[str, float] = {}  # results without a receipt: the next pause
        self.due: dict[str, float] = {}  # and, after the PUBACK, when to send them again
        self.hosts: dict[str, dict[str, Any]] = {}  # by daemon, on this connection
        self.epochs: dict[str, int] = {}  # the highest seen of each daemon
        self.partners: set[str] = set()  # daemons that were online and have not said offline since
        self.host_seen, self.stopping = -math.inf, False

    def run(self) -> None:
        """Connect, work and answer until told to stop."""
        before = time.monotonic()
        while not self.stopping:
            if self.link is None and time.monotonic() >= self.retry_at:
                self.connect()
            if self.link is None:
                time.sleep(0.02)
            elif self.link.client.loop(0.02) != MQTTErrorCode.MQTT_ERR_SUCCESS or self.link.hangs():
                self.disconnect()
            before, elapsed = time.monotonic(), time.monotonic() - before
            self.tick(elapsed)
        self.say_goodbye()

    def tick(self, elapsed: float) -> None:
        """Everything that time brings."""
        if self.host_there():
            self.host_seen = time.monotonic()
        for attempt_id, work in list(self.runs.items()):
            self.work(attempt_id, work, elapsed)
        self.begin()
        for attempt_id in [name for name, when in self.due.items() if time.monotonic() >= when]:
            del self.due[attempt_id]
            self.answer(attempt_id)
        if self.link and self.link.up and time.monotonic() >= self.beat_at:
            self.beat(self.link)

    # --- the connection

    def connect(self) -> None:
        """Begin a connection, with the last will of its own."""
        self.connections += 1
        link = Link(self.config, self.connections)
        will = self.state("offline", (self.connections + 1) * 1_000_000_000 - 1)
        link.client.will_set(f"{self.base}/state", will, 1, True)
        link.client.on_connect = lambda _client, _data, _flags, reason, _more: self.greet(link, reason.is_failure)
        link.client.on_publish = lambda _client, _data, number, _reason, _more: self.acknowledged(link, number)
        link.client.on_message = lambda client, _data, message: self.receive(client, message)
        try:
            link.client.connect(self.config["host"], self.config["port"], keepalive=15)
            self.link = link
        except OSError:
            self.disconnect()

    def disconnect(self) -> None:
        """Drop the connection, and choose when to try again."""
        if self.link and (connection := self.link.client.socket()):
            connection.close()
        self.link = None
        for known in (self.hosts, self.waits, self.due):
            known.clear()
        self.retry_at = time.monotonic() + self.pause_s * random.uniform(0.5, 1.0)
        self.pause_s = min(2 * self.pause_s, self.reconnect_s[1])

    def greet(self, link: Link, refused: bool) -> None:
        """Unless the broker refused me: subscribe, say who and how I am, then what may not have been heard."""
        if refused:
            return
        link.up, self.pause_s = True, self.reconnect_s[0]
        filters = [f"{self.base}/{name}" for name in ("attempt/+/request", "attempt/+/receipt", "command")]
        link.client.subscribe([(name, 1) for name in (*filters, f"{self.root}/host/+/state")])
        link.publish(f"{self.base}/description", json.dumps(self.description), retain=True)
        self.publish_state()
        for row in self.journal.rows("told = 0 OR (result IS NOT NULL AND receipt IS NULL)"):
            self.answer(row["id"])

    def acknowledged(self, link: Link, number: int) -> None:
        """After a PUBACK: a status is told, a result waits for its receipt."""
        link.progress = time.monotonic()
        attempt_id, state = link.pending.pop(number, ("", ""))
        if state == "result" and attempt_id in self.waits:
            self.due[attempt_id] = time.monotonic() + self.waits[attempt_id] * random.uniform(0.5, 1.0)
            self.waits[attempt_id] = min(2 * self.waits[attempt_id], self.resend_s[1])
        elif (row := self.journal.row(attempt_id)) and row["state"] == state:
            self.journal.put(attempt_id, told=1)

    def say_goodbye(self) -> None:
        """A clean end: say offline, wait for the PUBACK for a moment, disconnect."""
        if self.link and self.link.up:
            self.link.publish(f"{self.base}/state", self.state("offline", self.next_seq()), retain=True)
            limit = time.monotonic() + 2.0
            while self.link.pending and time.monotonic() < limit and not self.link.client.loop(0.02):
                continue
            self.link.client.disconnect()

    # --- what I say

    def next_seq(self) -> int:
        """The next number in the sequence of this connection."""
        assert self.link
        self.link.seq += 1
        return self.link.seq

    def state(self, mode: str, seq: int) -> str:
        """A state message."""
        known = {name: self.memory[name] for name in ("journal_id", "wanted", "estops")}
        return json.dumps({"state": mode, "boot_id": self.boot_id, "seq": seq, "at": now(), **known})

    def publish_state(self) -> None:
        """Publish how I am, if connected."""
        mode = "estopped" if self.memory["estops"] else "paused" if self.memory["paused"] else "online"
        if self.link and self.link.up:
            self.link.publish(f"{self.base}/state", self.state(mode, self.next_seq()), retain=True)

    def publish_status(self, attempt_id: str, about: tuple[str, str] = ("", ""), **fields: Any) -> None:
        """Publish a status, if connected; fields that are None are left out."""
        if self.link and self.link.up:
            message = {"attempt_id": attempt_id, "boot_id": self.boot_id, "journal_id": self.memory["journal_id"],
                       "seq": self.next_seq(), "at": now(), **fields}  # fmt: skip
            text = json.dumps({name: value for name, value in message.items() if value is not None})
            self.link.publish(f"{self.base}/attempt/{attempt_id}/status", text, about)

    def answer(self, attempt_id: str) -> None:
        """Publish the result if it has had no receipt, else the present status."""
        row = self.journal.row(attempt_id)
        if row is None:
            self.publish_status(attempt_id, state="unknown")
        elif row["result"] is None or row["receipt"]:
            fields = {name: row[name] for name in ("digest", "state", "refusal", "reason")}
            self.publish_status(attempt_id, (attempt_id, row["state"]), **fields)
        elif self.link and self.link.up:
            self.waits.setdefault(attempt_id, self.resend_s[0])
            self.link.publish(f"{self.base}/attempt/{attempt_id}/result", row["result"], (attempt_id, "result"))

    def change(self, attempt_id: str, state: str, **columns: Any) -> None:
        """Commit a new state, then publish its status."""
        self.journal.put(attempt_id, state=state, told=0, **columns)
        self.answer(attempt_id)

    def beat(self, link: Link) -> None:
        """Publish a heartbeat."""
        queue = len(self.journal.rows("state = 'accepted'"))
        message = {"boot_id": self.boot_id, "seq": self.next_seq(), "at": now(), "active": list(self.runs)[:1000],
                   "queue": queue}  # fmt: skip
        link.client.publish(f"{self.base}/heartbeat", json.dumps(message), 0)
        self.beat_at = time.monotonic() + self.description.get("heartbeat_s", 5.0)

    # --- what I hear

    def receive(self, client: Client, message: MQTTMessage) -> None:
        """Obey a message, then acknowledge it; what cannot be read is only acknowledged."""
        payload = bytes(message.payload)
        try:
            match message.topic.split("/")[3:]:
                case [_, "attempt", attempt_id, "request"] if IDENTIFIER.fullmatch(attempt_id):
                    self.hear_request(attempt_id, payload)
                case [_, "attempt", attempt_id, "receipt"]:
                    self.hear_receipt(attempt_id, read("receipt", payload))
                case [_, "command"]:
                    self.obey(read("command", payload))
                case ["host", daemon, "state"]:
                    self.hear_host(daemon, read("host-state", payload))
        except ValueError as error:
            print(f"{message.topic}: {error}", file=sys.stderr, flush=True)
        client.ack(message.mid, message.qos)

    def hear_request(self, attempt_id: str, payload: bytes) -> None:
        """Rules 14 to 17."""
        row = self.journal.row(attempt_id)
        try:
            request = read("request", payload)
            if request["attempt_id"] != attempt_id:
                raise ValueError("attempt_id is not that of the topic")
        except ValueError as error:
            if row:
                return self.answer(attempt_id)
            return self.change(attempt_id, "refused", refusal="malformed", reason=str(error)[:2000])
        if row is None:
            return self.consider(request)
        if row["digest"] in (None, request["digest"]):
            return self.answer(attempt_id)
        self.publish_status(attempt_id, state="refused", refusal="other-digest", digest=row["digest"],
                            reason="this attempt id belongs to another request")  # fmt: skip

    def consider(self, request: dict[str, Any]) -> None:
        """Accept a new request or refuse it for good."""
        refusal, reason = self.objection(request)
        columns: dict[str, Any] = {"digest": request["digest"]}
        if refusal:
            self.change(request["attempt_id"], "refused", **columns, refusal=refusal, reason=reason[:2000])
        elif instant(request["start_before"]) < datetime.now(UTC):
            self.change(request["attempt_id"], "expired", **columns, reason="start_before has passed")
        else:
            self.change(request["attempt_id"], "accepted", **columns, request=json.dumps(request))

    def objection(self, request: dict[str, Any]) -> tuple[str, str]:
        """The refusal and its reason, or two empty texts."""
        if request["journal_id"] != self.memory["journal_id"]:
            return "other-journal", f"this journal is {self.memory['journal_id']}"
        if self.memory["estops"]:
            return "estopped", f"e-stops hold: {', '.join(self.memory['estops'])}"
        if (capability := self.description["capabilities"].get(request["capability"])) is None:
            return "unknown-capability", f"there is no capability {request['capability']}"
        described, given = capability.get("parameters", {}), request.get("parameters", {})
        if different := sorted(set(described) ^ set(given)):
            fault = "missing" if different[0] in described else "not known"
            return "invalid-parameter", f"parameter {different[0]} is {fault}"
        wrong = [name for name in described if not fits(given[name], described[name])]
        return ("invalid-parameter", f"parameter {wrong[0]} = {given[wrong[0]]!a} does not fit") if wrong else ("", "")

    def hear_receipt(self, attempt_id: str, receipt: dict[str, Any]) -> None:
        """Stop resending; forget the result unless it is in quarantine."""
        row = self.journal.row(attempt_id)
        if receipt["attempt_id"] == attempt_id and row and row["result"] is not None:
            kept = row["result"] if receipt["verdict"] == "quarantined" else None
            self.journal.put(attempt_id, receipt=receipt["verdict"], result=kept)
            self.waits.pop(attempt_id, None)
            self.due.pop(attempt_id, None)

    def hear_host(self, daemon: str, message: dict[str, Any]) -> None:
        """Rule 33: who is there, and the state again for each that comes."""
        if message["epoch"] < self.epochs.get(daemon, 0):
            return
        self.epochs[daemon] = message["epoch"]
        self.hosts[daemon] = message
        if message["state"] == "online":
            self.partners.add(daemon)
            self.publish_state()
        elif daemon in self.partners:
            self.partners.remove(daemon)

    def host_there(self) -> bool:
        """Whether any daemon is known to be online."""
        return any(message["state"] == "online" for message in self.hosts.values())

    def host_lost(self) -> bool:
        """Rule 34: it said so, or none has been there for too long."""
        absent = not self.host_there()
        return absent and (not self.partners or time.monotonic() - self.host_seen > HOST_LOST_S)

    def obey(self, command: dict[str, Any]) -> None:
        """Section 6."""
        reason, attempts = command.get("reason"), command.get("attempts")
        match command["action"]:
            case "pause" | "resume" as action if (command.get("number") or 0) > self.memory["wanted"]:
                self.memory.update(wanted=command["number"], paused=action == "pause")
                self.journal.remember()
                self.publish_state()
            case "estop":
                self.stop_all(command.get("id") or "unnamed", reason)
            case "reset":
                ended = command.get("estops", [])
                self.memory["estops"] = [name for name in self.memory["estops"] if name not in ended]
                self.journal.remember()
                self.publish_state()
            case "cancel":
                for attempt_id in attempts or []:
                    self.cancel(attempt_id, reason or "cancelled by the host")
            case "report-attempts":
                self.report(attempts)

    def stop_all(self, estop: str, reason: str | None) -> None:
        """Rule 26: stop first, then commit, then speak."""
        self.runs.clear()
        ended = self.journal.rows("state IN ('accepted', 'running', 'holding')")
        self.memory["estops"] = sorted({*self.memory["estops"], estop})
        self.journal.remember(
            "UPDATE attempts SET state = 'cancelled', told = 0 WHERE state IN ('running', 'holding')",
            "UPDATE attempts SET state = 'refused', refusal = 'estopped', told = 0 WHERE state = 'accepted'",
        )
        self.publish_state()
        for row in ended:
            self.journal.put(row["id"], reason=f"e-stop {estop}: {reason or 'no reason given'}"[:2000])
            self.answer(row["id"])

    def cancel(self, attempt_id: str, reason: str) -> None:
        """Rules 28 and 29."""
        row = self.journal.row(attempt_id)
        if row is None:
            self.change(attempt_id, "refused", refusal="cancelled-before", reason=reason)
        elif row["state"] in ("accepted", "running", "holding"):
            self.runs.pop(attempt_id, None)
            self.change(attempt_id, "cancelled", reason=reason)
        else:
            self.answer(attempt_id)

    def report(self, attempts: list[str] | None) -> None:
        """Rule 30."""
        if attempts is None:
            unsettled = "told = 0 OR result IS NOT NULL OR state IN ('accepted', 'running', 'holding')"
            attempts = [row["id"] for row in self.journal.rows(unsettled)]
        for attempt_id in attempts:
            if (row := self.journal.row(attempt_id)) and row["result"] is not None:
                self.journal.put(attempt_id, receipt=None)
            self.answer(attempt_id)

    # --- the work

    def begin(self) -> None:
        """Begin what is queued, in order, as far as rule 18 allows."""
        ready = self.host_there() and not self.memory["paused"] and not self.memory["estops"]
        for row in self.journal.rows("state = 'accepted'") if ready else []:
            if len(self.runs) >= self.description.get("concurrency", 1):
                return
            request = json.loads(row["request"])
            if instant(request["start_before"]) < datetime.now(UTC):
                self.change(row["id"], "expired", reason="start_before has passed")
                continue
            self.change(row["id"], "running")
            self.log_run(row["id"])
            self.runs[row["id"]] = Run(request, now())

    def log_run(self, attempt_id: str) -> None:
        """Write down that work begins: what a test counts."""
        if "run_log" in self.config:
            with open(self.config["run_log"], "a") as log:
                log.write(f"{attempt_id}\n")
                log.flush()
                os.fsync(log.fileno())

    def work(self, attempt_id: str, work: Run, elapsed: float) -> None:
        """Go on working, or do what `on_host_lost` says."""
        policy = self.description.get("on_host_lost", "continue") if self.host_lost() else "continue"
        if policy == "abort":
            return self.cancel(attempt_id, "the host is lost")
        if (policy == "hold") != work.held:
            work.held = policy == "hold"
            self.change(attempt_id, "holding" if work.held else "running")
        work.passed_s += elapsed
        work.worked_s += 0.0 if work.held else elapsed
        if work.passed_s >= work.request["timeout_s"]:
            self.finish(attempt_id, work, {"outcome": "failed-measurement", "reason": "timeout_s has passed"})
        elif work.worked_s >= self.config["duration_s"] and not Path(self.config.get("busy", os.devnull)).is_file():
            self.finish(attempt_id, work, self.measure(work.request))

    def measure(self, request: dict[str, Any]) -> dict[str, Any]:
        """The constant values of the wanted properties."""
        capability, values = self.description["capabilities"][request["capability"]], self.config["values"]
        channels = {channel["property"]: name for name, channel in capability.get("channels", {}).items()}
        wanted = request.get("yields") or list(channels)
        if unknown := [name for name in wanted if name not in channels or name not in values]:
            return {"outcome": "failed-measurement", "reason": f"{unknown[0]} is not measured here"}
        measurements = [{"channel": channels[name], "property": name, "value": values[name][0],
                         "unit": values[name][1]} for name in wanted]  # fmt: skip
        sample = {"sample_id": request["attempt_id"]} if capability.get("makes_sample") else {}
        return {"outcome": "ok", "measurements": measurements, **sample}

    def finish(self, attempt_id: str, work: Run, gained: dict[str, Any]) -> None:
        """Commit the result, then publish it."""
        result = {"attempt_id": attempt_id, "digest": work.request["digest"], "boot_id": self.boot_id,
                  "journal_id": self.memory["journal_id"], "started_at": work.started_at, "ended_at": now(),
                  **gained}  # fmt: skip
        self.journal.put(attempt_id, state="finished", told=1, request=None, result=json.dumps(result))
        del self.runs[attempt_id]
        self.answer(attempt_id)


def fits(given: dict[str, Any], limits: dict[str, Any]) -> bool:
    """Whether a parameter is as described: its unit, its choices, its limits; without these, any value."""
    value = given["value"]
    if (given.get("unit") or "dimensionless") != (limits.get("unit") or "dimensionless"):
        return False
    choices, bounds = limits.get("choices"), [limits.get(name) for name in ("low", "high")]
    if choices is not None and value not in choices:
        return False
    if bounds == [None, None]:
        return True
    low, high = bounds
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (low is None or value >= low) and (high is None or value <= high)


def main() -> None:
    """Run the instrument of the configuration file."""
    instrument = Instrument(json.loads(Path(sys.argv[1]).read_text()))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(instrument, "stopping", True))
    instrument.run()


if __name__ == "__main__":
    main()
