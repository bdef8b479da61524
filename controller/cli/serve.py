"""`tatara serve`: run the daemon."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from controller.cli.connection import DEFAULT_DATA, FAILED, Data, Refused, refusals

Site = Annotated[
    Path | None, typer.Option(help="The site file: name, database, broker, address. Without it: all on this machine.")
]


def serve(data: Data = DEFAULT_DATA, site: Site = None) -> None:
    """Run the daemon until Ctrl-C or SIGTERM.

    It goes on with all campaigns in its database where it was. The first time it writes a token for this machine's
    command line into its data folder.
    """
    from adapters.broker import BrokerFailed
    from controller.access.site import load_site
    from controller.access.tokens import TokenFileError
    from controller.daemon import serve as run
    from controller.store import LockedElsewhere, LostLock, StoreUnavailable, WrongSchema

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("tatara").setLevel(logging.INFO)
    with refusals(as_json=False):
        try:
            settings = load_site(site)
        except (OSError, ValueError) as error:
            raise Refused(FAILED, str(error)) from None
        try:
            run(data, settings)
        except (
            BrokerFailed,
            LockedElsewhere,
            LostLock,
            StoreUnavailable,
            TokenFileError,
            WrongSchema,
            OSError,
            ValueError,
        ) as error:
            raise Refused(FAILED, str(error)) from None


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Start")(serve)
