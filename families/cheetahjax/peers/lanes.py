"""An engine written in JAX, compiled as our own program is: a loop of steps over lanes, keys made inside."""

from __future__ import annotations

import time
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from jaxenv import struct
from references.mujoco.tasks import PlanarTask


class Engine(Protocol):
    """A peer's physics, of one environment."""

    def begin(self, qpos: jax.Array, qvel: jax.Array, warmstart: jax.Array) -> Any:
        """Its state, from joint coordinates."""
        ...

    def step(self, state: Any, action: jax.Array) -> Any:
        """One environment step: all its physics steps, and what else the engine's environment computes."""
        ...

    def pose(self, state: Any) -> tuple[jax.Array, jax.Array]:
        """`(qpos, qvel)`."""
        ...


@struct.dataclass
class _Lane:
    key: jax.Array
    step: jax.Array
    age: jax.Array
    first: Any
    state: Any
    action: jax.Array


class Lanes:
    """Compiled on construction, XLA at its defaults; `trace_seconds` and `compile_seconds` are what that took.

    Lanes begin at the task's recorded states and start anew when they have had as many steps as a random episode has
    on average. Lanes are split over the largest number of `devices` that divides them, as our own are.
    """

    def __init__(self, engine: Engine, task: PlanarTask, devices: int) -> None:
        self.batch = len(task.qpos)
        self.devices = max(n for n in range(1, devices + 1) if self.batch % n == 0)
        mesh = jax.make_mesh((self.devices,), ("lanes",), devices=jax.devices()[: self.devices])
        split, whole = PartitionSpec("lanes"), PartitionSpec()

        def begin(key, age, recorded, start):
            state, first = engine.begin(*recorded), engine.begin(start[0], start[1], jnp.zeros_like(start[0]))
            # One dtype each, before and after a step: some engines begin with weakly typed numbers.
            after = jax.eval_shape(engine.step, state, task.low)
            state, first = (jax.tree.map(lambda x, y: jnp.asarray(x, y.dtype), s, after) for s in (state, first))
            return _Lane(key, jnp.uint32(0), age, first, state, jnp.zeros_like(task.low))

        def step(lane):
            action = draw_action(lane.key, lane.step, task)
            ended = lane.age >= task.episode_steps
            state = jax.tree.map(lambda new, old: jnp.where(ended, new, old), lane.first, lane.state)
            state = engine.step(state, action)
            return _Lane(lane.key, lane.step + 1, jnp.where(ended, 0, lane.age) + 1, lane.first, state, action)

        def run(lanes, steps):
            return jax.lax.fori_loop(0, steps, lambda _, lanes: jax.vmap(step)(lanes), lanes)

        spread = lambda fn, specs: jax.jit(  # noqa: E731
            jax.shard_map(fn, mesh=mesh, in_specs=specs, out_specs=split, check_vma=False)
        )
        inputs = (lane_keys(self.batch), task.age, *_coordinates(task))
        inputs = jax.device_put(inputs, NamedSharding(mesh, split))
        self._lanes: _Lane = spread(jax.vmap(begin), (split,) * len(inputs))(*inputs)
        self._whole = NamedSharding(mesh, whole)
        started = time.perf_counter()
        lowered = spread(run, (split, whole)).lower(self._lanes, self._steps(1))
        self.trace_seconds = time.perf_counter() - started
        started = time.perf_counter()
        self._run = lowered.compile()
        self.compile_seconds = time.perf_counter() - started
        self._engine, self._pace = engine, 0.0

    def first_step(self) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """The actions taken from the recorded states, and `(qpos, qvel)` after them.

        Raises ValueError once the lanes have gone on.
        """
        if self._pace:
            raise ValueError("the lanes have left the recorded states")
        self.time(0)
        qpos, qvel = jax.vmap(self._engine.pose)(self._lanes.state)
        return np.asarray(self._lanes.action), (np.asarray(qpos), np.asarray(qvel))

    def time(self, seconds: float) -> float:
        """Play for about so long, in one call of at least one step of all lanes; environment steps per second."""
        steps = max(1, round(seconds / self._pace)) if self._pace else 1
        started = time.perf_counter_ns()
        self._lanes = self._run(self._lanes, self._steps(steps))
        jax.block_until_ready(self._lanes)
        self._pace = (time.perf_counter_ns() - started) / 1e9 / steps
        return self.batch / self._pace

    def _steps(self, steps: int) -> jax.Array:
        return jax.device_put(jnp.int32(steps), self._whole)


def lane_keys(lanes: int) -> jax.Array:
    """The same for every engine, so that all take the same actions in their first step."""
    return jax.random.split(jax.random.key(0), lanes)


def draw_action(key: jax.Array, step: Any, task: PlanarTask) -> jax.Array:
    """Uniform in the range of the controls."""
    return jax.random.uniform(jax.random.fold_in(key, step), task.low.shape, jnp.float32, task.low, task.high)


def _coordinates(task: PlanarTask) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    return (task.qpos, task.qvel, task.warmstart), (task.start_qpos, task.start_qvel)
