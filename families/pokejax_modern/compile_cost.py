"""Operations of one step of Generation 4 by function of the rules, and the CPU time that compiling it takes.

Auto-reset, observation and legal actions are in it::

    python -m families.pokejax_modern.compile_cost --parts 40
    python -m families.pokejax_modern.compile_cost --backend xla --lanes 64
    python -m families.pokejax_modern.compile_cost --backend simd --lanes 64

Compiling takes minutes. Set JAXLANES_CACHE to an empty folder: a kernel that is there is not compiled again.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

import jaxlanes
import pokejax
from pokejax.env import Gen4Battle

_CALLS = {"jit", "pjit", "closed_call", "custom_jvp_call", "custom_vmap_call"}
_PACKAGE = str(Path(pokejax.__file__).parent)

Frames = tuple[tuple[str, str], ...]
"""File and function of each frame, the outermost first."""


def operations(closed: Any) -> tuple[int, Counter[str]]:
    """Operations of a traced program, calls opened: all, and those below each function of `pokejax`.

    A function is "turn.py:step". An operation counts once for every function that was running when it was traced.
    """
    below: Counter[str] = Counter()

    def walk(jaxpr: Any, outer: Frames) -> int:
        count = 0
        for equation in jaxpr.eqns:
            path = _joined(outer, _frames(equation))
            inner = _inner(equation)
            if equation.primitive.name in _CALLS:
                count += sum(walk(one, path) for one in inner[:1])
                continue
            count += 1
            below.update({f"{file}:{name}" for file, name in path})
            count += sum(walk(one, path) for one in inner)
        return count

    return walk(closed.jaxpr, ()), below


def _inner(equation: Any) -> list[Any]:
    """Programs that an operation holds: its branches, its loop's body."""
    found = []
    for value in equation.params.values():
        for one in value if isinstance(value, list | tuple) else [value]:
            one = getattr(one, "jaxpr", one)
            if hasattr(one, "eqns"):
                found.append(one)
    return found


def _frames(equation: Any) -> Frames:
    traceback = equation.source_info.traceback
    frames = [] if traceback is None else traceback.frames
    own = [(f.file_name, f.function_name.split(".")[0]) for f in frames if f.file_name.startswith(_PACKAGE)]
    return tuple((Path(file).name, name) for file, name in reversed(own))


def _joined(outer: Frames, own: Frames) -> Frames:
    """A traceback is cut at some depth; what a branch was traced for stands in front of it."""
    if own and own[0] in outer:
        return outer[: outer.index(own[0])] + own
    return outer + own


def step_and_arguments(env: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A step with auto-reset on the environment's default parameters, and shapes of its arguments."""
    params = env.default_params
    key = jax.eval_shape(lambda: jax.random.key(0))
    state = jax.eval_shape(lambda key: env.reset(key, params)[1], key)
    return lambda key, state, action: env.step(key, state, action, params), (
        key, state, jax.ShapeDtypeStruct((2,), jnp.int32),
    )  # fmt: skip


def _cpu() -> float:
    """CPU-seconds of this process and of the compilers that it ran."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def compiled(backend: str, lanes: int) -> dict[str, Any]:
    """Compile a step for ``lanes`` environments; CPU-seconds of each part. A kernel is compiled while it is lowered."""
    step, shapes = step_and_arguments(Gen4Battle())
    many = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((lanes, *leaf.shape), leaf.dtype), shapes)
    began, clock = _cpu(), time.monotonic()
    run = jax.vmap(step) if backend == "xla" else jaxlanes.vmap(step, backend="simd")
    lowered = jax.jit(run).lower(*many)
    between = _cpu()
    lowered.compile()
    return {
        "backend": backend, "lanes": lanes, "trace_and_lower_cpu_s": round(between - began, 1),
        "compile_cpu_s": round(_cpu() - between, 1), "wall_s": round(time.monotonic() - clock, 1),
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=20, help="functions with the most operations that are listed")
    parser.add_argument("--backend", choices=("xla", "simd"), help="compile instead of counting")
    parser.add_argument("--lanes", type=int, default=64, help="environments of a compiled step")
    asked = parser.parse_args(argv)
    if asked.lanes < 1 or asked.parts < 1:
        parser.error(f"--lanes {asked.lanes}, --parts {asked.parts}: both must be at least 1")
    if asked.backend:
        told = compiled(asked.backend, asked.lanes)
    else:
        step, shapes = step_and_arguments(Gen4Battle())
        count, below = operations(jax.make_jaxpr(step)(*shapes))
        told = {"operations": count, "below": dict(below.most_common(asked.parts))}
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
