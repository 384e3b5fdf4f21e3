"""Players of Pong that need no training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from baselines.policy import Policy
from baselines.transfer.scripted import Choose, Scripted, uniform
from jaxenv import Environment

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
        anything = jax.random.randint(any_key, (), 0, 3, jnp.int32)
        return jnp.where(jax.random.uniform(luck_key, (), jnp.float32) < clumsy, anything, towards).astype(jnp.int32)

    return choose


_PLAYERS: dict[str, Choose] = {
    "blocker": pong_player(0.1, smashes=False),
    "smasher": pong_player(0.03, smashes=True),
    "smasher-clumsy": pong_player(0.08, smashes=True),
    "smasher-drunk": pong_player(0.2, smashes=True),
}


def players(env_id: str) -> Mapping[str, Callable[[Environment], Policy]]:
    """Scripted policies by name; with continuous actions random play alone."""
    if env_id == "pongjax/puffer_pong_continuous":
        return {"uniform": uniform}
    return {"uniform": uniform, **{name: partial(_player, name) for name in _PLAYERS}}


def _player(name: str, env: Environment) -> Policy:
    return Scripted(env.id, env.version, name, _PLAYERS[name])
