"""The agent's observation. `pong.h`, function `compute_observations`."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv import ObsField, ObsSpec
from pongjax.frame import paddle_range
from pongjax.params import PongParams
from pongjax.state import Court, Observation

OBS_SPEC = ObsSpec(
    (
        ObsField(name="paddle_left", low=0, high=1, meaning="opponent's paddle, lower edge: 0 lowest, 1 highest"),
        ObsField(name="paddle_right", low=0, high=1, meaning="agent's paddle, likewise"),
        ObsField(name="ball_x", low=-0.1, high=1.1, meaning="ball's left edge, in widths of the court"),
        ObsField(name="ball_y", low=-0.1, high=1.1, meaning="ball's lower edge, in heights of the court"),
        ObsField(name="ball_vx", low=0, high=1, meaning="ball's speed to the right: 0.5 still, 1 the initial speed"),
        ObsField(name="ball_vy", low=0, high=1, meaning="ball's speed upwards: 0.5 still, 1 the highest speed"),
        ObsField(name="score_left", low=0, high=1, meaning="opponent's share of the winning score; strict: always 0"),
        ObsField(name="score_right", low=0, high=1, meaning="agent's share of the winning score; strict: always 0"),
    ),
    Observation,
)
"""The flat form is PufferLib's vector. Bounds hold for the default params."""


def observe_court(
    court: Court, score_l: jax.Array, score_r: jax.Array, params: PongParams, strict: bool
) -> Observation:
    """The observation of a court and the scores (int32).

    The C divides the scores as unsigned integers: 0 for as long as a game goes on. Not `strict`: the fraction.
    """
    low, high = paddle_range(params)

    def share(score: jax.Array) -> jax.Array:
        if strict:
            return jnp.float32(0)
        return score.astype(jnp.float32) / params.max_score.astype(jnp.float32)

    return Observation(
        paddle_left=(court.paddle_yl - low) / (high - low),
        paddle_right=(court.paddle_yr - low) / (high - low),
        ball_x=court.ball_x / params.width,
        ball_y=court.ball_y / params.height,
        ball_vx=(court.ball_vx + params.ball_initial_speed_x) / (2 * params.ball_initial_speed_x),
        ball_vy=(court.ball_vy + params.ball_max_speed_y) / (2 * params.ball_max_speed_y),
        score_left=share(score_l),
        score_right=share(score_r),
    )
