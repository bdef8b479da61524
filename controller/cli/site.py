"""The site file as commands on the daemon's own machine take it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from controller.cli.connection import FAILED, Refused

if TYPE_CHECKING:
    from controller.access.site import Site

SiteFile = Annotated[
    Path | None,
    typer.Option(
        "--site",
        envvar="TATARA_SITE",
        help="The site file: name, database, broker, address. Without it: all on this machine.",
    ),
]


def read_site(path: Path | None) -> "Site":
    """The site; raises `Refused` with what is wrong in the file."""
    from controller.access.site import load_site

    try:
        return load_site(path)
    except (OSError, ValueError) as error:
        raise Refused(FAILED, str(error)) from None
