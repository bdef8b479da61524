"""Instruments: enrol them, let them take work or not, and remove them."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import FAILED, USAGE, Daemon, Refused, talks
from controller.cli.quantities import seconds
from controller.cli.secret_file import place_for

app = typer.Typer(no_args_is_help=True, help="Enrol instruments, let them take work, remove them.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the instrument.")]
Why = Annotated[str, typer.Option(help="The reason; it stands in the audit trail.")]


@talks
def instruments(daemon: Daemon) -> None:
    """List the instruments: what each does now, and why it gets no work."""
    daemon.show(daemon.get("/instruments"), _show)


def _show(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("instrument", "state", "busy", "armed", "simulated", "gets no work because", "last change (UTC)"),
        (
            (
                row["name"],
                row["state"],
                f"{row['busy']} of {row['concurrency']}",
                row["armed"],
                row["simulated"],
                row["obstacle"],
                output.moment(row["said_at"]),
            )
            for row in rows
        ),
        "No instruments are enrolled.",
    )


@app.command()
@talks
def add(
    daemon: Daemon,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name: small letters, digits, dashes.")],
    simulated: Annotated[bool, typer.Option("--simulated", help="It is an emulator: no arming, no real campaigns.")] = (
        False
    ),
    password_file: Annotated[
        Path | None,
        typer.Option(help="Write its password into this new file, readable by you only, and do not show it."),
    ] = None,
) -> None:
    """Enrol an instrument and make its password, which is shown once."""
    with place_for(password_file) as put:
        answer = daemon.post("/instruments", name=name, simulated=simulated)
        put(answer["password"])
    if password_file is not None:
        answer = {**answer, "password": None, "file": str(password_file)}
    daemon.show(answer, _show_added)


def _show_added(row: dict[str, Any]) -> None:
    kind = "simulated" if row["simulated"] else "real"
    print(f"Instrument {row['name']} ({kind}) is enrolled. It signs in at the broker with its name and this password:")
    if row["password"] is None:
        print(f"written to {output.safe(row['file'])}")
    else:
        print(f"\n    {row['password']}\n\nThe password is not shown again.")
    print(f"It finds the broker at {row['broker']}, and its topics begin with tatara/v1/{row['site']}/{row['name']}.")
    if row["external_broker"]:
        print("\nRun `tatara broker config` and let mosquitto read the files again (SIGHUP). Or by hand: password file")
        print("\n" + row["password_line"] + "\nand ACL file\n\n" + row["acl"])


@app.command()
@talks
def arm(
    daemon: Daemon,
    name: Name,
    time: Annotated[str, typer.Option("--for", metavar="TIME", help="For how long, such as 45min, 8h or 2d.")],
) -> None:
    """Let a real instrument take work for a while. An e-stop, a restart or a changed description disarms it."""
    answer = daemon.post(f"/instruments/{name}/arm", seconds=seconds(time))
    daemon.show(answer, lambda row: print(f"{name} is armed until {output.moment(row['armed_until'])} UTC."))


@app.command()
@talks
def disarm(daemon: Daemon, name: Name, why: Annotated[str | None, typer.Option(help="A reason.")] = None) -> None:
    """Let an instrument take no further work; what it runs goes on. Everyone may."""
    daemon.show(daemon.post(f"/instruments/{name}/disarm", why=why), lambda row: print(f"{name} is disarmed."))


@app.command()
@talks
def accept(
    daemon: Daemon,
    name: Name,
    digest: Annotated[str | None, typer.Option(help="Digest of the description, to accept it unseen.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask back.")] = False,
) -> None:
    """Show what an instrument says of itself now, and accept it: its limits are wider than before."""
    answer = daemon.post(f"/instruments/{name}/accept", digest=digest or _shown(daemon, name, yes))
    daemon.show(answer, lambda row: print(f"The description of {name} is accepted."))


def _shown(daemon: Daemon, name: str, yes: bool) -> str:
    row = next((each for each in daemon.get("/instruments") if each["name"] == name), None)
    if row is None or row["description_digest"] is None:
        raise Refused(FAILED, f"no instrument {name!r}" if row is None else f"{name} has sent no description")
    if not daemon.as_json:
        print(output.safe(json.dumps(row["description"], indent=2, ensure_ascii=False)))
        if not yes and not sys.stdin.isatty():
            raise Refused(USAGE, "nobody can be asked here: give --yes, or --digest of what was shown")
        if not yes and not typer.confirm("Accept this description?"):
            raise Refused(FAILED, "nothing was accepted")
    return str(row["description_digest"])


@app.command()
@talks
def remove(daemon: Daemon, name: Name, why: Why) -> None:
    """Let an instrument in no more. Its record stays; `add` enrols it anew, with another password."""
    daemon.show(daemon.post(f"/instruments/{name}/remove", why=why), _show_removed)


def _show_removed(row: dict[str, Any]) -> None:
    print(f"Instrument {row['name']} is removed; what it still sends is quarantined.")
    if row["external_broker"]:
        print("Run `tatara broker config` and let mosquitto read its files again (SIGHUP): until then it lets it in.")


@app.command()
@talks
def pause(daemon: Daemon, name: Name, why: Why) -> None:
    """Give an instrument no new work; it is told. Everyone may."""
    daemon.show(daemon.post(f"/instruments/{name}/pause", why=why), lambda row: print(f"{name} is to pause."))


@app.command()
@talks
def resume(daemon: Daemon, name: Name, why: Why) -> None:
    """End the pause of an instrument."""
    daemon.show(daemon.post(f"/instruments/{name}/resume", why=why), lambda row: print(f"{name} is to go on."))


app.command("list")(instruments)


def add_to(main: typer.Typer) -> None:
    """Add the commands."""
    main.command(rich_help_panel="Instruments")(instruments)
    main.add_typer(app, name="instrument", rich_help_panel="Instruments")
