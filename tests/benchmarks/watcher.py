"""A process that notes when requests and results pass the broker.

`python -m tests.benchmarks.watcher HOST PORT USER PASSWORD` writes a JSON line `[seconds, kind, attempt]` for each, by
the clock that all processes of a machine share (`time.monotonic`), and a line `ready` first.
"""

import json
import sys
import time
from typing import Any

import paho.mqtt.client as mqtt

from adapters.instruments import topics

KINDS = ("request", "result")


def main(host: str, port: str, user: str, password: str) -> None:
    """Watch until killed."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=user, protocol=mqtt.MQTTv311)
    client.username_pw_set(user, password)

    def on_connect(*_: Any) -> None:
        client.subscribe([(f"{topics.ROOT}/+/+/attempt/+/{kind}", 0) for kind in KINDS])

    def on_message(_client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        *_, attempt_id, kind = message.topic.split("/")
        if kind in KINDS:  # amqtt hands out more than was asked for
            print(json.dumps([time.monotonic(), kind, attempt_id]), flush=True)

    client.on_connect, client.on_message = on_connect, on_message
    client.on_subscribe = lambda *_: print('"ready"', flush=True)
    client.connect(host, int(port))
    client.loop_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
