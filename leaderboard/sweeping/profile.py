"""Time of a step by its parts: each part compiled by itself, over a batch of states of random play."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.autoreset import unwrap
from jaxenv.environment import Environment
from jaxenv.rollouts import random_policy, rollout

PLAYED = 32
"""Steps of random play before the states are taken."""
SECONDS = 1.0
"""Time spent on each part."""


def profile(env: Environment, backend: str, lanes: int) -> dict[str, Any]:
    """Nanoseconds of a lane's step in the whole loop, and of each part alone by XLA, with XLA's own count of its work.

    Parts alone read and write memory that a whole step keeps in registers: their sum may be more than the whole.
    """
    params = env.default_params
    play = rollout(env, lanes, PLAYED, backend=backend)
    carry = play.init(jax.random.key(0), params)
    carry, _ = jax.block_until_ready(play.run(carry, params))
    whole = _timed(lambda: play.run(carry, params)) / PLAYED
    policy = random_policy(env)
    legal = jax.jit(jax.vmap(lambda state: env.legal_actions(state, params)))(carry.state)
    actions = jax.jit(jax.vmap(policy))(carry.lane_key, carry.obs, legal)
    parts: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "legal_actions": (lambda state: env.legal_actions(state, params), (carry.state,)),
        "policy": (policy, (carry.lane_key, carry.obs, legal)),
        "step_env": (
            lambda key, state, action: env.step_env(key, unwrap(state), action, params),
            (carry.lane_key, carry.state, actions),
        ),
        "observe": (lambda state: env.observe(state, params), (carry.state,)),
        "reset": (lambda key: env.reset(key, params), (carry.lane_key,)),
        "step with auto-reset": (
            lambda key, state, action: env.step(key, state, action, params),
            (carry.lane_key, carry.state, actions),
        ),
    }
    found = {name: _part(fn, arguments, lanes) for name, (fn, arguments) in parts.items()}
    state_bytes = sum(np.dtype(leaf.dtype).itemsize * leaf.size for leaf in _numbers(carry)) // lanes
    return {"lanes": lanes, "step_ns": whole / lanes * 1e9, "bytes_of_a_lane": state_bytes, "parts": found}


def _numbers(carry: Any) -> list[Any]:
    return [leaf for leaf in jax.tree.leaves(carry) if not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)]


def _part(fn: Callable[..., Any], arguments: tuple[Any, ...], lanes: int) -> dict[str, Any]:
    started = time.perf_counter()
    compiled = jax.jit(jax.vmap(fn)).lower(*arguments).compile()
    compile_seconds = time.perf_counter() - started
    seconds = _timed(lambda: compiled(*arguments))
    cost = compiled.cost_analysis() or {}
    cost = cost[0] if isinstance(cost, list) else cost
    return {
        "ns": seconds / lanes * 1e9,
        "compile_seconds": compile_seconds,
        "flops": cost.get("flops"),
        "bytes": cost.get("bytes accessed"),
    }


def _timed(call: Callable[[], Any]) -> float:
    """The median of the calls of about `SECONDS`, at least three."""
    jax.block_until_ready(call())
    times: list[float] = []
    ends = time.perf_counter() + SECONDS
    while len(times) < 3 or time.perf_counter() < ends:
        started = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - started)
    return float(np.median(times))
