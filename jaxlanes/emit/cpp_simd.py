"""C++ from a program: every node is a vector of W lanes, every branch is skipped when no lane of the W needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any

import numpy as np

from jaxlanes.emit.expressions import FUNCTIONS, constant, expression
from jaxlanes.emit.plan import Plan, narrowed_places
from jaxlanes.emit.targets import Target
from jaxlanes.ir import Block, Branch, Loop, Memory, Program, Spill, Store, While, operations, walk

VECTOR = {"bool": "vb", "int32": "vi", "uint32": "vu", "float32": "vf"}
SUFFIX = {"bool": "b", "int32": "i", "uint32": "u", "float32": "f"}
_C_TYPE = {"bool": "uint8_t", "float32": "float"}


def header(name: str) -> str:
    return resources.files("jaxlanes.emit").joinpath(name).read_text()


def emit(program: Program, target: Target) -> str:
    """The whole translation unit, with the handler that XLA calls as `jaxlanes_kernel`."""
    return _Emitter(program, target).source()


class _Emitter:
    def __init__(self, program: Program, target: Target) -> None:
        self.program, self.target, self.nodes = program, target, program.nodes
        self.lines: list[str] = []
        self.places: dict[int, str] = {}  # of each memory: what its first element is called
        self.tables: list[str] = []
        self.work_words = 0
        self.input_offsets = _running(size for _dtype, size in program.inputs)
        self.functions: list[str] = []  # what they call comes first
        self.plan = Plan(program)
        self.narrowed = narrowed_places(self.plan.place, self.nodes) if target.narrow_places else {}
        self.counters: list[int] = []  # numbers of loops

    # ---- the file

    def source(self) -> str:
        program, target = self.program, self.target
        outputs = [(dtype, out.size if isinstance(out, Memory) else len(out)) for dtype, out in program.outputs]
        offsets = _running(size for _dtype, size in outputs)
        for (_dtype, out), offset in zip(program.outputs, offsets, strict=True):
            if isinstance(out, Memory) and id(out) not in self.places:
                self.places[id(out)] = f"(out + {offset})"
        self.block(program.body, 1)
        for (_dtype, out), offset in zip(program.outputs, offsets, strict=True):
            if isinstance(out, Memory):
                place = self.places[id(out)]
                if place != f"(out + {offset})":
                    self.line(1, f"memcpy(out + {offset}, {place}, sizeof(vi) * {out.size});")
                continue
            for i, node in enumerate(out):
                self.line(1, f"out[{offset + i}] = {self.word(node)};")
        count = max(1, operations(program.body))
        head = [
            *("#include <stdint.h>", "#include <stdlib.h>", "#include <string.h>", "#include <sched.h>"),
            *([f"#include <{target.intrinsics}>"] if target.intrinsics else []),
            '#include "xla/ffi/api/c_api.h"',
            f"#define W {target.width}",
            f"#define ISA_{target.name.upper()} 1",
            "#define INLINE static inline __attribute__((always_inline))",
            "#define OUTLINE static __attribute__((noinline, unused))",
            *(header(name) for name in (target.header, "operations.h", *self.function_headers())),
            f"#define OPERATIONS {count}",
            f"#define INPUTS {len(program.inputs)}",
            f"#define SHARED {len(program.shared)}",
            f"#define OUTPUTS {len(outputs)}",
            f"#define INPUT_WORDS {sum(size for _dtype, size in program.inputs)}",
            f"#define OUTPUT_WORDS {sum(size for _dtype, size in outputs)}",
            f"#define WORK_WORDS {self.work_words}",
            f"#define GROUPS_AT_ONCE {max(1, min(16, 100_000 // count))}",
            *self.tables,
            f"typedef struct {{ {self.home()} }} home;",
            *self.functions,
            "OUTLINE void step(const vi* in, vi* out, vi* work, const void* const* shared, home* h) {",
        ]
        borders = _borders("INPUT_BORDERS", program.inputs) + _borders("OUTPUT_BORDERS", outputs)
        return "\n".join([*head, *self.lines, "}", header("borders.h"), *borders, header("handler.h")])

    def home(self) -> str:
        """The members of what functions share."""
        places = sorted(set(self.plan.place.values()))
        values = [f"{self.member_type(node)} v{node};" for node in places]
        return " ".join([*values, *(f"int i{number};" for number in self.counters), "int end;"])

    def function_headers(self) -> list[str]:
        """Elementary functions cost the compiler half a second: only where there are some."""
        kinds = {self.nodes[item].kind for item in walk(self.program.body) if isinstance(item, int)}
        return ["functions.h"] if kinds & FUNCTIONS else []

    def line(self, depth: int, text: str) -> None:
        self.lines.append("  " * depth + text)

    # ---- values

    def name(self, node: int) -> str:
        """A C++ expression for a node that costs nothing to repeat."""
        found = self.nodes[node]
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
        stored = self.stored(self.plan.place[node])
        place = f"h->v{self.plan.place[node]}"
        return place if stored == self.variable_type(node) else f"wide_{stored}({place})"

    def stored(self, place: int) -> str:
        """The type of a place: no wider than the values that are put there."""
        return self.narrowed.get(place, self.variable_type(place))

    def member_type(self, place: int) -> str:
        return f"small_{self.narrowed[place]}" if place in self.narrowed else self.variable_type(place)

    def assign(self, node: int, value: str, depth: int) -> None:
        place = self.plan.place.get(node)
        if place is None:
            self.line(depth, f"v{node} = {value};")
        elif value != self.name(node):  # it may have taken the place of that very value
            stored = self.stored(place)
            self.line(
                depth, f"h->v{place} = {value if stored == self.variable_type(node) else f'{stored}_of({value})'};"
            )

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
        if memory.per_lane:
            self.work_words += memory.size
            return f"(work + {self.work_words - memory.size})"
        if memory.kind == "shared":
            return f"shared[{memory.attribute}]"
        name = f"table{len(self.tables)}"
        values = np.array(memory.attribute, memory.dtype)
        is_float = memory.dtype == "float32"
        # Words, whatever the type: they are read as words, and sixteen or thirty-two of them are a register.
        words = values.view(np.int32) if is_float else values.astype(np.int64).astype(np.uint32).view(np.int32)
        padded = [*words.tolist(), *([0] * (-len(words) % 16))]
        text = ",".join(str(word) if word != -(2**31) else "INT32_MIN" for word in padded)
        self.tables.append(f"static const int32_t {name}[{len(padded)}] __attribute__((aligned(64))) = {{{text}}};")
        return name

    # ---- statements

    def block(self, block: Block, depth: int) -> None:
        for part in self.plan.parts[id(block)]:
            if part.function is None:
                self.statements(part.items, depth)
            else:
                with self.function(part.function, depth):
                    self.statements(part.items, 1)

    @contextmanager
    def function(self, number: int, depth: int) -> Iterator[None]:
        """What is written inside becomes a function, called here; what it calls comes before it."""
        self.line(depth, f"part{number}(in, out, work, shared, h);")
        outer, self.lines = self.lines, []
        yield
        head = f"OUTLINE void part{number}(const vi* in, vi* out, vi* work, const void* const* shared, home* h) {{"
        self.functions.append("\n".join([head, *self.lines, "}"]))
        self.lines = outer

    def variable_type(self, node: int) -> str:
        found = self.nodes[node]
        return "two_words" if found.kind == "threefry" else VECTOR[found.type]

    def statements(self, items: list[Any], depth: int) -> None:
        for item in items:
            if isinstance(item, int):
                self.declare(item, depth, expression(self, self.nodes[item]), "const ")
            elif isinstance(item, Spill):
                place = self.place(item.memory)
                for i, value in enumerate(item.values):
                    self.line(depth, f"{place}[{i}] = {self.word(value)};")
            elif isinstance(item, Store):
                index = f"h->i{item.loop} * {item.stride} + {item.offset}"
                self.line(depth, f"{self.place(item.memory)}[{index}] = {self.word(item.value)};")
            elif isinstance(item, Branch):
                self.branch(item, depth)
            elif isinstance(item, Loop):
                self.loop(item, depth)
            else:
                self.while_loop(item, depth)

    def declare(self, node: int, depth: int, value: str, qualifier: str = "") -> None:
        if node in self.plan.place:
            self.assign(node, value, depth)
        else:
            self.line(depth, f"{qualifier}{self.variable_type(node)} v{node} = {value};")

    def branch(self, item: Branch, depth: int) -> None:
        # A block without operations needs no jump; what no block gives stays within the interval of the result.
        free = [k for k, block in enumerate(item.blocks) if not block.items]
        for position, result in enumerate(item.results):
            value = self._anything(result)
            if free:
                value = self.name(item.blocks[free[0]].yields[position])
            for k in free[1:]:
                value = self._select(result, item.masks[k], self.name(item.blocks[k].yields[position]), value)
            self.declare(result, depth, value)
        for mask, block in zip(item.masks, item.blocks, strict=True):
            if not block.items:
                continue
            run = mask if block.mask is None else block.mask
            self.line(depth, f"if (any({self.name(run)})) {{")
            number = self.plan.branches.get(id(block))
            if number is None:
                self.merge(item, mask, block, depth + 1)
            else:
                with self.function(number, depth + 1):
                    self.merge(item, mask, block, 1)
            self.line(depth, "}")

    def merge(self, item: Branch, mask: int, block: Block, depth: int) -> None:
        """Run the block and take its results, in the lanes that wanted it."""
        self.block(block, depth)
        for result, value in zip(item.results, block.yields, strict=True):
            self.assign(result, self._select(result, mask, self.name(value), self.name(result)), depth)

    def _anything(self, node: int) -> str:
        found = self.nodes[node]
        return constant(found.type, min(max(0, found.low), found.high))

    def _select(self, like: int, mask: int, then: str, other: str) -> str:
        return f"select_{SUFFIX[self.nodes[like].type]}({self.name(mask)}, {then}, {other})"

    def loop(self, item: Loop, depth: int) -> None:
        for carry, initial in zip(item.carries, item.initial, strict=True):
            self.declare(carry, depth, self.name(initial))
        k = f"h->i{item.number}"
        head = f"{k} = {item.length - 1}; {k} >= 0; {k}--" if item.reverse else f"{k} = 0; {k} < {item.length}; {k}++"
        self.counters.append(item.number)
        self.line(depth, f"for ({head}) {{")
        self.block(item.body, depth + 1)
        self._assign(item.carries, [self.name(value) for value in item.body.yields], depth + 1)
        self.line(depth, "}")
        for result, carry in zip(item.results, item.carries, strict=True):
            self.declare(result, depth, self.name(carry))

    def while_loop(self, item: While, depth: int) -> None:
        for carry, initial in zip(item.carries, item.initial, strict=True):
            self.declare(carry, depth, self.name(initial))
        self.line(depth, "for (;;) {")
        self.block(item.condition, depth + 1)
        going = item.condition.yields[0]
        self.line(depth + 1, f"if (!any({self.name(going)})) break;")
        self.block(item.body, depth + 1)
        values = [
            self._select(carry, going, self.name(value), self.name(carry))
            for carry, value in zip(item.carries, item.body.yields, strict=True)
        ]
        self._assign(item.carries, values, depth + 1)
        self.line(depth, "}")
        for result, carry in zip(item.results, item.carries, strict=True):
            self.declare(result, depth, self.name(carry))

    def _assign(self, carries: list[int], values: list[str], depth: int) -> None:
        """All at once: a carry may become another's old value."""
        for carry, value in zip(carries, values, strict=True):
            self.line(depth, f"const {VECTOR[self.nodes[carry].type]} n{carry} = {value};")
        for carry in carries:
            self.assign(carry, f"n{carry}", depth)


def _running(sizes: Any) -> list[int]:
    """The sums of all sizes before each."""
    result, total = [], 0
    for size in sizes:
        result.append(total)
        total += size
    return result


def _borders(name: str, arrays: list[tuple[str, int]]) -> list[str]:
    codes = {"bool": 1, "uint8": 1, "int8": -1, "uint16": 2, "int16": -2}
    entries = ", ".join(f"{{{codes.get(dtype, 4)}, {size}}}" for dtype, size in arrays)
    return [f"static const border {name}[] = {{{entries}{', ' if entries else ''}{{4, 0}}}};"]
