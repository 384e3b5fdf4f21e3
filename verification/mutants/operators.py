"""Mutants made by rule: small changes of a syntax tree anywhere in chosen modules, as a seed picks them.

They complement a catalogue written by hand: nobody chose them, so nobody's checks were written for them. Some will be
equivalent to the original, and in code that runs for a whole batch some break what the batch relies on.
"""

from __future__ import annotations

import ast
import copy
import random
from collections import Counter
from collections.abc import Iterator, Sequence

from verification.mutants.imports import parse_module
from verification.mutants.mutant import Mutant, MutantError
from verification.mutants.points import Function, evaluated, functions, is_cached, is_expression

Change = tuple[str, ast.AST]
"""Name of the operator, and what it makes of a node."""

_COMPARISONS: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
_ARITHMETIC: dict[type, type] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.LShift: ast.RShift, ast.RShift: ast.LShift}
_EXTREMES = {"minimum": "maximum", "maximum": "minimum", "min": "max", "max": "min"}
_SELECTS = ("where", "select")

# What Python decides while a JAX program is traced, or what only words an error.
_STATIC_FIELDS = {
    (ast.If, "test"),
    (ast.IfExp, "test"),
    (ast.While, "test"),
    (ast.For, "iter"),
    (ast.comprehension, "ifs"),
    (ast.comprehension, "iter"),
    (ast.Subscript, "slice"),
}
_STATIC_NODES = (ast.Assert, ast.Raise, ast.BoolOp, ast.Not, ast.JoinedStr)
_STATIC_CALLS = frozenset({"range", "len", "isinstance", "zip", "enumerate", "getattr", "int", "uint32", "arange"})


def generate(modules: Sequence[str], seed: int, count: int, skip: Sequence[str] = ()) -> list[Mutant]:
    """`count` different mutants of the modules (dotted names), the same for the same seed and source.

    `skip`: places ("module.function") to leave alone, such as the condition of a loop that might not end. Functions
    that cache their result and what Python decides while tracing are left alone too. A `MutantError` says how many
    mutants there are when fewer than `count`.
    """
    everything = [mutant for module in modules for mutant in _mutants_of(module, frozenset(skip))]
    if count > len(everything):
        raise MutantError(f"only {len(everything)} mutants by rule in {', '.join(modules)}; {count} asked for")
    return random.Random(seed).sample(everything, count)


def _mutants_of(module: str, skip: frozenset[str]) -> Iterator[Mutant]:
    seen: set[int] = set()
    for name, function in functions(parse_module(module)):
        inside = [node for node in evaluated(function) if id(node) not in seen]
        seen.update(id(node) for node in evaluated(function))
        if is_cached(function) or f"{module}.{name}" in skip:
            continue
        switchable = {id(node) for node in _switchable(function)}
        numbers = _occurrences(function)
        for node in inside:
            if id(node) not in switchable:
                continue
            for operator, new in _changes(node):
                yield _mutant(module, name, node, operator, new, numbers[id(node)])


def _occurrences(function: Function) -> dict[int, int | None]:
    """By node: which one of those that read the same it is, or None if it is the only one."""
    totals: Counter[tuple[bool, str]] = Counter()
    place: dict[int, tuple[tuple[bool, str], int]] = {}
    for node in evaluated(function):
        if is_expression(node) or isinstance(node, ast.stmt):
            key = (isinstance(node, ast.stmt), ast.unparse(node))
            totals[key] += 1
            place[id(node)] = (key, totals[key])
    return {node: number if totals[key] > 1 else None for node, (key, number) in place.items()}


def _mutant(module: str, name: str, node: ast.AST, operator: str, new: ast.AST, occurrence: int | None) -> Mutant:
    old_text, new_text = ast.unparse(node), ast.unparse(new)
    assert isinstance(node, ast.expr | ast.stmt)
    span = f"{node.lineno}:{node.col_offset}-{node.end_lineno}:{node.end_col_offset}"
    return Mutant(
        id=f"{module.rpartition('.')[2]}:{span}:{operator}",
        module=module,
        function=name,
        old=old_text,
        new=new_text,
        changes=f"{old_text} → {new_text}",
        expected="L1",
        why=f"by rule: {operator}",
        occurrence=occurrence,
    )


def _switchable(node: ast.AST) -> Iterator[ast.AST]:
    """The statements and expressions under `node` whose value a traced switch can select."""
    for name, value in ast.iter_fields(node):
        if any(isinstance(node, kind) and name == field for kind, field in _STATIC_FIELDS):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, _STATIC_NODES) or _is_static_call(child):
                continue
            if (is_expression(child) and not _is_constant(child)) or isinstance(child, ast.stmt):
                yield child
            yield from _switchable(child)


def _is_constant(node: ast.AST) -> bool:
    """Made of numbers and NAMES_LIKE_THIS alone: often a size, which cannot depend on a traced switch."""
    names = [name.id for name in ast.walk(node) if isinstance(name, ast.Name)]
    return all(name.isupper() for name in names)


def _is_static_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _STATIC_CALLS


def _changes(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        if type(node.ops[0]) in _COMPARISONS:
            yield "comparison", ast.Compare(node.left, [_COMPARISONS[type(node.ops[0])]()], node.comparators)
        yield from _off_by_one(node, node.comparators[0], "comparators")
    elif isinstance(node, ast.BinOp):
        if type(node.op) in _ARITHMETIC:
            yield "arithmetic", ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            yield "drop-right", node.left
            yield "drop-left", node.right
        yield from _off_by_one(node, node.right, "right")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        yield "negation", node.operand
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
        yield from _call_changes(node, ast.unparse(node.func).rpartition("."))
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _updates_itself(node):
        yield "statement", ast.Pass()


def _call_changes(node: ast.Call, name: tuple[str, str, str]) -> Iterator[Change]:
    owner, dot, function = name
    if function in _SELECTS and len(node.args) == 3 and not node.keywords:
        condition, yes, no = node.args
        yield "branches", ast.Call(node.func, [condition, no, yes], [])
    if function in _EXTREMES:
        other = ast.parse(f"{owner}{dot}{_EXTREMES[function]}", mode="eval").body
        yield "extreme", ast.Call(other, node.args, node.keywords)


def _off_by_one(node: ast.expr, constant: ast.expr, field: str) -> Iterator[Change]:
    if not isinstance(constant, ast.Constant) or type(constant.value) is not int:
        return
    for delta in (1, -1):
        changed = copy.deepcopy(node)
        other = ast.Constant(constant.value + delta)
        setattr(changed, field, [other] if field == "comparators" else other)
        yield f"constant{delta:+d}", changed


def _updates_itself(node: ast.Assign) -> bool:
    """The one name that is assigned is read on the right, so that leaving the statement out leaves it defined."""
    (target, *others) = node.targets
    names = {name.id for name in ast.walk(node.value) if isinstance(name, ast.Name)}
    return not others and isinstance(target, ast.Name) and target.id in names
