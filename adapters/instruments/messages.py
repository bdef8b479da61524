"""The wire messages of MQTT protocol v1; `PROTOCOL.md` explains them clause by clause.

Every message is one JSON object in UTF-8 of at most `MAX_BYTES`. `parse` is the only way in and `encode` the only way
out, so that what is malformed is refused in one place, with one reason.
"""

import hashlib
import json
import re
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

MAX_BYTES = 256 * 1024

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Unit = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_*/.() -]{1,64}$")]
Text = Annotated[str, StringConstraints(max_length=2000)]
Scalar = bool | int | float | Annotated[str, StringConstraints(max_length=1000)]


class MalformedMessage(ValueError):
    """The payload is not a message of the protocol; the text says why."""


def is_name(text: str) -> bool:
    """Whether a text can be the name of a parameter, channel or property in a message."""
    return _NAME.fullmatch(text) is not None


def is_identifier(text: str) -> bool:
    """Whether a text can be the name of a site or an instrument."""
    return _IDENTIFIER.fullmatch(text) is not None


class Message(BaseModel):
    """What all messages share: unknown fields and numbers that are not finite are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


M = TypeVar("M", bound=Message)


class Quantity(Message):
    """A setting of a parameter; `unit` is absent for categories and labels."""

    value: Scalar
    unit: Unit | None = None


class Status(StrEnum):
    """How one value was obtained."""

    OK = "ok"
    BELOW = "below"  # censored: the true value is at most `value`
    ABOVE = "above"  # censored: the true value is at least `value`
    OUT_OF_RANGE = "out-of-range"  # the instrument cannot say more than that


class Measurement(Message):
    """One property value. (`channel`, `index`) is unique within a result."""

    channel: Name
    index: int = Field(default=0, ge=0, lt=2**31)
    property: Name
    value: float
    unit: Unit
    standard_error: float | None = Field(default=None, ge=0)
    status: Status = Status.OK


class File(Message):
    """Raw data kept in the file store, named by its SHA-256."""

    sha256: Digest
    name: Annotated[str, StringConstraints(max_length=200)]
    media_type: Annotated[str, StringConstraints(max_length=100)] = "application/octet-stream"


class EarlierStep(Message):
    """What an earlier step of the same stage gave."""

    step: Identifier
    attempt_id: Identifier
    measurements: list[Measurement] = []
    files: list[File] = []


class Request(Message):
    """Work for an instrument. `digest` covers every other field (`request_digest`)."""

    attempt_id: Identifier
    digest: Digest
    journal_id: Identifier  # the journal that this request is meant for; another one refuses it
    campaign: Identifier
    step: Identifier
    capability: Name
    candidate: dict[str, Any]
    parameters: dict[Name, Quantity] = {}  # the candidate's values in the units of the description
    yields: list[Name] = []
    sample_id: Identifier | None = None
    replicate: int = Field(default=1, ge=1)
    earlier: list[EarlierStep] = []
    start_before: AwareDatetime
    timeout_s: float = Field(gt=0)


class AttemptState(StrEnum):
    """Where an attempt stands, as the instrument's journal knows it."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    HOLDING = "holding"
    FINISHED = "finished"  # the result is in the journal and will be sent (again)
    REFUSED = "refused"  # never ran and never will
    EXPIRED = "expired"  # `start_before` had passed: never ran and never will
    CANCELLED = "cancelled"  # ended without a result
    INTERRUPTED = "interrupted"  # begun, and the instrument stopped in the middle: what became of it is not known
    UNKNOWN = "unknown"  # this journal has never seen the id


class Refusal(StrEnum):
    """Why a request was refused."""

    OTHER_JOURNAL = "other-journal"
    OTHER_DIGEST = "other-digest"
    UNKNOWN_CAPABILITY = "unknown-capability"
    INVALID_PARAMETER = "invalid-parameter"
    CANCELLED_BEFORE = "cancelled-before"
    ESTOPPED = "estopped"
    MALFORMED = "malformed"


class AttemptStatus(Message):
    """Answer to a request, a cancel or `report-attempts`, and every change between them."""

    attempt_id: Identifier
    digest: Digest | None = None  # of the request in the journal; absent for `unknown`
    state: AttemptState
    refusal: Refusal | None = None
    reason: Text | None = None
    boot_id: Identifier
    journal_id: Identifier
    seq: int = Field(ge=0, lt=2**63)
    at: AwareDatetime


class Outcome(StrEnum):
    """What became of the work; each but `ok` is data for the feasibility model or says nothing about the point."""

    OK = "ok"
    FAILED_SYNTHESIS = "failed-synthesis"
    FAILED_MEASUREMENT = "failed-measurement"
    INVALID = "invalid"


class Result(Message):
    """What an attempt gave. Sent again until any receipt, kept until one that is not `quarantined`."""

    attempt_id: Identifier
    digest: Digest
    outcome: Outcome
    measurements: list[Measurement] = Field(default=[], max_length=1000)
    files: list[File] = Field(default=[], max_length=100)
    sample_id: Identifier | None = None
    reason: Text | None = None
    boot_id: Identifier
    journal_id: Identifier
    started_at: AwareDatetime
    ended_at: AwareDatetime


class Verdict(StrEnum):
    """What was committed about a result."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    UNKNOWN = "unknown"


class Receipt(Message):
    """The host's answer to a result, after the commit of what became of it."""

    attempt_id: Identifier
    verdict: Verdict
    reason: Text | None = None
    at: AwareDatetime


class InstrumentMode(StrEnum):
    """The instrument's own account of itself."""

    ONLINE = "online"
    PAUSED = "paused"
    ESTOPPED = "estopped"
    OFFLINE = "offline"  # said by the last will, or by a clean goodbye


class InstrumentState(Message):
    """Retained; `offline` is the last will."""

    state: InstrumentMode
    boot_id: Identifier
    journal_id: Identifier
    seq: int = Field(ge=0, lt=2**63)
    at: AwareDatetime
    wanted: int = Field(default=0, ge=0, lt=2**63)  # number of the last pause or resume obeyed
    estops: list[Identifier] = Field(default=[], max_length=100)  # e-stops that hold


class Heartbeat(Message):
    """Sent at a steady beat."""

    boot_id: Identifier
    seq: int = Field(ge=0, lt=2**63)
    at: AwareDatetime
    active: list[Identifier] = []
    queue: int = Field(default=0, ge=0)


class ParameterLimits(Message):
    """What a capability takes: a number between limits in `unit`, or one of `choices`; neither: any label."""

    unit: Unit | None = None
    low: float | None = None
    high: float | None = None
    choices: list[Scalar] | None = None

    def offers(self, value: Scalar) -> bool:
        """Whether `value` is one of the choices; `true` is not 1."""
        return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in self.choices or ())


class Channel(Message):
    """A property that a capability measures."""

    property: Name
    unit: Unit


class Capability(Message):
    """One kind of work."""

    parameters: dict[Name, ParameterLimits] = {}
    channels: dict[Name, Channel] = {}
    makes_sample: bool = False


class OnHostLost(StrEnum):
    """What the instrument does with what runs while the host is absent (it starts nothing new in any case)."""

    CONTINUE = "continue"
    HOLD = "hold"
    ABORT = "abort"


class Description(Message):
    """Retained; what the instrument is."""

    protocol: Literal[1] = 1
    model: Text
    software: Text
    simulated: bool = False
    concurrency: int = Field(default=1, ge=1, le=1000)
    heartbeat_s: float = Field(default=5.0, gt=0, le=3600)
    on_host_lost: OnHostLost = OnHostLost.CONTINUE
    capabilities: dict[Name, Capability]
    calibration: dict[Name, Text] = {}


class Action(StrEnum):
    """What a command asks for."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    ESTOP = "estop"
    RESET = "reset"
    REPORT_ATTEMPTS = "report-attempts"


class Command(Message):
    """Never retained. `number` orders pause and resume, `id` names an e-stop, `estops` those that a reset ends."""

    action: Action
    number: int | None = Field(default=None, ge=1)
    id: Identifier | None = None
    estops: list[Identifier] = []
    attempts: list[Identifier] | None = None  # cancel: which; report-attempts: which, or absent for all open ones
    reason: Text | None = None
    at: AwareDatetime


class HostMode(StrEnum):
    """Whether the daemon is there."""

    ONLINE = "online"
    OFFLINE = "offline"


class HostState(Message):
    """Retained; `offline` is the daemon's last will."""

    state: HostMode
    epoch: int = Field(ge=0)
    at: AwareDatetime


_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # in JSON it stands escaped only


def parse(model: type[M], payload: bytes) -> M:
    """Return the message, or raise `MalformedMessage` with a reason that the sender can act on."""
    if len(payload) > MAX_BYTES:
        raise MalformedMessage(f"{len(payload)} bytes; at most {MAX_BYTES} are allowed (send a file and name it)")
    if _NUL.search(payload):
        raise MalformedMessage("no text holds the character NUL: not every database keeps it")
    try:
        # Strict: the schemas know no number in quotes and no truth value for a number.
        return model.model_validate_json(payload, strict=True)
    except ValidationError as error:
        raise MalformedMessage(_explain(error)) from error


def _explain(error: ValidationError) -> str:
    faults = [f"{'.'.join(map(str, fault['loc'])) or 'message'}: {fault['msg']}" for fault in error.errors()[:5]]
    return "; ".join(faults)[:2000]


def encode(message: Message) -> bytes:
    """Return the message as it travels: compact UTF-8 JSON without absent fields."""
    return message.model_dump_json(exclude_none=True).encode()


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and shortest floats; raises `ValueError` for NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def request_digest(fields: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a request's fields without `digest`; made by the host only."""
    return hashlib.sha256(canonical_json({k: v for k, v in fields.items() if k != "digest"}).encode()).hexdigest()
