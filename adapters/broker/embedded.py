"""The embedded broker's own process: amqtt with passwords and access rules. For demos and tests: it keeps nothing.

amqtt's plugins see neither wills nor what is retained, so the places where it asks them are overridden instead.
"""

import asyncio
import json
import logging
import signal
from pathlib import Path
from typing import Any

from amqtt.adapters import BufferReader, ReaderAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig
from amqtt.errors import MQTTError
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import Session

from adapters.broker.access import Login, Verb, allowed, read_access, verify_password
from adapters.lifeline import parent_gone

log = logging.getLogger("tatara.broker")

_VERBS: dict[Action, Verb] = {Action.PUBLISH: "write", Action.SUBSCRIBE: "read", Action.RECEIVE: "read"}


class _Heard(ReaderAdapter):  # type: ignore[misc]
    """Keeps what was read."""

    def __init__(self, reader: ReaderAdapter) -> None:
        self._reader = reader
        self.taken = bytearray()

    async def read(self, n: int = -1) -> bytes:
        found: bytes = await self._reader.read(n)
        self.taken += found
        return found

    def feed_eof(self) -> None:
        self._reader.feed_eof()


class GuardedBroker(Broker):  # type: ignore[misc]
    """amqtt that knows its users: password, own client ids, rules for topics, wills and what is retained."""

    def __init__(self, config: BrokerConfig, logins: dict[str, Login]) -> None:
        super().__init__(config)
        self.logins = logins
        self._owners: dict[str, str] = {}  # client id -> the user that used it first

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, remote_address: str, remote_port: int
    ) -> tuple[BrokerProtocolHandler, Session]:
        # amqtt gives a session to whoever names it, their user and will to it, and asks only then who they are.
        heard = _Heard(reader)
        try:
            _, newcomer = await BrokerProtocolHandler.init_from_connect(heard, writer, self.plugins_manager)
            if not self._knows(newcomer):
                await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
                raise MQTTError(f"{newcomer.username!r} may not come in as {newcomer.client_id!r}")
        except MQTTError:
            await writer.close()
            raise
        connect = BufferReader(bytes(heard.taken))
        found: tuple[BrokerProtocolHandler, Session] = await super()._initialize_client_session(
            connect, writer, remote_address, remote_port
        )
        return found

    async def _authenticate(self, session: Session, _: Any) -> bool:
        self._owners[session.client_id] = session.username or ""
        return True  # nobody else has come so far

    def _knows(self, newcomer: Session) -> bool:
        user = newcomer.username or ""
        login = self.logins.get(user)
        if login is None or not self._owns(user, newcomer.client_id):
            return False
        if newcomer.will_flag and not allowed(login.rules, "write", newcomer.will_topic):
            return False
        return verify_password(newcomer.password or "", login.password_hash)

    def _owns(self, user: str, client_id: str) -> bool:
        """A client id is a session and what is queued in it: a user's name is that user's, the rest goes by first use.

        mosquitto does the same more simply: `use_username_as_clientid`.
        """
        return client_id == user or (client_id not in self.logins and self._owners.get(client_id, user) == user)

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        return self._may(session, _VERBS[action], topic)

    def _may(self, session: Session, verb: Verb, topic: str) -> bool:
        login = self.logins.get(session.username or "")
        return login is not None and allowed(login.rules, verb, topic)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        # amqtt hands out what is retained for everybody's subscriptions, and stops serving until all is acknowledged.
        topic_filter, qos = subscription
        handler = self._get_handler(session)
        for topic, kept in list(self._retained_messages.items()):
            if handler and self._matches(topic, topic_filter) and self._may(session, "read", topic):
                sent = handler.mqtt_publish(topic, kept.data, min(qos, kept.qos or 0), retain=True)
                self._tasks_queue.append(asyncio.ensure_future(sent))


async def serve(config_file: Path) -> None:
    """Run the broker until SIGTERM or SIGINT, or until the parent is gone; SIGHUP reads users and rules again."""
    config = json.loads(config_file.read_text(encoding="utf-8"))
    directory = Path(config["access"])
    logging.basicConfig(filename=directory / "embedded.log", level=logging.ERROR)
    log.setLevel(logging.INFO)
    listener = {"type": "tcp", "bind": f"{config['host']}:{config['port']}"}
    broker = GuardedBroker(BrokerConfig.from_dict({"listeners": {"default": listener}, "plugins": {}}), {})
    broker.logins = read_access(directory)
    await broker.start()
    _announce(broker, config.get("ready_file"))
    await _until_stopped(broker, directory, bool(config.get("outlives_parent", False)))
    await broker.shutdown()


def _announce(broker: GuardedBroker, ready_file: str | None) -> None:
    if ready_file is None:
        return
    port = broker._servers["default"].instance.sockets[0].getsockname()[1]
    fresh = Path(f"{ready_file}.new")
    fresh.write_text(json.dumps({"port": port}), encoding="utf-8")
    fresh.replace(ready_file)


async def _until_stopped(broker: GuardedBroker, directory: Path, outlives_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def reload() -> None:
        try:
            broker.logins = read_access(directory)
        except (OSError, ValueError) as error:
            log.error("users and rules stay as they were: %s", error)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    loop.add_signal_handler(signal.SIGHUP, reload)
    waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(stopped.wait())]
    if not outlives_parent:
        waits.append(asyncio.ensure_future(parent_gone()))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    log.info("stopped by %s", "a signal" if stopped.is_set() else "the end of the parent")
