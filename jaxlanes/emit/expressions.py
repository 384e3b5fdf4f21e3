"""C++ expressions of single operations; `operations.h` defines the functions that they call."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxlanes.ir import BOOL, FLOAT, INT, UINT, Memory, Node
from jaxlanes.passes.uses import SCALAR_KINDS

SUFFIX = {BOOL: "b", INT: "i", UINT: "u", FLOAT: "f"}
ORDERS = ("lt", "le", "gt", "ge", "eq", "ne")
_OPERATOR = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}
FUNCTIONS = frozenset(
    ("rsqrt", "cbrt", "exp", "exp2", "log", "log1p", "expm1", "sin", "cos", "tan", "tanh", "logistic", "erf", "erfc",
     "erf_inv", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "pow", "atan2", "fmod", "nextafter")
)  # fmt: skip
"""Kinds of operations that `functions.h` has."""
_SCALAR_OPERATOR = {"add": "+", "sub": "-", "mul": "*", "shl": "<<", "shr": ">>", "and": "&", "div": "/"}
_EXACT_FLOAT_QUOTIENT = 2**24


def constant(type_: str, value: Any) -> str:
    """A constant in every lane."""
    if type_ == BOOL:
        return "TRUE_LANES" if value else "FALSE_LANES"
    if type_ == INT:
        return "splat_i(-2147483647 - 1)" if value == -(2**31) else f"splat_i({int(value)})"
    if type_ == UINT:
        return f"splat_u({int(value)}u)"
    if np.isfinite(value):
        return f"splat_f({float(value).hex()}f)"
    if np.isnan(value):
        return f"((vf)splat_u({np.float32(value).view(np.uint32)}u))"
    return f"splat_f({'-' if value < 0 else ''}__builtin_inff())"


def expression(emitter: Any, node: Node) -> str:
    """The value of a node in terms of the names of its arguments."""
    kind, suffix = node.kind, SUFFIX[node.type]
    if kind in ORDERS and emitter.are_int16(node.args):
        return f"{kind}_s({', '.join(emitter.int16_name(arg) for arg in node.args)})"
    x = [emitter.name(arg) for arg in node.args]
    if kind == "gather":
        return _gather(emitter, node)
    if kind == "div":
        return _quotient(emitter, node, x)
    if kind in _OPERATOR:
        if node.type == BOOL:
            return f"{kind}_b({x[0]}, {x[1]})"
        return f"{x[0]} {_OPERATOR[kind]} {x[1]}"
    if kind in ("shl", "shr", "shra"):
        return _shift(emitter, node, x)
    if kind in ORDERS:
        return f"{kind}_{SUFFIX[emitter.nodes[node.args[0]].type]}({x[0]}, {x[1]})"
    match kind:
        case "neg":
            return f"neg_f({x[0]})" if node.type == FLOAT else f"-{x[0]}"
        case "word":
            return f"{x[0]}.word[{node.attribute}]"
        case "from_bool":
            number = f"number_of({x[0]})"
            return f"float_of_i({number})" if node.type == FLOAT else f"({emitter_type(node)}){number}"
        case "cast" | "bits":
            return f"({emitter_type(node)}){x[0]}"
        case "to_float":
            return f"float_of_{SUFFIX[emitter.nodes[node.args[0]].type]}({x[0]})"
        case "to_integer":
            return f"integer_of{'' if node.type == INT else '_u'}({x[0]})"
        case "narrow":
            bits = 32 - 8 * np.dtype(node.attribute).itemsize
            return f"({x[0]} << {bits}) >> {bits}"
        case "loop_index":
            return f"splat_i(h->i{node.attribute})"
        case "not":
            return f"not_b({x[0]})"
        case "threefry":
            return f"threefry({', '.join(x)})"
        case "is_finite":
            return f"is_finite_f({x[0]})"
    return f"{kind}_{suffix}({', '.join(x)})"


def emitter_type(node: Node) -> str:
    return {BOOL: "vb", INT: "vi", UINT: "vu", FLOAT: "vf"}[node.type]


def _shift(emitter: Any, node: Node, x: list[str]) -> str:
    by = emitter.nodes[node.args[1]]
    if by.kind == "const" and 0 <= by.attribute < 32:
        if node.kind == "shl":
            return f"{x[0]} << {by.attribute}"
        unsigned = node.kind == "shr"
        if unsigned == (node.type == UINT) or (unsigned and emitter.nodes[node.args[0]].low >= 0):
            return f"{x[0]} >> {by.attribute}"
        wanted, own = ("vu", "vi") if unsigned else ("vi", "vu")
        return f"({own})(({wanted}){x[0]} >> {by.attribute})"
    return f"{node.kind}_{SUFFIX[node.type]}({x[0]}, {x[1]})"


def _quotient(emitter: Any, node: Node, x: list[str]) -> str:
    a, b = (emitter.nodes[arg] for arg in node.args)
    if node.type == FLOAT:
        return f"{x[0]} / {x[1]}"
    if b.kind == "const" and b.attribute > 0 and a.low >= 0:
        factor = reciprocal(a.high, b.attribute)
        if factor is not None:
            return f"({emitter_type(node)})(((vu){x[0]} * {factor[0]}u) >> {factor[1]})"
    if b.low > 0 and max(abs(a.low), abs(a.high)) + b.high <= _EXACT_FLOAT_QUOTIENT:
        if node.type == INT:
            return f"div_small({x[0]}, {x[1]})"
        return f"(vu)div_small((vi){x[0]}, (vi){x[1]})"
    return f"div_{SUFFIX[node.type]}({x[0]}, {x[1]})"


def reciprocal(top: int, divisor: int) -> tuple[int, int] | None:
    """`(factor, shift)` such that n // divisor == (n * factor) >> shift in 32 bits for every n in 0..top, if any."""
    for shift in range(31, 0, -1):
        factor = -(-(1 << shift) // divisor)
        if top * factor < 1 << 32 and (factor * divisor - (1 << shift)) * top < 1 << shift:
            return factor, shift
    return None


def _gather(emitter: Any, node: Node) -> str:
    memory: Memory = node.attribute
    place, index = emitter.place(memory), emitter.nodes[node.args[0]]
    kind = emitter_type(node)
    cast = "" if kind == "vi" else f"({kind})"
    if memory.per_lane:
        if index.kind == "const":
            return f"{cast}{place}[{index.attribute}]"
        scalar = scalar_index(emitter, node.args[0])
        if scalar is not None:
            return f"{cast}{place}[{scalar}]"
        return f"{cast}gather_lanes({place}, {emitter.name(node.args[0])})"
    scalar = str(index.attribute) if index.kind == "const" else scalar_index(emitter, node.args[0])
    if memory.kind == "table":
        if scalar is not None:
            return f"{cast}splat_i({place}[{scalar}])"
        return f"{cast}gather_table({place}, {memory.size}, {emitter.name(node.args[0])})"
    c_type = {"bool": "uint8_t", "float32": "int32_t"}.get(memory.dtype, f"{memory.dtype}_t")
    if scalar is not None:
        return f"{cast}splat_i((int32_t)((const {c_type}*){place})[{scalar}])"
    if memory.dtype in ("int32", "uint32", "float32"):
        return f"{cast}gather_32((const int32_t*){place}, {emitter.name(node.args[0])})"
    stored = "uint8" if memory.dtype == "bool" else memory.dtype
    return f"{cast}gather_{stored}({place}, {emitter.name(node.args[0])})"


def scalar_index(emitter: Any, number: int) -> str | None:
    """The node as an integer of the loop around it, if all lanes have the same."""
    node = emitter.nodes[number]
    if node.kind == "const":
        return str(node.attribute)
    if node.kind == "loop_index":
        return f"h->i{node.attribute}"
    if node.kind in SCALAR_KINDS and node.type == INT:
        x, y = (emitter.nodes[arg] for arg in node.args)
        if node.kind in ("div", "shr", "and") and (x.low < 0 or y.kind != "const" or y.attribute <= 0):
            return None
        sides = [scalar_index(emitter, arg) for arg in node.args]
        if None not in sides:
            sign = _SCALAR_OPERATOR[node.kind]
            return f"({sides[0]} {sign} {sides[1]})"
    return None
