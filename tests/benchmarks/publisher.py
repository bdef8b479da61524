"""A process that plays one instrument for the intake: publishes results at a pace, and times their receipts.

`python -m tests.benchmarks.publisher SETTINGS.json` with host, port, ca_file (null: no TLS), user, password, site,
messages (attempt, topic, payload), rate (results a second; 0: as fast as receipts come) and window (results without a
receipt at most). It writes a JSON line `ready`, waits for a line on its standard input, and ends with a JSON line of
what it measured.
"""

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from adapters.instruments import topics
from tests.benchmarks.figure import percentile

PATIENCE_S = 30.0
STEP_S = 0.005


class Publisher:
    """Paces results, and notes when each was sent and receipted."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.sent: dict[str, float] = {}
        self.receipted: dict[str, float] = {}
        self.refused = 0
        self.connected = threading.Event()
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=settings["user"], clean_session=True, protocol=mqtt.MQTTv311
        )
        self.client.username_pw_set(settings["user"], settings["password"])
        if settings["ca_file"]:
            self.client.tls_set(settings["ca_file"])
        self.client.max_inflight_messages_set(1000)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self.connected.set()
        self.client.on_message = self._on_message

    def run(self) -> dict[str, Any]:
        self.client.connect(self.settings["host"], self.settings["port"])
        self.client.loop_start()
        if not self.connected.wait(PATIENCE_S):
            raise SystemExit("no connection to the broker")
        messages = self.settings["messages"]
        print("ready", flush=True)
        sys.stdin.readline()
        self._publish([tuple(each) for each in messages])
        self._wait_for_receipts()
        self.client.loop_stop()
        return self._measured()

    def _publish(self, messages: list[tuple[str, str, str]]) -> None:
        rate, window = self.settings["rate"], self.settings["window"]
        end = time.monotonic() + self.settings["seconds"]
        started = time.monotonic()
        position = 0
        while position < len(messages) and (now := time.monotonic()) < end:
            due = len(messages) if not rate else int((now - started) * rate) + 1
            room = window - (len(self.sent) - len(self.receipted))
            upto = min(due, position + room, len(messages))
            for key, topic, payload in messages[position:upto]:
                self.sent[key] = time.monotonic()
                self.client.publish(topic, payload, qos=1)
            position = max(position, upto)
            time.sleep(STEP_S)
        self.seconds = time.monotonic() - started

    def _wait_for_receipts(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while len(self.receipted) < len(self.sent) and time.monotonic() < end:
            time.sleep(STEP_S)

    def _measured(self) -> dict[str, Any]:
        first = min(self.sent.values())
        waits = [1000 * (at - self.sent[key]) for key, at in self.receipted.items()]
        return {
            "sent": len(self.sent),
            "receipts": len(self.receipted),
            "refused": self.refused,
            "offered": len(self.sent) / self.seconds,
            "within": sum(at - first <= self.seconds for at in self.receipted.values()) / self.seconds,
            "p50": percentile(waits, 0.5),
            "p99": percentile(waits, 0.99),
        }

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(topics.attempt(self.settings["site"], self.settings["user"], "+", "receipt"), qos=1)

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        key = message.topic.split("/")[-2]
        if b'"stored"' not in message.payload:
            self.refused += 1
        if key in self.sent:  # the first receipt counts
            self.receipted.setdefault(key, time.monotonic())


if __name__ == "__main__":
    print(json.dumps(Publisher(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).run()), flush=True)
