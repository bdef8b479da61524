"""`tatara instrument test`: play the daemon against a device, and say which clauses of the protocol it keeps."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import FAILED, UNREACHABLE, USAGE, Json, Refused, refusals

if TYPE_CHECKING:
    from adapters.instruments.conformance import Finding
    from controller.cli.trial import Settings

Name = Annotated[str, typer.Argument(help="The instrument's name: its user name at the broker.")]
Broker = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="The broker that the device uses. Without it one is started here, and is also made to fail.",
    ),
]
User = Annotated[str, typer.Option(help="With --broker: the daemon's user name there.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        help="With --broker: holds the daemon's password. Without: the device's; made if it does not exist.",
    ),
]
CaFile = Annotated[Path | None, typer.Option(help="With --broker: certificate of who signed the broker's (TLS).")]
Candidate = Annotated[
    Path | None,
    typer.Option(
        help="JSON file with a candidate that gives an `ok` result. Its `values` are used as parameters too; without "
        "it they are in the middle of the described limits."
    ),
]


def conformance(
    name: Name,
    broker: Broker = None,
    user: User = "tatara",
    password_file: PasswordFile = None,
    ca_file: CaFile = None,
    site: Annotated[str, typer.Option(help="The site's name, in the device's topics.")] = "lab",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the broker started here; 0: any.")] = 0,
    capability: Annotated[str | None, typer.Option(help="What to ask for; default: the first described.")] = None,
    candidate: Candidate = None,
    restart: Annotated[bool, typer.Option("--restart", help="Also ask you to kill and start the device.")] = False,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds that one run may take.")] = 60.0,
    come: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the device.")] = 600.0,
    quiet: Annotated[float, typer.Option(min=0.1, help="Seconds of silence that prove that nothing comes.")] = 5.0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a real device is made to work.")] = False,
    json_: Json = False,
) -> None:
    """Test a device against the protocol, clause by clause. No daemon is needed.

    The device is made to work some fifteen times, and is stopped in between. Ends with exit code 1 if a check failed.
    """
    from controller.cli.trial import Settings

    with refusals(json_):
        settings = Settings(
            name=_identifier("NAME", name),
            site=_identifier("--site", site),
            broker=_address(broker),
            user=user,
            password_file=password_file,
            ca_file=ca_file,
            port=port,
            capability=capability,
            candidate=_candidate(candidate),
            restart=restart,
            run_s=patience,
            come_s=come,
            quiet_s=quiet,
            ask=not yes,
        )
        findings = _run(settings)
        _show(findings, json_)
        if any(finding.verdict == "FAILED" for finding in findings):
            raise typer.Exit(FAILED)


def _run(settings: "Settings") -> "list[Finding]":
    import asyncio
    import logging

    from adapters.broker import BrokerFailed
    from adapters.instruments.bus import BusDown
    from adapters.instruments.conformance import NotReady
    from controller.cli.trial import run

    logging.basicConfig(level=logging.CRITICAL)  # connections are broken on purpose: nobody need read of it
    try:
        return asyncio.run(run(settings, _tell))
    except NotReady as error:
        raise Refused(FAILED, str(error)) from None
    except (BrokerFailed, BusDown, TimeoutError) as error:
        raise Refused(UNREACHABLE, f"the broker: {error or 'no connection in time'}") from None
    except OSError as error:
        raise Refused(FAILED, str(error)) from None


def _tell(text: str) -> None:
    """What happens, on stderr: stdout is the report's."""
    print(output.safe(text), file=sys.stderr, flush=True)


def _show(findings: "list[Finding]", as_json: bool) -> None:
    counts = {verdict: sum(each.verdict == verdict for each in findings) for verdict in ("ok", "FAILED", "not tested")}
    if as_json:
        checks = [vars(each) for each in findings]
        print(json.dumps({"conforms": counts["FAILED"] == 0, "counts": counts, "checks": checks}, ensure_ascii=False))
        return
    rows = [(each.clause, each.what, each.verdict, each.seen) for each in findings]
    output.table(("clause", "what", "verdict", "seen"), rows, "nothing was tested")
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))


def _address(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise Refused(USAGE, f"--broker {text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _identifier(what: str, text: str) -> str:
    """A name of the protocol (rule 9): the broker would take no other, and the device would wait in vain."""
    from adapters.instruments.messages import is_identifier
    from adapters.instruments.topics import HOST

    if not is_identifier(text) or text == HOST:
        rule = f"a name has lower case letters, digits and hyphens, at most 80 of them, and is not {HOST!r}"
        raise Refused(USAGE, f"{what} {text!r}: {rule}")
    return text


def _candidate(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(FAILED, f"{path}: {error}") from None
    if not isinstance(read, dict) or not isinstance(read.get("kind"), str):
        raise Refused(FAILED, f"{path}: a candidate is a JSON object with a `kind`")
    return read


def add_to(group: typer.Typer) -> None:
    """Add the command to `tatara instrument`."""
    group.command("test")(conformance)
