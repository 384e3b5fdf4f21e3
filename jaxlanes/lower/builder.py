"""The builder of nodes: common subexpressions, constant folding, intervals of integers, small simplifications.

The simplifications are exact: every bit of the result is the one that the operation as written would have had.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import numpy as np

from jaxlanes.ir import BOOL, FLOAT, INT, LIMITS, UINT, Block, Branch, Memory, Node, Put, Spill, dtype_limits, walk
from jaxlanes.lower.nodes import Nodes
from jaxlanes.passes import folding

_COMMUTATIVE = frozenset({"add", "mul", "and", "or", "xor", "eq", "ne"})
_MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}
_OPPOSITE = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}

SMALL_BRANCH = 12  # operations: less work than a wrongly predicted jump


class Builder(Nodes):
    """The interface of the lowering rules to the intermediate form; operations go to `block`."""

    # ---- arithmetic

    def binary(self, kind: str, x: int, y: int) -> int:
        """add sub mul div min max and or xor shl shr shra; both of one type, which is that of the result."""
        a, b = self.nodes[x], self.nodes[y]
        if a.kind == "const" and b.kind == "const":
            folded = folding.binary(kind, a.type, a.attribute, b.attribute)
            if folded is not None:
                return self.constant(folded, a.type)
        if kind in _COMMUTATIVE and (a.kind == "const" or (b.kind != "const" and y < x)):
            x, y, a, b = y, x, b, a
        simpler = self._simpler(kind, x, y)
        if simpler is not None:
            return simpler
        if a.type in (BOOL, FLOAT):
            return self.node(kind, a.type, (x, y))
        return self.node(kind, a.type, (x, y), bounds=folding.bounds(kind, a, b))

    def _simpler(self, kind: str, x: int, y: int) -> int | None:
        a, b = self.nodes[x], self.nodes[y]
        type_, value = a.type, b.attribute if b.kind == "const" else None
        if type_ == FLOAT:
            if value is None:
                return None
            keeps = value == 1.0 and kind in ("mul", "div")
            # x + 0.0 would make a +0.0 of a -0.0
            keeps |= value == 0.0 and kind in ("add", "sub") and bool(np.signbit(value)) == (kind == "add")
            if keeps:
                return x
            # XLA:CPU compiles it so, and both backends are to give the same.
            factor = folding.reciprocal(value) if kind == "div" else None
            return None if factor is None else self.binary("mul", x, self.constant(factor, FLOAT))
        if x == y:
            if kind in ("and", "or", "min", "max"):
                return x
            if kind in ("xor", "sub"):
                return self.constant(0, type_)
        if type_ == BOOL:
            if value is not None:
                if kind == "and":
                    return x if value else y
                if kind == "or":
                    return y if value else x
                if kind == "xor":
                    return self.logical_not(x) if value else x
            if kind in ("and", "or") and self._is_not(x, y):
                return self.constant(kind == "or", BOOL)
            return None
        if kind == "max" and (a.low >= b.high or b.low >= a.high):
            return x if a.low >= b.high else y
        if kind == "min" and (a.high <= b.low or b.high <= a.low):
            return x if a.high <= b.low else y
        if value is None:
            return None
        if value == 0 and kind in ("add", "sub", "or", "xor", "shl", "shr", "shra"):
            return x
        if value == 0 and kind in ("mul", "and"):
            return y
        if value == 1 and kind in ("mul", "div"):
            return x
        if kind == "and" and value >= 0 and a.low >= 0 and value == (1 << max(a.high.bit_length(), 0)) - 1:
            return x
        if kind == "and" and value > 0 and (value & (value + 1)) == 0 and a.low >= 0 and a.high <= value:
            return x
        if kind == "add" and a.kind == "add" and self.is_constant(a.args[1]):  # (x + c) + d, wrapping either way
            total = folding.binary("add", type_, self.value_of(a.args[1]), value)
            return self.binary("add", a.args[0], self.constant(total, type_))
        if kind == "div" and value > 1 and a.low >= 0:
            if a.high < value:
                return self.constant(0, type_)
            if value & (value - 1) == 0:
                return self.binary("shr", x, self.constant(value.bit_length() - 1, type_))
        if kind == "mul" and value > 1 and value & (value - 1) == 0:
            bounds = folding.bounds("mul", a, b)
            return self.node("shl", type_, (x, self.constant(value.bit_length() - 1, type_)), bounds=bounds)
        if kind == "shra" and a.low >= 0:
            return self.binary("shr", x, y)
        return None

    def remainder(self, x: int, y: int) -> int:
        """Of integer division that rounds towards zero; x where y is zero."""
        a, b = self.nodes[x], self.nodes[y]
        if b.kind == "const" and b.attribute > 0:
            if a.low >= 0 and a.high < b.attribute:
                return x
            if a.low >= 0 and b.attribute & (b.attribute - 1) == 0:
                return self.binary("and", x, self.constant(b.attribute - 1, a.type))
        bounds = folding.bounds("rem", a, b)
        whole = self.binary("mul", self.binary("div", x, y), y)
        rest = self.bounded("sub", x, whole, bounds)
        zero = self.compare("eq", y, self.constant(0, b.type))
        return self.select(zero, x, rest)

    def bounded(self, kind: str, x: int, y: int, bounds: tuple[int, int] | None) -> int:
        """A binary operation of which the caller knows better where it lies."""
        a, b = self.nodes[x], self.nodes[y]
        if bounds is None or (a.kind == "const" and b.kind == "const"):
            return self.binary(kind, x, y)
        if self._simpler(kind, x, y) is not None:
            return self.binary(kind, x, y)
        return self.node(kind, a.type, (x, y), bounds=bounds)

    def unary(self, kind: str, x: int) -> int:
        """neg abs sign popcount clz of integers; any function of one float."""
        a = self.nodes[x]
        if a.kind == "const":
            folded = folding.unary(kind, a.type, a.attribute)
            if folded is not None:
                return self.constant(folded, a.type)
        if a.type != FLOAT:
            if kind == "abs" and a.low >= 0:
                return x
            if kind == "sign":
                zero = self.constant(0, a.type)
                positive = self.from_bool(self.compare("gt", x, zero), a.type)
                if a.low >= 0:
                    return positive
                negative = self.from_bool(self.compare("lt", x, zero), a.type)
                return self.bounded("sub", positive, negative, (-1, 1))
            return self.node(kind, a.type, (x,), bounds=folding.unary_bounds(kind, a))
        return self.node(kind, FLOAT, (x,))

    # ---- bools

    def logical_not(self, x: int) -> int:
        a = self.nodes[x]
        if a.kind == "const":
            return self.constant(not a.attribute, BOOL)
        if a.kind == "not":
            return a.args[0]
        if a.kind in _OPPOSITE and self.nodes[a.args[0]].type != FLOAT:
            return self.compare(_OPPOSITE[a.kind], *a.args)
        return self.node("not", BOOL, (x,))

    def _is_not(self, x: int, y: int) -> bool:
        a, b = self.nodes[x], self.nodes[y]
        return (a.kind == "not" and a.args[0] == y) or (b.kind == "not" and b.args[0] == x)

    def compare(self, kind: str, x: int, y: int) -> int:
        """lt le gt ge eq ne -> bool."""
        a, b = self.nodes[x], self.nodes[y]
        if a.kind == "const" and b.kind == "const":
            return self.constant(folding.compare(kind, a.attribute, b.attribute), BOOL)
        if a.kind == "const":
            return self.compare(_MIRRORED[kind], y, x)
        if a.type == BOOL:
            return self._compare_bools(kind, x, y)
        if a.type != FLOAT:
            if x == y:
                return self.constant(kind in ("eq", "le", "ge"), BOOL)
            known = folding.compare_intervals(kind, a, b)
            if known is not None:
                return self.constant(known, BOOL)
            if b.kind == "const":
                simpler = self._compare_constant(kind, x, b.attribute)
                if simpler is not None:
                    return simpler
        if kind in ("eq", "ne") and b.kind != "const" and y < x:
            x, y = y, x
        return self.node(kind, BOOL, (x, y))

    def _compare_bools(self, kind: str, x: int, y: int) -> int:
        if kind == "ne":
            return self.binary("xor", x, y)
        if kind == "eq":
            return self.logical_not(self.binary("xor", x, y))
        if kind == "lt":
            return self.binary("and", self.logical_not(x), y)
        if kind == "gt":
            return self.binary("and", x, self.logical_not(y))
        if kind == "le":
            return self.binary("or", self.logical_not(x), y)
        return self.binary("or", x, self.logical_not(y))

    def _compare_constant(self, kind: str, x: int, value: int) -> int | None:
        a = self.nodes[x]
        if a.kind == "from_bool":  # 0 or 1
            at_zero, at_one = (bool(folding.compare(kind, bit, value)) for bit in (0, 1))
            if at_zero == at_one:
                return self.constant(at_zero, BOOL)
            return a.args[0] if at_one else self.logical_not(a.args[0])
        if a.kind == "select" and self.is_constant(a.args[1]) and self.is_constant(a.args[2]):
            then, other = (bool(folding.compare(kind, self.value_of(arg), value)) for arg in a.args[1:])
            if then == other:
                return self.constant(then, BOOL)
            return a.args[0] if then else self.logical_not(a.args[0])
        if kind == "lt" and value == a.low + 1:
            return self.compare("eq", x, self.constant(a.low, a.type))
        if kind == "gt" and value == a.high - 1:
            return self.compare("eq", x, self.constant(a.high, a.type))
        if kind == "gt" and value == a.low:
            return self.compare("ne", x, self.constant(a.low, a.type))
        if kind == "ge" and value == a.low + 1:
            return self.compare("ne", x, self.constant(a.low, a.type))
        return None

    def select(self, predicate: int, then: int, other: int) -> int:
        """`then` where the bool `predicate` is set, else `other`."""
        p, a, b = self.nodes[predicate], self.nodes[then], self.nodes[other]
        if then == other:
            return then
        if p.kind == "const":
            return then if p.attribute else other
        if p.kind == "not":
            return self.select(p.args[0], other, then)
        if a.type == BOOL:
            if a.kind == "const":
                return self.binary("or" if a.attribute else "and", self._flip(predicate, not a.attribute), other)
            if b.kind == "const":
                return self.binary("or" if b.attribute else "and", self._flip(predicate, b.attribute), then)
        elif a.type != FLOAT and a.kind == "const" and b.kind == "const" and {a.attribute, b.attribute} == {0, 1}:
            return self.from_bool(self._flip(predicate, a.attribute == 0), a.type)
        if a.kind == "select" and a.args[0] == predicate:
            return self.select(predicate, a.args[1], other)
        if b.kind == "select" and b.args[0] == predicate:
            return self.select(predicate, then, b.args[2])
        bounds = (min(a.low, b.low), max(a.high, b.high))
        return self.node("select", a.type, (predicate, then, other), bounds=bounds)

    def _flip(self, predicate: int, flip: bool) -> int:
        return self.logical_not(predicate) if flip else predicate

    # ---- conversions

    def from_bool(self, x: int, type_: str) -> int:
        a = self.nodes[x]
        if type_ == BOOL:
            return x
        if a.kind == "const":
            return self.constant(int(a.attribute), type_)
        return self.node("from_bool", type_, (x,), bounds=(0, 1))

    def convert(self, x: int, type_: str) -> int:
        """Between node types, as XLA converts: bits stay between integers, floats saturate, NaN is 0."""
        a = self.nodes[x]
        if a.type == type_:
            return x
        if a.type == BOOL:
            return self.from_bool(x, type_)
        if type_ == BOOL:
            return self.compare("ne", x, self.constant(0, a.type))
        if a.kind == "const":
            folded = folding.convert(a.type, type_, a.attribute)
            if folded is not None:
                return self.constant(folded, type_)
        if {a.type, type_} == {INT, UINT}:
            if a.kind == "cast":
                return a.args[0]
            if a.kind == "from_bool":
                return self.from_bool(a.args[0], type_)
            limits = LIMITS[type_]
            fits = limits[0] <= a.low and a.high <= limits[1]
            return self.node("cast", type_, (x,), bounds=(a.low, a.high) if fits else None)
        return self.node("to_float" if type_ == FLOAT else "to_integer", type_, (x,))

    def bits(self, x: int, type_: str) -> int:
        """The same 32 bits as another type."""
        a = self.nodes[x]
        if a.type == type_:
            return x
        if FLOAT not in (a.type, type_):
            return self.convert(x, type_)
        if a.kind == "const":
            source = np.asarray(a.attribute, a.type)
            return self.constant(source.view(type_)[()], type_)
        if a.kind == "bits" and self.nodes[a.args[0]].type == type_:
            return a.args[0]
        return self.node("bits", type_, (x,))

    def narrow(self, x: int, dtype: Any) -> int:
        """Wrap an integer node around into the interval of a NumPy dtype of at most 16 bits."""
        low, high = dtype_limits(dtype)
        a = self.nodes[x]
        if low <= a.low and a.high <= high:
            return x
        if a.kind == "const":
            return self.constant(folding.wrap(a.attribute, low, high), INT)
        if low == 0:
            return self.binary("and", x, self.constant(high, INT))
        return self.node("narrow", INT, (x,), np.dtype(dtype).name, (low, high))

    # ---- memory

    def spill(self, values: tuple[int, ...]) -> Memory:
        """The nodes in memory; the same nodes are not put there twice."""
        found = self.block.find(("spill", values))
        if found is None:
            memory = Memory("spill", self.nodes[values[0]].type, len(values), len(self.nodes))
            self.block.known[("spill", values)] = memory  # type: ignore[assignment]
            self.block.items.append(Spill(memory, values))
            return memory
        return found  # type: ignore[return-value]

    def gather(self, memory: Memory, index: int, type_: str, bounds: tuple[int, int] | None = None) -> int:
        """Element `index` (int32 node, in bounds) of a memory."""
        if memory.kind == "cell":  # what is there may be something else the next time
            low, high = self._clip(bounds, type_)
            self.nodes.append(Node("gather", type_, (index,), memory, low, high))
            self.block.items.append(len(self.nodes) - 1)
            return len(self.nodes) - 1
        return self.node("gather", type_, (index,), memory, bounds)

    # ---- blocks

    @contextmanager
    def inside(self, mask: int | None):
        """A new block inside this one, for the lanes of `mask`, as the one where operations go."""
        outer, self.block = self.block, Block(self.block, mask=mask)
        try:
            yield self.block
        finally:
            self.block = outer

    def active(self, predicate: int) -> int:
        """`predicate`, in the lanes that this block is run for."""
        mask = self.block.mask
        return predicate if mask is None else self.binary("and", mask, predicate)

    def branch(self, masks: list[int], blocks: list[Block]) -> list[int]:
        """The values of the block whose mask is set. Masks exclude each other; one of them is set in every lane."""
        merged = []
        only = len(blocks) == 1  # every lane takes it, and its values are what it yields
        for block in blocks:
            if only or (len(block.items) <= SMALL_BRANCH and all(isinstance(item, int) for item in block.items)):
                self._splice(block)
        open_blocks = [block for block in blocks if block.items]
        if not open_blocks:
            for values in zip(*(block.yields for block in blocks), strict=True):
                merged.append(self._choose(masks, values))
            return merged
        results, kept = [], []
        for position, values in enumerate(zip(*(block.yields for block in blocks), strict=True)):
            if all(value == values[0] for value in values):
                merged.append(values[0])
                continue
            nodes = [self.nodes[value] for value in values]
            bounds = (min(n.low for n in nodes), max(n.high for n in nodes))
            result = self.phi(nodes[0].type, bounds)
            merged.append(result)
            results.append(result)
            kept.append(position)
        for block in blocks:
            block.yields = [block.yields[position] for position in kept]
        writes = any(isinstance(item, Put) for block in blocks for item in walk(block))
        if results or writes:
            self.block.items.append(Branch(masks, blocks, results))
        return merged

    def _choose(self, masks: list[int], values: tuple[int, ...]) -> int:
        chosen = values[-1]
        for mask, value in zip(reversed(masks[:-1]), reversed(values[:-1]), strict=True):
            chosen = self.select(mask, value, chosen)
        return chosen

    def _splice(self, block: Block) -> None:
        """Run it for all lanes, in the block around it."""
        self.block.items.extend(block.items)
        self.block.known.update(block.known)
        block.items = []
