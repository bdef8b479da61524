"""The catalogue holds every text that is said, and nothing that is not."""

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import controller.console
from controller.access.alerts import RULES
from controller.commands.doubts import FAILURES
from controller.console.texts import catalogue
from controller.loop.instrument import INSTRUMENT
from controller.report.alerts import TEXTS
from strategies.objectives import Objective
from tests.controller.console.test_words import event_kinds

FOLDER = Path(controller.console.__file__).parent
KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)*\.[a-z0-9_]*[a-z0-9]")
SETTLED = ("stored", "duplicate", "unknown")
GOALS = get_args(Objective.model_fields["goal"].annotation)

# Keys of which a part is a value that the module which says them does not name, and which values there are.
FROM_ELSEWHERE: Mapping[str, Collection[str]] = {
    "account.how_*": ("password", "code", "token"),
    "alerts.rule_*": RULES,
    "alerts.say_*": TEXTS,
    "alerts.when_*": RULES,
    "answers.*": FAILURES,
    "kinds.*": {*event_kinds(), "instrument-pause", "instrument-resume"},
    "overview.best_*": GOALS,
    "quarantine.how_*": (*SETTLED, "discarded"),
    "quarantine.taken_*": SETTLED,
    "states.*": INSTRUMENT.table,
}


@dataclass(frozen=True)
class Said:
    """A key that is said: as it stands, or with `*` for what is put into it; and where."""

    key: str
    module: str


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in FOLDER.rglob("*.py"):
        yield str(path.relative_to(FOLDER)), ast.parse(path.read_text(encoding="utf-8"))


def _said() -> set[Said]:
    found = set()
    for module, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                found |= {Said(each, module) for each in _patterns(node.args[0])}
    for path in FOLDER.rglob("*.html"):
        found |= {Said(key, path.name) for key in re.findall(r'say\("([^"]+)"', path.read_text(encoding="utf-8"))}
    return found


def _patterns(key: ast.expr) -> Iterator[str]:
    """What the first argument of a `say` is; nothing for a variable, whose keys stand as plain strings in the code."""
    if isinstance(key, ast.Constant):
        yield str(key.value)
    elif isinstance(key, ast.IfExp):
        yield from _patterns(key.body)
        yield from _patterns(key.orelse)
    elif isinstance(key, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in key.values)
    elif isinstance(key, ast.BinOp):
        yield f"{next(_patterns(key.left))}*"
    elif isinstance(key, ast.BoolOp):
        for each in key.values:
            yield from _patterns(each)


def _strings() -> dict[str, set[str]]:
    """The plain strings of each module."""
    found: dict[str, set[str]] = defaultdict(set)
    for module, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found[module].add(node.value)
    return found


def _filled(said: Said, strings: dict[str, set[str]]) -> set[str]:
    """The keys of the catalogue that are meant: what stands for `*` is named in the module, or comes from elsewhere."""
    if "*" not in said.key:
        return {said.key}
    shape = re.compile(re.escape(said.key).replace(r"\*", "(.+)" if said.key.startswith("*") else "([^.]+)"))
    known = strings[said.module] | set(FROM_ELSEWHERE.get(said.key, ()))
    return {key for key in catalogue("en") if (found := shape.fullmatch(key)) and known.issuperset(found.groups())}


def test_every_text_that_is_said_stands_in_the_catalogue() -> None:
    strings, known = _strings(), set(catalogue("en"))
    assert [said for said in _said() if not (keys := _filled(said, strings)) or keys - known] == []


def test_every_key_that_goes_through_a_variable_stands_in_the_catalogue() -> None:
    known = set(catalogue("en"))
    sections = {key.partition(".")[0] for key in known}
    keys = {each for found in _strings().values() for each in found if KEY.fullmatch(each)}
    assert [key for key in sorted(keys - known) if key.partition(".")[0] in sections and ".html" not in key] == []


def test_what_comes_from_elsewhere_has_words() -> None:
    keys = {pattern.replace("*", name) for pattern, names in FROM_ELSEWHERE.items() for name in names}
    assert sorted(keys - set(catalogue("en"))) == []
    assert {said.key for said in _said()} >= set(FROM_ELSEWHERE), "nobody says these any more"


def test_every_text_of_the_catalogue_is_said() -> None:
    strings = _strings()
    plain = {each for found in strings.values() for each in found}
    said = {key for each in _said() for key in _filled(each, strings)}
    assert [key for key in catalogue("en") if key not in plain | said] == []


def test_texts_are_plain() -> None:
    for key, text in catalogue("en").items():
        assert text.strip() == text != "", key
        assert "<" not in text.replace("<=", ""), f"{key} holds a tag"
