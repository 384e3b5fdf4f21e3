"""Variants of XLA's own result: where XLA gives several answers, a kernel has to give one of them.

XLA:CPU's reductions of many lanes lose a NaN that those of one lane keep, and what it fuses converts some integers as
if their bits were another type's. So a difference is put to XLA again, in other ways.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxlanes
from jaxlanes.passes import folding
from jaxlanes.tools.fuzz.compare import STRICT, data, difference
from jaxlanes.tools.fuzz.programs import Program
from jaxlanes.tools.fuzz.values import KEY

_LANES = 16
"""Of those that differ, how many are asked about one by one."""


def other_answer(program: Program, arguments: list[np.ndarray], *, strict: bool) -> str | None:
    """The way in which XLA gives what the kernel gives, on all lanes or on the first that differ; None: there is none.

    `strict`: as for `Pair`, of the kernel.
    """
    function = program.function()
    values = [jax.random.wrap_key_data(jnp.asarray(value)) if argument.type.dtype == KEY else jnp.asarray(value)
              for argument, value in zip(program.arguments, arguments, strict=True)]  # fmt: skip
    try:
        with folding.divisions_stay() if strict else contextlib.nullcontext():
            ours = [data(x) for x in jax.jit(jaxlanes.vmap(function, backend="simd"))(*values)]
        for name, answer in _ways(function):
            theirs = [data(x) for x in answer(*values)]
            if difference(program, arguments, ours, theirs) is None:
                return name
        lanes = _differing_lanes(ours, [data(x) for x in jax.vmap(function)(*values)])
        alone = [[data(x) for x in function(*(value[lane] for value in values))] for lane in lanes]
    except Exception:  # XLA refuses one of the ways
        return None
    if not lanes:
        return None
    chosen = [np.stack(results) for results in zip(*alone, strict=True)]
    picked = [value[np.array(lanes)] for value in arguments]
    same = difference(program, picked, [x[np.array(lanes)] for x in ours], chosen) is None
    return "one lane at a time" if same else None


def _ways(function: Callable[..., Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    batched = jax.vmap(function)
    yield "as it compiles by default", jax.jit(batched)
    yield "without its rewrites", jax.jit(batched, compiler_options=STRICT)
    yield "without fusion", jax.jit(batched, compiler_options={"xla_disable_hlo_passes": "fusion"})
    yield "one operation at a time", batched


def _differing_lanes(ours: list[np.ndarray], theirs: list[np.ndarray]) -> list[int]:
    found: set[int] = set()
    for a, b in zip(ours, theirs, strict=True):
        bad = (a != b) & ~((a != a) & (b != b))
        found |= set(np.flatnonzero(bad.reshape(len(a), -1).any(axis=1)).tolist())
    return sorted(found)[:_LANES]
