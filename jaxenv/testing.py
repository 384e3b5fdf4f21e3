"""`check_env`: holds an environment to the contract (`docs/rfc/0001-environment-contract.md`).

Each clause stands in a module of `jaxenv.checks`: `declared` (configuration and types), `autoreset` (what `reset` and
`step` make of the hooks), `values` (observations, masks, rewards), `endings` (the limit, the last observation, the next
episode) and `sameness` (keys, order of lanes, backends).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from jaxenv.checks.autoreset import check_autoreset
from jaxenv.checks.compare import holding, is_key
from jaxenv.checks.declared import check_identity, check_real_types, check_texts, check_types
from jaxenv.checks.endings import Recorded, check_endings, check_flags
from jaxenv.checks.host import check_host_env, is_host
from jaxenv.checks.limits import staggered
from jaxenv.checks.play import play
from jaxenv.checks.sameness import check_backends, check_order, check_reproducible
from jaxenv.checks.values import check_figures, check_masks, check_observations, check_rewards
from jaxenv.environment import Environment

if TYPE_CHECKING:
    from gymnasium.vector import VectorEnv


def check_env(
    env: Environment | VectorEnv,
    params: Any = None,
    *,
    key: jax.Array | None = None,
    steps: int = 64,
    batch: int = 8,
    tolerance: float = 1e-5,
    backends: Sequence[str] | None = None,
) -> None:
    """Raise AssertionError, naming environment, clause, values and remedy, at the first clause that `env` breaks.

    Plays `batch` lanes of random legal play for `steps` steps; clauses about endings by the rules are only seen if
    episodes end within `steps`. Every other lane keeps the limit of `params`, and the check demands that some episode
    ends there: lower `params.max_steps_in_episode` or raise `steps` until one does. The lanes between have lower
    limits, each its own.
    `tolerance`, absolute and relative, is for the floats of a step taken by the hooks alone against the same step of a
    lane among others, and of another backend's first steps: XLA rounds two programs differently, and a chaotic
    environment magnifies that.
    `backends`: those to hold to the same play, by default all that `env.spec.backends` names.
    A host environment is held to RFC 0002, for `steps` steps of all that it holds; the other arguments are not used.
    """
    if is_host(env):
        return check_host_env(env, steps)
    assert isinstance(env, Environment)
    params = env.default_params if params is None else params
    key = jax.random.key(0) if key is None else key
    check_identity(env, params)
    check_autoreset(env, key)
    with holding(env, "make max_steps_in_episode a number of each lane's params, traced like the others"):
        stacked, limits = staggered(params, batch, steps)
    traced = check_types(env, params, key)
    check_texts(env, params, key)
    keys = jax.random.split(key, batch)
    run = play(env, stacked, keys, steps=steps)
    transition, to_act, states, observations = jax.tree.map(
        lambda leaf: leaf if is_key(leaf) else np.asarray(leaf), run
    )
    check_real_types(env, traced, transition)
    lengths = check_figures(env, transition)
    recorded = Recorded(transition, states, observations, keys, params, limits, lengths)
    check_flags(env, recorded)
    check_observations(env, params, transition)
    check_masks(env, transition, to_act)
    check_rewards(env, transition)
    check_endings(env, recorded, tolerance)
    check_reproducible(env, (transition, to_act), play(dataclasses.replace(env), stacked, keys, steps=steps)[:2])
    order = np.roll(np.arange(batch), 1)
    moved = jax.tree.map(lambda leaf: leaf[order], stacked)
    check_order(env, (transition, to_act), play(env, moved, keys[order], steps=steps)[:2], order)
    chosen = env.spec.backends if backends is None else backends
    check_backends(env, params, limits, keys, transition, tolerance, chosen)
