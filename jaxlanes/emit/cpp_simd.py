"""C++ from a program: every node is a vector of W lanes, every branch is skipped when no lane of the W needs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any

import numpy as np

from jaxlanes.emit import pieces
from jaxlanes.emit.expressions import FUNCTIONS, constant, expression
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
        self.parts = 0
        self.piece = pieces.PIECE if operations(program.body) > pieces.WHOLE else pieces.WHOLE

    # ---- the file

    def source(self) -> str:
        program, target = self.program, self.target
        outputs = [(dtype, out.size if isinstance(out, Memory) else len(out)) for dtype, out in program.outputs]
        offsets = _running(size for _dtype, size in outputs)
        for (_dtype, out), offset in zip(program.outputs, offsets, strict=True):
            if isinstance(out, Memory) and id(out) not in self.places:
                self.places[id(out)] = f"(out + {offset})"
        ends = [node for _dtype, out in program.outputs if not isinstance(out, Memory) for node in out]
        self.items(program.body.items, ends, 1)
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
            *self.functions,
            "OUTLINE void step(const vi* in, vi* out, vi* work, const void* const* shared) {",
        ]
        borders = _borders("INPUT_BORDERS", program.inputs) + _borders("OUTPUT_BORDERS", outputs)
        return "\n".join([*head, *self.lines, "}", header("borders.h"), *borders, header("handler.h")])

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
        return f"v{node}"

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

    def items(self, items: list[Any], ends: Iterable[int], depth: int) -> None:
        """The items; long ones as calls of functions. `ends`: the nodes that are read after them."""
        parts = pieces.split(items, self.piece)
        if len(parts) == 1:
            self.statements(items, depth)
            return
        for part, results in zip(parts, pieces.needed_after(parts, ends, self.nodes), strict=True):
            if sum(not isinstance(item, int) for item in part) == len(part) <= 2:
                self.statements(part, depth)
            else:
                name = self.function(part, results, depth)
                for result in results:
                    self.declare(result, depth, f"{name}.v{result}", "const ")

    def function(self, items: list[Any], results: Sequence[int], depth: int) -> str:
        """Call a new function of these items; the name of a variable whose members `v...` are the results."""
        reads, loops = pieces.uses(items, self.nodes)
        results = sorted(set(results))
        members = [f"{self.variable_type(node)} v{node};" for node in sorted(reads | set(results))]
        self.parts += 1
        number = self.parts
        outer, self.lines = self.lines, []
        for node in sorted(reads):
            self.line(1, f"const {self.variable_type(node)} v{node} = f->v{node};")
        self.items(items, results, 1)
        for node in results:
            self.line(1, f"f->v{node} = {self.name(node)};")
        body, self.lines = self.lines, outer
        arguments = "".join(f", int i{loop}" for loop in sorted(loops))
        self.functions.append(
            "\n".join(
                [
                    f"typedef struct {{ {' '.join(members)} }} frame{number};",
                    f"OUTLINE void part{number}(frame{number}* f, const vi* in, vi* out, vi* work, "
                    f"const void* const* shared{arguments}) {{",
                    *body,
                    "}",
                ]
            )
        )
        name = f"f{number}"
        self.line(depth, f"frame{number} {name};")
        for node in sorted(reads):
            self.line(depth, f"{name}.v{node} = v{node};")
        given = "".join(f", i{loop}" for loop in sorted(loops))
        self.line(depth, f"part{number}(&{name}, in, out, work, shared{given});")
        return name

    def variable_type(self, node: int) -> str:
        found = self.nodes[node]
        return "two_words" if found.kind == "threefry" else VECTOR[found.type]

    def block(self, block: Block, depth: int) -> None:
        self.items(block.items, block.yields, depth)

    def statements(self, items: list[Any], depth: int) -> None:
        for item in items:
            if isinstance(item, int):
                self.declare(item, depth, expression(self, self.nodes[item]), "const ")
            elif isinstance(item, Spill):
                place = self.place(item.memory)
                for i, value in enumerate(item.values):
                    self.line(depth, f"{place}[{i}] = {self.word(value)};")
            elif isinstance(item, Store):
                index = f"i{item.loop} * {item.stride} + {item.offset}"
                self.line(depth, f"{self.place(item.memory)}[{index}] = {self.word(item.value)};")
            elif isinstance(item, Branch):
                self.branch(item, depth)
            elif isinstance(item, Loop):
                self.loop(item, depth)
            else:
                self.while_loop(item, depth)

    def declare(self, node: int, depth: int, value: str, qualifier: str = "") -> None:
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
            if sum(pieces.size(inner) for inner in block.items) > pieces.BRANCH:
                made = pieces.definitions(block.items)
                name = self.function(block.items, [value for value in block.yields if value in made], depth + 1)
                values = [f"{name}.v{value}" if value in made else self.name(value) for value in block.yields]
            else:
                self.block(block, depth + 1)
                values = [self.name(value) for value in block.yields]
            for result, value in zip(item.results, values, strict=True):
                self.line(depth + 1, f"v{result} = {self._select(result, mask, value, f'v{result}')};")
            self.line(depth, "}")

    def _anything(self, node: int) -> str:
        found = self.nodes[node]
        return constant(found.type, min(max(0, found.low), found.high))

    def _select(self, like: int, mask: int, then: str, other: str) -> str:
        return f"select_{SUFFIX[self.nodes[like].type]}({self.name(mask)}, {then}, {other})"

    def loop(self, item: Loop, depth: int) -> None:
        for carry, initial in zip(item.carries, item.initial, strict=True):
            self.declare(carry, depth, self.name(initial))
        k = f"i{item.number}"
        head = (
            f"int {k} = {item.length - 1}; {k} >= 0; {k}--"
            if item.reverse
            else f"int {k} = 0; {k} < {item.length}; {k}++"
        )
        self.line(depth, f"for ({head}) {{")
        self.block(item.body, depth + 1)
        self._assign(item.carries, [self.name(value) for value in item.body.yields], depth + 1)
        self.line(depth, "}")
        for result, carry in zip(item.results, item.carries, strict=True):
            self.declare(result, depth, f"v{carry}")

    def while_loop(self, item: While, depth: int) -> None:
        for carry, initial in zip(item.carries, item.initial, strict=True):
            self.declare(carry, depth, self.name(initial))
        self.line(depth, "for (;;) {")
        self.block(item.condition, depth + 1)
        going = item.condition.yields[0]
        self.line(depth + 1, f"if (!any({self.name(going)})) break;")
        self.block(item.body, depth + 1)
        values = [
            self._select(carry, going, self.name(value), f"v{carry}")
            for carry, value in zip(item.carries, item.body.yields, strict=True)
        ]
        self._assign(item.carries, values, depth + 1)
        self.line(depth, "}")
        for result, carry in zip(item.results, item.carries, strict=True):
            self.declare(result, depth, f"v{carry}")

    def _assign(self, carries: list[int], values: list[str], depth: int) -> None:
        """All at once: a carry may become another's old value."""
        for carry, value in zip(carries, values, strict=True):
            self.line(depth, f"const {VECTOR[self.nodes[carry].type]} n{carry} = {value};")
        for carry in carries:
            self.line(depth, f"v{carry} = n{carry};")


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
