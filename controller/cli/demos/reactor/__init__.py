"""Demo `reactor`: two emulated flow reactors and an analyser, for much product with little waste.

The kinetics are known, so what the campaign found can be judged without noise and against what could be reached.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from controller.cli.demos.description import Demo, Setup, Write

if TYPE_CHECKING:
    from controller.cli.demos.record import Record

NOISE = 0.01  # relative standard deviation of each measured concentration


def _setup(folder: Path) -> Setup:
    reactor, analyser = {"kind": "reactor"}, {"kind": "analyser", "noise": NOISE}
    return Setup({"reactor-1": reactor, "reactor-2": reactor, "analyser-1": analyser})


def _report(folder: Path, record: "Record", write: Write) -> None:
    from controller.cli.demos.reactor.results import report

    report(folder, record, write)


REACTOR = Demo(
    name="reactor",
    package=__name__,
    summary="much product with little waste in flow",
    takes="1 minute",
    needs="tatara[daemon]",
    setup=_setup,
    report=_report,
)
