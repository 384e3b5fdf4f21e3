"""The verifier's adapter with two questions more: first states by lane, and many steps in one program.

This file runs inside the sandbox, under another package's name. Nothing that it answers is believed: seconds are
measured outside, and the states are compared there.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from verification.adapters.jaxenv import AGENT, JaxenvCandidate

SEED, REPEATS = "ask.seed", "ask.repeats"
"""As in `translator.inside`, which is not there inside."""


class ConfinedCandidate(JaxenvCandidate):
    """As `JaxenvCandidate`, and

    * `restore_many` of `SEED` and `REPEATS` gives first states [N, repeats, ...];
    * `step_many` with actions [N, T] more than the environment's own axes plays T steps of each case, or fewer where
      its episode ends, and gives the last snapshots.
    """

    def __init__(self, env: Any, **options: Any) -> None:
        super().__init__(env, **options)
        self._axes = len(self._env.action_space(self._params).shape)
        self._played = jax.jit(jax.vmap(self._lane))

    def restore_many(self, snapshots: Any) -> Any:
        """As `Batched.restore_many`."""
        if SEED not in snapshots:
            return super().restore_many(snapshots)
        seeds = np.asarray(snapshots[SEED])
        return dict(self.reset_many(int(seeds[0]), len(seeds), int(np.asarray(snapshots[REPEATS])[0])))

    def step_many(self, snapshots: Any, actions: Any) -> Any:
        """As `Batched.step_many`."""
        played = self._action(actions[AGENT])
        if played.ndim == self._axes + 1:
            return super().step_many(snapshots, actions)
        done = self._played(self._fit(snapshots), jnp.asarray(played))
        return {path: np.asarray(value) for path, value in jax.device_get(done).items()}

    def _lane(self, paths: Any, actions: Any) -> Any:
        running = self._from(paths)
        unplayed = self._unplayed(running)

        def one(held: Any, action: Any) -> Any:
            state, over, seen = held
            after, told = self._play(state, action)
            state, seen = jax.tree.map(
                lambda old, new: jnp.where(over, old, jnp.asarray(new, old.dtype)), (state, seen), (after, told)
            )
            return (state, over | told["out.terminated"] | told["out.truncated"], seen), None

        state = jax.tree.map(jnp.asarray, (running, unplayed))
        return jax.lax.scan(one, (state[0], jnp.bool_(False), state[1]), actions)[0][2]
