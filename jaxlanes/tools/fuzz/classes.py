"""The primitive classes: for each primitive of the lowering, how an equation that uses it is made."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from jaxlanes.tools.fuzz.scope import Scope


@dataclasses.dataclass(frozen=True)
class Class:
    """`make(scope)` adds an equation with the primitive `name`.

    `strict`: XLA runs it without rewriting floats (what it contains is more than one operation). `exact`: every bit is
    to be that of XLA; otherwise the results are those of a function in `oracles`. `in_programs`: how often it stands in
    random programs, relative to 1.
    """

    name: str
    make: Callable[[Scope], None]
    strict: bool = False
    exact: bool = True
    in_programs: float = 1.0


CLASSES: dict[str, Class] = {}
DEEPEST = 2
"""Depth to which bodies may lie in bodies."""
BODIED = frozenset({"cond", "while", "scan", "jit", "remat2", "custom_jvp_call", "custom_vjp_call", "custom_vmap_call"})
"""Classes whose equations have bodies."""

OTHER_NAMES = {
    "scatter_add": "scatter-add", "scatter_sub": "scatter-sub", "scatter_mul": "scatter-mul",
    "scatter_min": "scatter-min", "scatter_max": "scatter-max", "pjit": "jit", "closed_call": "jit", "core_call": "jit",
    "remat": "remat2", "checkpoint": "remat2", "copy_p": "copy", "expand_dims": "broadcast_in_dim",
    "custom_vjp_call_jaxpr": "custom_vjp_call", "mesh_cast": "copy", "pvary": "copy",
    "call_hi_primitive": "jit", "random_gamma": "while",
}  # fmt: skip
"""Primitives of the lowering that this or another JAX traces under a second name, or only under `shard_map`: the class
that goes through the same rule, or of which it is made."""

NOT_MADE = frozenset({"lu"})
"""Primitives that nothing generates. LU: XLA's program for CPUs hangs where several stand in one (jaxlib 0.10.2);
`tests/jaxlanes/test_lanes_linalg.py` compares it by itself."""


def makes(*names: str, strict: bool = False, exact: bool = True, in_programs: float = 1.0):
    """Register a function `(scope, name)` as the generator of these primitives."""

    def register(function: Callable[[Scope, str], None]) -> Callable[[Scope, str], None]:
        for name in names:
            CLASSES[name] = Class(name, lambda scope, n=name: function(scope, n), strict, exact, in_programs)
        return function

    return register


def missing(rules: dict[str, object]) -> list[str]:
    """Primitives of the lowering that nothing generates."""
    return sorted(
        name for name in rules if name not in CLASSES and OTHER_NAMES.get(name) not in CLASSES and name not in NOT_MADE
    )


@functools.lru_cache(maxsize=DEEPEST + 1)
def _weights(depth: int) -> tuple[tuple[str, ...], np.ndarray]:
    names = tuple(n for n, c in CLASSES.items() if c.exact and c.in_programs and not (depth >= DEEPEST and n in BODIED))
    if depth:  # JAX cannot batch it in branches in which nothing depends on the lane
        names = tuple(name for name in names if name != "custom_vmap_call")
    weights = np.array([CLASSES[name].in_programs for name in names])
    return names, weights / weights.sum()


def grow(scope: Scope, equations: int) -> None:
    """Add about this many equations of random primitives."""
    names, weights = _weights(scope.depth)
    for _ in range(equations):
        CLASSES[names[int(scope.rng.choice(len(names), p=weights))]].make(scope)
