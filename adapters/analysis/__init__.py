"""What instruments' files say: functions from one file to named values with units.

Each is small, versioned and pure, so that a spectrum that was kept can be read again years later. They run in worker
processes; the libraries that they need are imported there only.
"""

from adapters.analysis.registry import (
    NothingThere,
    UnreadableFile,
    Value,
    analyse,
    analysis_names,
    output_units,
    version,
)

__all__ = [
    "NothingThere",
    "UnreadableFile",
    "Value",
    "analyse",
    "analysis_names",
    "output_units",
    "version",
]
