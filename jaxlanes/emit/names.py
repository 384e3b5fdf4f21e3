"""Names of a program's values in the source, and the memory that some of them have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from jaxlanes.emit.expressions import SUFFIX, constant
from jaxlanes.emit.int16 import fits_int16, table_fits_int16
from jaxlanes.emit.plan import Plan, narrowed_places
from jaxlanes.emit.targets import Target
from jaxlanes.ir import Memory, Program

VECTOR = {"bool": "vb", "int32": "vi", "uint32": "vu", "float32": "vf"}


class Names:
    """An integer is in int16 lanes if the target has them and its interval fits: then it is one register."""

    def __init__(self, program: Program, target: Target) -> None:
        self.program, self.target, self.nodes = program, target, program.nodes
        self.places: dict[int, str] = {}  # of each memory: what its first element is called
        self.tables: list[str] = []
        self.work_words = 0
        self.input_offsets = running_sums(size for _dtype, size in program.inputs)
        self.plan = Plan(program)
        self.narrowed = narrowed_places(self.plan.place, self.nodes) if target.narrow_places else {}
        if target.pairs:  # sixteen bits are a register as it is
            self.narrowed = {place: name for place, name in self.narrowed.items() if name.endswith("8")}
        self.wide_places = {place for node, place in self.plan.place.items() if not fits_int16(self.nodes[node])}

    def is_int16(self, node: int) -> bool:
        """True if the node is in int16 lanes: one register holds all of them."""
        return self.target.pairs and fits_int16(self.nodes[node])

    def are_int16(self, nodes: Iterable[int]) -> bool:
        return all(self.is_int16(node) for node in nodes)

    def like(self, node: int, value: int) -> str:
        """`value` as wide as `node` is."""
        return self.int16_name(value) if self.is_int16(node) else self.name(value)

    def own_name(self, node: int) -> str:
        return self.int16_name(node) if self.is_int16(node) else self.name(node)

    def int16_name(self, node: int) -> str:
        """The low 16 bits of an integer, in one register."""
        found = self.nodes[node]
        if found.kind == "const":
            return f"splat_s({(int(found.attribute) + 2**15) % 2**16 - 2**15})"
        if not self.is_int16(node) or found.kind == "input":
            return f"short_of({self.name(node)})"
        if node not in self.plan.place:
            return f"v{node}"
        place = self.plan.place[node]
        return f"short_of(h->v{place})" if place in self.wide_places else self.widened(place, "vs")

    def name(self, node: int) -> str:
        """A C++ expression for a node that costs nothing to repeat; of an integer, all of its bits."""
        found = self.nodes[node]
        if self.is_int16(node) and found.kind not in ("const", "input"):
            if self.plan.place.get(node) in self.wide_places:
                return f"h->v{self.plan.place[node]}"
            return f"wide_{SUFFIX[found.type]}({self.int16_name(node)})"
        if found.kind == "const":
            return constant(found.type, found.attribute)
        if found.kind == "input":
            number, element = found.attribute
            word = f"in[{self.input_offsets[number] + element}]"
            if found.type == "bool":
                return f"ne_i({word}, splat_i(0))"
            return word if found.type == "int32" else f"(({VECTOR[found.type]}){word})"
        if node not in self.plan.place:
            return f"v{node}"
        return self.widened(self.plan.place[node], self.variable_type(node))

    def widened(self, place: int, wanted: str) -> str:
        stored = self.stored(place)
        return f"h->v{place}" if stored == wanted else f"wide_{stored}(h->v{place})"

    def stored(self, place: int) -> str:
        """The type of a place: no wider than the values that are put there."""
        if place in self.narrowed:
            return self.narrowed[place]
        if self.nodes[place].kind == "threefry":
            return "two_words"
        return VECTOR[self.nodes[place].type] if place in self.wide_places else self.variable_type(place)

    def member_type(self, place: int) -> str:
        stored = self.stored(place)
        return f"small_{stored}" if stored.endswith(("8", "16")) else stored

    def variable_type(self, node: int) -> str:
        found = self.nodes[node]
        if self.is_int16(node):
            return "vs"
        return "two_words" if found.kind == "threefry" else VECTOR[found.type]

    def packed(self, node: int, value: int) -> str | None:
        """`value` as it is kept in the place of `node`, if that is bytes and it need not be converted."""
        place = self.plan.place.get(node)
        if place is None or not self.target.pairs or place not in self.narrowed:
            return None
        found, other = self.nodes[value], self.plan.place.get(value)
        if found.kind == "const":
            return f"splat_8({found.attribute})"
        return f"h->v{other}" if other is not None and self.narrowed.get(other) == self.narrowed[place] else None

    def _anything(self, node: int) -> str:
        found = self.nodes[node]
        value = min(max(0, found.low), found.high)
        return f"splat_s({value})" if self.is_int16(node) else constant(found.type, value)

    def word(self, node: int) -> str:
        """The node as 32-bit words to be kept in memory."""
        if self.nodes[node].type == "bool":
            return f"number_of({self.name(node)})"
        return f"(vi){self.name(node)}"

    def place(self, memory: Memory) -> str:
        found = self.places.get(id(memory))
        if found is None:
            found = self._allocate(memory)
            self.places[id(memory)] = found
        return found

    def _allocate(self, memory: Memory) -> str:
        if memory.kind == "argument":
            return f"(in + {self.input_offsets[memory.attribute]})"
        if memory.per_lane:
            self.work_words += memory.size
            return f"(work + {self.work_words - memory.size})"
        if memory.kind == "shared":
            return f"shared[{memory.attribute}]"
        name = f"table{len(self.tables)}"
        if self.target.pairs and table_fits_int16(memory):
            return self.int16_table(name, memory)
        values = np.array(memory.attribute, memory.dtype)
        is_float = memory.dtype == "float32"
        # Words, whatever the type: they are read as words, and sixteen or thirty-two of them are a register.
        words = values.view(np.int32) if is_float else values.astype(np.int64).astype(np.uint32).view(np.int32)
        padded = [*words.tolist(), *([0] * (-len(words) % 16))]
        text = ",".join(str(word) if word != -(2**31) else "INT32_MIN" for word in padded)
        self.tables.append(f"static const int32_t {name}[{len(padded)}] __attribute__((aligned(64))) = {{{text}}};")
        return name

    def int16_table(self, name: str, memory: Memory) -> str:
        elements = [int(value) for value in memory.attribute]
        padded = [*elements, *([0] * (-len(elements) % (32 if len(elements) <= 32 else 64)))]
        text = ",".join(map(str, [*padded, 0]))  # a word is read at every element
        self.tables.append(f"static const int16_t {name}[{len(padded) + 1}] __attribute__((aligned(64))) = {{{text}}};")
        return name


def running_sums(sizes: Any) -> list[int]:
    """The sums of all sizes before each."""
    result, total = [], 0
    for size in sizes:
        result.append(total)
        total += size
    return result
