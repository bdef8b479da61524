"""Mutants of a module: each differs from it in one small thing that a test should notice."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """The text of a changed module, and what was changed in which line."""

    line: int
    what: str
    text: str


def mutants(text: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    tree = ast.parse(text)
    skipped = _not_behaviour(tree)
    for place, node in enumerate(ast.walk(tree)):
        if id(node) in skipped:
            continue
        for number, (what, _) in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[place]
            replacement = _changes(target)[number][1]
            _replace(changed, target, replacement)
            line = getattr(node, "lineno", 0)
            yield Mutant(line, what, ast.unparse(ast.fix_missing_locations(changed)))


def _not_behaviour(tree: ast.AST) -> set[int]:
    """Docstrings, annotations, and what only a type checker reads."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(node) is not None:
            parts.append(node.body[0])
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            parts.append(node)
        if isinstance(node, ast.FunctionDef):
            parts.append(node.returns)
        if isinstance(node, (ast.arg, ast.AnnAssign)):
            parts.append(node.annotation)
        if isinstance(node, ast.ClassDef):
            parts += node.decorator_list
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in _UNUSED:
            parts.append(node)
        skipped |= {id(each) for part in parts if part is not None for each in ast.walk(part)}
    return skipped


_UNUSED = ("Action", "Parameters", "__all__")


def _changes(node: ast.AST) -> list[tuple[str, ast.AST | None]]:
    """What a node may become; None: it is left out of the list that it stands in."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARISONS:
            new = _COMPARISONS[type(operator)]
            changed = ast.Compare(node.left, [new()], node.comparators)
            return [(f"{type(operator).__name__} -> {new.__name__}", changed)]
        case ast.BoolOp(op=operator):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            return [("and <-> or", ast.BoolOp(other, node.values))] + [
                (f"left out part {number + 1} of and/or", ast.BoolOp(operator, [*node.values[:number], *rest]))
                for number in range(len(node.values))
                if len(rest := node.values[number + 1 :]) + number > 0
            ]
        case ast.UnaryOp(op=ast.Not()):
            return [("not left out", node.operand)]
        case ast.UnaryOp(op=ast.USub()):
            return [("minus left out", node.operand)]
        case ast.BinOp(op=operator) if type(operator) in _OPERATORS:
            new_operator = _OPERATORS[type(operator)]
            changed_operation = ast.BinOp(node.left, new_operator(), node.right)
            return [(f"{type(operator).__name__} -> {new_operator.__name__}", changed_operation)]
        case ast.IfExp():
            return [("if <-> else", ast.IfExp(node.test, node.orelse, node.body))]
        case ast.If():
            return [("if not", ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse))]
        case ast.Constant(value=bool(value)):
            return [(f"{value} -> {not value}", ast.Constant(not value))]
        case ast.Constant(value=int(value) | float(value)):
            return [(f"{value} -> {value + 1}", ast.Constant(value + 1))]
        case ast.Constant(value=str(value)):
            return [(f"{value!r} -> 'mutant'", ast.Constant("mutant"))]
        case ast.Return(value=ast.expr()) if not _is_none(node.value):
            return [("return None", ast.Return(ast.Constant(None)))]
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            return [
                (f"{name} -> {_CALLS[name]}", ast.Call(ast.Name(_CALLS[name], ast.Load()), node.args, node.keywords))
            ]
        case ast.comprehension(ifs=[_, *_]):
            return [("condition left out", ast.comprehension(node.target, node.iter, [], node.is_async))]
        case ast.List(elts=[_, *_]) if isinstance(node.ctx, ast.Load):
            return [("list emptied", ast.List([], ast.Load()))]
        case ast.AugAssign():
            return [("+= left out", ast.Pass())]
    return []


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _replace(tree: ast.AST, target: ast.AST, replacement: ast.AST | None) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, field, replacement)
                return
            if isinstance(value, list) and any(each is target for each in value):
                value[[each is target for each in value].index(True)] = replacement
                return
