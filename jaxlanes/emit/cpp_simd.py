"""C++ from a program: every node is a vector of W lanes, every branch is skipped when no lane of the W needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any

from jaxlanes.emit.expressions import FUNCTIONS, scalar_index
from jaxlanes.emit.int16 import is_lane_fetch
from jaxlanes.emit.moves import Moves
from jaxlanes.emit.names import running_sums
from jaxlanes.emit.targets import Target, suited
from jaxlanes.ir import Block, Branch, Loop, Memory, Program, Put, Spill, Store, While, walk
from jaxlanes.passes.pipeline import optimise
from jaxlanes.passes.uses import reads


def header(name: str) -> str:
    return resources.files("jaxlanes.emit").joinpath(name).read_text()


def emit(program: Program, target: Target) -> str:
    """The whole translation unit, with the handler that XLA calls as `jaxlanes_kernel`."""
    optimise(program)
    return _Emitter(program, suited(program, target)).source()


class _Emitter(Moves):
    def __init__(self, program: Program, target: Target) -> None:
        super().__init__(program, target)
        self.functions: list[str] = []  # what they call comes first
        self.counters: list[int] = []  # numbers of loops

    def source(self) -> str:
        program, target = self.program, self.target
        outputs = [(dtype, out.size if isinstance(out, Memory) else len(out)) for dtype, out in program.outputs]
        offsets = running_sums(size for _dtype, size in outputs)
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
        head = [
            *("#include <stdint.h>", "#include <stdlib.h>", "#include <string.h>", "#include <sched.h>"),
            *([f"#include <{target.intrinsics}>"] if target.intrinsics else []),
            '#include "xla/ffi/api/c_api.h"',
            f"#define W {target.width}",
            f"#define ISA_{target.name.upper()} 1",
            "#define INLINE static inline __attribute__((always_inline))",
            "#define OUTLINE static __attribute__((noinline, unused))",
            *self.lane_headers(),
            *(header(name) for name in ("operations.h", *self.function_headers())),
            f"#define INPUTS {len(program.inputs)}",
            f"#define SHARED {len(program.shared)}",
            f"#define OUTPUTS {len(outputs)}",
            f"#define INPUT_WORDS {sum(size for _dtype, size in program.inputs)}",
            f"#define OUTPUT_WORDS {sum(size for _dtype, size in outputs)}",
            f"#define WORK_WORDS {self.work_words}",
            *self.tables,
            f"typedef struct {{ {self.home()} }} home;",
            *self.functions,
            "OUTLINE void step(const vi* in, vi* out, vi* work, const void* const* shared, home* h) {",
        ]
        read = self.inputs_read()
        inputs = [(dtype if i in read else "unread", size) for i, (dtype, size) in enumerate(program.inputs)]
        layouts = _array_layouts("INPUT_ARRAYS", inputs) + _array_layouts("OUTPUT_ARRAYS", outputs)
        return "\n".join([*head, *self.lines, "}", header("layout.h"), *layouts, header("handler.h")])

    def inputs_read(self) -> set[int]:
        found: set[int] = set()
        pending = [list(out) for _dtype, out in self.program.outputs if not isinstance(out, Memory)]
        for item in walk(self.program.body):
            pending.append(reads(item, self.nodes))
            if isinstance(item, int) and self.nodes[item].kind == "gather":
                memory = self.nodes[item].attribute
                if memory.kind == "argument":
                    found.add(memory.attribute)
        for numbers in pending:
            found.update(self.nodes[n].attribute[0] for n in numbers if self.nodes[n].kind == "input")
        return found

    def home(self) -> str:
        """The members of what functions share."""
        places = sorted(set(self.plan.place.values()))
        values = [f"{self.member_type(node)} v{node};" for node in places]
        values += [f"vs fetched{node};" for node in self.fetched]
        return " ".join([*values, *(f"int i{number};" for number in self.counters), "int end;"])

    def lane_headers(self) -> list[str]:
        if not self.target.pairs:
            return [header(self.target.header)]
        member = "#define INLINE_MEMBER inline __attribute__((always_inline))"
        halves = ["#define LANES_PAIRS 1", "namespace half {", header("avx512.h"), "}", "#undef LANES_PERMUTE"]
        return [*halves, member, header(self.target.header)]

    def function_headers(self) -> list[str]:
        """Elementary functions cost the compiler half a second: only where there are some. Writes at indices of the
        lanes' own: only where there are some, so that other programs keep their kernels."""
        items = list(walk(self.program.body))
        kinds = {self.nodes[item].kind for item in items if isinstance(item, int)}
        scatters = any(isinstance(item, Put) and scalar_index(self, item.index) is None for item in items)
        return [*(["functions.h"] if kinds & FUNCTIONS else []), *(["scatter.h"] if scatters else [])]

    def block(self, block: Block, depth: int) -> None:
        self.indices.append(dict(self.indices[-1]))
        self.parts_of(block, depth)
        self.indices.pop()

    def parts_of(self, block: Block, depth: int) -> None:
        for part in self.plan.parts[id(block)]:
            if part.function is None:
                self.statements(part.items, depth)
            else:
                with self.function(part.function, depth):
                    self.statements(part.items, 1)

    @contextmanager
    def function(self, number: int, depth: int) -> Iterator[None]:
        """Turn what is written inside into a function, called here; what it calls comes before it."""
        self.line(depth, f"part{number}(in, out, work, shared, h);")
        outer, self.lines = self.lines, []
        self.indices.append({})
        yield
        self.indices.pop()
        head = f"OUTLINE void part{number}(const vi* in, vi* out, vi* work, const void* const* shared, home* h) {{"
        self.functions.append("\n".join([head, *self.lines, "}"]))
        self.lines = outer

    def statements(self, items: list[Any], depth: int) -> None:
        wanted: list[int] = []  # elements that are fetched together, lane by lane
        for item in items:
            if isinstance(item, int) and is_lane_fetch(self, item):
                self.stored_index(self.nodes[item].args[0], depth)
                wanted.append(item)
                continue
            if wanted and (not isinstance(item, int) or not set(wanted).isdisjoint(self.nodes[item].args)):
                self.fetch_lanes(wanted, depth)
                wanted = []
            if isinstance(item, int):
                self.compute(item, depth)
            elif isinstance(item, Spill):
                place = self.place(item.memory)
                for i, value in enumerate(item.values):
                    self.line(depth, f"{place}[{i}] = {self.word(value)};")
            elif isinstance(item, Store):
                index = f"h->i{item.loop} * {item.stride} + {item.offset}"
                self.line(depth, f"{self.place(item.memory)}[{index}] = {self.word(item.value)};")
            elif isinstance(item, Put):
                self.put(item, depth)
            elif isinstance(item, Branch):
                self.branch(item, depth)
            elif isinstance(item, Loop):
                self.loop(item, depth)
            else:
                self.while_loop(item, depth)
        if wanted:
            self.fetch_lanes(wanted, depth)

    def put(self, item: Put, depth: int) -> None:
        place, scalar = self.place(item.memory), scalar_index(self, item.index)
        if scalar is not None:
            self.line(depth, f"{place}[{scalar}] = {self.word(item.value)};")
        else:
            self.line(depth, f"scatter_lanes({place}, {self.name(item.index)}, {self.word(item.value)});")

    def branch(self, item: Branch, depth: int) -> None:
        # A block without operations needs no jump; what no block gives stays within the interval of the result.
        free = [k for k, block in enumerate(item.blocks) if not block.items]
        for position, result in enumerate(item.results):
            if len(free) == 1:
                self.move(result, item.blocks[free[0]].yields[position], depth)
                continue
            value = self._anything(result)
            if free:
                value = self.like(result, item.blocks[free[0]].yields[position])
            for k in free[1:]:
                value = self._select(result, item.masks[k], self.like(result, item.blocks[k].yields[position]), value)
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
        self.masks.append(mask if block.mask is None else block.mask)
        self.block(block, depth)
        self.masks.pop()
        places = {self.plan.place.get(result, -1) for result in item.results}
        early = {}  # values that lie where a result will be
        for result, value in zip(item.results, block.yields, strict=True):
            at = self.plan.place.get(value)
            if at in places and at != self.plan.place.get(result):
                early[result] = f"n{result}"
                self.line(depth, f"const {self.variable_type(result)} n{result} = {self.like(result, value)};")
        for result, value in zip(item.results, block.yields, strict=True):
            if result in early and result in item.in_place:
                self.assign(result, early[result], depth)
            elif result in early:
                self.assign(result, self._select(result, mask, early[result], self.own_name(result)), depth)
            elif result not in item.in_place and result in self.plan.place:
                self.choose(result, mask, value, result, depth)
            elif result not in item.in_place:
                self.assign(result, self._select(result, mask, self.like(result, value), self.own_name(result)), depth)
            elif result in self.plan.place:
                self.move(result, value, depth)
            else:
                self.assign(result, self.like(result, value), depth)

    def loop(self, item: Loop, depth: int) -> None:
        carried = [i for i in range(len(item.carries)) if i not in item.unread]
        for i in carried:
            self.move(item.carries[i], item.initial[i], depth)
        k = f"h->i{item.number}"
        head = f"{k} = {item.length - 1}; {k} >= 0; {k}--" if item.reverse else f"{k} = 0; {k} < {item.length}; {k}++"
        self.counters.append(item.number)
        self.line(depth, f"for ({head}) {{")
        self.block(item.body, depth + 1)
        self.move_all([item.carries[i] for i in carried], [item.body.yields[i] for i in carried], depth + 1)
        self.line(depth, "}")
        for i in carried:
            self.move(item.results[i], item.carries[i], depth)

    def while_loop(self, item: While, depth: int) -> None:
        for carry, initial in zip(item.carries, item.initial, strict=True):
            self.declare(carry, depth, self.like(carry, initial))
        self.line(depth, "for (;;) {")
        self.block(item.condition, depth + 1)
        going = item.condition.yields[0]
        self.line(depth + 1, f"if (!any({self.name(going)})) break;")
        self.block(item.body, depth + 1)
        values = [
            self._select(carry, going, self.like(carry, value), self.own_name(carry))
            for carry, value in zip(item.carries, item.body.yields, strict=True)
        ]
        self._assign(item.carries, values, depth + 1)
        self.line(depth, "}")
        for result, carry in zip(item.results, item.carries, strict=True):
            self.declare(result, depth, self.like(result, carry))


def _array_layouts(name: str, arrays: list[tuple[str, int]]) -> list[str]:
    codes = {"unread": 0, "bool": 1, "uint8": 1, "int8": -1, "uint16": 2, "int16": -2}
    entries = ", ".join(f"{{{codes.get(dtype, 4)}, {size}}}" for dtype, size in arrays)
    return [f"static const array_layout {name}[] = {{{entries}{', ' if entries else ''}{{4, 0}}}};"]
