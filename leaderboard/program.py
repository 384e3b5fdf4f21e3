"""The program that is timed: a rollout compiled for a batch, over one or several devices."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import Any

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from jaxenv.environment import Environment
from jaxenv.rollouts import Carry, Policy, Summary, rollout
from leaderboard import compiler, machine
from leaderboard.start import cached_start_seconds


def one_device_per_core() -> None:
    """Let XLA's CPU backend use each core as a device, as the reference has a worker on each."""
    with suppress(RuntimeError):  # a backend has started already: go on with the devices it has
        jax.config.update("jax_num_cpu_devices", machine.cores())


def scan_length(batch: int, backend: str = "xla") -> int:
    """Steps of one call: enough that its dispatch is nothing, few enough that a slow environment's call is short.

    A kernel's calls are an order of magnitude shorter, but for reading and writing the whole batch: four times as many.
    """
    most, least = (65536, 16) if backend == "xla" else (4 * 65536, 64)
    return max(least, min(1024, most // batch))


class Program:
    """Compiled on construction, with the seconds that took in `trace_seconds` and `compile_seconds`.

    Lanes are split over the largest number of `devices` that divides the batch into whole chunks. `policy` None plays
    at random, legally. `xla` are `--xla-option` texts; ValueError for options that XLA refuses. `backend`: see
    `rollout`.
    `cached_start_seconds`: see `start`; None for XLA's own programs and those with a policy, which have no kernel of
    the whole play. `kept`: use kernels that earlier processes have compiled, and leave `cached_start_seconds` None;
    so does `times_start` False, which saves the time of two processes.
    """

    def __init__(
        self,
        env: Environment,
        params: Any,
        batch: int,
        *,
        chunk: int | None,
        devices: int,
        seed: int = 0,
        policy: Policy | None = None,
        xla: Sequence[str] = (),
        backend: str = "xla",
        kept: bool = False,
        times_start: bool = True,
    ):
        self.batch, self.scan = batch, scan_length(batch, backend if policy is None else "xla")
        self.chunk = None if chunk is None or chunk >= batch else chunk
        self.devices = max(n for n in range(1, devices + 1) if batch % (n * (self.chunk or 1)) == 0)
        lanes = batch // self.devices
        self.compiler_options = compiler.chosen(env, xla, self.chunk or lanes) if backend == "xla" else {}
        chunk = None if self.chunk == lanes else self.chunk
        program = rollout(env, lanes, self.scan, policy, chunk=chunk, backend=backend)
        mesh = jax.make_mesh((self.devices,), ("lanes",), devices=jax.devices()[: self.devices])
        split, whole = PartitionSpec("lanes"), PartitionSpec()
        self.params = jax.device_put(params, NamedSharding(mesh, whole))
        keys = jax.device_put(jax.random.split(jax.random.key(seed), self.devices), NamedSharding(mesh, split))

        def init(keys, params):
            return program.init(keys[0], params)

        def run(carry, params):
            carry, summary = program.run(carry, params)
            return carry, jax.tree.map(lambda leaf: leaf[None], summary)

        spread = lambda fn: jax.jit(  # noqa: E731
            jax.shard_map(fn, mesh=mesh, in_specs=(split, whole), out_specs=split, check_vma=False)
        )
        self.carry: Carry = spread(init)(keys, self.params)
        jax.block_until_ready(self.carry)
        fresh = nullcontext(compiler.Kernels()) if kept else compiler.fresh_kernels()
        with fresh as kernels:  # which are compiled while they are traced
            started = time.perf_counter()
            lowered = spread(run).lower(self.carry, self.params)
            self.trace_seconds = time.perf_counter() - started - kernels.now_seconds()
            self.cached_start_seconds = None
            if backend != "xla" and policy is None and not kept and times_start:
                self.cached_start_seconds = cached_start_seconds(env, batch, self.scan, backend)
        started = time.perf_counter()
        self._run = compiler.compile_with(lowered, self.compiler_options)
        self.compile_seconds = time.perf_counter() - started + kernels.seconds()

    @property
    def steps_per_run(self) -> int:
        return self.batch * self.scan

    def run(self, times: int = 1) -> Summary:
        """Go on for `times` runs, wait for all of it, and return the sums; leaves are numpy."""
        totals = None
        for _ in range(times):
            self.carry, summary = self._run(self.carry, self.params)
            totals = summary if totals is None else jax.tree.map(lambda a, b: a + b, totals, summary)
        jax.block_until_ready((self.carry, totals))
        return jax.tree.map(lambda leaf: np.asarray(leaf).sum(axis=0, dtype=leaf.dtype), totals)
