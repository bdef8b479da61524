"""`tatara broker config`: mosquitto's files, made from the site file and from who is enrolled."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import DEFAULT_DATA, FAILED, USAGE, Data, Json, Refused, refusals
from controller.cli.records import read_only
from controller.cli.site import SiteFile, read_site

if TYPE_CHECKING:
    from adapters.broker import Listener
    from controller.access.site import BrokerSection, Site

app = typer.Typer(no_args_is_help=True, help="The configuration of a broker of the site's own (mosquitto).")


@app.callback()
def _group() -> None:
    """Keeps `config` a command of its own while it is the only one."""


@app.command()
def config(
    folder: Annotated[Path, typer.Option("--output", help="Folder for the files; it exists, and mosquitto owns it.")],
    site: SiteFile = None,
    data: Data = DEFAULT_DATA,
    cert: Annotated[
        Path | None, typer.Option(help="The broker's certificate, with the chain that leads to it.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Its key. It stays where it is; mosquitto must be able to read it.")
    ] = (None),
    self_signed: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST", help="Make a certificate for this name or address (more than once: for each), by openssl."
        ),
    ] = None,
    listen: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Without it: every address of this machine.")
    ] = (None),
    state: Annotated[
        Path | None, typer.Option(help="Where mosquitto keeps its sessions. Without it: in the folder as well.")
    ] = None,
    json_: Json = False,
) -> None:
    """Write mosquitto.conf, password file and ACL for the broker of the site file.

    Run it again after each `instrument add` or `remove`, then let mosquitto read the files (`systemctl reload
    mosquitto`, or SIGHUP). `mosquitto.conf` itself is then left as it is, unless a certificate is named. Run it as root
    in a folder that belongs to mosquitto's account: what is written belongs to the folder's owner.

    The daemon's password is made, in the `password_file` of the site file, if that is not there yet.
    """
    with refusals(json_):
        settings = read_site(site)
        if settings.broker is None:
            raise Refused(FAILED, "the site file has no `broker`: the embedded broker needs no configuration")
        if (cert is None) != (key is None) or (cert and self_signed):
            raise Refused(USAGE, "give --cert and --key, or --self-signed HOST")
        try:
            tls = _tls(folder, settings.name, cert, key, self_signed or [])
            conf = _write_conf(folder, settings.broker, tls, listen, state or folder)
            made = _daemon_password(settings.broker.password_file)
            names = _write_access(folder, settings, data)
        except OSError as error:
            raise Refused(FAILED, f"{error.filename or folder}: {error.strerror or error}") from None
        _tell(folder, conf, settings.broker.password_file if made else None, names, json_)


def _tls(folder: Path, site: str, cert: Path | None, key: Path | None, hosts: list[str]) -> tuple[Path, Path] | None:
    from adapters.broker.certificates import NoCertificate, make_certificate

    if cert is not None and key is not None:
        for path in (cert, key):
            path.open("rb").close()
        return cert.absolute(), key.absolute()
    try:
        return make_certificate(folder.absolute(), site, hosts) if hosts else None
    except NoCertificate as refused:
        raise Refused(FAILED, str(refused)) from None


def _write_conf(
    folder: Path, section: "BrokerSection", tls: tuple[Path, Path] | None, listen: str | None, state: Path
) -> bool:
    """Write mosquitto.conf, unless it is there and no certificate was named; says whether."""
    from adapters.broker.access import write_owned
    from adapters.broker.mosquitto import CONF, mosquitto_conf

    if tls is None and listen is None and (folder / CONF).exists():
        return False
    text = mosquitto_conf(folder.absolute(), _listener(section, tls, listen), state=state.absolute())
    write_owned(folder / CONF, text, 0o644)
    return True


def _listener(section: "BrokerSection", tls: tuple[Path, Path] | None, listen: str | None) -> "Listener":
    """Without TLS it listens on this machine only."""
    from adapters.broker import Listener
    from adapters.instruments.tls import is_loopback

    if tls is None and (listen is not None or section.ca_file is not None or not is_loopback(section.host)):
        raise Refused(USAGE, "other machines connect by TLS: give --cert and --key, or --self-signed HOST")
    return Listener(section.port, "127.0.0.1" if tls is None else listen, tls)


def _daemon_password(path: Path) -> bool:
    """See that the daemon has a password; says whether one was made."""
    from adapters.broker import make_password
    from adapters.broker.access import write_owned

    if path.exists():
        return False
    write_owned(path, make_password() + "\n")
    return True


def _write_access(folder: Path, site: "Site", data: Path) -> list[str]:
    """Password file and ACL; returns the instruments that are let in."""
    from adapters.broker import hash_password, site_logins, write_access
    from controller.store.views import enrolled

    assert site.broker is not None
    password = site.broker.password_file.read_text(encoding="utf-8").strip()
    if not password:
        raise Refused(FAILED, f"{site.broker.password_file} is empty: remove it, and a password is made")
    with read_only(site.database, data) as session:
        hashes = {row.name: row.password_hash for row in enrolled(session)}
    if site.broker.username in hashes:
        raise Refused(FAILED, f"an instrument is named {site.broker.username!r}, as the daemon is at the broker")
    write_access(folder, site_logins(site.name, site.broker.username, hash_password(password), hashes))
    return list(hashes)


def _tell(folder: Path, conf: bool, password_file: Path | None, names: list[str], json_: bool) -> None:
    if json_:
        answer: dict[str, Any] = {"folder": str(folder), "mosquitto_conf": conf, "instruments": names}
        print(json.dumps({**answer, "password_file": None if password_file is None else str(password_file)}))
        return
    output.fields(
        [
            ("files", folder),
            ("let in", names),
            *([("password", f"{password_file} was made for the daemon")] if password_file else []),
        ]
    )
    if conf:
        print("mosquitto.conf is new: restart mosquitto.")
    else:
        print("Let mosquitto read them: systemctl reload mosquitto (SIGHUP). mosquitto.conf is as it was.")


def add_to(main: typer.Typer) -> None:
    """Add the commands."""
    main.add_typer(app, name="broker", rich_help_panel="Administration")
