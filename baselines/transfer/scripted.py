"""Policies that need no training: to compare with, and to try an evaluation on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from baselines.policy import Policy
from jaxenv import Environment
from jaxenv.rollouts import random_legal
from pokejax import opponents

Choose = Callable[[jax.Array, Any, Any], jax.Array]
"""(key, one observation, its mask or None) → one action."""


@dataclass(frozen=True)
class Scripted:
    """A policy that looks at nothing but the present observation."""

    env: str
    env_version: str
    name: str
    choose: Choose

    def initial_carry(self, batch: int) -> Any:
        """Nothing is remembered."""
        del batch
        return ()

    def act(self, key: jax.Array, obs: Any, mask: Any, carry: Any, first: jax.Array) -> tuple[jax.Array, Any]:
        """See `baselines.policy.Policy`."""
        keys = jax.random.split(key, first.shape[0])
        return jax.vmap(self.choose)(keys, obs, mask), carry


@dataclass(frozen=True)
class Gait:
    """All motors swing with one `period` (in steps), each `lag` radians behind the one before, with normal noise.

    It counts the steps of its episode, which is what it remembers.
    """

    env: str
    env_version: str
    name: str
    motors: int
    period: float
    lag: float
    swing: float
    noise: float = 0.1

    def initial_carry(self, batch: int) -> jax.Array:
        """int32 [batch]: steps of the episode so far."""
        return jnp.zeros(batch, jnp.int32)

    def act(self, key: jax.Array, obs: Any, mask: Any, carry: Any, first: jax.Array) -> tuple[jax.Array, Any]:
        """See `baselines.policy.Policy`; actions within ±1."""
        del obs, mask
        step = jnp.where(first, 0, carry)
        phase = 2 * jnp.pi * step[:, None] / self.period + self.lag * jnp.arange(self.motors)
        noise = self.noise * jax.random.normal(key, phase.shape)
        return jnp.clip(self.swing * jnp.sin(phase) + noise, -1, 1), step + 1


def scripted_names(env_id: str) -> tuple[str, ...]:
    """Names that `scripted` knows for an environment id; none where there are none."""
    if env_id.startswith("pokejax/"):
        return opponents.names()
    if env_id == "pongjax/puffer_pong":
        return tuple(_PONG)
    if env_id == "pongjax/puffer_pong_continuous":
        return ("uniform",)
    return ("uniform", *_GAITS, *_LINEAR) if env_id == "cheetahjax/HalfCheetah-v5" else ("uniform",)


def random_play(env: Environment) -> Policy:
    """Any legal action, or any within the bounds."""
    return scripted(env, "uniform_legal" if env.id.startswith("pokejax/") else "uniform")


def scripted(env: Environment, name: str) -> Policy:
    """The scripted policy of that name; `ValueError` for an unknown one."""
    if name not in scripted_names(env.id):
        raise ValueError(f"{env.id} has no scripted policy {name!r}; known: {', '.join(scripted_names(env.id))}")
    if env.id.startswith("pokejax/"):
        return Scripted(env.id, env.version, name, opponents.opponent(name))
    if name in _GAITS:
        period, lag, swing = _GAITS[name]
        return Gait(env.id, env.version, name, env.action_space().shape[0], period, lag, swing)
    if name in _LINEAR:
        return Scripted(env.id, env.version, name, _linear(env, _LINEAR[name]))
    if name == "uniform":
        return Scripted(env.id, env.version, name, _uniform(env))
    return Scripted(env.id, env.version, name, _PONG[name])


def _uniform(env: Environment) -> Choose:
    if env.num_actions:
        return random_legal
    space: Any = env.action_space()
    return lambda key, obs, mask: space.sample(key)


# ---- Pong

_WIDTH, _HEIGHT, _PADDLE, _BALL = 500.0, 640.0, 70.0, 32.0
_FASTEST, _FRAMES, _SPEED, _BALL_SPEED = 13.0, 8.0, 8.0, 10.0
"""Pixels a frame, and frames a step."""
_STILL, _UP, _DOWN = 0, 1, 2


def pong_player(clumsy: float, smashes: bool) -> Choose:
    """Goes to where the ball comes; anything at all with chance `clumsy`.

    `smashes`: it meets the ball moving the way that the ball goes already, which makes it faster, wherever the paddle
    would still be there in time.
    """

    def choose(key: jax.Array, obs: Any, mask: Any) -> jax.Array:
        del mask
        luck_key, any_key = jax.random.split(key)
        paddle = obs.paddle_right * _HEIGHT - _PADDLE / 2
        speed = (2 * obs.ball_vy - 1) * _FASTEST
        frames = jnp.ceil((_WIDTH - _BALL - obs.ball_x * _WIDTH) / _BALL_SPEED)
        comes = obs.ball_vx > 0.5
        ball = obs.ball_y * _HEIGHT + jnp.where(comes, speed * frames, 0.0)
        # The walls at the bottom and at the top turn it round.
        ball = jnp.abs(ball)
        ball = (_HEIGHT - _BALL) - jnp.abs(_HEIGHT - _BALL - ball)
        ahead = ball + _BALL / 2 - paddle - _PADDLE / 2
        towards = jnp.where(ahead > 16, _UP, jnp.where(ahead < -16, _DOWN, _STILL))
        if smashes:
            way = jnp.where(speed > 0, 1.0, -1.0)
            there = jnp.abs(ahead - way * _SPEED * frames) < (_PADDLE + _BALL) / 2 - 8
            now = comes & (frames <= _FRAMES)
            towards = jnp.where(now & there, jnp.where(way > 0, _UP, _DOWN), towards)
        anything = jax.random.randint(any_key, (), 0, 3)
        return jnp.where(jax.random.uniform(luck_key) < clumsy, anything, towards).astype(jnp.int32)

    return choose


_PONG: dict[str, Choose] = {
    "uniform": random_legal,
    "blocker": pong_player(0.1, smashes=False),
    "smasher": pong_player(0.03, smashes=True),
    "smasher-clumsy": pong_player(0.08, smashes=True),
    "smasher-drunk": pong_player(0.2, smashes=True),
}

# ---- HalfCheetah

_GAITS = {"trot": (10.0, np.pi / 2, 0.8), "shuffle": (20.0, np.pi / 3, 0.5)}
"""Period, lag, swing."""
_LINEAR = {"linear-1": 1, "linear-2": 2}
"""Seeds of random weights."""


def _linear(env: Environment, seed: int) -> Choose:
    """Controls linear in the observation with random weights, plus noise."""
    spec = env.obs_spec
    motors = env.action_space().shape[0]

    def choose(key: jax.Array, obs: Any, mask: Any) -> jax.Array:
        del mask
        weights = np.random.default_rng(seed).normal(0, 0.3, (spec.size, motors)).astype(np.float32)
        seen = jnp.clip(spec.flatten(obs), -5, 5)
        return jnp.clip(seen @ weights + 0.2 * jax.random.normal(key, (motors,)), -1, 1)

    return choose
