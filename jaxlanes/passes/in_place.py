"""In-place updates: a branch's block is made to give, in lanes that are not its own, the value from before the branch.

In those lanes whatever the block computes is free. So where a value that it gives ends in a select whose other side is
the value from before, the block's mask joins the select's predicate; the result needs no select after the block, and
may be kept where the old value was, so that a field that only an inner branch changes is moved by that branch alone.
"""

from __future__ import annotations

from typing import Any

from jaxlanes.ir import BOOL, Block, Branch, Loop, Node, Program, While, blocks_of


def find_in_place_updates(program: Program) -> None:
    """Fill `Branch.in_place` of every branch of the program."""
    _visit(program, program.body)


def _visit(program: Program, block: Block) -> None:
    for item in block.items:
        for inner in blocks_of(item):
            _visit(program, inner)
        if isinstance(item, Branch):
            full = [inner for inner in item.blocks if inner.items]
            if len(item.blocks) == 2 and len(full) == 1 and full[0].mask is not None:
                _InPlaceUpdates(program, full[0]).branch(item)


class _InPlaceUpdates:
    def __init__(self, program: Program, block: Block) -> None:
        self.nodes, self.block = program.nodes, block
        assert block.mask is not None
        self.mask = block.mask
        self.made: dict[int, tuple[int, Any, int]] = {}  # where in the block; the branch and position of a result
        for place, item in enumerate(block.items):
            if isinstance(item, int):
                self.made[item] = place, None, 0
            elif isinstance(item, Branch | Loop | While):
                for position, result in enumerate(item.results):
                    self.made[result] = place, item, position
        self.known: dict[tuple[int, int], bool] = {}
        self.joined: dict[tuple[str, int], int] = {}
        self.fresh: dict[int, list[int]] = {}  # operations to be put before an item
        self.done: dict[int, int] = {}  # nodes that were changed, by what they keep

    def branch(self, item: Branch) -> None:
        (other,) = (inner for inner in item.blocks if inner is not self.block)
        for result, value, old in zip(item.results, self.block.yields, other.yields, strict=True):
            if self.keeps(value, old):
                item.in_place.add(result)
        if self.fresh:
            items: list[Any] = []
            for place, found in enumerate(self.block.items):
                items += self.fresh.get(place, [])
                items.append(found)
            self.block.items = items

    def keeps(self, value: int, old: int) -> bool:
        """True if `value` is, or now is made, `old` outside the block's lanes."""
        if value == old:
            return True
        if value in self.done:
            return self.done[value] == old
        found = self.known.get((value, old))
        if found is None:
            self.known[value, old] = False
            found = self.known[value, old] = value in self.made and self.make(value, old)
            if found:
                self.done[value] = old
        return found

    def make(self, value: int, old: int) -> bool:
        _place, item, position = self.made[value]
        if item is not None:
            return isinstance(item, Branch) and self.inner(item, position, old)
        node = self.nodes[value]
        if node.kind == "select":
            if self.keeps(node.args[2], old):
                return self.change(value, (self.join("and", node.args[0]), *node.args[1:]))
            if self.keeps(node.args[1], old):
                return self.change(value, (self.join("or", node.args[0]), *node.args[1:]))
        elif node.type == BOOL and node.kind in ("and", "or"):
            for kept, free in ((0, 1), (1, 0)):
                if self.keeps(node.args[kept], old):
                    joined = self.join("or" if node.kind == "and" else "and", node.args[free])
                    return self.change(value, (node.args[kept], joined))
        return False

    def change(self, value: int, args: tuple[int, ...]) -> bool:
        self.nodes[value] = self.nodes[value]._replace(args=args)
        return True

    def inner(self, item: Branch, position: int, old: int) -> bool:
        """The result of a branch inside: its block's mask implies this one's."""
        full = [block for block in item.blocks if block.items]
        if len(item.blocks) != 2 or len(full) != 1 or full[0].mask is None:
            return False
        (other,) = (block for block in item.blocks if block is not full[0])
        if not self.keeps(other.yields[position], old):
            return False
        item.masks[item.blocks.index(full[0])] = full[0].mask
        return True

    def join(self, kind: str, predicate: int) -> int:
        """`predicate` and the mask; or `predicate` or not the mask."""
        if predicate == self.mask or self.implied(kind, predicate):
            return predicate
        found = self.joined.get((kind, predicate))
        if found is None:
            mask = self.mask
            if kind == "or":
                mask = self.joined.get(("not", mask), -1)
                if mask < 0:
                    mask = self.joined["not", self.mask] = self.operation("not", (self.mask,), 0)
            place = self.made[predicate][0] + 1 if predicate in self.made else 0
            found = self.joined[kind, predicate] = self.operation(kind, (predicate, mask), place)
        return found

    def implied(self, kind: str, predicate: int) -> bool:
        """True if the predicate is a conjunction with the mask in it."""
        node = self.nodes[predicate]
        return kind == "and" and node.kind == "and" and self.mask in node.args

    def operation(self, kind: str, args: tuple[int, ...], place: int) -> int:
        self.nodes.append(Node(kind, BOOL, args, None, 0, 1))
        self.fresh.setdefault(place, []).append(len(self.nodes) - 1)
        return len(self.nodes) - 1
