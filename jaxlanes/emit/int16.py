"""C++ expressions of operations on int16 lanes: one register holds an integer of all lanes.

An integer is in int16 lanes if its interval fits. Operations whose low bits depend on nothing but low bits may have any
operands. The others need operands in int16 lanes, else they are done in 32 bits and truncated.
"""

from __future__ import annotations

from typing import Any

from jaxlanes.emit.expressions import scalar_index
from jaxlanes.ir import INT, UINT, Memory, Node

LOW, HIGH = -(2**15), 2**15 - 1
TABLE = 256
"""Elements of a table that are found by permuting registers."""
_CLOSED = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}


def fits_int16(node: Node) -> bool:
    return node.type in (INT, UINT) and node.low >= LOW and node.high <= HIGH


def table_fits_int16(memory: Memory) -> bool:
    """True if a table of constants is kept as int16."""
    if memory.kind != "table" or memory.dtype in ("float32", "uint32"):
        return False
    return min(memory.attribute) >= LOW and max(memory.attribute) <= HIGH


def int16_expression(emitter: Any, node: Node) -> str | None:
    """The value of a node in int16 lanes, or None: it is truncated from 32 bits."""
    kind, args = node.kind, node.args
    if kind in _CLOSED:
        x, y = (emitter.int16_name(arg) for arg in args)
        return f"{x} {_CLOSED[kind]} {y}"
    if kind == "neg":
        return f"-{emitter.int16_name(args[0])}"
    if kind == "cast":
        return emitter.int16_name(args[0])
    if kind == "select":
        return f"select_s({emitter.name(args[0])}, {emitter.int16_name(args[1])}, {emitter.int16_name(args[2])})"
    if kind == "from_bool":
        return f"number_of_s({emitter.name(args[0])})"
    if kind == "loop_index":
        return f"splat_s(h->i{node.attribute})"
    if kind == "narrow":
        return _narrow(emitter, node)
    if kind == "gather":
        return _gather(emitter, node)
    if not emitter.are_int16(args):
        return None
    x = [emitter.int16_name(arg) for arg in args]
    if kind in ("min", "max", "abs"):
        return f"{kind}_s({', '.join(x)})"
    if kind in ("shl", "shr", "shra"):
        return _shift(emitter, node, x)
    return _quotient(emitter, node, x) if kind == "div" else None


def _narrow(emitter: Any, node: Node) -> str:
    x = emitter.int16_name(node.args[0])
    return f"({x} << 8) >> 8" if node.attribute == "int8" else x


def _shift(emitter: Any, node: Node, x: list[str]) -> str | None:
    by = emitter.nodes[node.args[1]]
    if node.kind == "shr" and emitter.nodes[node.args[0]].low < 0:
        return None
    if by.kind == "const" and 0 <= by.attribute < 16:
        return f"{x[0]} {'<<' if node.kind == 'shl' else '>>'} {by.attribute}"
    if by.low < 0:
        return None
    return f"shl_s({x[0]}, {x[1]})" if node.kind == "shl" else f"shra_s({x[0]}, {x[1]})"


def _quotient(emitter: Any, node: Node, x: list[str]) -> str | None:
    a, b = (emitter.nodes[arg] for arg in node.args)
    if b.kind != "const" or b.attribute < 2 or a.low < 0:
        return None
    found = reciprocal(a.high, b.attribute)
    return None if found is None else f"quotient_s({x[0]}, {found[0]}, {found[1]})"


def reciprocal(top: int, divisor: int) -> tuple[int, int] | None:
    """`(factor, shift)` such that n // divisor == (n * factor >> 16) >> shift for every n in 0..top, factor < 2**16."""
    for shift in range(15, -1, -1):
        factor = -(-(1 << (16 + shift)) // divisor)
        if factor < 1 << 16 and (factor * divisor - (1 << (16 + shift))) * top < 1 << (16 + shift):
            return factor, shift
    return None


def _gather(emitter: Any, node: Node) -> str | None:
    memory: Memory = node.attribute
    index = node.args[0]
    if emitter.nodes[index].kind == "const" or scalar_index(emitter, index) is not None:
        return None
    if memory.kind == "table" and table_fits_int16(memory):
        place = emitter.place(memory)
        if memory.size <= TABLE:
            return f"table_s<{memory.size}>({place}, {emitter.int16_name(index)})"
        return f"gather_int16_table({place}, {emitter.name(index)})"
    return None


def is_lane_fetch(emitter: Any, number: int) -> bool:
    """True for an element of an array that all lanes share, read in a branch: it is fetched for the active lanes one by
    one."""
    node: Node = emitter.nodes[number]
    if node.kind != "gather" or node.attribute.kind != "shared" or emitter.running() is None:
        return False
    if not emitter.is_int16(number) or not node.low <= 0 <= node.high:  # other lanes may find zero
        return False
    return emitter.nodes[node.args[0]].kind != "const" and scalar_index(emitter, node.args[0]) is None
