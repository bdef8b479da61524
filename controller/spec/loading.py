"""From the text of a campaign file to a checked campaign, its digest and its schema."""

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from controller.spec.check import Fault, Path, check, check_units_plain
from controller.spec.data import TableError, read_candidates
from controller.spec.descriptors import with_tables
from controller.spec.explain import explain, wrong_units
from controller.spec.model import Campaign
from controller.spec.problems import Problem, SpecError
from controller.spec.source import Node, read
from controller.spec.stopping import Budget
from controller.spec.transfer import with_transfer
from strategies.spaces import Pool, PoolError, Rows, Space, canonical_json, parse_pool, rows_of
from strategies.units import convert

MAX_POOL_BYTES = 256 * 1024 * 1024


def load(text: str | bytes, files: Mapping[str, bytes] | None = None) -> Campaign:
    """Read, check and return the campaign; raises `SpecError` with every problem and its line.

    `files` holds the contents of the files that it names (such as a pool's CSV) by the name that stands there; nothing
    is opened here. CPU-bound: up to some seconds for the largest text that is taken, so call it off the event loop.
    """
    root = read(text)
    unreadable = list(check_units_plain(root))
    problems = [root.problem(path, message) for path, message in unreadable]
    campaign = _structure(root, [path for path, _ in unreadable], problems)
    if problems:  # without its units no number can be judged, but the rest can
        rest = [(path, message) for path, message in check(campaign) if path[-1] not in ("unit", "gives")]
        raise SpecError([*problems, *(root.problem(path, message) for path, message in rest)])
    campaign, faults = with_tables(campaign, files or {})
    _refuse(root, faults)
    campaign = _with_data(_with_pool(campaign, root, files or {}), root, files or {})
    campaign, faults = with_transfer(campaign, files or {})
    _refuse(root, faults)
    _refuse(root, check(campaign))
    return _with_one_unit(campaign)


def _structure(root: Node, unreadable: Sequence[Sequence[str | int]], problems: list[Problem]) -> Campaign:
    """The campaign as it stands there, without unit where that cannot be read; unknown units join the `problems`.

    Raises `SpecError` for everything else.
    """
    try:
        return Campaign.model_validate_json(json.dumps(_without_units(root.value, unreadable)), strict=True)
    except ValidationError as error:
        found, units = explain(error, root), wrong_units(error, root)
        if not units:
            raise SpecError([*problems, *found]) from error
    problems.extend(found)
    return _structure(root, [*unreadable, *units], problems)


def _without_units(value: Any, paths: Sequence[Sequence[str | int]]) -> Any:
    """A copy in which what stands at the paths is `dimensionless`."""
    copied = copy.deepcopy(value)
    for path in paths:
        inner = copied
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = "dimensionless"
    return copied


def _with_one_unit(campaign: Campaign) -> Campaign:
    """The campaign with each constraint in the unit of its property: the objective's, else the first constraint's."""
    units = {objective.property: objective.unit for objective in campaign.objectives}
    constraints = []
    for each in campaign.constraints:
        unit = units.setdefault(each.property, each.unit)
        constraints.append(each.model_copy(update={"value": convert(each.value, each.unit, unit), "unit": unit}))
    return campaign.model_copy(update={"constraints": constraints})


def _refuse(root: Node, faults: list[Fault]) -> None:
    if faults:
        raise SpecError([root.problem(path, message) for path, message in faults])


def _with_pool(campaign: Campaign, root: Node, files: Mapping[str, bytes]) -> Campaign:
    """The campaign with the digest of its pool's file, which must be there and readable."""
    pool = campaign.space.pool
    if pool is None:
        return campaign
    _refuse(root, list(_pool_faults(campaign.space, pool, files)))
    digest = hashlib.sha256(files[pool.file]).hexdigest()
    space = campaign.space.model_copy(update={"pool": pool.model_copy(update={"sha256": digest})})
    return campaign.model_copy(update={"space": space})


def _with_data(campaign: Campaign, root: Node, files: Mapping[str, bytes]) -> Campaign:
    """The campaign with the digests of its tables, which must be there and fit the space."""
    faults: list[Fault] = []
    rows = _pool_rows(campaign, root, files) if campaign.data else None
    for place, data in enumerate(campaign.data):
        path: Path = ["data", place, "file"]
        content = files.get(data.file)
        if content is None:
            faults.append((path, "the file was not sent along; it should lie beside the campaign file"))
        elif data.sha256 not in (None, digest := hashlib.sha256(content).hexdigest()):
            faults.append((["data", place, "sha256"], f"the file that was sent has the SHA-256 {digest}"))
        else:
            try:
                read_candidates(content, campaign, rows=rows)
            except TableError as error:
                faults.extend((path, fault) for fault in error.faults)
    _refuse(root, faults)
    digests = [hashlib.sha256(files[each.file]).hexdigest() for each in campaign.data]
    tables = [each.model_copy(update={"sha256": sha256}) for each, sha256 in zip(campaign.data, digests, strict=True)]
    return campaign.model_copy(update={"data": tables})


def _pool_rows(campaign: Campaign, root: Node, files: Mapping[str, bytes]) -> Rows | None:
    """The pool's rows, if the space has a pool."""
    space = campaign.space
    if space.pool is None:
        return None
    try:
        return rows_of(space, parse_pool(files[space.pool.file], space.pool, space.parameters))
    except ValueError as error:
        raise SpecError([root.problem(["space", "constraints"], str(error))]) from error


def _pool_faults(space: Space, pool: Pool, files: Mapping[str, bytes]) -> Iterator[Fault]:
    path: Path = ["space", "pool", "file"]
    content = files.get(pool.file)
    if content is None:
        yield path, "the file was not sent along; it should lie beside the campaign file"
    elif len(content) > MAX_POOL_BYTES:
        yield path, f"the file has more than {MAX_POOL_BYTES} bytes"
    elif pool.sha256 not in (None, digest := hashlib.sha256(content).hexdigest()):
        yield ["space", "pool", "sha256"], f"the file that was sent has the SHA-256 {digest}"
    else:
        try:
            parse_pool(content, pool, space.parameters)
        except PoolError as error:
            yield path, str(error)


def budget_of(text: str) -> Budget | None:
    """The budget that a campaign file would give, whatever else is wrong with it; None where it says none.

    CPU-bound, as `load` is.
    """
    try:
        return Budget.model_validate_json(json.dumps(read(text).value["budget"]), strict=True)
    except (KeyError, SpecError, TypeError, ValidationError):
        return None


def spec_digest(campaign: Campaign) -> str:
    """SHA-256 of the canonical JSON of what the campaign says, absent values left out."""
    return hashlib.sha256(canonical_json(campaign.model_dump(mode="json", exclude_none=True)).encode()).hexdigest()


def json_schema() -> dict[str, Any]:
    """JSON Schema of the campaign file, for editors; what holds between sections only `load` checks."""
    schema = Campaign.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Tatara campaign"}
