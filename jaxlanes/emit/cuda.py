"""CUDA C++ from a program: a lane is a thread, so that branches and loops are those of the language.

Values are scalars in registers. Memory of a lane is an array of its thread or, if it is long, a column of a scratch
buffer `[element][lane]` that all lanes share. Arrays outside are `[lane][element]`, as JAX has them.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np

from jaxlanes.emit.expressions import FUNCTIONS, SUFFIX
from jaxlanes.errors import UnsupportedError
from jaxlanes.ir import (
    BOOL,
    FLOAT,
    INT,
    UINT,
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
    walk,
)

ENTRY = "jaxlanes_kernel"
"""The kernel's name. Its parameters: the number of lanes (int64), the scratch buffer, then a pointer to each input,
each shared argument and each output, in the order of the program's."""
BLOCK_THREADS = 128
"""Threads of a block at most; with them each thread can have all 255 registers."""
LOCAL_WORDS = 1024
"""Elements of the longest array that a thread has of its own: a GPU reserves room for every thread that it can run."""
PARAMETER_LIMIT = 500
"""Pointers that fit into the 4 KiB of parameters that every driver accepts."""
UNROLL_OPERATIONS = 400
"""Operations up to which a compiler may unroll a loop as it likes."""

TYPE = {BOOL: "bool", INT: "int", UINT: "unsigned", FLOAT: "float"}
_STORED = {"bool": "unsigned char", "int8": "signed char", "uint8": "unsigned char", "int16": "short",
           "uint16": "unsigned short", "int32": "int", "uint32": "unsigned", "float32": "float"}  # fmt: skip
_OPERATOR = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^", "lt": "<", "le": "<=", "gt": ">",
             "ge": ">=", "eq": "==", "ne": "!="}  # fmt: skip


def emit(program: Program, *, fast: bool = False) -> str:
    """The whole translation unit; see `ENTRY` for how it is called. It needs no header.

    `fast`: CUDA's own elementary functions of single precision, which only CUDA's compiler has.
    Raises UnsupportedError if it has more arguments than a launch can take.
    """
    return _Emitter(program, fast).source()


def scratch_words(program: Program) -> int:
    """Words of the scratch buffer that each lane needs; they begin at multiples of the number of lanes."""
    return sum(_in_scratch(program).values())


def header(name: str) -> str:
    return resources.files("jaxlanes.emit").joinpath(name).read_text()


def _memories(program: Program) -> list[Memory]:
    """Those that belong to a lane, in the order of the program."""
    found = {}
    for item in walk(program.body):
        if isinstance(item, Spill | Store | Put):
            found[id(item.memory)] = item.memory
    return list(found.values())


def _in_scratch(program: Program) -> dict[int, int]:
    """Sizes of the memories too long for a thread's own; what is an output is kept there from the start."""
    outputs = {id(out) for _dtype, out in program.outputs if isinstance(out, Memory)}
    return {id(m): m.size for m in _memories(program) if m.size > LOCAL_WORDS and id(m) not in outputs}


class _Emitter:
    def __init__(self, program: Program, fast: bool) -> None:
        self.program, self.fast, self.nodes = program, fast, program.nodes
        self.lines: list[str] = []
        self.tables: list[str] = []
        self.inputs: set[int] = set()  # nodes of kind input that are read
        self.places: dict[int, tuple[str, str]] = {}  # of each memory: how an element is written, up to its index
        self.rows: dict[int, list[Memory]] = {}  # of each loop: what it stacks in its thread's own memory

    # ---- the file

    def source(self) -> str:
        program = self.program
        sizes = [out.size if isinstance(out, Memory) else len(out) for _dtype, out in program.outputs]
        arguments = [f"const {_STORED[dtype]}* __restrict__ in{i}" for i, (dtype, _) in enumerate(program.inputs)]
        arguments += [f"const {_STORED[dtype]}* __restrict__ shared{i}" for i, (dtype, _) in enumerate(program.shared)]
        arguments += [f"{_STORED[dtype]}* __restrict__ out{i}" for i, (dtype, _) in enumerate(program.outputs)]
        if len(arguments) > PARAMETER_LIMIT:
            raise UnsupportedError(
                f"a kernel for CUDA of {len(arguments)} arrays (at most {PARAMETER_LIMIT})", remedy="stack some of them"
            )
        self._place_memories(sizes)
        for memory in {id(item.memory): item.memory for item in walk(program.body) if isinstance(item, Put)}.values():
            self._declare_memory(memory, 1)
        self.items(program.body.items, 1)
        for number, (dtype, out) in enumerate(program.outputs):
            if isinstance(out, Memory):
                self._copy_rows(number, out)
                continue
            for i, node in enumerate(out):
                self.line(1, f"out{number}[lane * {sizes[number]} + {i}] = ({_STORED[dtype]}){self.name(node)};")
        parameters = ", ".join(["long long lanes", "int* __restrict__ scratch", *arguments])
        return "\n".join(
            [
                *(["#define LANES_FAST 1"] if self.fast else []),
                *(header(name) for name in self._headers()),
                *self.tables,
                f'extern "C" __global__ void __launch_bounds__({BLOCK_THREADS}) {ENTRY}({parameters}) {{',
                "  const long long lane = (long long)blockIdx.x * blockDim.x + threadIdx.x;",
                "  if (lane >= lanes) return;",
                *self._loads(),
                *self.lines,
                "}",
                "",
            ]
        )

    def _headers(self) -> list[str]:
        kinds = {self.nodes[item].kind for item in walk(self.program.body) if isinstance(item, int)}
        return ["cuda_operations.h", *(["cuda_functions.h"] if kinds & FUNCTIONS else [])]

    def _loads(self) -> list[str]:
        """Inputs that are read, before everything else: a loop would load them again and again."""
        lines = []
        for node in sorted(self.inputs):
            number, element = self.nodes[node].attribute
            size = self.program.inputs[number][1]
            test = " != 0" if self.nodes[node].type == BOOL else ""
            lines.append(
                f"  const {TYPE[self.nodes[node].type]} v{node} = in{number}[lane * {size} + {element}]{test};"
            )
        return lines

    def _place_memories(self, sizes: list[int]) -> None:
        for number, (dtype, out) in reversed(list(enumerate(self.program.outputs))):
            if isinstance(out, Memory):
                self.places[id(out)] = (f"out{number}[lane * {sizes[number]} + ", f"({_STORED[dtype]})")
        scratch, offset = _in_scratch(self.program), 0
        for memory in _memories(self.program):
            if id(memory) in self.places:
                continue
            if id(memory) in scratch:
                kind = f"reinterpret_cast<{_STORED[memory.dtype]}*>(scratch)"
                self.places[id(memory)] = (f"{kind}[lane + lanes * ({offset} + ", "")
                offset += memory.size
                continue
            self.places[id(memory)] = (f"m{len(self.places)}[", "")
        for item in walk(self.program.body):
            if isinstance(item, Store) and self._is_own(item.memory):
                stacked = self.rows.setdefault(item.loop, [])
                if item.memory not in stacked:
                    stacked.append(item.memory)

    def _is_own(self, memory: Memory) -> bool:
        return self.places[id(memory)][0].startswith("m")

    def element(self, memory: Memory, index: str) -> str:
        place = self.places[id(memory)][0]
        return f"{place}{index}{')' if place.startswith('reinterpret') else ''}]"

    def _declare_memory(self, memory: Memory, depth: int) -> None:
        if self._is_own(memory):
            self.line(depth, f"{_STORED[memory.dtype]} {self.places[id(memory)][0]}{memory.size}];")

    def _copy_rows(self, number: int, memory: Memory) -> None:
        """An output that the program filled under another output's name."""
        own = f"out{number}[lane * {memory.size} + "
        if self.places[id(memory)][0] != own:
            dtype = _STORED[self.program.outputs[number][0]]
            self.line(1, f"for (int i = 0; i < {memory.size}; i++) {own}i] = ({dtype}){self.element(memory, 'i')};")

    def line(self, depth: int, text: str) -> None:
        self.lines.append("  " * depth + text)

    # ---- values

    def name(self, node: int) -> str:
        """An expression of a node that costs nothing to repeat."""
        found = self.nodes[node]
        if found.kind == "const":
            return literal(found.type, found.attribute)
        if found.kind == "input":
            self.inputs.add(node)
        elif found.kind == "loop_index":
            return f"i{found.attribute}"
        return f"v{node}"

    def table(self, memory: Memory) -> str:
        if id(memory) not in self.places:
            name, type_ = f"table{len(self.tables)}", _STORED[memory.dtype]
            like = FLOAT if memory.dtype == "float32" else INT
            values = np.array(memory.attribute, memory.dtype)
            as_type = UINT if memory.dtype == "uint32" else like
            text = ", ".join(literal(as_type, value) for value in values)
            if as_type == FLOAT:  # as bits: an infinity or a NaN is no constant expression
                words = values.view(np.int32)
                text, type_ = ", ".join(literal(INT, word) for word in words), "int"
            self.tables.append(f"static __device__ const {type_} {name}[{memory.size}] = {{{text}}};")
            self.places[id(memory)] = (f"{name}[", "")
        return self.places[id(memory)][0]

    # ---- statements

    def block(self, block: Block, depth: int) -> None:
        self.items(block.items, depth)

    def items(self, items: list[Any], depth: int) -> None:
        for item in items:
            if isinstance(item, int):
                node = self.nodes[item]
                if node.kind != "loop_index":
                    type_ = "two_words" if node.kind == "threefry" else TYPE[node.type]
                    self.line(depth, f"const {type_} v{item} = {expression(self, node)};")
            elif isinstance(item, Spill):
                self._declare_memory(item.memory, depth)
                for i, value in enumerate(item.values):
                    self.line(depth, f"{self.element(item.memory, str(i))} = {self.name(value)};")
            elif isinstance(item, Store):
                index = f"i{item.loop} * {item.stride} + {item.offset}"
                cast = self.places[id(item.memory)][1]
                self.line(depth, f"{self.element(item.memory, index)} = {cast}{self.name(item.value)};")
            elif isinstance(item, Put):
                cast = self.places[id(item.memory)][1]
                self.line(depth, f"{self.element(item.memory, self.name(item.index))} = {cast}{self.name(item.value)};")
            elif isinstance(item, Branch):
                self.branch(item, depth)
            elif isinstance(item, Loop):
                self.loop(item, depth)
            else:
                self.while_loop(item, depth)

    def variable(self, node: int, depth: int, value: str | None = None) -> None:
        self.line(depth, f"{TYPE[self.nodes[node].type]} v{node}{'' if value is None else f' = {value}'};")

    def branch(self, item: Branch, depth: int) -> None:
        """One mask is set in every thread that comes here, so the last block needs no test."""
        for result in item.results:
            self.variable(result, depth)
        last = len(item.blocks) - 1
        for k, (mask, block) in enumerate(zip(item.masks, item.blocks, strict=True)):
            test = f"if ({self.name(mask)}) " if k < last else ""
            self.line(depth, f"{'} else ' if k else ''}{test}{{")
            self.block(block, depth + 1)
            for result, value in zip(item.results, block.yields, strict=True):
                self.line(depth + 1, f"v{result} = {self.name(value)};")
        self.line(depth, "}")

    def loop(self, item: Loop, depth: int) -> None:
        for memory in self.rows.get(item.number, []):
            self._declare_memory(memory, depth)
        for carry, initial in zip(item.carries, item.initial, strict=True):
            self.variable(carry, depth, self.name(initial))
        k, end = f"i{item.number}", item.length
        head = f"int {k} = {end - 1}; {k} >= 0; {k}--" if item.reverse else f"int {k} = 0; {k} < {end}; {k}++"
        if end * sum(1 for _ in walk(item.body)) > UNROLL_OPERATIONS:
            self.line(depth, "#pragma unroll 1")
        self.line(depth, f"for ({head}) {{")
        self.block(item.body, depth + 1)
        self._next(item.carries, item.body.yields, depth + 1)
        self.line(depth, "}")
        self._results(item, depth)

    def while_loop(self, item: While, depth: int) -> None:
        for carry, initial in zip(item.carries, item.initial, strict=True):
            self.variable(carry, depth, self.name(initial))
        self.line(depth, "#pragma unroll 1")
        self.line(depth, "for (;;) {")
        self.block(item.condition, depth + 1)
        self.line(depth + 1, f"if (!{self.name(item.condition.yields[0])}) break;")
        self.block(item.body, depth + 1)
        self._next(item.carries, item.body.yields, depth + 1)
        self.line(depth, "}")
        self._results(item, depth)

    def _results(self, item: Loop | While, depth: int) -> None:
        for result, carry in zip(item.results, item.carries, strict=True):
            self.variable(result, depth, f"v{carry}")

    def _next(self, carries: list[int], yields: list[int], depth: int) -> None:
        """All at once: a carry may become another's old value."""
        changed = [(c, y) for c, y in zip(carries, yields, strict=True) if c != y]
        old = {y for _c, y in changed} & set(carries)
        for carry in sorted(old):
            self.line(depth, f"const {TYPE[self.nodes[carry].type]} n{carry} = v{carry};")
        for carry, value in changed:
            self.line(depth, f"v{carry} = {f'n{value}' if value in old else self.name(value)};")


def literal(type_: str, value: Any) -> str:
    """A constant."""
    if type_ == BOOL:
        return "true" if value else "false"
    if type_ == INT:
        return "(-2147483647 - 1)" if value == -(2**31) else f"{int(value)}"
    if type_ == UINT:
        return f"{int(value)}u"
    if np.isfinite(value):
        return f"{float(value).hex()}f"
    return f"__uint_as_float({np.float32(value).view(np.uint32)}u)"


def expression(emitter: _Emitter, node: Node) -> str:
    """The value of a node in terms of the names of its arguments; see `cuda_operations.h` for the functions."""
    x = [emitter.name(arg) for arg in node.args]
    of = [emitter.nodes[arg] for arg in node.args]
    kind, suffix, wraps = node.kind, SUFFIX[node.type], node.type == INT
    match kind:
        case "gather":
            return _gather(emitter, node, x[0])
        case "add" | "sub" | "mul" if wraps:
            return f"{kind}_i({x[0]}, {x[1]})"
        case "div":
            # A float's own; and where neither 0 nor -1 divides, C's.
            plain = node.type == FLOAT or of[1].low > 0 or (of[1].kind == "const" and of[1].attribute not in (0, -1))
            return f"{x[0]} / {x[1]}" if plain else f"div_{suffix}({x[0]}, {x[1]})"
        case "shl" | "shr" | "shra":
            return _shift(node, of[1], x)
        case "select":
            return f"{x[0]} ? {x[1]} : {x[2]}"
        case "word":
            return f"{x[0]}.word[{node.attribute}]"
        case "from_bool" | "cast" | "to_float":
            return f"({TYPE[node.type]}){x[0]}"
        case "bits":
            source, target = ({FLOAT: "float", INT: "int", UINT: "uint"}[t] for t in (of[0].type, node.type))
            return f"__{source}_as_{target}({x[0]})"
        case "to_integer":
            return f"integer_of{'' if wraps else '_u'}({x[0]})"
        case "narrow":
            return f"(int)({_STORED[node.attribute]}){x[0]}"
        case "not":
            return f"!{x[0]}"
        case "threefry":
            return f"threefry({', '.join(x)})"
    if kind in _OPERATOR and len(x) == 2:
        return f"{x[0]} {_OPERATOR[kind]} {x[1]}"
    return f"{kind}_{SUFFIX[of[0].type] if kind == 'is_finite' else suffix}({', '.join(x)})"


def _shift(node: Node, by: Node, x: list[str]) -> str:
    if by.low < 0 or by.high > 31:
        return f"{node.kind}_{SUFFIX[node.type]}({x[0]}, {x[1]})"
    if node.kind == "shl":
        return f"(int)((unsigned){x[0]} << {x[1]})" if node.type == INT else f"{x[0]} << {x[1]}"
    acts_as = UINT if node.kind == "shr" else INT
    if acts_as == node.type:
        return f"{x[0]} >> {x[1]}"
    return f"({TYPE[node.type]})(({TYPE[acts_as]}){x[0]} >> {x[1]})"


def _gather(emitter: _Emitter, node: Node, index: str) -> str:
    memory: Memory = node.attribute
    if memory.kind == "shared":
        found = f"shared{memory.attribute}[{index}]"
    elif memory.kind == "argument":
        found = f"in{memory.attribute}[lane * {memory.size} + {index}]"
    elif memory.kind == "table":
        found = f"{emitter.table(memory)}{index}]"
        return f"__int_as_float({found})" if memory.dtype == "float32" else f"({TYPE[node.type]}){found}"
    else:
        found = emitter.element(memory, index)
    return f"({TYPE[node.type]}){found}"
