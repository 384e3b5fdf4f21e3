"""Expressions of the assembler: integers, labels, Python's arithmetic, and `low`, `high` and `bank`."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping

from emurust.assembler.errors import AssemblyError

_BINARY: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.LShift: operator.lshift, ast.RShift: operator.rshift, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor,
}  # fmt: skip
_UNARY: dict[type, Callable[[int], int]] = {ast.USub: operator.neg, ast.Invert: operator.invert, ast.UAdd: operator.pos}


def evaluate(text: str, symbols: Mapping[str, int], banks: Mapping[str, int], scope: str = "") -> int:
    """Value of an expression. ``$ff`` and ``%1010`` are numbers, ``.name`` is a label local to `scope`.

    Raises `AssemblyError` for a name that is not defined and for what is no expression.
    """
    source = re.sub(r"\$([0-9A-Fa-f]+)\b", r"0x\1", text)
    source = re.sub(r"(^|[^\w)\s])(\s*)%([01]+)\b", r"\1\g<2>0b\3", source)
    source = re.sub(r"(?<![\w.])\.(\w+)", lambda hit: _local(scope, hit.group(1)), source)
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except SyntaxError as error:
        raise AssemblyError(f"{text!r} is no expression. Remedy: numbers, labels and + - * // % << >> & | ^") from error
    return _value(tree, symbols, banks, text)


def _local(scope: str, name: str) -> str:
    return f"{scope}__local__{name}"


def _value(node: ast.expr, symbols: Mapping[str, int], banks: Mapping[str, int], text: str) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Constant(value=str(letter)) if len(letter) == 1:
            return ord(letter)
        case ast.Name(id=name):
            if name not in symbols:
                shown = name.replace("__local__", ".")
                raise AssemblyError(f"{shown} in {text!r} is not defined. Remedy: add a label or `{shown} equ value`")
            return symbols[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            values = (_value(left, symbols, banks, text), _value(right, symbols, banks, text))
            return _BINARY[type(op)](*values)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_value(operand, symbols, banks, text))
        case ast.Call(func=ast.Name(id="bank"), args=[ast.Name(id=name)]) if name in banks:
            return banks[name]
        case ast.Call(func=ast.Name(id="low"), args=[inner]):
            return _value(inner, symbols, banks, text) & 0xFF
        case ast.Call(func=ast.Name(id="high"), args=[inner]):
            return _value(inner, symbols, banks, text) >> 8 & 0xFF
    raise AssemblyError(f"{text!r} is no expression. Remedy: numbers, labels and + - * // % << >> & | ^")
