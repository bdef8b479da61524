"""A balance that is not there, behind a serial port that is: prints the port's name and answers until Ctrl-C."""

import os
import pty
import random
import sys
import time
import tty

SETTLES_S = 0.5


def answer(command: str, draw: random.Random) -> str:
    """What an MT-SICS balance says."""
    if command == "S":
        time.sleep(SETTLES_S)
        return f"S S {draw.gauss(12.3456, 0.0001):11.4f} g"
    return "ES"  # no such command


def main() -> None:
    """Open a pseudo terminal and be the balance at its other end."""
    draw = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    line, port = pty.openpty()  # the port stays open here too: else reading fails whenever the instrument is away
    tty.setraw(port)
    print(os.ttyname(port), flush=True)
    heard = b""
    while True:
        heard += os.read(line, 100)
        while b"\n" in heard:
            command, heard = heard.split(b"\n", 1)
            os.write(line, f"{answer(command.decode('ascii', 'replace').strip(), draw)}\r\n".encode("ascii"))


if __name__ == "__main__":
    main()
