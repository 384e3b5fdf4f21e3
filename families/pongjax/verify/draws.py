"""PongJAX's own randomness, by the public `reset` and `step`: the serve bit, its law and its independence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from families.pongjax.verify.candidate import FRAME_SKIPS
from pongjax.env import PufferPong
from verification.backends import Vmap
from verification.plugin import DrawSample
from verification.statistics.draw_law import DrawLaw

REPEATS = 16

ROUNDS = {
    "a reset": "reset",
    "a point": "step, in the middle of a game",
    "a game's last point": "step, its next game, which an auto-reset replaces",
    "an auto-reset": "step, at the end of a game",
}
"""Occasion of a serve → the part of the public environment that draws it."""


class Draws:
    """`draws(seed, lanes)`: serve bits as someone playing gets them, a key a lane, split for every reset and step.

    `make(frame_skip=, continuous=)` makes the environment, `vmap` its lanes, `jit` compiles. Values are 1 + the
    vertical speed of the serve: 0 or 1.
    """

    def __init__(
        self,
        continuous: bool,
        make: Callable[..., Any] = PufferPong,
        jit: Callable[..., Any] = jax.jit,
        vmap: Vmap = jax.vmap,
    ) -> None:
        envs = {skip: make(frame_skip=skip, continuous=continuous) for skip in FRAME_SKIPS}
        self._lanes = {skip: jit(vmap(_lane(env, continuous))) for skip, env in envs.items()}

    def __call__(self, seed: int, lanes: int) -> DrawSample:
        """Bits [lanes, `REPEATS`] of every kind of serve and frame skip."""
        values: dict[str, Any] = {}
        for skip, play in self._lanes.items():
            found = play(jax.random.split(jax.random.fold_in(jax.random.key(seed), skip), lanes))
            values |= {f"serve after {name}, frame skip {skip}": np.asarray(bits) for name, bits in found.items()}
        return DrawSample([DrawLaw.bernoulli(label, 0.5) for label in values], values)


def _lane(env: Any, continuous: bool) -> Callable[[jax.Array], dict[str, jax.Array]]:
    still = jnp.float32(0) if continuous else jnp.int32(0)

    def once(key: jax.Array, _: Any) -> tuple[jax.Array, dict[str, jax.Array]]:
        for_next, for_reset, for_point, for_end = jax.random.split(key, 4)
        _, state = env.reset(for_reset)
        pointed = env.step(for_point, _losing(state, 0), still)[1]
        obs, _, _, _, _, info = env.step(for_end, _losing(state, 20), still)
        speeds = {
            "a reset": state.env_state.court.ball_vy,
            "a point": pointed.env_state.court.ball_vy,
            "a game's last point": _speed(info["final_observation"]),
            "an auto-reset": _speed(obs),
        }
        return for_next, {name: jnp.round(vy).astype(jnp.int32) + 1 for name, vy in speeds.items()}

    return lambda key: jax.lax.scan(once, key, None, length=REPEATS)[1]


def _losing(state: Any, points: int) -> Any:
    """The ball passes the agent in the next frame, who then has lost one point more than `points`."""
    game = state.env_state
    court = game.court.replace(ball_x=jnp.float32(480), ball_vx=jnp.float32(10), paddle_yr=jnp.float32(605))
    return state.replace(env_state=game.replace(court=court, score_l=jnp.int32(points)))


def _speed(obs: Any) -> jax.Array:
    """The vertical speed that an observation shows."""
    return obs.ball_vy * 26 - 13
