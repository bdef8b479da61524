"""MQTT protocol v1: the client library for instrument makers, and the messages that both sides share."""

from adapters.instruments.bus import Backoff
from adapters.instruments.client import Instrument
from adapters.instruments.journal import JournalError
from adapters.instruments.messages import (
    Capability,
    Channel,
    Description,
    File,
    Measurement,
    OnHostLost,
    Outcome,
    ParameterLimits,
    Quantity,
    Status,
)
from adapters.instruments.upload import UploadError, upload
from adapters.instruments.work import FailedMeasurement, FailedSynthesis, Finished, Invalid, Work

__all__ = [
    "Backoff",
    "Capability",
    "Channel",
    "Description",
    "FailedMeasurement",
    "FailedSynthesis",
    "File",
    "Finished",
    "Instrument",
    "Invalid",
    "JournalError",
    "Measurement",
    "OnHostLost",
    "Outcome",
    "ParameterLimits",
    "Quantity",
    "Status",
    "UploadError",
    "Work",
    "upload",
]
