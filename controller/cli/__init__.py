"""The command line: a client of the API; `serve` and `demo` start the daemon.

Nothing heavy is imported before a command runs, so that `tatara --help` answers at once.
"""

import sys


def main() -> None:
    """Entry point of `tatara`."""
    from controller.cli.app import app

    try:
        app()
    except ModuleNotFoundError as error:
        from controller.cli.extras import advice

        if (text := advice(error)) is None:
            raise
        print(f"tatara: {text}", file=sys.stderr)
        sys.exit(1)
