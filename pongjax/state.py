"""The state of one game."""

from __future__ import annotations

import jax

from jaxenv import struct


@struct.dataclass
class Court(struct.Node):
    """Moving parts, float32 scalars. Positions: lower edges, the ball's x its left edge; paddles face the side walls.

    The left paddle is the scripted opponent's, the right one the agent's.
    """

    paddle_yl: jax.Array
    paddle_yr: jax.Array
    ball_x: jax.Array
    ball_y: jax.Array
    ball_vx: jax.Array  # pixels per frame
    ball_vy: jax.Array


@struct.dataclass
class Observation:
    """Observation of the agent, float32 scalars in PufferLib's order: `env.obs_spec` explains them."""

    paddle_left: jax.Array
    paddle_right: jax.Array
    ball_x: jax.Array
    ball_y: jax.Array
    ball_vx: jax.Array
    ball_vy: jax.Array
    score_left: jax.Array
    score_right: jax.Array


@struct.dataclass
class PongState(struct.Node):
    """One game, as in the C struct `Pong`.

    The observation is part of the state, because the one that PufferLib returns after a point is an older one. Not here
    are `paddle_dir` and `win`: the C writes them before it reads them, or never reads them.
    """

    court: Court
    score_l: jax.Array  # int32
    score_r: jax.Array  # int32
    tick: jax.Array  # int32: agent steps of this round, up to the next point
    n_bounces: jax.Array  # int32: off paddles, in this round
    observation: Observation
    time: jax.Array  # int32: agent steps of this game
