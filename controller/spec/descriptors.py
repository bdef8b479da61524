"""Descriptors of labels that stand in a CSV beside the campaign file: read when the file is loaded."""

import hashlib
import math
from collections.abc import Mapping

from controller.spec.check import Fault, Path
from controller.spec.model import Campaign
from strategies.spaces import Categorical, SheetError, read_sheet
from strategies.spaces.descriptors import Descriptors


def with_tables(campaign: Campaign, files: Mapping[str, bytes]) -> tuple[Campaign, list[Fault]]:
    """The campaign with the numbers of the files in the places of their names, and what is wrong with them."""
    parameters, faults = dict(campaign.space.parameters), list[Fault]()
    for name, parameter in campaign.space.parameters.items():
        given = parameter.descriptors if isinstance(parameter, Categorical) else None
        if not isinstance(parameter, Categorical) or given is None or given.file is None:
            continue
        path: Path = ["space", "parameters", name, "descriptors", "file"]
        content = files.get(given.file)
        if content is None:
            faults.append((path, "the file was not sent along; it should lie beside the campaign file"))
            continue
        digest = hashlib.sha256(content).hexdigest()
        if given.sha256 not in (None, digest):
            faults.append(([*path[:-1], "sha256"], f"the file that was sent has the SHA-256 {digest}"))
            continue
        try:
            read = given.model_copy(
                update={
                    "table": _table(content, given, None if campaign.transfer else parameter.choices),
                    "sha256": digest,
                }
            )
            read.check(parameter.choices)
        except ValueError as error:
            faults.append((path, str(error)))
            continue
        parameters[name] = parameter.model_copy(update={"descriptors": read})
    space = campaign.space.model_copy(update={"parameters": parameters})
    return campaign.model_copy(update={"space": space}), faults


def _table(content: bytes, given: Descriptors, choices: list[str] | None) -> dict[str, dict[str, float]]:
    """The numbers of the labels that are choices (None: of all); raises `ValueError` naming line and column."""
    try:
        sheet = read_sheet(content)
    except SheetError as error:
        raise ValueError(str(error)) from error
    for fault in sheet.uneven():
        raise ValueError(fault)
    columns = given.columns or [each for each in sheet.header if each != given.label]
    for name in [str(given.label), *columns]:
        if list(sheet.header).count(name) != 1:
            problem = "stands there twice" if name in sheet.header else "is missing"
            raise ValueError(f"column {name!r} {problem}; columns: {', '.join(sheet.header)}")
    place = list(sheet.header).index(str(given.label))
    table: dict[str, dict[str, float]] = {}
    for line, cells in sheet.rows:
        if choices is not None and cells[place] not in choices:
            continue
        if cells[place] in table:
            raise ValueError(f"line {line}: {cells[place]!r} stands there twice")
        row = dict(zip(sheet.header, cells, strict=True))
        table[cells[place]] = {name: _number(row[name], name, line) for name in columns}
    return table


def _number(text: str, name: str, line: int) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= 1e100:
        raise ValueError(f"line {line}: {text!r} in column {name!r} is no finite number of a sensible size")
    return number
