"""What the routes take: parameters, bodies and where they get their services."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query, Request, Response
from pydantic import AfterValidator, Base64Bytes, BaseModel, ConfigDict, Field, StrictBool
from pydantic_core import to_json
from sqlmodel import Session

from adapters.instruments.messages import MAX_BYTES, File
from controller.access.actors import Actor, Role
from controller.serving import Services


def _services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


def _actor(request: Request) -> Actor:
    found: Actor = request.state.actor
    return found


Serving = Annotated[Services, Depends(_services)]
Asking = Annotated[Actor, Depends(_actor)]

ID = r"^[a-z0-9][a-z0-9-]{0,79}$"
Key = Annotated[str, Path(pattern=ID)]
USER = r"^[a-z0-9][a-z0-9._-]{0,62}$"
UserKey = Annotated[str, Path(pattern=USER)]
UserFilter = Annotated[str | None, Query(pattern=USER)]
Filter = Annotated[str | None, Query(pattern=ID)]
Number = Annotated[int | None, Query(ge=0, lt=2**63)]
After = Annotated[int, Query(ge=0, lt=2**63)]
Limit = Annotated[int, Query(ge=1, le=5000)]
FewerLimit = Annotated[int, Query(ge=1, le=200)]


def _storable(text: str) -> str:
    """Any database must be able to keep it."""
    if "\0" in text:
        raise ValueError("should not hold the character NUL")
    text.encode()  # half of a surrogate pair raises UnicodeEncodeError, which is a ValueError
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("should say why")
    return text


Line = Annotated[str, Field(max_length=1000), AfterValidator(_storable)]
Reason = Annotated[Line, Field(min_length=1), AfterValidator(_said)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]  # no number in quotes, no truth value for one


class Body(BaseModel):
    """Nothing that is not known is taken in silence."""

    model_config = ConfigDict(extra="forbid")


class CampaignFile(Body):
    """A campaign file and the files beside it, by name, in base64."""

    text: Annotated[str, AfterValidator(_storable)]
    files: dict[Annotated[Line, Field(max_length=255)], Base64Bytes] = {}


class Why(Body):
    """The reason stands in the audit trail."""

    why: Reason


class MaybeWhy(Body):
    """A reason, if there is one to tell."""

    why: Reason | None = None


class NewUser(Body):
    """A person to be let in."""

    name: Annotated[str, Field(pattern=USER)]
    role: Role


class NewToken(Body):
    """`label` says what it is for, such as a machine or a script."""

    user: Annotated[str, Field(pattern=USER)]
    label: Annotated[Line, Field(min_length=1, max_length=200)]


class NewInstrument(Body):
    """An instrument to be enrolled; simulated ones need no arming and serve simulated campaigns only."""

    name: Annotated[str, Field(pattern=ID)]
    simulated: StrictBool = False


class Arming(Body):
    """For how long, by the daemon's clock: nothing stays armed for ever."""

    seconds: Annotated[float, Field(strict=True, gt=0, le=30 * 86400, allow_inf_nan=False)]


class Acceptance(Body):
    """`digest` is that of the description that was shown."""

    digest: Digest


class Decision(Body):
    """`digest` is that of what was shown."""

    digest: Digest
    why: Reason | None = None


class Rejection(Body):
    """`digest` is that of what was shown."""

    digest: Digest
    why: Reason


Values = dict[Line, Finite | Line]  # parameter -> value, in the unit of the space


class Injection(Body):
    """`values` by parameter; without a stage the first one."""

    values: Values
    why: Reason
    stage: Annotated[str, Field(pattern=ID)] | None = None


class Edit(Body):
    """The `values` that change; `digest` is that of what was shown."""

    values: Annotated[Values, Field(min_length=1)]
    digest: Digest
    why: Reason


class Correction(Body):
    """`value` in the unit of the measurement."""

    measurement: Line
    value: Finite
    why: Reason


class Value(Body):
    """A value that a person read; without a unit it is in that of the campaign file."""

    value: Finite
    unit: Line | None = None


class DataTable(Body):
    """A CSV of earlier measurements; `name` is what it is called in the record."""

    name: Annotated[Line, Field(min_length=1, max_length=200)]
    content: Annotated[Base64Bytes, Field(max_length=32 * 1024 * 1024)]


class Resolution(Body):
    """`kind` belongs to `fail`; `values` (by property) and `sample`, what it made, belong to `value`."""

    how: Literal["ask-again", "repeat", "fail", "value"]
    why: Reason
    kind: Line | None = None
    values: dict[Line, Value] | None = None
    sample: Line | None = None


class Corrected(Body):
    """`payload` is the JSON text that the instrument should have sent."""

    payload: Annotated[str, Field(max_length=MAX_BYTES)]
    why: Reason


class Again(Body):
    """Which `attempts` to analyse again; None: all that have files."""

    attempts: Annotated[list[Line], Field(min_length=1, max_length=10_000)] | None = None
    why: Reason


class Measured(Body):
    """What a step by hand gave: `values` by property, `files` that were put, the name of the `sample` that it made; or
    how it `failed`.
    """

    values: dict[Line, Value] | None = None
    files: Annotated[list[File], Field(max_length=100)] = []
    sample: Line | None = None
    failed: Line | None = None
    why: Reason | None = None


class AlertTest(Body):
    """Whom to tell that nothing has happened: a receiver of the site file."""

    receiver: Line


class Stop(Body):
    """Without an instrument everything is stopped; without a reason too: it is never asked for in a hurry."""

    instrument: Annotated[str, Field(pattern=ID)] | None = None
    why: Line = ""


async def listed(services: Services, query: Callable[[Session], Any]) -> Response:
    """Run a query and encode its answer in the reader's thread: long lists must not hold the event loop up."""
    content = await services.store.read(lambda session: to_json(query(session), inf_nan_mode="null"))
    return Response(content, media_type="application/json")
