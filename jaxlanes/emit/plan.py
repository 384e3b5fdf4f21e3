"""Assignment of operations to functions of the source, and of values to memory between functions.

Long straight code and big branches become functions (`outlining`). A value that is read in another function than its
own has a place in a structure that all functions share. The result of a branch takes the place of the value that it
replaces, where nothing reads that one any more: then a branch that no lane takes moves nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from jaxlanes.emit import outlining
from jaxlanes.ir import (
    INT,
    NARROW,
    Block,
    Branch,
    Loop,
    Memory,
    Node,
    Program,
    Put,
    Spill,
    Store,
    While,
    operations,
    walk,
)
from jaxlanes.passes import uses


@dataclasses.dataclass(frozen=True)
class Part:
    """Items in order; `function`: the number of the function they become, None: they stay where they are."""

    items: list[Any]
    function: int | None


class Plan:
    """`parts` of each block; `branches`: the function of a block of a branch, if it is one; `place`: of a value in
    memory, the node after which its place is named."""

    def __init__(self, program: Program) -> None:
        self.nodes = program.nodes
        self.limit = (
            outlining.PART_OPERATIONS
            if operations(program.body) > outlining.WHOLE_OPERATIONS
            else outlining.WHOLE_OPERATIONS
        )
        self.functions = 0
        self.parts: dict[int, list[Part]] = {}
        self.branches: dict[int, int] = {}
        self.place: dict[int, int] = {}
        self._owner: dict[int, int] = {}
        self._readers: dict[int, set[int]] = {}
        ends = [node for _dtype, out in program.outputs if not isinstance(out, Memory) for node in out]
        self._block(program.body, 0)
        self._read(ends, 0)
        for node, readers in self._readers.items():
            if node in self._owner and readers != {self._owner[node]}:
                self.place[node] = node
        self.unshared: set[int] = set()
        self._keep_last(program)
        self._share_places(program.body, ends, {})

    # ---- functions

    def _new(self) -> int:
        self.functions += 1
        return self.functions

    def _read(self, nodes: Iterable[int], function: int) -> None:
        for node in nodes:
            self._readers.setdefault(node, set()).add(function)

    def _block(self, block: Block, function: int) -> None:
        found = outlining.split(block.items, self.limit)
        parts = []
        for items in found:
            alone = len(found) == 1 or sum(isinstance(item, int) for item in items) == 0
            number = None if alone else self._new()
            parts.append(Part(items, number))
            for item in items:
                self._item(item, function if number is None else number)
        self.parts[id(block)] = parts

    def _item(self, item: Any, function: int) -> None:
        if isinstance(item, int):
            self._owner[item] = function
            self._read(self.nodes[item].args, function)
        elif isinstance(item, Spill):
            self._read(item.values, function)
        elif isinstance(item, Store):
            self._read([item.value], function)
        elif isinstance(item, Put):
            self._read([item.index, item.value], function)
        elif isinstance(item, Branch):
            self._branch(item, function)
        else:
            for node in (*item.carries, *item.results):
                self._owner[node] = function
            self._read([*item.initial, *item.carries], function)
            if isinstance(item, While):
                self._block(item.condition, function)
                self._read(item.condition.yields, function)
            self._block(item.body, function)
            self._read(item.body.yields, function)

    def _branch(self, item: Branch, function: int) -> None:
        for node in item.results:
            self._owner[node] = function
        self._read(item.masks, function)
        for mask, block in zip(item.masks, item.blocks, strict=True):
            inside = function
            if block.items and sum(outlining.size(inner) for inner in block.items) > outlining.BRANCH_OPERATIONS:
                inside = self.branches[id(block)] = self._new()
            if block.mask is not None:
                self._read([block.mask], function)
            self._block(block, inside)
            self._read([mask, *block.yields], inside)
            if block.items:
                self._read(item.results, inside)

    # ---- places

    def _keep_last(self, program: Program) -> None:
        """Read values that only a loop's last iteration decides from where the body puts them."""
        for item in walk(program.body):
            if isinstance(item, Loop):
                for position in item.unread:
                    value = item.body.yields[position]
                    self.place[value] = self.place[item.results[position]] = value
                    self.unshared.add(value)

    def _share_places(self, block: Block, ends: list[int], given: dict[int, int]) -> None:
        """In `block`, after which `ends` are read; `given`: values that it may change as if it had made them, and what
        each of them is to become."""
        position_of = {node: i for i, item in enumerate(block.items) for node in uses.definitions([item])}
        made = set(given) | set(position_of)
        last: dict[int, int] = dict.fromkeys(ends, len(block.items))
        for position in range(len(block.items) - 1, -1, -1):
            item = block.items[position]
            for node in uses.uses([item], self.nodes)[0]:
                last.setdefault(node, position)
        for position, item in enumerate(block.items):
            if isinstance(item, Branch):
                updated = self._share_branch(item, made, last, position)
                for inner in item.blocks:
                    self._share_places(inner, inner.yields, updated)
            elif isinstance(item, Loop):
                self._share_loop(item, made, last, position)
                self._share_places(item.body, item.body.yields, dict(zip(item.carries, item.body.yields, strict=True)))
            elif isinstance(item, While):  # lanes that stopped keep the carries as they were
                self._share_places(item.condition, item.condition.yields, {})
                self._share_places(item.body, item.body.yields, {})
        self._write_in_place(block, given, position_of, last)

    def _write_in_place(
        self, block: Block, given: dict[int, int], position_of: dict[int, int], last: dict[int, int]
    ) -> None:
        """Put the successor of a given value where that value is, if nobody needs the old one any more by then."""
        if not given:
            return
        sharers: dict[int, list[int]] = {}
        for node, place in self.place.items():
            sharers.setdefault(place, []).append(node)
        for old, new in given.items():
            if old not in self.place or new not in position_of or new in self.unshared:
                continue
            place, own = self.place[old], self.place.get(new)
            fresh = sharers.get(own, [new]) if own is not None else [new]
            if own == place or self.nodes[new].type != self.nodes[old].type:
                continue
            here = [position_of[node] for node in fresh if node in position_of]
            if any(node in given or node in self.unshared for node in fresh):
                continue
            first = min(here)  # an operation may read what it replaces
            latest = first if isinstance(block.items[first], int) else first - 1
            if any(last.get(node, -1) > latest for node in sharers.get(place, [old])):
                continue
            for node in fresh:
                self.place[node] = place
            sharers.setdefault(place, [old]).extend(fresh)
            if own is not None:
                sharers[own] = []

    def _share_loop(self, item: Loop, made: set[int], last: dict[int, int], position: int) -> None:
        """A carry lies where its first value was, if nobody else needs that one, and its last value stays there."""
        read = uses.uses(item.body.items, self.nodes)[0] | set(item.body.yields)
        for i, (carry, initial, result) in enumerate(zip(item.carries, item.initial, item.results, strict=True)):
            if carry not in self.place or i in item.unread:
                continue
            own = initial in made and last.get(initial, -1) == position and initial not in read
            if own and item.initial.count(initial) == 1 and initial not in self.unshared:
                self.place[initial] = self.place.get(initial, initial)
                self.place[carry] = self.place[initial]
            self.place[result] = self.place[carry]

    def _share_branch(self, item: Branch, made: set[int], last: dict[int, int], position: int) -> dict[int, int]:
        """Gives the old values that the block itself may replace: nobody needs them after it."""
        empty = [block for block in item.blocks if not block.items]
        if len(empty) != 1 or len(item.blocks) != 2:
            return {}
        (full,) = (block for block in item.blocks if block.items)
        kept = {*full.yields, *item.masks, full.mask}
        taken: set[int] = set()
        updated: dict[int, int] = {}
        for result, old, new in zip(item.results, empty[0].yields, full.yields, strict=True):
            if result not in self.place or old not in made or last.get(old, -1) != position:
                continue
            if result in self.unshared or old in kept or old in taken or empty[0].yields.count(old) > 1:
                continue
            taken.add(old)
            self.place[old] = self.place.get(old, old)
            self.place[result] = self.place[old]
            if result in item.in_place:
                updated[old] = new
        return updated


def narrowed_places(place: dict[int, int], nodes: list[Node]) -> dict[int, str]:
    """The narrow type of each place whose values all fit: a quarter or half of the memory to move."""
    limits: dict[int, tuple[int, int]] = {}
    for number, where in place.items():
        node = nodes[number]
        if node.type == INT:
            low, high = limits.get(where, (node.low, node.high))
            limits[where] = (min(low, node.low), max(high, node.high))
    result = {}
    for where, (low, high) in limits.items():
        name = next((name for name, (least, most) in NARROW.items() if least <= low and high <= most), None)
        if name is not None:
            result[where] = name
    return result
