"""Find the places that mutants change in a module's syntax tree, and put the switch there."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verification.mutants.mutant import Mutant, MutantError

SWITCH = "__mutation_switch__"
"""Name by which a rewritten module knows its `Switch`."""

Function = ast.FunctionDef | ast.AsyncFunctionDef

# Not evaluated where they stand, or not at all.
_SKIPPED_FIELDS = frozenset({"annotation", "returns", "decorator_list", "pattern"})
_REFUSED = (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)


@dataclass(frozen=True)
class Point:
    """The node a mutant changes, and what it becomes: an expression, or statements if the node is one."""

    number: int
    node: ast.AST
    new: ast.expr | list[ast.stmt]


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function under `tree` with its qualified name, outer ones first."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, Function):
            yield prefix + child.name, child
        named = isinstance(child, Function | ast.ClassDef)
        yield from functions(child, f"{prefix}{child.name}." if named else prefix)


def evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes under `node` that run when it does, in source order; annotations, defaults and patterns do not."""
    for name, value in ast.iter_fields(node):
        if name in _SKIPPED_FIELDS:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.arguments | ast.JoinedStr):
                yield child
                yield from evaluated(child)


def is_expression(node: ast.AST) -> bool:
    """The node is an expression whose value is read, so that a call may stand in its place."""
    no_value = isinstance(node, ast.Starred | ast.Slice)
    return isinstance(node, ast.expr) and not no_value and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


def is_cached(function: Function) -> bool:
    """The function keeps its first result, so that no mutant chosen later could change it."""
    return any(name in ast.unparse(decorator) for decorator in function.decorator_list for name in ("cache", "cached_"))


def find_point(tree: ast.Module, number: int, mutant: Mutant) -> Point:
    """Place where mutant `number` changes its module; a `MutantError` says what was found instead."""
    function = _find_function(tree, mutant)
    old, new = _parse(mutant)
    kind = "expression" if isinstance(old, ast.expr) else "statement"
    wanted = ast.unparse(old)
    fits = is_expression if kind == "expression" else lambda node: isinstance(node, ast.stmt)
    nodes = [node for node in evaluated(function) if fits(node)]
    matches = [node for node in nodes if ast.unparse(node) == wanted]
    if not matches:
        texts = [text for text in dict.fromkeys(ast.unparse(node) for node in nodes) if len(text) > 1]
        close = difflib.get_close_matches(wanted, texts, n=3, cutoff=0.4)
        found = "; closest: " + " | ".join(close) if close else f"; it holds nothing like it, in {len(texts)} {kind}s"
        raise MutantError(f"mutant {mutant.id}: {mutant.place} holds no {kind} {wanted!r}{found}")
    if mutant.occurrence is None and len(matches) > 1:
        lines = ", ".join(str(node.lineno) for node in matches)  # type: ignore[attr-defined]
        raise MutantError(
            f"mutant {mutant.id}: {mutant.place} holds {wanted!r} {len(matches)} times (lines {lines}); "
            "give a longer `old`, or occurrence=1…"
        )
    if (mutant.occurrence or 1) > len(matches):
        raise MutantError(f"mutant {mutant.id}: occurrence {mutant.occurrence} of {len(matches)} in {mutant.place}")
    return _as_expression(number, matches[(mutant.occurrence or 1) - 1], new)


def _find_function(tree: ast.Module, mutant: Mutant) -> Function:
    found = dict(functions(tree))
    if mutant.function not in found:
        close = difflib.get_close_matches(mutant.function, found, n=3, cutoff=0.4) or sorted(found)[:8]
        raise MutantError(f"mutant {mutant.id}: no function {mutant.place}; there are {', '.join(close) or 'none'}")
    function = found[mutant.function]
    if is_cached(function):
        raise MutantError(
            f"mutant {mutant.id}: {mutant.place} is cached: it is computed once, before any mutant is chosen; "
            "change the place that uses its result"
        )
    return function


def _parse(mutant: Mutant) -> tuple[ast.expr | ast.stmt, ast.expr | list[ast.stmt]]:
    """Old and new as trees: two expressions, or a statement and a list of them."""
    try:
        old: ast.expr | ast.stmt = ast.parse(mutant.old, mode="eval").body
        new: ast.expr | list[ast.stmt] = ast.parse(mutant.new, mode="eval").body
    except SyntaxError:
        try:
            (old,) = ast.parse(mutant.old).body
            new = ast.parse(mutant.new).body
        except (SyntaxError, ValueError) as error:
            raise MutantError(
                f"mutant {mutant.id}: old and new must be two expressions, or one statement and its replacement: "
                f"{mutant.old!r} → {mutant.new!r} ({error})"
            ) from None
    for tree in (old, *(new if isinstance(new, list) else [new])):
        if any(isinstance(node, _REFUSED) for node in ast.walk(tree)):
            raise MutantError(f"mutant {mutant.id}: yield, await and := cannot be switched: {ast.unparse(tree)!r}")
    return old, new


def _as_expression(number: int, node: ast.AST, new: ast.expr | list[ast.stmt]) -> Point:
    """An assignment changed or dropped becomes a change of its right-hand side, which a traced switch can make."""
    if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(new, list) and len(new) == 1):
        return Point(number, node, new)
    target = ast.unparse(node.targets[0])
    if isinstance(new[0], ast.Pass):
        return Point(number, node.value, ast.parse(target, mode="eval").body)
    if isinstance(new[0], ast.Assign) and [ast.unparse(t) for t in new[0].targets] == [target]:
        return Point(number, node.value, new[0].value)
    return Point(number, node, new)


def insert_points(tree: ast.Module, points: Sequence[Point]) -> ast.Module:
    """`tree`, changed in place, with the switch at every point. Points may lie inside one another."""
    _Insert(points).visit(tree)
    return ast.fix_missing_locations(tree)


class _Insert(ast.NodeTransformer):
    def __init__(self, points: Sequence[Point]) -> None:
        self.points = points

    def visit(self, node: ast.AST) -> ast.AST:
        here = [point for point in self.points if point.node is node]
        node = super().visit(node)
        for point in here:
            for new in point.new if isinstance(point.new, list) else [point.new]:
                for part in ast.walk(new):  # so that tracebacks point at the line that was changed
                    ast.copy_location(part, node)
            node = _expression(point, node) if isinstance(point.new, ast.expr) else _statement(point, node)
        return node


def _call(method: str, *arguments: ast.expr) -> ast.Call:
    function = ast.Attribute(ast.Name(SWITCH, ast.Load()), method, ast.Load())
    return ast.Call(function, list(arguments), [])


def _thunk(body: ast.expr) -> ast.Lambda:
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(nothing, body)


def _expression(point: Point, node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.expr) and isinstance(point.new, ast.expr)
    return ast.copy_location(_call("choose", ast.Constant(point.number), _thunk(point.new), _thunk(node)), node)


def _statement(point: Point, node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.stmt) and isinstance(point.new, list)
    return ast.copy_location(ast.If(_call("chosen", ast.Constant(point.number)), point.new, [node]), node)
