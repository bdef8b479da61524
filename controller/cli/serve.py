"""`tatara serve`: run the daemon."""

from typing import Annotated

import typer

from controller.cli.connection import DEFAULT_DATA, FAILED, Data, Refused, refusals
from controller.cli.logs import LogFormat, configure
from controller.cli.site import SiteFile, read_site

Format = Annotated[
    LogFormat | None, typer.Option("--log-format", help="Without it text on a terminal, and JSON elsewhere.")
]


def serve(data: Data = DEFAULT_DATA, site: SiteFile = None, log_format: Format = None) -> None:
    """Run the daemon until Ctrl-C or SIGTERM.

    It goes on with all campaigns in its database where it was. The first time it writes a token for this machine's
    command line into its data folder.
    """
    from adapters.broker import BrokerFailed
    from controller.access.tokens import TokenFileError
    from controller.daemon import serve as run
    from controller.store import LockedElsewhere, LostLock, StoreUnavailable, WrongSchema

    configure(log_format)
    with refusals(as_json=False):
        settings = read_site(site)
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
