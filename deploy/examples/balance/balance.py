"""A balance on a serial port (MT-SICS commands, as Mettler Toledo and others speak them) as a Tatara instrument."""

import argparse
import asyncio
import os
import select
import ssl
import termios
import threading
import tty
from pathlib import Path

from adapters import instruments as tatara
from adapters.instruments import FailedMeasurement, Measurement

STABLE_WITHIN_S = 20.0
REPEATABILITY_G = 0.0001  # from the data sheet
WEIGH = tatara.Capability(channels={"pan": tatara.Channel(property="mass", unit="g")})


class Balance:
    """The serial line: one question at a time, each answered by one line."""

    def __init__(self, port: str) -> None:
        self._line = os.open(port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._line)
        settings = termios.tcgetattr(self._line)
        settings[4] = settings[5] = termios.B9600
        termios.tcsetattr(self._line, termios.TCSANOW, settings)
        self._turn = threading.Lock()

    def ask(self, command: str, within_s: float) -> str:
        """The answer to a command; raises `FailedMeasurement` if there is none in time."""
        with self._turn:  # a cancelled weighing may still be waiting for its line in another thread
            termios.tcflush(self._line, termios.TCIFLUSH)
            os.write(self._line, f"{command}\r\n".encode("ascii"))
            answer = b""
            while not answer.endswith(b"\n"):
                if not select.select([self._line], [], [], within_s)[0]:
                    raise FailedMeasurement(f"the balance did not answer {command} within {within_s:g} s")
                answer += os.read(self._line, 100)
            return answer.decode("ascii", "replace").strip()


def reading(answer: str) -> Measurement:
    """`S S 100.0000 g` is a stable weight; `S +` and `S -` are beyond the scale; raises `FailedMeasurement`."""
    match answer.split():
        case ["S", "S", value, "g"]:
            return Measurement(
                channel="pan", property="mass", value=float(value), unit="g", standard_error=REPEATABILITY_G
            )
        case ["S", "+" | "-" as side]:
            raise FailedMeasurement(f"{'too heavy for' if side == '+' else 'no weight on'} the balance")
        case _:
            raise FailedMeasurement(f"the balance answered {answer!r}: no stable weight")


def main() -> None:
    """Read the command line and serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("serial", help="serial port, such as /dev/ttyUSB0")
    parser.add_argument("--broker", default="127.0.0.1:1883", metavar="HOST:PORT")
    parser.add_argument("--password-file", type=Path, required=True)
    parser.add_argument("--name", default="balance-1")
    parser.add_argument("--site", default="lab")
    parser.add_argument("--journal", default="balance-1.db", help="keep it: it knows what has run")
    parser.add_argument("--simulated", action="store_true", help="say that nothing real is weighed")
    options = parser.parse_args()
    host, port = options.broker.rsplit(":", 1)
    balance = Balance(options.serial)
    instrument = tatara.Instrument(
        options.name,
        site=options.site,
        description=tatara.Description(
            model="MT-SICS balance", software="balance.py 1", simulated=options.simulated, capabilities={"weigh": WEIGH}
        ),
        journal=options.journal,
        host=host,
        port=int(port),
        password=options.password_file.read_text(encoding="utf-8").strip(),
        tls=None if host in ("127.0.0.1", "localhost") else ssl.create_default_context(),
    )

    @instrument.capability("weigh")
    async def weigh(work: tatara.Work) -> tatara.Finished:
        # In a thread: while the balance settles, heartbeats go on and an e-stop is heard.
        return tatara.Finished([reading(await asyncio.to_thread(balance.ask, "S", STABLE_WITHIN_S))])

    instrument.run()


if __name__ == "__main__":
    main()
