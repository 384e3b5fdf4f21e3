"""The intermediate form: scalar operations in nested blocks. It knows neither JAX nor C++.

A node is one scalar per lane. Arrays do not exist here: whoever builds the form keeps arrays of node numbers. There are
four types, which are what a 32-bit lane can be; narrower integers are `int32` nodes that stay within a known interval.
Nodes are numbered in the order in which they were made, and a node's arguments always have smaller numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

BOOL, INT, UINT, FLOAT = "bool", "int32", "uint32", "float32"
LIMITS = {BOOL: (0, 1), INT: (-(2**31), 2**31 - 1), UINT: (0, 2**32 - 1), FLOAT: (0, 0)}

NARROW = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1), "uint16": (0, 2**16 - 1)}
DTYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "float32")
WIDE = {"int64": INT, "uint64": UINT, "float64": FLOAT}
"""Types that a lane has no room for; the type of the node that carries what `lower.wide` can carry of one."""


def node_type(dtype: Any) -> str:
    """The type of the nodes that carry elements of this NumPy dtype."""
    name = np.dtype(dtype).name
    return INT if name in NARROW else WIDE.get(name, name)


def dtype_limits(dtype: Any) -> tuple[int, int]:
    """The interval of the nodes that carry elements of this NumPy dtype."""
    name = np.dtype(dtype).name
    return NARROW.get(name) or LIMITS[WIDE.get(name, name)]


class Node(NamedTuple):
    """One operation. `low` and `high` bound the value of an integer or bool; a float has no bounds."""

    kind: str
    type: str
    args: tuple[int, ...]
    attribute: Any
    low: int
    high: int


@dataclasses.dataclass(frozen=True, eq=False)
class Memory:
    """Elements that are addressed by a number known only at run time.

    `table`: constants, one copy for all lanes. `shared`: an argument that all lanes share (attribute: its number).
    `spill`: nodes put into memory so that they can be indexed. `rows`: what the iterations of a loop wrote, all of it
    before the first read. `cell`: as `rows`, but written again after reads. `argument`: an argument that has lanes
    (attribute: its number).
    """

    kind: str
    dtype: str  # as stored; for spill and rows a node type
    size: int
    attribute: Any = None

    @property
    def per_lane(self) -> bool:
        return self.kind in ("spill", "rows", "cell", "argument")


@dataclasses.dataclass(frozen=True, eq=False)
class Spill:
    memory: Memory
    values: tuple[int, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Store:
    """In a `Loop`: element `index(loop) * stride + offset` of a memory of kind rows."""

    memory: Memory
    loop: int
    stride: int
    offset: int
    value: int


@dataclasses.dataclass(frozen=True, eq=False)
class Put:
    """Element `index` (int32 node, in bounds) of a memory of kind rows or cell becomes `value`."""

    memory: Memory
    index: int
    value: int


@dataclasses.dataclass(eq=False)
class Block:
    """Operations in order. `known` finds an operation that was made before, here or in a block around this one."""

    parent: Block | None = None
    items: list[Any] = dataclasses.field(default_factory=list)
    known: dict[Any, int] = dataclasses.field(default_factory=dict)
    yields: list[int] = dataclasses.field(default_factory=list)
    mask: int | None = None  # bool node: the lanes this block is run for; None: all

    def find(self, key: Any) -> int | None:
        block: Block | None = self
        while block is not None:
            found = block.known.get(key)
            if found is not None:
                return found
            block = block.parent
        return None


@dataclasses.dataclass(eq=False)
class Branch:
    """`results[i]` of a lane is `blocks[k].yields[i]` for the one k whose `masks[k]` (bool node) is set in it."""

    masks: list[int]
    blocks: list[Block]
    results: list[int]
    in_place: set[int] = dataclasses.field(default_factory=set)
    """Results that need no select: outside its own lanes, the one block that is not empty gives the old value."""


@dataclasses.dataclass(eq=False)
class Loop:
    """`carries` start as `initial` and become `body.yields`, `length` times; `results` are what they are at the end.

    `reverse` only concerns what the loop's index is: it counts down. `unread`: positions of carries that the body does
    not read, so that only what the last iteration made of them matters.
    """

    number: int
    length: int
    reverse: bool
    initial: list[int]
    carries: list[int]
    body: Block
    results: list[int]
    unread: set[int] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(eq=False)
class While:
    """As `Loop`, while `condition.yields[0]` (bool), lane by lane: a lane that stopped keeps its carries."""

    initial: list[int]
    carries: list[int]
    condition: Block
    body: Block
    results: list[int]


@dataclasses.dataclass(eq=False)
class Program:
    """A whole kernel. `outputs[k]` are the nodes of output k, in row-major order of its elements."""

    nodes: list[Node]
    body: Block
    inputs: list[tuple[str, int]]  # dtype and elements of each argument that has lanes
    shared: list[tuple[str, int]]  # of each that all lanes share
    outputs: list[tuple[str, tuple[int, ...] | Memory]]  # dtype, nodes or a memory of kind rows
    optimised: bool = False  # True once `passes.pipeline.optimise` has run


def blocks_of(item: Any) -> tuple[Block, ...]:
    """The blocks directly inside an item."""
    if isinstance(item, Branch):
        return tuple(item.blocks)
    if isinstance(item, Loop):
        return (item.body,)
    if isinstance(item, While):
        return (item.condition, item.body)
    return ()


def walk(block: Block) -> Iterator[Any]:
    """Every item of a block and of the blocks inside it, outermost first."""
    for item in block.items:
        yield item
        for inner in blocks_of(item):
            yield from walk(inner)


def operations(block: Block) -> int:
    """Number of operations in the block and in those inside it."""
    return sum(isinstance(item, int) for item in walk(block))
