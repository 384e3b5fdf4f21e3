"""Behaviours of a step of Pong, found by playing its frames again in numpy.

These names steer and count (coverage, pairs, suspects). They judge nothing: what is right, only the reference says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.pongjax.verify.candidate import AGENT, FRAME_SKIP, FRAME_SKIPS, TIME
from references.protocol import LIMIT, Batch
from references.puffer_pong.library import DEFAULTS

Shown = dict[str, NDArray[np.bool_]]
Numbers = NDArray[np.float32]

_P = {name: np.float32(value) for name, value in DEFAULTS.items()}
LOWEST, HIGHEST = -_P["paddle_height"] / 2, _P["height"] - _P["paddle_height"] / 2
RIM = 8.0
"""Pixels of overlap of ball and paddle up to which the ball was met with the rim."""

FRAME_EVENTS = (
    "paddle:up",
    "paddle:down",
    "paddle:stopped-low",
    "paddle:stopped-high",
    "opponent:full-speed",
    "opponent:slower",
    "opponent:stopped-low",
    "opponent:stopped-high",
    "wall:top",
    "wall:bottom",
    "wall:stays-outside",
    "hit:blocked",
    "hit:blocked-with-the-rim",
    "hit:returned",
    "hit:returned-with-the-rim",
    "hit:returned-at-a-wall",
    "hit:put-back-above-or-below",
    "spin:none",
    "spin:up",
    "spin:down",
    "spin:at-the-cap",
    "spin:levelled",
    "point:won",
    "point:lost",
)
STEP_EVENTS = (
    *(f"skip:{skip}" for skip in FRAME_SKIPS),
    "point:on-the-first-frame",
    "point:on-a-later-frame",
    "point:after-a-return",
    "game:won",
    "game:lost",
    "serve:down",
    "serve:level",
    "observation:stale",
    "observation:was-not-of-the-state",
    "action:illegal",
    "limit:cut-off",
    "limit:cut-off-at-a-point",
    "limit:end-at-the-limit",
)
OF_NUMBERS = ("action:partial", "action:clipped")


def declared(continuous: bool) -> tuple[str, ...]:
    """All names."""
    return (*FRAME_EVENTS, *STEP_EVENTS, *(OF_NUMBERS if continuous else ()))


def directions(actions: Batch, continuous: bool) -> Numbers:
    """Moves of the paddle that actions [N] ask for."""
    action = np.asarray(actions[AGENT])
    if continuous:
        return np.clip(action.astype(np.float32), np.float32(-1), np.float32(1))
    return (action == 1).astype(np.float32) - (action == 2).astype(np.float32)


def behaviours(before: Batch, actions: Batch, after: Batch, *, continuous: bool) -> Shown:
    """name → bool [N], as `Plugin.behaviours` has it."""
    skips = np.asarray(before[FRAME_SKIP])
    action, direction = np.asarray(actions[AGENT]), directions(actions, continuous)
    with np.errstate(over="ignore", invalid="ignore"):
        shown, first_point, after_return = _frames(before, direction, skips)
        of_state = observation_of(before)
        expected = observation_of(after)
    point = shown["point:won"] | shown["point:lost"]
    over = np.asarray(after["out.terminated"], bool)
    served = np.asarray(after["state.ball_vy"])
    shown |= {f"skip:{skip}": skips == skip for skip in FRAME_SKIPS}
    cut = np.asarray(after["out.truncated"], bool)
    shown |= {
        "limit:cut-off": cut,
        "limit:cut-off-at-a-point": cut & point,
        "limit:end-at-the-limit": over & (before[TIME].astype(np.int64) + 1 >= before[LIMIT]),
        "point:on-the-first-frame": point & (first_point == 0),
        "point:on-a-later-frame": point & (first_point > 0),
        "point:after-a-return": point & after_return,
        "game:won": over & shown["point:won"],
        "game:lost": over & shown["point:lost"],
        "serve:down": point & (served < 0),
        "serve:level": point & (served == 0),
        "observation:stale": _unlike(after["state.observation"], expected),
        "observation:was-not-of-the-state": _unlike(before["state.observation"], of_state),
        "action:illegal": ~(np.abs(action) <= 1) if continuous else (action < 0) | (action > 2),
    }
    if continuous:
        shown["action:partial"] = (direction != 0) & (np.abs(direction) < 1)
        shown["action:clipped"] = np.abs(action) > 1
    return {name: shown[name] for name in declared(continuous)}


def observation_of(state: Mapping[str, Any]) -> Numbers:
    """[N, 8]: what a state looks like, with one rounding for each operation."""
    span = HIGHEST - LOWEST
    columns = (
        (state["state.paddle_yl"] - LOWEST) / span,
        (state["state.paddle_yr"] - LOWEST) / span,
        state["state.ball_x"] / _P["width"],
        state["state.ball_y"] / _P["height"],
        (state["state.ball_vx"] + _P["ball_initial_speed_x"]) / (2 * _P["ball_initial_speed_x"]),
        (state["state.ball_vy"] + _P["ball_max_speed_y"]) / (2 * _P["ball_max_speed_y"]),
    )
    zero = np.zeros_like(columns[0])
    return np.stack([*columns, zero, zero], axis=-1).astype(np.float32)


def _unlike(observation: Any, expected: Numbers) -> NDArray[np.bool_]:
    return np.any(np.abs(np.asarray(observation) - expected) > 1e-5, axis=-1)


def _frames(
    before: Batch, direction: Numbers, skips: NDArray[Any]
) -> tuple[Shown, NDArray[np.int64], NDArray[np.bool_]]:
    """Events of any frame of each step; the frame of the point (from 0); whether a return went before it."""
    yl, yr, x, y, vx, vy = (
        np.asarray(before["state." + name], np.float32)
        for name in ("paddle_yl", "paddle_yr", "ball_x", "ball_y", "ball_vx", "ball_vy")
    )
    shown = {name: np.zeros(len(skips), bool) for name in FRAME_EVENTS}
    first_point, after_return = np.full(len(skips), -1), np.zeros(len(skips), bool)
    playing = np.ones(len(skips), bool)
    tall, wide = _P["ball_height"], _P["ball_width"]
    for frame in range(int(skips.max(initial=0))):
        live = playing & (frame < skips)

        def note(name: str, happens: NDArray[np.bool_], live: NDArray[np.bool_] = live) -> None:
            shown[name] |= live & happens

        told = yr + _P["paddle_speed"] * direction
        delta = y - (yl + _P["paddle_height"] / 2)
        follow = np.clip(delta, -_P["paddle_speed"], _P["paddle_speed"])
        note("paddle:up", direction > 0)
        note("paddle:down", direction < 0)
        note("paddle:stopped-low", told < LOWEST)
        note("paddle:stopped-high", told > HIGHEST)
        note("opponent:full-speed", follow != delta)
        note("opponent:slower", follow == delta)
        note("opponent:stopped-low", yl + follow < LOWEST)
        note("opponent:stopped-high", yl + follow > HIGHEST)
        yr, yl = np.clip(told, LOWEST, HIGHEST), np.clip(yl + follow, LOWEST, HIGHEST)
        x, y = x + vx, y + vy
        top, bottom = y + tall > _P["height"], y < 0
        note("wall:top", top)
        note("wall:bottom", bottom)
        vy = np.where(top | bottom, -vy, vy)
        note("wall:stays-outside", (top & (vy > 0)) | (bottom & (vy < 0)))
        shares = [np.minimum(y + tall - paddle, paddle + _P["paddle_height"] - y) for paddle in (yl, yr)]
        left, right = x < 0, x + wide > _P["width"]
        blocked, won = left & (shares[0] > 0), left & (shares[0] <= 0)
        returned, lost = right & ~won & (shares[1] > 0), right & ~won & (shares[1] <= 0)
        note("hit:blocked", blocked)
        note("hit:blocked-with-the-rim", blocked & (shares[0] <= RIM))
        note("hit:returned", returned)
        note("hit:returned-with-the-rim", returned & (shares[1] <= RIM))
        note("hit:returned-at-a-wall", returned & (top | bottom))
        note("hit:put-back-above-or-below", returned & ((y < 0) | (y > _P["height"] - tall)))
        spun = vy + _P["ball_speed_y_increment"] * direction
        capped = np.clip(spun, -_P["ball_max_speed_y"], _P["ball_max_speed_y"])
        level = np.abs(capped).astype(np.float64) < 0.01
        note("spin:none", returned & (direction == 0))
        note("spin:up", returned & (direction > 0))
        note("spin:down", returned & (direction < 0))
        note("spin:at-the-cap", returned & (capped != spun))
        note("spin:levelled", returned & level)
        note("point:won", won)
        note("point:lost", lost)
        first_point = np.where(live & (won | lost), frame, first_point)
        after_return |= live & (won | lost) & shown["hit:returned"]
        vx = np.where(blocked ^ returned, -vx, vx)
        vy = np.where(returned, np.where(level, _P["ball_speed_y_increment"], capped), vy)
        x = np.where(returned, np.clip(x, 0, _P["width"] - wide), x)
        y = np.where(returned, np.clip(y, 0, _P["height"] - tall), y)
        playing &= ~(live & (won | lost))
    return shown, first_point, after_return


SOURCES = {
    "paddle:*": ("pongjax.frame", "pongjax.env"),
    "opponent:*": ("pongjax.frame",),
    "wall:*": ("pongjax.frame",),
    "hit:*": ("pongjax.frame",),
    "spin:*": ("pongjax.frame",),
    "point:*": ("pongjax.game", "pongjax.frame"),
    "game:*": ("pongjax.game",),
    "serve:*": ("pongjax.game",),
    "skip:8": ("pongjax.game",),
    "observation:*": ("pongjax.game", "pongjax.observation"),
    "action:*": ("pongjax.env",),
    "limit:*": ("pongjax.env",),
}
"""Glob of a behaviour → places that it runs."""
