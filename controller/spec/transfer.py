"""Earlier measurements that a campaign learns from without counting them as its own: the section `transfer`."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from controller.spec.data import LARGEST, TableError, properties_of
from controller.spec.fields import Identifier, Name, Section
from strategies.learn.transfer.registry import transfer_methods
from strategies.spaces import CandidateError, Labelled, Sheet, SheetError, Space, candidate_of, read_sheet

if TYPE_CHECKING:
    from controller.spec.model import Campaign

MOST_ROWS = 10_000

Label = Annotated[str, Field(min_length=1, max_length=1000)]
Setting = float | int | Label
Path = list[str | int]


class Earlier(Section):
    """One line of an earlier table: the candidate in this space's names and units, and what was measured."""

    candidate: dict[str, Any]
    values: dict[Name, float]


class TransferSource(Section):
    """An earlier `campaign` of the same database, or a CSV `file` beside the campaign file, with columns as `data` has.

    Both are brought to this space by the names of parameters and their units. `values` gives what one side lacks: to a
    parameter of this space the value that it had there; for one that only was varied there, the value of the rows that
    count. `sha256` and `rows`, the lines that were read, are set once a file is stored.
    """

    campaign: Identifier | None = None
    file: str | None = None
    values: dict[Annotated[str, Field(min_length=1, max_length=200)], Setting] = {}
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    rows: list[Earlier] | None = Field(default=None, max_length=MOST_ROWS)

    @model_validator(mode="after")
    def _one_origin(self) -> "TransferSource":
        if (self.campaign is None) == (self.file is None):
            raise ValueError("a source is either an earlier `campaign` or a `file`")
        if self.file is None and (self.sha256 is not None or self.rows is not None):
            raise ValueError("`sha256` and `rows` belong to a `file`")
        return self

    @property
    def name(self) -> str:
        """The campaign's name, or the file's."""
        return self.campaign or str(self.file)


class Transfer(Section):
    """How it is learned, and `from` what."""

    method: str = "multitask"
    sources: list[TransferSource] = Field(alias="from", min_length=1, max_length=10)


def transfer_faults(campaign: "Campaign") -> Iterator[tuple[Path, str]]:
    """What is wrong with the section as a whole."""
    transfer = campaign.transfer
    if transfer is None:
        return
    if transfer.method not in transfer_methods():
        yield ["transfer", "method"], f"should be one of {', '.join(transfer_methods())}"
    if campaign.strategy.name != "botorch":
        yield ["transfer"], f"strategy {campaign.strategy.name!r} learns nothing; use botorch"
    names = [source.name for source in transfer.sources]
    for place, source in enumerate(transfer.sources):
        path: Path = ["transfer", "from", place]
        if source.name in names[:place]:
            yield path, f"{source.name!r} stands here twice"
        if source.campaign == campaign.campaign:
            yield [*path, "campaign"], "a campaign learns from its own measurements anyway; name another one"
        for name, value in source.values.items():
            if name in campaign.space.names() and isinstance(value, str) != _is_label(campaign.space, name, value):
                kind = "a number" if isinstance(value, str) else "a label"
                yield [*path, "values", name], f"should be {kind}"


def _is_label(space: Space, name: str, value: Setting) -> bool:
    """Whether a parameter takes labels; of a bare column of a pool the value says it."""
    parameter = space.parameter(name)
    return isinstance(value, str) if parameter is None else isinstance(parameter, Labelled)


def with_transfer(campaign: "Campaign", files: Mapping[str, bytes]) -> tuple["Campaign", list[tuple[Path, str]]]:
    """The campaign with the digests and rows of the files it is to learn from, and what is wrong with these."""
    if campaign.transfer is None:
        return campaign, []
    faults: list[tuple[Path, str]] = []
    sources = []
    for place, source in enumerate(campaign.transfer.sources):
        path: Path = ["transfer", "from", place, "file"]
        content = None if source.file is None else files.get(source.file)
        digest = None if content is None else hashlib.sha256(content).hexdigest()
        if source.file is not None and content is None:
            faults.append((path, "the file was not sent along; it should lie beside the campaign file"))
        elif source.sha256 not in (None, digest):
            faults.append(([*path[:-1], "sha256"], f"the file that was sent has the SHA-256 {digest}"))
        elif content is not None:
            try:
                rows = read_earlier(content, campaign, source.values)
                source = source.model_copy(update={"sha256": digest, "rows": rows})
            except TableError as error:
                faults.extend((path, fault) for fault in error.faults)
        sources.append(source)
    transfer = campaign.transfer.model_copy(update={"sources": sources})
    return campaign.model_copy(update={"transfer": transfer}), faults


def read_earlier(content: bytes, campaign: "Campaign", given: Mapping[str, Setting]) -> list[Earlier]:
    """The measured lines of a table, in this space's names; an empty cell is no value. Raises `TableError`."""
    space, properties = campaign.space, properties_of(campaign)
    sheet = _sheet(content, space, properties, given)
    selected = [name for name in given if name not in space.names()]
    rows, faults = [], list(sheet.uneven())
    for line, cells in sheet.rows if not faults else []:
        row = dict(zip(sheet.header, cells, strict=True))
        if any(not _same(row[name], given[name]) for name in selected):
            continue
        try:
            values = {name: _number(row[name], name) for name in properties if row.get(name)}
            settings = {name: given[name] if name in given else _setting(space, name, row) for name in space.names()}
            if values:
                rows.append(Earlier(candidate=candidate_of(space, settings), values=values))
        except (CandidateError, ValueError) as error:
            faults.append(f"line {line}: {error}")
    if faults:
        raise TableError(*faults)
    if not rows:
        raise TableError("no line has a measured value that counts")
    return rows


def _sheet(content: bytes, space: Space, properties: Sequence[str], given: Mapping[str, Setting]) -> Sheet:
    try:
        sheet = read_sheet(content)
    except SheetError as error:
        raise TableError(str(error)) from error
    header = list(sheet.header)
    columns = ", ".join(header) or "none"
    wanted = [name for name in space.names() if name not in given] + [
        name for name in given if name not in space.names()
    ]
    faults = [
        f"column {name!r} {'stands there twice' if name in header else 'is missing'}; columns: {columns}"
        + ("" if name in header or name in given else f"; or say what it was: `values: {{{name}: ...}}`")
        for name in wanted
        if header.count(name) != 1
    ]
    faults += [
        f"column {name!r} is there: leave it out of `values`"
        for name in given
        if name in space.names() and name in header
    ]
    if not any(name in header for name in properties):
        faults.append(f"no column of a property ({', '.join(properties)}); columns: {columns}")
    if len(sheet.rows) > MOST_ROWS:
        faults.append(f"the table has more than {MOST_ROWS} rows")
    if faults:
        raise TableError(*faults)
    return sheet


def _same(text: str, wanted: Setting) -> bool:
    """Whether a cell holds a value."""
    if isinstance(wanted, str):
        return text == wanted
    try:
        return float(text) == float(wanted)
    except ValueError:
        return False


def _setting(space: Space, name: str, row: Mapping[str, str]) -> float | str:
    text, parameter = row[name], space.parameter(name)
    if not text:
        raise ValueError(f"column {name!r} is empty")
    if isinstance(parameter, Labelled):
        return text
    try:
        return _number(text, name)
    except ValueError:
        if parameter is None:
            return text
        raise


def _number(text: str, name: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST:
        raise ValueError(f"{text!r} in column {name!r} is no finite number of a sensible size")
    return number
