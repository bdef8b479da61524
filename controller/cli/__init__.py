"""The command line: a client of the API; `serve` and `demo` start the daemon.

Nothing heavy is imported before a command runs, so that `tatara --help` answers at once.
"""


def main() -> None:
    """Entry point of `tatara`."""
    from controller.cli.app import app

    app()
