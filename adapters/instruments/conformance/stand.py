"""A broker and a file store of our own on this machine, with a wire to the device that can be cut."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from adapters.broker import EmbeddedBroker, Login, daemon_rules, hash_password, instrument_rules, make_password
from adapters.instruments.conformance.store import FileStore
from adapters.instruments.host import Address
from adapters.instruments.misbehaviour import ProxyConfig
from adapters.instruments.proxy import Proxy

HOST_USER = "tatara"


@dataclass
class Stand:
    """`async with Stand(...)`: the device connects to `port` as `name` with `password`, the test by `address`.

    Files are put below `files_url`.
    """

    folder: Path
    site: str
    name: str
    password: str = field(default_factory=make_password, repr=False)
    port: int = 0
    host: str = "127.0.0.1"

    async def __aenter__(self) -> Self:
        if find_spec("amqtt") is None:
            raise ModuleNotFoundError("the embedded broker needs amqtt", name="amqtt")
        own = make_password()
        logins = {
            HOST_USER: Login(hash_password(own), tuple(daemon_rules(self.site))),
            self.name: Login(hash_password(self.password), tuple(instrument_rules(self.site, self.name))),
        }
        self._stack = AsyncExitStack()
        self._broker = await self._stack.enter_async_context(EmbeddedBroker(self.folder, logins))
        config = ProxyConfig(host=self.host, port=self.port, broker_port=self._broker.port)
        self._proxy = await self._stack.enter_async_context(Proxy(config))
        self.port = self._proxy.port
        self._files = self._stack.enter_context(FileStore(self.name, self.password))
        self.files_url = self._files.url
        self.address = Address(self._broker.host, self._broker.port, HOST_USER, own)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def put_at(self, sha256: str) -> float | None:
        """When the device put this file (`time.monotonic`), if it did."""
        return self._files.put_at.get(sha256)

    def cut(self) -> None:
        """Break the device's connection without a goodbye."""
        self._proxy.cut()

    async def forget(self) -> None:
        """Kill the broker and start it again: it has kept nothing."""
        await self._broker.kill()
        await self._broker.start()
