"""Iterations of an environment's constraint solver in random play, from the entry "solver" of the step's info."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from jaxenv.environment import Environment
from jaxenv.rollouts import rollout
from leaderboard import compiler

LANES, STEPS = 64, 512
"""Of the play, which is not timed. Episodes that end are begun anew."""


def solver_facts(env: Environment, params: Any, xla: Sequence[str]) -> dict[str, Any] | None:
    """None where `info` has no "solver". What it has are counts, each summed over a step's solves.

    `{"env_steps", "physics_steps", <count>: {"total", "per_physics_step", "env_steps_with"}}`; `env_steps_with` is how
    many environment steps had any. Without a `frame_skip` a step counts as one physics step.
    """
    if not _reports(env, params):
        return None
    program = rollout(env, LANES, STEPS, collect=True, backend="xla")
    carry = program.init(jax.random.key(0), params)
    play = jax.jit(lambda carry, params: program.run(carry, params)[1].info["solver"])
    options = compiler.chosen(env, xla, LANES)
    counts = compiler.compile_with(play.lower(carry, params), options)(carry, params)
    steps = LANES * STEPS
    physics = steps * getattr(env, "frame_skip", 1)
    facts: dict[str, Any] = {"env_steps": steps, "physics_steps": physics}
    for path, leaf in jax.tree_util.tree_flatten_with_path(counts)[0]:
        values = np.asarray(leaf, np.int64)
        total = int(values.sum())
        name = jax.tree_util.keystr(path, simple=True, separator=".")
        facts[name] = {
            "total": total,
            "per_physics_step": total / physics,
            "env_steps_with": int((values > 0).sum()),
        }
    return facts


def _reports(env: Environment, params: Any) -> bool:
    # One environment's trace, which the compiled programs find in jax's cache.
    def info(key):
        _, state = env.reset(key, params)
        action = env.action_space(params).sample(key)
        return env.step(key, state, action, params)[-1]

    return env.num_players == 1 and "solver" in jax.eval_shape(info, jax.random.key(0))
