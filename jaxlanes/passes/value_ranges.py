"""Value-range analysis: intervals of a program's integers, loops included, which decide how wide they have to be.

The builder's intervals know nothing of a loop's carry but its type, for its body is traced once. Here carries start
as what they are before the loop and grow until the body gives nothing new. The result is sound for every lane.
"""

from __future__ import annotations

import bisect

from jaxlanes.ir import BOOL, FLOAT, LIMITS, Block, Branch, Loop, Memory, Node, Program, Spill, While, dtype_limits
from jaxlanes.passes import folding

_WIDENING = (-(2**31), -(2**15), -(2**7), -1, 0, 1, 2**7 - 1, 2**8 - 1, 2**15 - 1, 2**16 - 1, 2**31 - 1, 2**32 - 1)
_EXACT = 1
"""Rounds of a loop in which its carries grow exactly; afterwards they are widened to the next of `_WIDENING`."""


def refine(program: Program) -> None:
    """Narrow the bounds of the integer nodes, in place, to what the whole program shows."""
    _Ranges(program).run()


class _Ranges:
    def __init__(self, program: Program) -> None:
        self.program, self.nodes = program, program.nodes
        self.given = [(node.low, node.high) for node in program.nodes]
        self.memory: dict[int, tuple[int, int]] = {}
        self.found: dict[int, dict[int, tuple[int, int]]] = {}  # where the carries of each loop were found to lie

    def run(self) -> None:
        self.block(self.program.body)

    def set(self, number: int, bounds: tuple[int, int] | None) -> None:
        """Never wider than what the builder knew."""
        node, (least, most) = self.nodes[number], self.given[number]
        if bounds is not None:
            limits = LIMITS[node.type]
            if limits[0] <= bounds[0] and bounds[1] <= limits[1]:
                least, most = max(least, bounds[0]), min(most, bounds[1])
                if least > most:  # no lane ever gets here
                    least, most = self.given[number]
        if (node.low, node.high) != (least, most):
            self.nodes[number] = node._replace(low=least, high=most)

    def join(self, numbers: list[int]) -> tuple[int, int]:
        found = [self.nodes[number] for number in numbers]
        return min(node.low for node in found), max(node.high for node in found)

    def block(self, block: Block) -> None:
        for item in block.items:
            if isinstance(item, int):
                node = self.nodes[item]
                if node.type not in (BOOL, FLOAT):
                    self.set(item, self.operation(node))
            elif isinstance(item, Spill):
                self.memory[id(item.memory)] = self.join(list(item.values))
            elif isinstance(item, Branch):
                for inner in item.blocks:
                    self.block(inner)
                for position, result in enumerate(item.results):
                    if self.nodes[result].type not in (BOOL, FLOAT):
                        self.set(result, self.join([inner.yields[position] for inner in item.blocks]))
            elif isinstance(item, Loop | While):
                self.loop(item)

    def loop(self, item: Loop | While) -> None:
        moving = [i for i, carry in enumerate(item.carries) if self.nodes[carry].type not in (BOOL, FLOAT)]
        bounds = {i: self.join([item.initial[i]]) for i in moving}
        # A loop around this one only ever widens what this one starts with.
        for i, (low, high) in self.found.get(id(item), {}).items():
            bounds[i] = min(low, bounds[i][0]), max(high, bounds[i][1])
        rounds = 0
        while True:
            for i in moving:
                self.set(item.carries[i], bounds[i])
            if isinstance(item, While):
                self.block(item.condition)
            self.block(item.body)
            grown = False
            for i in moving:
                low, high = self.join([item.body.yields[i], item.carries[i]])
                least, most = self.given[item.carries[i]]  # of a counter less than its type's, and for certain
                low, high = max(low, least), min(high, most)
                if (low, high) != (self.nodes[item.carries[i]].low, self.nodes[item.carries[i]].high):
                    grown = True
                    bounds[i] = (low, high) if rounds < _EXACT else _widened(low, high, bounds[i])
            if not grown:
                break
            rounds += 1
        self.found[id(item)] = bounds
        for i in moving:
            carry = self.nodes[item.carries[i]]
            self.set(item.results[i], (carry.low, carry.high))

    def operation(self, node: Node) -> tuple[int, int] | None:
        kind = node.kind
        if kind == "gather":
            return self.element(node.attribute)
        if not node.args or kind in ("word", "to_integer", "bits", "threefry"):
            return None
        args = [self.nodes[arg] for arg in node.args]
        if kind == "select":
            return min(args[1].low, args[2].low), max(args[1].high, args[2].high)
        if kind == "cast":
            return args[0].low, args[0].high
        if kind == "narrow":
            return _within(args[0], node)
        if len(args) == 1:
            return folding.unary_bounds(kind, args[0])
        return folding.bounds(kind, args[0], args[1])

    def element(self, memory: Memory) -> tuple[int, int] | None:
        if memory.kind == "table" and memory.dtype not in ("float32", "uint32"):
            return int(min(memory.attribute)), int(max(memory.attribute))
        return self.memory.get(id(memory)) if memory.kind == "spill" else None


def _within(source: Node, node: Node) -> tuple[int, int] | None:
    """Of a wrap that may have nothing to wrap."""
    least, most = dtype_limits(node.attribute)
    return (source.low, source.high) if least <= source.low and source.high <= most else None


def _widened(low: int, high: int, before: tuple[int, int]) -> tuple[int, int]:
    """The interval widened to the next threshold on each side that moved."""
    if low < before[0]:
        low = _WIDENING[max(0, bisect.bisect_right(_WIDENING, low) - 1)]
    if high > before[1]:
        high = _WIDENING[min(len(_WIDENING) - 1, bisect.bisect_left(_WIDENING, high))]
    return low, high
