"""One test of a device: the broker, the waiting for the device, the checks, and the person who restarts it."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.broker import make_password
from adapters.instruments.conformance import Finding, Patience, Stand, Subject, Talk, Verdict, examine, meet
from adapters.instruments.conformance.parameters import Order
from adapters.instruments.host import Address
from adapters.instruments.tls import tls_for
from controller.cli.connection import FAILED, USAGE, Refused

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What the command line says."""

    name: str
    site: str
    broker: tuple[str, int] | None
    user: str
    password_file: Path | None
    ca_file: Path | None
    port: int
    capability: str | None
    candidate: dict[str, Any] | None
    restart: bool
    run_s: float
    come_s: float
    quiet_s: float
    ask: bool


async def run(settings: Settings, tell: Tell) -> list[Finding]:
    """Test the device; raises `NotReady`, `BrokerFailed`, `BusDown`, `TimeoutError` or `Refused`."""
    patience = Patience(run_s=settings.run_s, come_s=settings.come_s, quiet_s=settings.quiet_s)
    async with AsyncExitStack() as stack:
        stand: Stand | None = None
        if settings.broker is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tatara-test-"))
            stand = Stand(
                Path(folder), settings.site, settings.name, _device_password(settings.password_file), settings.port
            )
            await stack.enter_async_context(stand)
            tell(_invitation(settings, stand, _keep(stand.password, settings.password_file)))
        address = _address(settings) if stand is None else stand.address
        talk = await stack.enter_async_context(Talk(address, settings.site, settings.name, patience))
        tell(f"Waiting for {settings.name} ...")
        subject = await meet(talk, settings.candidate, settings.capability)
        subject.wires = stand
        await _consent(subject, settings, tell)
        if settings.restart:
            subject.restarted = lambda: _ask_for_restart(tell)
        return await examine(subject, lambda finding: tell(_line_of(finding)))


def _line_of(finding: Finding) -> str:
    reason = f": {finding.seen}" if finding.verdict is Verdict.FAILED else ""
    return f"{finding.verdict:<10} {finding.what}{reason}"


def _invitation(settings: Settings, stand: Stand, shown: str) -> str:
    return (
        f"Let the device connect to {stand.host}:{stand.port} (on this machine, without TLS), with\n"
        f"  site      {settings.site}\n  user name {settings.name}\n  password  {shown}\n"
        f"Files that its results name: PUT {stand.files_url}/api/v1/files/{{sha256}}"
    )


def _device_password(file: Path | None) -> str:
    """The device's password: of an earlier test, or new."""
    return _read(file) if file is not None and file.exists() else make_password()


def _keep(password: str, file: Path | None) -> str:
    """Keep the password for the next test, now that its broker runs; returns what is shown of it."""
    if file is None:
        return password
    if not file.exists():
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as fresh:
            fresh.write(password + "\n")
    return f"in {file}"


def _address(settings: Settings) -> Address:
    assert settings.broker is not None
    host, port = settings.broker
    if settings.password_file is None:
        raise Refused(USAGE, "--broker needs --password-file: the daemon's password there")
    return Address(host, port, settings.user, _read(settings.password_file), tls_for(host, settings.ca_file))


def _read(file: Path) -> str:
    password = file.read_text(encoding="utf-8").strip()
    if not password:
        raise Refused(FAILED, f"{file} holds no password")
    return password


async def _consent(subject: Subject, settings: Settings, tell: Tell) -> None:
    """A real device is not set to work before somebody has seen with what."""
    orders = "; ".join(f"{order.capability} with {_values(order)}" for order in subject.orders)
    tell(f"{subject.description.model} is here. It is asked for: {orders}")
    if subject.description.simulated or not settings.ask:
        return
    question = "This device is real, and will be made to work some fifteen times with these values."
    if not sys.stdin.isatty():
        raise Refused(FAILED, f"{question} If that is safe, say so with --yes")
    tell(f"{question} Is that safe? [y/N]")
    if (await _line()).strip().lower() not in ("y", "yes"):
        raise Refused(FAILED, "not tested")


async def _line() -> str:
    """A line from the terminal; meanwhile the connection lives on, and Ctrl-C works."""
    ready = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin)
    return sys.stdin.readline()


def _values(order: Order) -> str:
    values = (f"{name} = {each['value']} {each.get('unit', '')}".strip() for name, each in order.parameters.items())
    return ", ".join(values) or "no parameters"


async def _ask_for_restart(tell: Tell) -> None:
    tell("\n>>> Kill the device's program now (kill -9, or pull the plug), and start it again. Waiting ...\n")
