"""One state of a game as shapes, for `PufferPong.render`."""

from __future__ import annotations

from typing import Any

from jaxenv.drawing import Box, Drawing, Text, disc
from pongjax.params import PongParams
from pongjax.state import PongState

BACKGROUND, OPPONENT, AGENT, BALL, SCORE = "#061818", "#ff5a5a", "#00e5e5", "#ffffff", "#00bbbb"
SCALE = 0.5
"""Pixels of the picture for one of the game."""


def picture(state: PongState, params: PongParams) -> Drawing:
    """The court, the opponent on the left; half the game's size, and room for the paddles, which stand outside."""
    court = state.court
    width, height = float(params.width) * SCALE, float(params.height) * SCALE
    paddle, tall = float(params.paddle_width) * SCALE, float(params.paddle_height) * SCALE
    across, high = float(params.ball_width) * SCALE, float(params.ball_height) * SCALE
    left = 2 * paddle  # x of the court's left wall

    def top(y: Any, size: float) -> float:
        return height - float(y) * SCALE - size

    x, y = left + float(court.ball_x) * SCALE, top(court.ball_y, high)
    ball = disc(x + across / 2, y + high / 2, across / 2, BALL) if across == high else Box(x, y, across, high, BALL)
    shapes = (
        *(Box(left + width / 2 - 1, 16 * place + 4, 2, 8, "#123535") for place in range(int(height // 16))),
        Text(left + width / 2 - 24, 14, str(int(state.score_l)), SCORE, 3, "end"),
        Text(left + width / 2 + 24, 14, str(int(state.score_r)), SCORE, 3),
        Box(left - paddle, top(court.paddle_yl, tall), paddle, tall, OPPONENT),
        Box(left + width, top(court.paddle_yr, tall), paddle, tall, AGENT),
        ball,
    )
    return Drawing(round(width + 2 * left), round(height), BACKGROUND, shapes, "Pong")
