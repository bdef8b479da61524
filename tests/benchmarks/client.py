"""What an instrument's own machine must bear: what is installed, the memory of one instrument, the import.

Installed: tatara without extras and all that it requires, as this environment has them on disk.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distribution
from pathlib import Path
from statistics import median

import adapters
import controller
import strategies
from adapters.instruments.conformance import Stand, Talk, meet
from adapters.instruments.emulators.config import PASSWORD_VARIABLE
from tests.benchmarks.figure import Figure, table

TIMES = 10
SITE, NAME = "bench", "reactor-1"
_IMPORT = "import time; began = time.perf_counter(); import adapters.instruments; print(time.perf_counter() - began)"


def required(name: str, found: dict[str, Distribution] | None = None) -> dict[str, Distribution]:
    """A distribution's requirements without extras, and theirs."""
    found = {} if found is None else found
    for line in distribution(name).requires or ():
        wanted = re.split(r"[^A-Za-z0-9._-]", line)[0].lower()
        # A marker speaks of an extra, another system or an older Python: none of them is meant here.
        if ";" in line or wanted in found:
            continue
        found[wanted] = distribution(wanted)
        required(wanted, found)
    return found


def installed_mb() -> float:
    """Megabytes (of 1024 kB) on disk, byte code included."""
    files = [Path(str(each.locate_file(file))) for each in required("tatara").values() for file in each.files or ()]
    for package in (adapters, controller, strategies):
        files += Path(str(package.__path__[0])).rglob("*")
    return sum(file.stat().st_blocks * 512 for file in files if file.is_file()) / 2**20


def import_s() -> float:
    """Seconds that `import adapters.instruments` takes."""
    done = subprocess.run([sys.executable, "-c", _IMPORT], check=True, capture_output=True, text=True)
    return float(done.stdout)


async def memory_mb() -> float:
    """Resident memory of an emulated reactor that has run ten attempts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with Stand(folder / "broker", SITE, NAME) as stand, Talk(stand.address, SITE, NAME) as talk:
            config = folder / "reactor.json"
            settings = {"kind": "reactor", "name": NAME, "site": SITE, "port": stand.port, "duration_s": 0}
            settings |= {"journal": str(folder / "journal.db"), "stop_with_parent": True}
            config.write_text(json.dumps(settings), encoding="utf-8")
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "adapters.instruments.emulators", str(config)),
                stdin=asyncio.subprocess.PIPE,
                env={**os.environ, PASSWORD_VARIABLE: stand.password},
            )
            try:
                subject = await meet(talk)
                for _ in range(10):
                    sent = await subject.ask()
                    await subject.result(sent)
                    await talk.receipt(sent.id)
                return _resident_mb(process.pid)
            finally:
                process.terminate()
                await process.wait()


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmRSS:\s*(\d+) kB", status)[0]) / 1024


def run() -> list[Figure]:
    """The three figures."""
    return [
        Figure("pip install tatara, without extras", installed_mb(), "MB", at_most=40),
        Figure("one instrument on the client library, resident", asyncio.run(memory_mb()), "MB", at_most=40),
        Figure("import adapters.instruments, median", median(import_s() for _ in range(TIMES)), "s"),
    ]


if __name__ == "__main__":
    print(table(run()))
