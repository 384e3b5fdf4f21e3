"""Gymnax environments, as they are installed, by `jax.vmap` and by `jaxlanes.vmap`, in turns.

    uv run --with gymnax==1.0.1 --with six python -m families.gymnax.bench CartPole-v1 Breakout-MinAtar --json OUT

A program is random play with auto-reset of `--batch` environments for `--steps` steps; every observation and reward is
summed into what it returns. XLA's lanes are split over one device for each core, the kernel spreads them over the cores
by itself. Rows hold all samples; `same` is the share of lanes whose sums agree to 1 in 1,000 (a chaotic environment
magnifies rounding).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

import jaxlanes
from baselines.provenance import made_with
from jaxenv.commands import files
from jaxenv.commands.arguments import path, positive
from jaxenv.commands.interrupts import run_command
from leaderboard.program import one_device_per_core

ENVIRONMENTS = (
    *("CartPole-v1", "Pendulum-v1", "MountainCar-v0", "Acrobot-v1"),
    *("Breakout-MinAtar", "SpaceInvaders-MinAtar"),
)


def play(name: str, steps: int) -> tuple[Callable[[jax.Array, Any], jax.Array], Any]:
    """(random play of one environment from a key: the sum of all that it emitted; the environment's params)."""
    import gymnax  # pyright: ignore[reportMissingImports]

    env, params = gymnax.make(name)

    def run(key: jax.Array, params: Any) -> jax.Array:
        key, first = jax.random.split(key)
        _, state = env.reset(first, params)

        def body(carry: Any, _: None) -> tuple[Any, None]:
            key, state, total = carry
            key, for_action, for_step = jax.random.split(key, 3)
            action = env.action_space(params).sample(for_action)
            obs, state, reward = env.step(for_step, state, action, params)[:3]
            seen = sum(jnp.sum(leaf, dtype=jnp.float32) for leaf in jax.tree.leaves(obs))
            return (key, state, total + reward + seen), None

        return jax.lax.scan(body, (key, state, jnp.float32(0)), length=steps)[0][2]

    return run, params


def compare(name: str, batch: int, steps: int, samples: int) -> dict[str, Any]:
    """One row."""
    run, params = play(name, steps)
    mesh = jax.make_mesh((jax.device_count(),), ("lanes",))
    lanes, whole = PartitionSpec("lanes"), PartitionSpec()
    by_xla = jax.vmap(run, in_axes=(0, None))
    programs = {
        "xla": jax.jit(jax.shard_map(by_xla, mesh=mesh, in_specs=(lanes, whole), out_specs=lanes, check_vma=False)),
        "simd": jax.jit(jaxlanes.vmap(run, in_axes=(0, None), backend="simd")),
    }
    keys = jax.random.split(jax.random.key(0), batch)
    inputs = {"xla": jax.device_put(keys, NamedSharding(mesh, lanes)), "simd": keys}
    first, sums, speeds = {}, {}, {backend: [] for backend in programs}
    for backend, program in programs.items():
        started = time.perf_counter()
        sums[backend] = np.asarray(program(inputs[backend], params))
        first[backend] = time.perf_counter() - started
    for _ in range(samples):
        for backend, program in programs.items():
            started = time.perf_counter()
            jax.block_until_ready(program(inputs[backend], params))
            speeds[backend].append(batch * steps / (time.perf_counter() - started))
    medians = {backend: statistics.median(found) for backend, found in speeds.items()}
    return {
        "env": name,
        "batch": batch,
        "steps": steps,
        "median_sps": medians,
        "ratio": medians["simd"] / medians["xla"],
        "same": float(np.isclose(sums["xla"], sums["simd"], rtol=1e-3, atol=1e-3).mean()),
        "first_call_seconds": first,
        "samples": speeds,
    }


REMEDY = "choose another file with --json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    return run_command("bench", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m families.gymnax.bench", description=__doc__)
    parser.add_argument("env", nargs="*", default=ENVIRONMENTS)
    parser.add_argument("--batch", type=positive, default=4096)
    parser.add_argument("--steps", type=positive, default=100)
    parser.add_argument("--samples", type=positive, default=10)
    parser.add_argument("--json", type=path, metavar="OUT")
    options = parser.parse_args(arguments)
    try:
        files.check_writable(options.json, REMEDY)
        with files.alone(options.json, REMEDY):
            return _measure(options)
    except files.StorageError as error:
        print(error, file=sys.stderr)
        return 1


def _measure(options: argparse.Namespace) -> int:
    one_device_per_core()
    from importlib.metadata import version

    head = {"gymnax": version("gymnax"), **made_with()}
    rows: list[dict[str, Any]] = []
    for name in options.env:
        row = compare(name, options.batch, options.steps, options.samples)
        rows.append(row)
        speed = row["median_sps"]
        print(f"{name}: xla {speed['xla']:,.0f}, simd {speed['simd']:,.0f} steps/s, × {row['ratio']:.1f}", flush=True)
        if options.json:
            files.write_json(options.json, {**head, "rows": rows}, REMEDY)
    return 0


if __name__ == "__main__":
    sys.exit(main())
