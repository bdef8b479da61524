"""Field types that the sections of the campaign file share."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from strategies.units import UnitError, convert


class Section(BaseModel):
    """A part of the campaign file: unknown keys are refused, what was read never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, serialize_by_alias=True)


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]

_DURATION = re.compile(r"(?P<number>\d{1,12}(?:\.\d{1,12})?) ?(?P<unit>[A-Za-z]{1,16})")
_LONGEST = 10 * 365.25 * 86400  # ten years, in seconds


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value.strip())
    try:
        if found is not None:
            return convert(float(found["number"]), found["unit"], "s")
    except UnitError:
        pass
    raise ValueError("should be a duration such as '90 s', '10 min', '2 h' or '3 days', or a number of seconds")


Seconds = Annotated[
    float,
    Field(gt=0, le=_LONGEST),
    BeforeValidator(_seconds),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": _LONGEST},
                {"type": "string", "pattern": r"^ *\d{1,12}(\.\d{1,12})? ?[A-Za-z]{1,16} *$"},
            ],
            "description": "seconds, or a duration such as '10 min'",
        }
    ),
]
