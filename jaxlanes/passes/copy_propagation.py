"""Copy propagation: removal of operations that the intervals show to be one of their operands, or a constant."""

from __future__ import annotations

from typing import Any

from jaxlanes.ir import BOOL, FLOAT, Block, Branch, Memory, Node, Program, Put, Spill, Store, While, dtype_limits
from jaxlanes.passes import folding


def propagate_copies(program: Program) -> None:
    """Replace such operations in the whole program, in place. The intervals must be known (`value_ranges.refine`)."""
    _Copies(program).run()


class _Copies:
    def __init__(self, program: Program) -> None:
        self.program, self.nodes = program, program.nodes
        self.same: dict[int, int] = {}
        self.constants: dict[bool, int] = {}

    def run(self) -> None:
        self.block(self.program.body)
        outputs = []
        for dtype, out in self.program.outputs:
            outputs.append((dtype, out if isinstance(out, Memory) else tuple(self.now(node) for node in out)))
        self.program.outputs = outputs

    def now(self, number: int) -> int:
        return self.same.get(number, number)

    def all(self, numbers: list[int]) -> list[int]:
        return [self.same.get(number, number) for number in numbers]

    def block(self, block: Block) -> None:
        items: list[Any] = []
        for item in block.items:
            if isinstance(item, int):
                node = self.nodes[item]
                args = tuple(self.all(list(node.args)))
                if args != node.args:
                    node = self.nodes[item] = node._replace(args=args)
                found = self.simpler(node)
                if found is not None:
                    self.same[item] = found
                    continue
            elif isinstance(item, Spill):
                item = Spill(item.memory, tuple(self.all(list(item.values))))
            elif isinstance(item, Store):
                item = Store(item.memory, item.loop, item.stride, item.offset, self.now(item.value))
            elif isinstance(item, Put):
                item = Put(item.memory, self.now(item.index), self.now(item.value))
            elif isinstance(item, Branch):
                item.masks = self.all(item.masks)
                for inner in item.blocks:
                    inner.mask = None if inner.mask is None else self.now(inner.mask)
                    self.block(inner)
            else:
                item.initial = self.all(item.initial)
                if isinstance(item, While):
                    self.inside(item.condition)
                self.inside(item.body)
            items.append(item)
        block.items = items
        block.yields = self.all(block.yields)

    def inside(self, block: Block) -> None:
        block.mask = None if block.mask is None else self.now(block.mask)
        self.block(block)

    def simpler(self, node: Node) -> int | None:
        if node.type == FLOAT or not node.args:
            return None
        args = [self.nodes[arg] for arg in node.args]
        if node.kind == "narrow":
            least, most = dtype_limits(node.attribute)
            return node.args[0] if least <= args[0].low and args[0].high <= most else None
        if node.kind in ("min", "max") and node.type != BOOL:
            if args[0].high <= args[1].low:
                return node.args[0 if node.kind == "min" else 1]
            return node.args[1 if node.kind == "min" else 0] if args[1].high <= args[0].low else None
        if node.kind in ("eq", "ne", "lt", "le", "gt", "ge") and FLOAT != args[0].type != BOOL:
            known = folding.compare_intervals(node.kind, *args)
            return None if known is None else self.constant(known)
        if node.kind == "select" and args[0].kind == "const":
            return node.args[1] if args[0].attribute else node.args[2]
        return None

    def constant(self, value: bool) -> int:
        found = self.constants.get(value)
        if found is None:
            found = self.constants[value] = len(self.nodes)
            self.nodes.append(Node("const", BOOL, (), value, int(value), int(value)))
        return found
