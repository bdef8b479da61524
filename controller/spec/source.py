"""The text of a campaign file as plain data, each value with its line.

YAML 1.2 with the core schema, read from ruamel.yaml's events: no tags, anchors or aliases (so nothing can expand), no
key twice, bounded size and depth. Quotes decide what is text, as the core schema says: `on`, `no` and `12:30` are text.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from controller.spec.problems import Problem, SpecError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 24
MAX_VALUES = 50_000

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True)
class Node:
    """A value, the line on which it (or its key) stands, and what stands below it."""

    line: int
    value: Any
    children: Mapping[str | int, "Node"] = field(default_factory=dict)

    def follow(self, path: Sequence[str | int]) -> "Node":
        """The deepest node on the path; steps that do not exist in the file are passed over."""
        node = self
        for step in path:
            node = node.children.get(step, node)
        return node

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        """A problem with what stands at the path."""
        node = self.follow(path)
        value = "" if node.children else repr(node.value)
        return Problem(node.line, field_name(path), value if len(value) <= 80 else value[:77] + "...", message)


def field_name(path: Sequence[str | int]) -> str:
    """The path as people write it: `stages[0].steps[1].timeout`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def read(text: str | bytes) -> Node:
    """Read a campaign file's text; raises `SpecError` for what is no YAML 1.2 of the plain kind."""
    root = read_or_nothing(text)
    if root is None:
        raise _refuse(1, "the file is empty; it should begin with `campaign: NAME`")
    return root


def read_or_nothing(text: str | bytes) -> Node | None:
    """As `read`, for any file that people write; None if there is nothing in it, or only comments."""
    events = _events(_decoded(text))
    document = next(events, None)
    if not isinstance(document, DocumentStartEvent):
        return None
    if document.version is not None and _version(document.version) != (1, 2):
        raise _refuse(_line(document), "should be YAML 1.2")
    builder = _Builder(events)
    root = builder.node(next(events), 1)
    if not isinstance(next(events), DocumentEndEvent) or next(events, None) is not None:
        raise _refuse(root.line, "the file should hold one document only")
    if not isinstance(root.value, dict):
        raise _refuse(root.line, "the file should be a mapping: lines such as `name: value`")
    return root


def _decoded(text: str | bytes) -> str:
    if len(text) > MAX_BYTES:
        raise _refuse(1, f"the file has more than {MAX_BYTES} bytes; keep data in files beside it")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
        size = len(decoded.encode())
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise _refuse(1, f"the file is not UTF-8 ({error.reason})") from error
    if size > MAX_BYTES:
        raise _refuse(1, f"the file has {size} bytes; at most {MAX_BYTES} are read: keep data in files beside it")
    return decoded


def _version(version: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in (version.split(".") if isinstance(version, str) else version))


def _events(text: str) -> Iterator[Any]:
    """The parser's events between the stream's ends; its errors as ours."""
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            if not isinstance(event, StreamStartEvent | StreamEndEvent):
                yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refuse(mark.line + 1 if mark else 1, f"not YAML: {error.problem or error.context}") from error
    except YAMLError as error:
        raise _refuse(1, f"not YAML: {str(error).splitlines()[0]}") from error
    except (ValueError, OverflowError, IndexError, AttributeError, TypeError, AssertionError) as error:
        # What the parser trips over instead of saying so, such as an escape beyond the last code point.
        raise _refuse(1, f"not YAML: {error}") from error


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _refuse(line: int, message: str, field: str = "", value: str = "") -> SpecError:
    return SpecError([Problem(line, field, value, message)])


class _Builder:
    """Builds nodes from events; counts them, and keeps the path for what it has to say."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._path: list[str | int] = []
        self._count = 0

    def node(self, event: Any, line: int) -> Node:
        """The node that begins with this event."""
        self._check(event)
        if isinstance(event, ScalarEvent):
            return Node(line, self._scalar(event))
        if isinstance(event, SequenceStartEvent):
            return self._sequence(line)
        if isinstance(event, MappingStartEvent):
            return self._mapping(line)
        raise self._refused(event, "this should be a value")

    def _check(self, event: Any) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            raise self._refused(event, f"more than {MAX_VALUES} values; keep data in files beside the campaign file")
        if len(self._path) > MAX_DEPTH:
            raise self._refused(event, f"nested more than {MAX_DEPTH} deep")
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise self._refused(event, "anchors (&) and aliases (*) are not allowed; write the value out, or quote it")
        if getattr(event, "tag", None) is not None:
            raise self._refused(event, f"tags are not allowed ({event.tag}); write the plain value")

    def _sequence(self, line: int) -> Node:
        children: dict[str | int, Node] = {}
        while not isinstance(event := next(self._events), SequenceEndEvent):
            self._path.append(len(children))
            children[len(children)] = self.node(event, _line(event))
            self._path.pop()
        return Node(line, [child.value for child in children.values()], children)

    def _mapping(self, line: int) -> Node:
        children: dict[str | int, Node] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event)
            self._path.append(key)
            if key in children:
                raise self._refused(event, f"this key stands here twice, first on line {children[key].line}")
            children[key] = self.node(next(self._events), _line(event))
            self._path.pop()
        return Node(line, {str(key): child.value for key, child in children.items()}, children)

    def _key(self, event: Any) -> str:
        self._check(event)
        key = self._scalar(event) if isinstance(event, ScalarEvent) else None
        if not isinstance(key, str):
            raise self._refused(event, "a key should be text; put it in quotes if it looks like something else")
        return key

    def _scalar(self, event: ScalarEvent) -> Any:
        text = str(event.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise self._refused(event, "half of a surrogate pair is no character")
        if not event.implicit[0]:
            return text
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        return self._number(event, text)

    def _number(self, event: ScalarEvent, text: str) -> Any:
        whole = _INTEGER.fullmatch(text)
        if whole and len(text) <= 40:
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        if whole or _FLOAT.fullmatch(text):
            if not whole and math.isfinite(number := float(text)):
                return number
            raise self._refused(event, "the number is too big", text[:80])
        if _NOT_FINITE.fullmatch(text):
            raise self._refused(event, "should be a finite number", text)
        return text

    def _refused(self, event: Any, message: str, value: str = "") -> SpecError:
        return _refuse(_line(event), message, field_name(self._path), value)
