"""Dead-code elimination: removal of what no output depends on."""

from __future__ import annotations

from typing import Any

from jaxlanes.ir import Block, Branch, Loop, Memory, Node, Program, Put, Spill, Store, While, walk


class _Needed:
    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.ids: set[int] = set()
        self.memories: set[int] = set()

    def node(self, number: int) -> None:
        """It is needed; what it needs is found when its own place is reached."""
        if number not in self.ids:
            self.ids.add(number)

    def arguments(self, number: int) -> None:
        node = self.nodes[number]
        self.ids.update(node.args)
        if isinstance(node.attribute, Memory):
            self.memories.add(id(node.attribute))


def remove_dead_code(program: Program) -> None:
    """In place: items, results and carries that nothing reads are dropped."""
    needed = _Needed(program.nodes)
    for _dtype, output in program.outputs:
        if isinstance(output, Memory):
            needed.memories.add(id(output))
        else:
            needed.ids.update(output)
    _mark(program.body, needed)
    _sweep(program.body, needed)


def _mark(block: Block, needed: _Needed) -> None:
    for item in reversed(block.items):
        if isinstance(item, int):
            if item in needed.ids:
                needed.arguments(item)
        elif isinstance(item, Spill):
            if id(item.memory) in needed.memories:
                needed.ids.update(item.values)
        elif isinstance(item, Store):
            if id(item.memory) in needed.memories:
                needed.ids.add(item.value)
        elif isinstance(item, Put):
            if id(item.memory) in needed.memories:
                needed.ids.update((item.index, item.value))
        elif isinstance(item, Branch):
            _mark_branch(item, needed)
        else:
            _mark_loop(item, needed)


def _mark_branch(item: Branch, needed: _Needed) -> None:
    wanted = [i for i, result in enumerate(item.results) if result in needed.ids]
    stores = any(_writes(block, needed) for block in item.blocks)
    if not wanted and not stores:
        return
    for block in item.blocks:
        needed.ids.update(block.yields[i] for i in wanted)
    for block in reversed(item.blocks):
        _mark(block, needed)
        if block.mask is not None:
            needed.ids.add(block.mask)
    needed.ids.update(item.masks)


def _writes(block: Block, needed: _Needed) -> bool:
    return any(isinstance(item, Store | Put) and id(item.memory) in needed.memories for item in walk(block))


def _mark_loop(item: Loop | While, needed: _Needed) -> None:
    wanted = {i for i, result in enumerate(item.results) if result in needed.ids}
    if not wanted and not _writes(item.body, needed):
        return
    while True:
        memories = len(needed.memories)  # what an iteration reads may be what the one before wrote
        if isinstance(item, While):
            needed.ids.update(item.condition.yields)
        needed.ids.update(item.body.yields[i] for i in wanted)
        _mark(item.body, needed)
        if isinstance(item, While):
            _mark(item.condition, needed)
        more = {i for i, carry in enumerate(item.carries) if carry in needed.ids} - wanted
        if not more and memories == len(needed.memories):
            break
        wanted |= more
    # A carry that is used inside is carried, whether or not its result is read.
    needed.ids.update(item.results[i] for i in wanted)
    needed.ids.update(item.carries[i] for i in wanted)
    needed.ids.update(item.initial[i] for i in wanted)


def _sweep(block: Block, needed: _Needed) -> None:
    kept: list[Any] = []
    for item in block.items:
        if isinstance(item, int):
            keep = item in needed.ids
        elif isinstance(item, Spill | Store | Put):
            keep = id(item.memory) in needed.memories
        elif isinstance(item, Branch):
            wanted = [i for i, result in enumerate(item.results) if result in needed.ids]
            keep = bool(wanted) or any(_writes(b, needed) for b in item.blocks)
            item.results = [item.results[i] for i in wanted]
            for inner in item.blocks:
                inner.yields = [inner.yields[i] for i in wanted]
                _sweep(inner, needed)
        else:
            wanted = [i for i, result in enumerate(item.results) if result in needed.ids]
            keep = bool(wanted) or _writes(item.body, needed)
            item.results = [item.results[i] for i in wanted]
            item.initial = [item.initial[i] for i in wanted]
            item.carries = [item.carries[i] for i in wanted]
            item.body.yields = [item.body.yields[i] for i in wanted]
            _sweep(item.body, needed)
            if isinstance(item, While):
                _sweep(item.condition, needed)
        if keep:
            kept.append(item)
    block.items = kept
