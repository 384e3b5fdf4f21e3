"""Definitions and uses of nodes: which nodes an item of a program reads and which it gives to what follows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jaxlanes.ir import Block, Branch, Loop, Node, Put, Spill, Store, While, blocks_of

SCALAR_KINDS = frozenset(("add", "sub", "mul", "shl", "shr", "and", "div"))
"""Operations of which an index is made that all lanes share."""


def definitions(items: Iterable[Any]) -> set[int]:
    """The nodes that these items (not what is inside them) give to what follows."""
    result: set[int] = set()
    for item in items:
        if isinstance(item, int):
            result.add(item)
        elif isinstance(item, Branch | Loop | While):
            result.update(item.results)
    return result


def uses(items: Iterable[Any], nodes: list[Node]) -> tuple[set[int], set[int]]:
    """Nodes, and numbers of loops whose index, that the items read and do not make themselves."""
    read: set[int] = set()
    loops: set[int] = set()
    made: set[int] = set()
    _collect(items, nodes, read, loops, made)
    return {node for node in read - made if nodes[node].kind not in ("const", "input")}, loops


def reads(item: Any, nodes: list[Node]) -> list[int]:
    """The nodes that one item reads itself; what is inside its blocks reads for itself, but for what they give."""
    if isinstance(item, int):
        return list(nodes[item].args)
    if isinstance(item, Spill):
        return list(item.values)
    if isinstance(item, Store):
        return [item.value]
    if isinstance(item, Put):
        return [item.index, item.value]
    found = list(item.masks) if isinstance(item, Branch) else []
    if isinstance(item, Loop | While):
        unread = item.unread if isinstance(item, Loop) else ()
        found += [initial for i, initial in enumerate(item.initial) if i not in unread]
    for block in blocks_of(item):
        found += [*block.yields, *([] if block.mask is None else [block.mask])]
    return found


def _collect(items: Iterable[Any], nodes: list[Node], read: set[int], loops: set[int], made: set[int]) -> None:
    for item in items:
        if isinstance(item, int):
            made.add(item)
            read.update(nodes[item].args)
            _loop_indices(item, nodes, loops)
        elif isinstance(item, Spill):
            read.update(item.values)
        elif isinstance(item, Store):
            read.add(item.value)
            loops.add(item.loop)
        elif isinstance(item, Put):
            read.update((item.index, item.value))
            _counters_in(item.index, nodes, loops)
        else:
            _collect_structure(item, nodes, read, loops, made)


def _loop_indices(number: int, nodes: list[Node], loops: set[int]) -> None:
    """A gather may be addressed by the loop's own counter: see `expressions.scalar_index`."""
    node = nodes[number]
    if node.kind == "loop_index":
        loops.add(node.attribute)
    elif node.kind == "gather":
        _counters_in(node.args[0], nodes, loops)


def _counters_in(index: int, nodes: list[Node], loops: set[int]) -> None:
    pending = [index]
    while pending:
        found = nodes[pending.pop()]
        if found.kind == "loop_index":
            loops.add(found.attribute)
        elif found.kind in SCALAR_KINDS:
            pending.extend(found.args)


def _collect_structure(item: Any, nodes: list[Node], read: set[int], loops: set[int], made: set[int]) -> None:
    made.update(item.results)
    inside: set[int] = set()
    for block in blocks_of(item):
        read.update(block.yields)
        if block.mask is not None:
            read.add(block.mask)
        _collect(block.items, nodes, read, inside, made)
    if isinstance(item, Branch):
        read.update(item.masks)
    else:
        read.update(item.initial)
        made.update(item.carries)
        if isinstance(item, Loop):
            inside.discard(item.number)
    loops.update(inside)


def executed(block: Block, nodes: list[Node]) -> int:
    """Operations that are run if all branches are taken and a `while` goes round once. Those on loops' counters alone,
    and reads at such an index, are left out: they are part of other instructions."""
    return _executed(block, nodes, set())


def _executed(block: Block, nodes: list[Node], free: set[int]) -> int:
    total = 0
    for item in block.items:
        if isinstance(item, int):
            node = nodes[item]
            if node.kind == "loop_index" or (
                node.kind in (*SCALAR_KINDS, "gather")
                and all(arg in free or nodes[arg].kind == "const" for arg in node.args)
            ):
                free.update([item] if node.kind != "gather" else [])
            else:
                total += 1
        else:
            times = item.length if isinstance(item, Loop) else 1
            total += times * sum(_executed(inner, nodes, free) for inner in blocks_of(item))
    return total
