"""`tatara emulate`: an emulated instrument, and a bad network between it and its broker."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from controller.cli.connection import FAILED, Refused, refusals

if TYPE_CHECKING:
    from adapters.instruments.emulators.config import EmulatorConfig
    from adapters.instruments.misbehaviour import ProxyConfig

HELP = """Run an emulated instrument until Ctrl-C.

The file is JSON, for example:

\b
    {"kind": "reactor", "name": "reactor-1", "site": "lab",
     "host": "127.0.0.1", "port": 1883, "password_file": "reactor-1.password",
     "journal": "reactor-1.db", "duration_s": 2.0}

`kind` is reactor (capability `react`), analyser (`analyse`) or table (`look_up`; measured data: then also
"table": {"file": "data.csv", "parameters": {"temperature": "degC", "solvent": null},
"measured": {"yield": {"property": "yield", "unit": "percent"}}}; a "label" names the column that holds the labels of
a pool's rows, and is enough where they are all different).
More: ca_file (TLS), username, seed, noise, concurrency, heartbeat_s, run_log. The password may also stand in
TATARA_INSTRUMENT_PASSWORD.

--misbehave puts a bad network between it and the broker: a seed (messages are lost, doubled, delayed, reordered and
damaged now and then), or a JSON file that says what and how often, for example:

\b
    {"seed": 1, "late_will": 0.5, "clock_skew_s": 0,
     "rules": [{"kinds": ["result", "status"], "direction": "to_broker",
                "drop": 0.1, "duplicate": 0.1}]}
"""

Misbehave = Annotated[str | None, typer.Option(metavar="FILE|SEED", help="Put a bad network in between.")]


def emulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The instrument's configuration (JSON).")],
    misbehave: Misbehave = None,
) -> None:
    with refusals(as_json=False):
        config = _config(file)
        proxy = None if misbehave is None else _misbehaviour(misbehave, config)
        _run(config, proxy)


emulate.__doc__ = HELP


def _run(config: "EmulatorConfig", proxy: "ProxyConfig | None") -> None:
    import asyncio
    import logging

    from adapters.instruments import JournalError
    from adapters.instruments.emulators.config import PASSWORD_VARIABLE
    from adapters.instruments.emulators.misbehaving import serve

    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        asyncio.run(serve(config, proxy))
    except KeyError:
        raise Refused(
            FAILED, f"no password: name a password_file, or set the environment's {PASSWORD_VARIABLE}"
        ) from None
    except (JournalError, OSError, ValueError) as error:
        raise Refused(FAILED, str(error)) from None


def _config(file: Path) -> "EmulatorConfig":
    from adapters.instruments.emulators.config import EmulatorConfig

    try:
        return EmulatorConfig.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(FAILED, f"{file}: {error}") from None


def _misbehaviour(said: str, config: "EmulatorConfig") -> "ProxyConfig":
    from adapters.instruments.emulators.misbehaving import bad_network
    from adapters.instruments.misbehaviour import ProxyConfig

    broker = {"broker_host": config.host, "broker_port": config.port}
    if said.isdigit():
        return bad_network(int(said), **broker)  # type: ignore[arg-type]
    try:
        return ProxyConfig.model_validate({**broker, **json.loads(Path(said).read_text(encoding="utf-8"))})
    except (OSError, ValueError, TypeError) as error:
        raise Refused(FAILED, f"{said}: {error}") from None


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Instruments")(emulate)
