"""One environment in its suite's own Python environment: `python -m jaxlanes.tools.census.worker SUITE [NAME]`.

It prints one line of JSON: the suite's names and versions, or what was found of the environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxlanes
from jaxlanes.errors import first_line
from jaxlanes.tools.census.playable import Playable
from jaxlanes.tools.census.suites import SUITES, versions

LANES, STEPS, WINDOW = 256, 1000, 100
"""Lanes and steps that are compared, so many of them in one program."""
TIMED_LANES, TIMED_STEPS, SAMPLES = 1024, 64, 3
TOLERANCE = 1e-4
"""A float differs if it does by more than this share of it, or of 1 where it is smaller."""


def main(arguments: list[str]) -> int:
    """The exit status is 0 whatever was found."""
    suite, *name = arguments
    with contextlib.redirect_stdout(sys.stderr):  # packages print
        found = _names(suite) if not name else measured(suite, name[0])
    print(json.dumps(found))
    return 0


def _names(suite: str) -> dict[str, Any]:
    return {"names": SUITES[suite].names(), "versions": versions(suite)}


def measured(suite: str, name: str) -> dict[str, Any]:
    """A row: `xla` or `kernel` hold an error where there is one."""
    row: dict[str, Any] = {"suite": suite, "env": name}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JAXLANES_CACHE"] = folder
        os.chmod(folder, 0o700)
        try:
            playable = SUITES[suite].make(name)
            keys = jax.random.split(jax.random.key(0), LANES)
            states = jax.block_until_ready(jax.jit(jax.vmap(playable.start))(keys))
            xla, row["xla_compile_seconds"] = _compiled(jax.vmap(playable.step), keys, states)
            jax.block_until_ready(xla(keys, states))
        except Exception as error:
            return {**row, "xla": first_line(error)[:300]}
        try:
            kernel = jaxlanes.vmap(playable.step, backend="simd")
            _, row["kernel_compile_seconds"] = _compiled(kernel, keys, states)
        except Exception as error:
            return {**row, "kernel": first_line(error)[:300]}
        row |= _differences(playable, states)
        row |= _speeds(playable)
    return row


def _compiled(step: Callable[..., Any], *arguments: Any) -> tuple[Callable[..., Any], float]:
    begun = time.perf_counter()
    program = jax.jit(step).lower(*arguments).compile()
    return program, round(time.perf_counter() - begun, 2)


def _differences(playable: Playable, states: Any) -> dict[str, Any]:
    """Steps of XLA and of the kernel from XLA's states, compared number by number."""
    xla, kernel = jax.vmap(playable.step), jaxlanes.vmap(playable.step, backend="simd")

    def one(states: Any, key: jax.Array) -> tuple[Any, Any]:
        keys = jax.random.split(key, LANES)
        theirs, ours = xla(keys, states), kernel(keys, states)
        wrong, error = jnp.zeros(LANES, bool), jnp.float32(0)
        for a, b in zip(jax.tree.leaves(theirs), jax.tree.leaves(ours), strict=True):
            off = _off(a, b)
            wrong |= jnp.any(off > TOLERANCE, axis=1)
            error = jnp.maximum(error, jnp.max(off, initial=0.0))
        return theirs[0], (jnp.sum(wrong), error)

    @jax.jit
    def window(states: Any, key: jax.Array) -> tuple[Any, Any]:
        return jax.lax.scan(one, states, jax.random.split(key, WINDOW))

    different, largest = 0, 0.0
    for number in range(STEPS // WINDOW):
        states, (wrong, error) = window(states, jax.random.fold_in(jax.random.key(1), number))
        different += int(np.sum(wrong))
        largest = max(largest, float(np.max(error)))
    return {"compared": LANES * STEPS, "different": different, "largest_error": largest}


def _off(a: Any, b: Any) -> jax.Array:
    """float32 [lanes, elements]: 0 where the same; of whole numbers, infinite where not."""
    if jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
        a, b = jax.random.key_data(a), jax.random.key_data(b)
    a, b = a.reshape(LANES, -1), b.reshape(LANES, -1)
    if not jnp.issubdtype(a.dtype, jnp.floating):
        return jnp.where(a == b, 0.0, jnp.inf).astype(jnp.float32)
    same = (a == b) | (jnp.isnan(a) & jnp.isnan(b))
    off = jnp.abs(a - b) / jnp.maximum(jnp.abs(a), 1)
    return jnp.where(same, 0.0, jnp.where(jnp.isfinite(off), off, jnp.inf)).astype(jnp.float32)


def _speeds(playable: Playable) -> dict[str, Any]:
    """Steps a second of a scan, XLA and the kernel in turns."""
    keys = jax.random.split(jax.random.key(2), TIMED_LANES)
    states = jax.jit(jax.vmap(playable.start))(keys)

    def program(step: Callable[..., Any]) -> Callable[[jax.Array, Any], Any]:
        def one(states: Any, key: jax.Array) -> tuple[Any, None]:
            return step(jax.random.split(key, TIMED_LANES), states)[0], None

        return jax.jit(lambda key, states: jax.lax.scan(one, states, jax.random.split(key, TIMED_STEPS))[0])

    steps = {"xla": jax.vmap(playable.step), "kernel": jaxlanes.vmap(playable.step, backend="simd")}
    programs = {name: program(step) for name, step in steps.items()}
    samples: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(SAMPLES + 1):
        for name, run in programs.items():
            begun = time.perf_counter()
            jax.block_until_ready(run(jax.random.key(number), states))
            if number:  # the first call compiles
                samples[name].append(TIMED_LANES * TIMED_STEPS / (time.perf_counter() - begun))
    return {f"{name}_steps_per_second": round(statistics.median(found)) for name, found in samples.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
