"""An emulator behind a bad network, in one process."""

import asyncio
import signal
from contextlib import AsyncExitStack

from adapters.instruments.emulators.__main__ import build
from adapters.instruments.emulators.config import EmulatorConfig
from adapters.instruments.misbehaviour import ProxyConfig, Rule
from adapters.instruments.proxy import Proxy

_UP = ["state", "description", "heartbeat", "status", "result"]
_DOWN = ["request", "receipt", "command", "host-state"]
_EVIL = {"drop": 0.04, "duplicate": 0.06, "reorder": 0.06, "delay": 0.06, "corrupt": 0.02, "nan": 0.02}


def bad_network(seed: int, broker_host: str, broker_port: int) -> ProxyConfig:
    """A little of everything, both ways."""
    rules = [
        Rule.model_validate({"kinds": kinds, "direction": direction, **_EVIL})
        for kinds, direction in ((_UP, "to_broker"), (_DOWN, "to_device"))
    ]
    return ProxyConfig(broker_host=broker_host, broker_port=broker_port, seed=seed, rules=rules, late_will=0.5)


async def serve(config: EmulatorConfig, misbehaviour: ProxyConfig | None) -> None:
    """Run the emulator until SIGTERM or SIGINT, through the proxy if there is one."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        if misbehaviour is not None:
            proxy = await stack.enter_async_context(Proxy(misbehaviour))
            config = config.model_copy(update={"host": misbehaviour.host, "port": proxy.port})
        await build(config).serve(stop)
