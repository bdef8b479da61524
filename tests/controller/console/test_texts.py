"""The catalogue holds every text that is said, and nothing that is not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import controller.console
from controller.console.texts import catalogue

FOLDER = Path(controller.console.__file__).parent


def _said() -> Iterator[str]:
    """The first argument of each `say`, with what is put into it as `*`."""
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                yield from _patterns(node.args[0])
    for path in FOLDER.rglob("*.html"):
        yield from re.findall(r'say\("([^"]+)"', path.read_text(encoding="utf-8"))


def _patterns(key: ast.expr) -> Iterator[str]:
    if isinstance(key, ast.Constant):
        yield str(key.value)
    elif isinstance(key, ast.IfExp):
        yield from _patterns(key.body)
        yield from _patterns(key.orelse)
    elif isinstance(key, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in key.values)
    elif isinstance(key, ast.BinOp):
        yield f"{next(_patterns(key.left))}*"
    else:
        yield "*"  # a variable; its keys stand as plain strings in the code


def _strings() -> set[str]:
    """All plain strings in the code, among which are the keys that go through a variable."""
    found: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return found


def test_every_text_that_is_said_stands_in_the_catalogue() -> None:
    known = catalogue("en")
    for pattern in set(_said()):
        expression = re.compile(re.escape(pattern).replace(r"\*", r"[^.]+"))
        assert pattern == "*" or any(expression.fullmatch(key) for key in known), f"{pattern} is said and not there"


def test_every_text_of_the_catalogue_is_said() -> None:
    plain = _strings()
    patterns = [re.compile(re.escape(each).replace(r"\*", r"[^.]+")) for each in set(_said()) if each != "*"]
    left = [key for key in catalogue("en") if key not in plain and not any(p.fullmatch(key) for p in patterns)]
    assert left == []


def test_texts_are_plain() -> None:
    for key, text in catalogue("en").items():
        assert text.strip() == text != "", key
        assert "<" not in text.replace("<=", ""), f"{key} holds a tag"
