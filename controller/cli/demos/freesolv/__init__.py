"""Demo `freesolv`: the most strongly hydrated of 642 molecules, found among measured values that a table replays.

The measurements are real and each molecule has one, so what was found can be counted against all that there was.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from controller.cli.demos.description import Demo, Setup, Write

if TYPE_CHECKING:
    from controller.cli.demos.record import Record

POOL, MEASURED = "molecules.csv", "measured.csv"
PROPERTY, UNIT = "hydration_free_energy", "kcal/mol"


def _setup(folder: Path) -> Setup:
    from controller.cli.demos.freesolv.molecules import measured_csv, molecules, pool_csv

    table = {
        "file": str(folder / MEASURED),
        "label": "name",
        "measured": {PROPERTY: {"property": PROPERTY, "unit": UNIT}},
    }
    known = molecules()
    return Setup(
        {"table-1": {"kind": "table", "concurrency": 4, "table": table}},
        {POOL: pool_csv(known), MEASURED: measured_csv(known)},
    )


def _report(folder: Path, record: "Record", write: Write) -> None:
    from controller.cli.demos.freesolv.results import report

    report(folder, record, write)


FREESOLV = Demo(
    name="freesolv",
    package=__name__,
    summary="the most hydrated of 642 molecules",
    takes="1 minute",
    needs="tatara[daemon,demos]",
    setup=_setup,
    report=_report,
)
