"""Statements that compute, fetch and move single values."""

from __future__ import annotations

from jaxlanes.emit.expressions import SUFFIX, expression
from jaxlanes.emit.int16 import int16_expression
from jaxlanes.emit.names import Names
from jaxlanes.emit.targets import Target
from jaxlanes.ir import Program


class Moves(Names):
    def __init__(self, program: Program, target: Target) -> None:
        super().__init__(program, target)
        self.lines: list[str] = []
        self.masks: list[int | None] = [None]  # of the blocks around what is being written
        self.indices: list[dict[int, str]] = [{}]  # arrays of the lanes' indices, by node
        self.fetched: list[int] = []  # see `fetch_lanes`

    def line(self, depth: int, text: str) -> None:
        self.lines.append("  " * depth + text)

    def assign(self, node: int, value: str, depth: int) -> None:
        place = self.plan.place.get(node)
        if place is None:
            self.line(depth, f"v{node} = {value};")
        elif value != self.own_name(node):  # it may have taken the place of that very value
            stored = self.stored(place)
            if stored == self.variable_type(node):
                text = value
            elif self.is_int16(node) and place in self.wide_places:
                text = f"wide_{SUFFIX[self.nodes[node].type]}({value})"
            else:
                text = f"{stored}_of({value})"
            self.line(depth, f"h->v{place} = {text};")

    def declare(self, node: int, depth: int, value: str, qualifier: str = "") -> None:
        if node in self.plan.place:
            self.assign(node, value, depth)
        else:
            self.line(depth, f"{qualifier}{self.variable_type(node)} v{node} = {value};")

    def operation(self, number: int) -> str:
        node = self.nodes[number]
        if not self.is_int16(number):
            return expression(self, node)
        return int16_expression(self, node) or f"short_of({expression(self, node)})"

    def compute(self, number: int, depth: int) -> None:
        node = self.nodes[number]
        if node.kind == "select" and number in self.plan.place:
            mask, then, other = node.args
            self.choose(number, mask, then, other, depth)
        else:
            self.declare(number, depth, self.operation(number), "const ")

    def move(self, node: int, value: int, depth: int) -> None:
        """`node` becomes `value`."""
        text = self.packed(node, value)
        if text is None:
            self.declare(node, depth, self.like(node, value))
        elif text != f"h->v{self.plan.place[node]}":
            self.line(depth, f"h->v{self.plan.place[node]} = {text};")

    def choose(self, node: int, mask: int, then: int, other: int, depth: int) -> None:
        """`node` becomes `then` in the lanes of the mask, else `other`."""
        first, second = self.packed(node, then), self.packed(node, other)
        if first is None and second is not None and self.is_int16(then):
            first = f"{self.narrowed[self.plan.place[node]]}_of({self.int16_name(then)})"
        if first is None or second is None:
            self.declare(node, depth, self._select(node, mask, self.like(node, then), self.like(node, other)))
        else:
            self.line(depth, f"h->v{self.plan.place[node]} = select_8({self.name(mask)}, {first}, {second});")

    def move_all(self, nodes: list[int], values: list[int], depth: int) -> None:
        """Each node becomes its value, all at once."""
        pairs = [(n, v) for n, v in zip(nodes, values, strict=True) if self.like(n, v) != self.own_name(n)]
        packed = {node: self.packed(node, value) for node, value in pairs}
        for node, text in packed.items():
            if text is not None:
                self.line(depth, f"const small_{self.narrowed[self.plan.place[node]]} n{node} = {text};")
        rest = [(node, value) for node, value in pairs if packed[node] is None]
        for node, value in rest:
            self.line(depth, f"const {self.variable_type(node)} n{node} = {self.like(node, value)};")
        for node, text in packed.items():
            if text is not None:
                self.line(depth, f"h->v{self.plan.place[node]} = n{node};")
        for node, _value in rest:
            self.assign(node, f"n{node}", depth)

    def _assign(self, carries: list[int], values: list[str], depth: int) -> None:
        """All at once: a carry may become another's old value."""
        for carry, value in zip(carries, values, strict=True):
            self.line(depth, f"const {self.variable_type(carry)} n{carry} = {value};")
        for carry in carries:
            self.assign(carry, f"n{carry}", depth)

    def _select(self, like: int, mask: int, then: str, other: str) -> str:
        suffix = "s" if self.is_int16(like) else SUFFIX[self.nodes[like].type]
        return f"select_{suffix}({self.name(mask)}, {then}, {other})"

    def running(self) -> str | None:
        """The lanes that what is being written is for; None: all."""
        mask = self.masks[-1]
        return None if mask is None else self.name(mask)

    def stored_index(self, index: int, depth: int) -> tuple[str, int]:
        """An array of each lane's index without its constant part, and that part."""
        node, offset = self.nodes[index], 0
        known = self.nodes[node.args[1]] if node.kind == "add" else node
        if known.kind == "const" and node.low >= known.attribute:
            index, offset = node.args[0], int(known.attribute)
        name = self.indices[-1].get(index)
        if name is None:
            name = self.indices[-1][index] = f"at{index}"
            self.line(depth, f"alignas(64) int32_t {name}[W]; *(vi*){name} = {self.name(index)};")
        return name, offset

    def fetch_lanes(self, nodes: list[int], depth: int) -> None:
        """Elements of shared arrays, in the lanes that are run: the lanes' rows one after the other."""
        head = f"for (vb left = {self.running()}; left; left &= left - 1) {{ const int lane = __builtin_ctz(left);"
        sources = []
        ends: dict[str, list[int]] = {}  # of each row: its first and last element
        for node in nodes:
            memory = self.nodes[node].attribute
            at, offset = self.stored_index(self.nodes[node].args[0], depth)
            c_type = "uint8_t" if memory.dtype == "bool" else f"{memory.dtype}_t"
            row = f"((const {c_type}*){self.place(memory)} + {at}[lane])"
            sources.append(f"{row}[{offset}]")
            ends[row] = [min([offset, *ends.get(row, [])]), max([offset, *ends.get(row, [])])]
        self.line(depth, head)
        for row, offsets in ends.items():
            for offset in sorted(set(offsets)):
                self.line(depth + 1, f"__builtin_prefetch({row} + {offset});")
        self.line(depth, "}")
        self.line(depth, head)
        for node, source in zip(nodes, sources, strict=True):
            self.line(depth + 1, f"((int16_t*)&h->fetched{node})[lane] = {source};")
        self.line(depth, "}")
        for node in nodes:
            self.declare(node, depth, f"h->fetched{node}", "const ")
        self.fetched += nodes
