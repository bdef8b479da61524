"""`python -m adapters.broker --config FILE`: the embedded broker as a process of its own."""

import argparse
import asyncio
from pathlib import Path

from adapters.broker.embedded import serve


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="adapters.broker", description="Embedded MQTT broker for demos and tests.")
    parser.add_argument("--config", type=Path, required=True, help="JSON: host, port, access, ready_file")
    asyncio.run(serve(parser.parse_args().config))


if __name__ == "__main__":
    main()
