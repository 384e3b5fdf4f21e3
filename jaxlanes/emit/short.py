"""The C++ expression of an operation on integers of sixteen bits, where a register holds all lanes of one.

An integer is short if its interval fits. Operations whose low bits depend on nothing but low bits may have any
operands; for the others the operands must be short too, else they are done in thirty-two bits and cut.
"""

from __future__ import annotations

from typing import Any

from jaxlanes.emit.expressions import scalar_index
from jaxlanes.ir import INT, UINT, Memory, Node

LOW, HIGH = -(2**15), 2**15 - 1
TABLE = 256
"""Elements of a table that are found by permuting registers."""
_CLOSED = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}


def fits(node: Node) -> bool:
    return node.type in (INT, UINT) and node.low >= LOW and node.high <= HIGH


def table_fits(memory: Memory) -> bool:
    """Whether a table of constants is kept as shorts."""
    if memory.kind != "table" or memory.dtype in ("float32", "uint32"):
        return False
    return min(memory.attribute) >= LOW and max(memory.attribute) <= HIGH


def short_expression(emitter: Any, node: Node) -> str | None:
    """The value of a short node, or None: it is cut from thirty-two bits."""
    kind, args = node.kind, node.args
    if kind in _CLOSED:
        x, y = (emitter.short_name(arg) for arg in args)
        return f"{x} {_CLOSED[kind]} {y}"
    if kind == "neg":
        return f"-{emitter.short_name(args[0])}"
    if kind == "cast":
        return emitter.short_name(args[0])
    if kind == "select":
        return f"select_s({emitter.name(args[0])}, {emitter.short_name(args[1])}, {emitter.short_name(args[2])})"
    if kind == "from_bool":
        return f"number_of_s({emitter.name(args[0])})"
    if kind == "loop_index":
        return f"splat_s(h->i{node.attribute})"
    if kind == "narrow":
        return _narrow(emitter, node)
    if kind == "gather":
        return _gather(emitter, node)
    if not emitter.are_short(args):
        return None
    x = [emitter.short_name(arg) for arg in args]
    if kind in ("min", "max", "abs"):
        return f"{kind}_s({', '.join(x)})"
    if kind in ("shl", "shr", "shra"):
        return _shift(emitter, node, x)
    return _quotient(emitter, node, x) if kind == "div" else None


def _narrow(emitter: Any, node: Node) -> str:
    x = emitter.short_name(node.args[0])
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
    if memory.kind == "table" and table_fits(memory):
        place = emitter.place(memory)
        if memory.size <= TABLE:
            return f"table_s<{memory.size}>({place}, {emitter.short_name(index)})"
        return f"gather_shorts({place}, {emitter.name(index)})"
    return None


def is_pick(emitter: Any, number: int) -> bool:
    """Whether the node is an element of an array that all lanes share, which only some lanes want: it is fetched for
    those one by one."""
    node: Node = emitter.nodes[number]
    if node.kind != "gather" or node.attribute.kind != "shared" or emitter.running() is None:
        return False
    if not emitter.short(number) or not node.low <= 0 <= node.high:  # other lanes may find zero
        return False
    return emitter.nodes[node.args[0]].kind != "const" and scalar_index(emitter, node.args[0]) is None
