"""The client library: describe an instrument, decorate one async function for each capability, run.

instrument = Instrument("reactor-1", site="lab", description=..., journal="reactor-1.db", host=..., password=...)

@instrument.capability("react")
async def react(work: Work) -> Finished: ...

instrument.run()
"""

import asyncio
import contextlib
import logging
import signal
import ssl
from collections.abc import Callable
from pathlib import Path

from adapters.instruments.bus import Backoff, Bus, BusDown
from adapters.instruments.crew import Crew
from adapters.instruments.journal import Journal, JournalError
from adapters.instruments.messages import Description
from adapters.instruments.outbox import Outbox
from adapters.instruments.session import Session
from adapters.instruments.speech import Speech
from adapters.instruments.tls import is_loopback
from adapters.instruments.work import Handler

log = logging.getLogger("tatara.instrument")

RESEND = Backoff(2.0, 60.0)
RECONNECT = Backoff(0.2, 10.0)


class Instrument:
    """An instrument that speaks MQTT protocol v1. State, heartbeat, journal, reconnecting and resending are built in.

    `username` is also the client id; it defaults to the name. `resend` says when a result without receipt is sent
    again. `host_grace_s`: a host unheard of for so long counts as lost.
    """

    def __init__(
        self,
        name: str,
        *,
        site: str,
        description: Description,
        journal: Path | str,
        host: str,
        port: int = 1883,
        username: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        resend: Backoff = RESEND,
        reconnect: Backoff = RECONNECT,
        ack_timeout_s: float = 10.0,
        host_grace_s: float = 30.0,
    ) -> None:
        if tls is None and not is_loopback(host):
            raise ValueError(f"the broker {host} is elsewhere: pass tls=ssl.create_default_context(cafile=...)")
        self.name = name
        self._site = site
        self._description = description
        self._journal_path = journal
        self._handlers: dict[str, Handler] = {}
        self._stop_hardware: Callable[[], None] | None = None
        self._resend = resend
        self._host_grace_s = host_grace_s
        user = username or name
        self._bus_options = {
            "host": host,
            "port": port,
            "client_id": user,
            "username": user,
            "password": password,
            "tls": tls,
            "backoff": reconnect,
            "ack_timeout_s": ack_timeout_s,
        }

    def capability(self, name: str) -> Callable[[Handler], Handler]:
        """Let the decorated function do the work of a capability of the description."""
        if name not in self._description.capabilities:
            raise ValueError(f"the description has no capability {name!r}")

        def keep(handler: Handler) -> Handler:
            self._handlers[name] = handler
            return handler

        return keep

    def emergency_stop(self, function: Callable[[], None]) -> Callable[[], None]:
        """Call the decorated function at once when an e-stop comes, before running work is cancelled. It must be quick.

        It is a software stop over a network: it does not replace the wired one.
        """
        self._stop_hardware = function
        return function

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; ends the program, with the reason, if the journal cannot be opened."""
        try:
            asyncio.run(self._run())
        except JournalError as error:
            raise SystemExit(f"{self.name}: {error}") from None

    async def _run(self) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await self.serve(stop)

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set. Raises `JournalError` if the journal cannot be opened or written."""
        if missing := set(self._description.capabilities) - set(self._handlers):
            raise ValueError(f"no function for the capabilities {sorted(missing)}")
        with Journal(self._journal_path) as journal:
            await self._serve(journal, stop)

    async def _serve(self, journal: Journal, stop: asyncio.Event) -> None:
        speech = Speech(self._site, self.name, self._description, journal)
        session = Session(self._site, self.name, self._description, journal, speech, self._stop_hardware)

        async def greet(session_present: bool) -> None:
            session.host.forget()
            await speech.greet()
            outbox.connected()

        bus = Bus(
            **self._bus_options,  # type: ignore[arg-type]
            will=speech.will,
            subscriptions=session.subscriptions,
            on_connect=greet,
        )
        outbox = Outbox(bus, self._resend)
        speech.through(bus, outbox)
        crew = Crew(
            journal,
            speech,
            self._handlers,
            self._description.concurrency,
            lambda: bus.linked and session.may_start(),
        )
        session.works_with(crew)
        session.wake()
        try:
            async with bus:
                await self._until_stopped(
                    stop.wait(),
                    _receive(bus, session),
                    outbox.run(),
                    self._beat(bus, speech, session, crew, journal),
                    crew.failed(),
                )
                with contextlib.suppress(BusDown):
                    await speech.goodbye()
        finally:
            await crew.leave()

    async def _until_stopped(self, *services: object) -> None:
        tasks = [asyncio.ensure_future(service) for service in services]  # type: ignore[call-overload]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _beat(self, bus: Bus, speech: Speech, session: Session, crew: Crew, journal: Journal) -> None:
        while True:
            session.check_host(self._host_grace_s)
            crew.start_waiting()
            if bus.connected:
                with contextlib.suppress(BusDown):
                    await speech.heartbeat(crew.active, len(journal.waiting()))
            await asyncio.sleep(self._description.heartbeat_s)


async def _receive(bus: Bus, session: Session) -> None:
    async for delivery in bus.messages():
        session.take(delivery.topic, delivery.payload)
        # Only now: whatever the message asked for is in the journal.
        delivery.ack()
