"""The numbers of a game of Pong, all of which may differ from lane to lane."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import struct

NEVER = 2**31 - 1


@struct.dataclass
class PongParams:
    """PufferLib's arguments under its names and with its defaults (`pong.py`, class `Pong`).

    Lengths in pixels, speeds in pixels per frame; x grows to the right, y upwards. The episode, a game up to
    `max_score`, is never truncated by PufferLib; a lower `max_steps_in_episode` does it here.
    """

    width: Any = 500.0
    height: Any = 640.0
    paddle_width: Any = 20.0  # only drawn: the paddles' faces are the walls at x = 0 and x = width
    paddle_height: Any = 70.0
    ball_width: Any = 32.0
    ball_height: Any = 32.0
    paddle_speed: Any = 8.0
    ball_initial_speed_x: Any = 10.0
    ball_initial_speed_y: Any = 1.0
    ball_max_speed_y: Any = 13.0
    ball_speed_y_increment: Any = 3.0
    max_score: Any = 21
    max_steps_in_episode: Any = NEVER


def in_reference_types(params: PongParams) -> PongParams:
    """float32 and int32, so that every expression rounds as the C's does and not as Python's doubles do."""
    integers = ("max_score", "max_steps_in_episode")
    return jax.tree_util.tree_map_with_path(
        lambda path, value: jnp.asarray(value, jnp.int32 if path[-1].name in integers else jnp.float32), params
    )
