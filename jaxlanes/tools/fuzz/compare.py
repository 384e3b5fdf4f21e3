"""Runs programs by a kernel and by XLA, and says where they differ.

* Integers, bools and keys: every bit.
* Floats: every bit, but any NaN is any other, and a subnormal number is the zero of its sign. (XLA on a CPU runs with
  subnormal numbers flushed, in operands and results; but what only moves bits keeps them, and the two differ in what
  does. So do the kernels, which XLA's threads run.)
* Elementary functions: within their stated limit of the true value (`oracles`).

A program in which one float operation feeds another is run by XLA without its rewrites (`x / y / z` as `x / (y * z)`)
and without contraction of `x * y + z`, for these change bits: `STRICT`. The kernel then divides by constants, too. Nor
does XLA compute anything beforehand there: its folding says that -1 has -32 leading zeros.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxlanes
from jaxlanes.passes import folding
from jaxlanes.tools.fuzz import oracles
from jaxlanes.tools.fuzz.programs import Program
from jaxlanes.tools.fuzz.values import KEY, draw
from jaxlanes.trace.program import lower

STRICT = {"xla_backend_optimization_level": 0, "xla_disable_hlo_passes": "algsimp,constant_folding"}


@dataclasses.dataclass(frozen=True)
class Difference:
    """`output`: its number; `place`: of the first element that differs, the lane first."""

    output: int
    count: int
    place: tuple[int, ...]
    ours: str
    theirs: str

    def __str__(self) -> str:
        where = f"[{', '.join(map(str, self.place))}]"
        return f"output {self.output}{where}: {self.ours}, XLA {self.theirs} ({self.count} elements differ)"


class Pair:
    """Several programs as one kernel and as one XLA computation, compiled for a number of lanes.

    Raises what tracing and compiling raises; an error of XLA's side is an `XlaError`.
    """

    def __init__(self, programs: Sequence[Program], lanes: int, *, strict: bool) -> None:
        self.programs, self.lanes = tuple(programs), lanes
        everything = _together(programs)
        example = _example(programs, lanes)
        with ThreadPoolExecutor(1) as pool:  # the C++ compiler and XLA work side by side
            other = pool.submit(_xla, everything, example, strict)
            try:
                with folding.divisions_stay() if strict else contextlib.nullcontext():
                    self._ours = jax.jit(jaxlanes.vmap(everything, backend="simd")).lower(*example).compile()
            finally:  # what neither can run says nothing of ours
                if (error := other.exception()) is not None:
                    raise XlaError(f"XLA: {type(error).__name__}: {error}") from error
        self._theirs = other.result()

    def draw(self, rng: np.random.Generator, number: int) -> list[np.ndarray]:
        """Values for the arguments of one program."""
        return _draw(rng, self.programs[number], self.lanes)

    def run(self, arguments: Sequence[Sequence[np.ndarray]]) -> tuple[list[list[np.ndarray]], list[list[np.ndarray]]]:
        """The outputs of each program, ours and XLA's; keys as their words."""
        flat = _flat(self.programs, arguments)
        ours, theirs = self._ours(*flat), self._theirs(*flat)
        return [[data(x) for x in each] for each in ours], [[data(x) for x in each] for each in theirs]

    def differences(self, arguments: Sequence[Sequence[np.ndarray]]) -> list[Difference | None]:
        """The first of each program."""
        ours, theirs = self.run(arguments)
        return [
            difference(program, values, a, b)
            for program, values, a, b in zip(self.programs, arguments, ours, theirs, strict=True)
        ]


def compile_by_xla(programs: Sequence[Program], lanes: int, *, strict: bool) -> None:
    """XLA's side of a `Pair` alone: whatever happens here has nothing to do with kernels."""
    _xla(_together(programs), _example(programs, lanes), strict)


def _xla(function: Any, example: list[Any], strict: bool) -> Any:
    return jax.jit(jax.vmap(function), compiler_options=STRICT if strict else None).lower(*example).compile()


def _together(programs: Sequence[Program]) -> Any:
    """One function of all their arguments, one after the other, to the list of their results."""
    functions = [(program.function(), len(program.arguments)) for program in programs]

    def everything(*flat: Any) -> list[Any]:
        results, at = [], 0
        for function, count in functions:
            results.append(function(*flat[at : at + count]))
            at += count
        return results

    return everything


def _draw(rng: np.random.Generator, program: Program, lanes: int) -> list[np.ndarray]:
    return [draw(rng, a.type, lanes, a.domain) for a in program.arguments]


def _flat(programs: Sequence[Program], arguments: Sequence[Sequence[np.ndarray]]) -> list[Any]:
    found: list[Any] = []
    for program, values in zip(programs, arguments, strict=True):
        for argument, value in zip(program.arguments, values, strict=True):
            found.append(jax.random.wrap_key_data(jnp.asarray(value)) if argument.type.dtype == KEY else value)
    return found


def _example(programs: Sequence[Program], lanes: int) -> list[Any]:
    return _flat(programs, [_draw(np.random.default_rng(0), program, lanes) for program in programs])


def refusal(program: Program) -> Exception | None:
    """The error of tracing or lowering it, without any compiler, or None."""
    dtypes = {KEY: jax.eval_shape(lambda: jax.random.key(0)).dtype}
    types = [jax.ShapeDtypeStruct(a.type.shape, dtypes.get(a.type.dtype, a.type.dtype)) for a in program.arguments]
    try:
        lower(jax.make_jaxpr(program.function())(*types), [True] * len(types))
    except Exception as error:  # whatever it is: the program is run by itself, which says more
        return error
    return None


class XlaError(Exception):
    """XLA refused a program: a defect of the fuzzer, or of XLA."""


def data(leaf: Any) -> np.ndarray:
    """A key as its words."""
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    return np.asarray(leaf)


def canonical(array: np.ndarray) -> np.ndarray:
    """Equal where two results count as the same."""
    if array.dtype != np.float32:
        return array
    return np.where(np.isnan(array), np.float32(np.nan), oracles.flushed(array)).view(np.uint32)


def difference(
    program: Program, arguments: Sequence[np.ndarray], ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]
) -> Difference | None:
    last = program.equations[-1] if program.equations else None
    for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a.dtype != b.dtype or a.shape != b.shape:
            return Difference(number, a.size, (0,), f"{a.dtype}{a.shape}", f"{b.dtype}{b.shape}")
        by_itself = last is not None and len(program.equations) == 1 and program.outputs[number] in last.names
        if last is not None and by_itself and last.label in oracles.ORACLES:
            bad = oracles.wrong(last.label, list(arguments), a, b)
        else:
            bad = canonical(a) != canonical(b)
        if bad.any():
            place = tuple(int(i) for i in np.argwhere(bad)[0])
            return Difference(number, int(bad.sum()), place, repr(a[place].item()), repr(b[place].item()))
    return None
