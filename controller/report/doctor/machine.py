"""The machine: packages, disk, limits, and who may read what is secret."""

import importlib.metadata
import os
import shutil
import stat
from pathlib import Path

from packaging.requirements import Requirement
from sqlalchemy.engine import make_url

from controller.access.limits import load_limits
from controller.access.site import Site
from controller.report.doctor.finding import Finding

FREE = 0.05  # the daemon dispatches nothing below it
SOON = 0.10


def look(site: Site, data: Path) -> list[Finding]:
    """All of it."""
    secrets = [data / "admin-token"]
    if site.broker is not None:
        secrets.append(site.broker.password_file)
    secrets += site.alerts.secret_files()
    passfile = None if site.database is None else make_url(site.database).query.get("passfile")
    if isinstance(passfile, str):
        secrets.append(Path(passfile))
    return [packages(), disk(data), limits(data / "limits.yaml"), *(secret(path) for path in secrets)]


def packages() -> Finding:
    """The daemon's packages are there, in versions that this Tatara was made for."""
    wrong = []
    for line in importlib.metadata.requires("tatara") or []:
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": "daemon"}):
            continue
        try:
            found = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            wrong.append(f"{wanted.name} {found} is not {wanted.specifier}")
    if wrong:
        mend = "in a checkout of Tatara: pip install -c constraints.txt '.[daemon]'"
        return Finding("packages", "; ".join(wrong), mend)
    return Finding("packages", f"tatara {importlib.metadata.version('tatara')} and what the daemon needs")


def disk(data: Path) -> Finding:
    """There is room where the daemon writes."""
    try:
        usage = shutil.disk_usage(data)
    except OSError as error:
        return Finding("disk", f"{data}: {error.strerror}", f"make the folder {data}, or name another one with --data")
    free = usage.free / usage.total
    found = f"{free:.0%} ({usage.free / 1e9:,.1f} GB) free at {data}"
    if free < FREE:
        return Finding("disk", found, f"make room: below {FREE:.0%} nothing new is sent to instruments")
    if free < SOON:
        return Finding("disk", found, f"make room soon: below {FREE:.0%} nothing new is sent to instruments")
    return Finding("disk", found)


def limits(path: Path) -> Finding:
    """`limits.yaml` can be read; a daemon does not start with one that cannot."""
    try:
        load_limits(path)
    except (OSError, ValueError) as error:
        return Finding("limits", str(error), f"correct {path}: the daemon does not start with it")
    return Finding("limits", str(path) if path.exists() else f"none ({path} is not there)")


def secret(path: Path) -> Finding:
    """A file with a password or token can be read by its owner only."""
    name = f"secret {path.name}"
    try:
        status = path.stat()
    except FileNotFoundError:
        return Finding(name, f"{path} is not there", _maker(path))
    except OSError as error:
        return Finding(name, f"{path}: {error.strerror}", "run this as root, or as the daemon's account")
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        return Finding(
            name, f"{path} can be read by others (mode {mode:o})", f"chmod 600 {path}, and make a new secret"
        )
    if not os.access(path, os.R_OK):
        return Finding(name, f"{path} cannot be read by this account", "run this as root, or as the daemon's account")
    return Finding(name, f"{path}, for its owner only")


def _maker(path: Path) -> str:
    made = {"admin-token": "start the daemon: it makes one", "pgpass": "write host:port:database:user:password into it"}
    return made.get(path.name, "`tatara broker config` makes it")
