"""`python -m adapters.instruments.emulators CONFIG.json`: one emulated instrument as a process of its own."""

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

from adapters.instruments import Backoff, Capability, Description, Finished, Instrument, Work
from adapters.instruments.emulators.config import EmulatorConfig
from adapters.instruments.tls import tls_for
from adapters.lifeline import parent_gone

Measure = Callable[[Work], Finished]


def _emulation(config: EmulatorConfig) -> tuple[str, str, dict[str, Capability], Measure]:
    """Model, capability, its description, and the function that does the work."""
    if config.kind == "reactor":
        from adapters.instruments.emulators import reactor

        return reactor.MODEL, reactor.CAPABILITY, reactor.CAPABILITIES, reactor.react
    if config.kind == "analyser":
        from adapters.instruments.emulators import analyser

        def analyse(work: Work) -> Finished:
            return analyser.analyse(work, config.seed, config.noise)

        return analyser.MODEL, analyser.CAPABILITY, analyser.CAPABILITIES, analyse
    from adapters.instruments.emulators import table

    if config.table is None:
        raise SystemExit("kind 'table' needs the section 'table'")
    rows = table.Rows(config.table)
    return table.MODEL, table.CAPABILITY, table.capabilities(config.table), rows.look_up


def build(config: EmulatorConfig) -> Instrument:
    """Make the instrument; it runs nothing yet."""
    model, capability, capabilities, measure = _emulation(config)
    instrument = Instrument(
        config.name,
        site=config.site,
        description=Description(
            model=model,
            software="tatara emulator",
            simulated=True,
            concurrency=config.concurrency,
            heartbeat_s=config.heartbeat_s,
            capabilities=capabilities,
        ),
        journal=config.journal,
        host=config.host,
        port=config.port,
        username=config.username,
        password=config.password(),
        tls=tls_for(config.host, config.ca_file),
        resend=Backoff(config.resend_s, 30 * config.resend_s),
        ack_timeout_s=config.ack_timeout_s,
    )

    @instrument.capability(capability)
    async def work(work: Work) -> Finished:
        if config.run_log is not None:
            _note_run(config.run_log, work.attempt_id)
        await asyncio.sleep(config.duration_s)
        await work.checkpoint()
        return measure(work)

    return instrument


def _note_run(run_log: Path, attempt_id: str) -> None:
    """Append and sync: this record of what ran depends on neither journal nor database."""
    with run_log.open("a", encoding="utf-8") as file:
        file.write(f"{attempt_id}\n")
        file.flush()
        os.fsync(file.fileno())


async def serve(config: EmulatorConfig) -> None:
    """Run until SIGTERM or SIGINT, or until the parent is gone where the configuration says so."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if config.stop_with_parent:
        gone = asyncio.create_task(parent_gone())
        gone.add_done_callback(lambda _: stop.set())
    await build(config).serve(stop)


def main() -> None:
    """Read the configuration and serve."""
    parser = argparse.ArgumentParser(prog="adapters.instruments.emulators", description="An emulated instrument.")
    parser.add_argument("config", type=Path, help="JSON file; see adapters.instruments.emulators.config")
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    text = parser.parse_args().config.read_text(encoding="utf-8")
    asyncio.run(serve(EmulatorConfig.model_validate_json(text)))


if __name__ == "__main__":
    main()
