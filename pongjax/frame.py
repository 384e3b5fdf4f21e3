"""One frame of motion: paddles, ball, walls. The body of the loop in `pong.h`, function `c_step`."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from pongjax.params import PongParams
from pongjax.state import Court

LEAST_VERTICAL_SPEED = 0.01
"""A ball that leaves the agent's paddle slower than this gets the full increment instead."""


class Frame(NamedTuple):
    """Result of one frame. After a point, `court` is meaningless: the next round begins elsewhere."""

    court: Court
    bounces: jax.Array  # int32: off either paddle
    returned: jax.Array  # bool: off the agent's paddle
    won: jax.Array  # bool: the ball passed the opponent
    lost: jax.Array  # bool: the ball passed the agent


def clamp(value: jax.Array, low: jax.Array | float, high: jax.Array) -> jax.Array:
    """`fminf(fmaxf(value, low), high)`: NaN, which an action may be, becomes `low`."""
    value = jnp.where(value > low, value, low)
    return jnp.where(value < high, value, high)


def paddle_range(params: PongParams) -> tuple[jax.Array, jax.Array]:
    """Lowest and highest position of a paddle: half of it may leave the court."""
    return -params.paddle_height / 2, params.height - params.paddle_height / 2


def move_paddles(court: Court, direction: jax.Array, params: PongParams) -> Court:
    """The agent's paddle goes its way; the opponent's centre follows the ball's lower edge of before the move."""
    low, high = paddle_range(params)
    towards_ball = court.ball_y - (court.paddle_yl + params.paddle_height / 2)
    # Adding a selected product, and not a product, keeps compilers from fusing both into one rounding: the C has two.
    step = jnp.where(direction != 0, params.paddle_speed * direction, 0.0)
    return court.replace(
        paddle_yr=clamp(court.paddle_yr + step, low, high),
        paddle_yl=clamp(court.paddle_yl + clamp(towards_ball, -params.paddle_speed, params.paddle_speed), low, high),
    )


def move_ball(court: Court, params: PongParams) -> Court:
    """Straight on; at the top and the bottom only the speed turns round, the ball stays where it went."""
    y = court.ball_y + court.ball_vy
    outside = (y < 0) | (y + params.ball_height > params.height)
    return court.replace(
        ball_x=court.ball_x + court.ball_vx, ball_y=y, ball_vy=jnp.where(outside, -court.ball_vy, court.ball_vy)
    )


def covers(paddle_y: jax.Array, ball_y: jax.Array, params: PongParams) -> jax.Array:
    """bool: some of the ball is level with some of the paddle; touching corners are not."""
    return (ball_y + params.ball_height > paddle_y) & (ball_y < paddle_y + params.paddle_height)


def spin(vy: jax.Array, direction: jax.Array, params: PongParams) -> jax.Array:
    """The ball's vertical speed after the agent's paddle, which was moving in `direction`."""
    moving = direction != 0  # selected for the reason given in `move_paddles`
    faster = vy + jnp.where(moving, params.ball_speed_y_increment * direction, 0.0)
    faster = clamp(faster, -params.ball_max_speed_y, params.ball_max_speed_y)
    # The C compares with the double 0.01, and float32's 0.01 is below that one.
    nearly_level = jnp.abs(faster) <= jnp.float32(LEAST_VERTICAL_SPEED)
    return jnp.where(nearly_level, params.ball_speed_y_increment, faster)


def play_frame(court: Court, direction: jax.Array, params: PongParams) -> Frame:
    """One frame with the agent's paddle moving in `direction` (float32, 1 is up at full speed)."""
    court = move_ball(move_paddles(court, direction, params), params)

    at_left = court.ball_x < 0
    blocked = at_left & covers(court.paddle_yl, court.ball_y, params)
    won = at_left & ~blocked
    vx = jnp.where(blocked, -court.ball_vx, court.ball_vx)

    at_right = ~won & (court.ball_x + params.ball_width > params.width)
    returned = at_right & covers(court.paddle_yr, court.ball_y, params)
    lost = at_right & ~returned
    # Only here is the ball put back into the court.
    court = court.replace(
        ball_vx=jnp.where(returned, -vx, vx),
        ball_vy=jnp.where(returned, spin(court.ball_vy, direction, params), court.ball_vy),
        ball_x=jnp.where(returned, clamp(court.ball_x, 0.0, params.width - params.ball_width), court.ball_x),
        ball_y=jnp.where(returned, clamp(court.ball_y, 0.0, params.height - params.ball_height), court.ball_y),
    )
    bounces = blocked.astype(jnp.int32) + returned.astype(jnp.int32)
    return Frame(court, bounces, returned, won, lost)
