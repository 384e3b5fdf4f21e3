"""Serve, agent steps of several frames, points, the end of a game. `pong.h`, `reset_round`, `c_reset` and `c_step`."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv import struct
from pongjax.frame import Frame, play_frame
from pongjax.observation import observe_court
from pongjax.params import PongParams
from pongjax.state import Court, PongState

T = TypeVar("T")

RETURN_REWARD = 0.1
"""For returning the ball; a point in the same step overwrites it."""


@struct.dataclass
class PongLog:
    """Additions of the game that just ended to PufferLib's `Log`, float32 scalars; all zero while a game goes on."""

    perf: jax.Array  # the agent's share of all points
    score: jax.Array  # the agent's points minus the opponent's
    episode_return: jax.Array  # the same number, not the sum of rewards
    episode_length: jax.Array  # strict: agent steps of the last round only, otherwise of the game
    n: jax.Array  # games ended


class Step(NamedTuple):
    """Outputs of an agent step beside the state."""

    reward: jax.Array  # float32
    terminated: jax.Array  # bool
    scored: jax.Array  # bool: a point was made, and with it a serve bit used
    log: PongLog


@struct.dataclass
class Play:
    """The frames of one agent step so far. `court` stays as it was before the frame of the point."""

    court: Court
    playing: jax.Array  # bool: no point yet
    won: jax.Array  # bool: the point was the agent's
    returned: jax.Array  # bool: the agent returned the ball in some frame
    seen: jax.Array  # bool: some frame was completed
    n_bounces: jax.Array  # int32


def serve(serve_bit: jax.Array, params: PongParams, strict: bool) -> Court:
    """The opening of a round: the ball always goes to the agent.

    Its vertical speed is `rand() % 2 - 1` times the initial one, so down or level, never up. Not `strict`: down or up.
    """
    middle = params.height / 2
    bit = serve_bit.astype(jnp.float32)
    return Court(
        paddle_yl=middle - params.paddle_height / 2,
        paddle_yr=middle - params.paddle_height / 2,
        ball_x=params.width / 5,
        ball_y=middle - params.ball_height / 2,
        ball_vx=params.ball_initial_speed_x,
        ball_vy=(bit - 1 if strict else 2 * bit - 1) * params.ball_initial_speed_y,
    )


def new_game(serve_bit: jax.Array, params: PongParams, strict: bool) -> PongState:
    """`c_reset`: a first round at no points each."""
    zero = jnp.int32(0)
    court = serve(serve_bit, params, strict)
    return PongState(court, zero, zero, zero, zero, observe_court(court, zero, zero, params, strict), zero)


def play_step(
    state: PongState,
    direction: jax.Array,
    serve_bit: jax.Array,
    params: PongParams,
    *,
    frame_skip: int,
    strict: bool = True,
) -> tuple[PongState, Step]:
    """`c_step`: up to `frame_skip` frames with the agent's paddle moving in `direction`; a point ends them.

    `serve_bit` (0 or 1) decides the next round's serve, if there is one: one bit is enough, because a step has at most
    one point. `params` in the reference's types (`in_reference_types`).

    Strict, as PufferLib does it: a game that ends begins anew at once, and that is the state (and the observation)
    returned with `terminated`; after any other point the observation is the last one before the point. Not `strict`:
    the final state keeps its scores, and observations are of the state they come with.
    """
    play = play_frames(state, direction, params, frame_skip)
    scored = ~play.playing
    points_r = (scored & play.won).astype(jnp.int32)
    score_r = state.score_r + points_r
    score_l = state.score_l + scored.astype(jnp.int32) - points_r
    terminated = scored & (jnp.where(play.won, score_r, score_l) == params.max_score)
    tick = state.tick + 1
    log = game_log(terminated, score_l, score_r, tick if strict else state.time + 1)
    court = select(scored, serve(serve_bit, params, strict), play.court)
    if strict:
        score_l, score_r = jnp.where(terminated, 0, score_l), jnp.where(terminated, 0, score_r)
        shown = select(terminated, court, play.court)
        observation = select(
            terminated | play.seen, observe_court(shown, score_l, score_r, params, strict), state.observation
        )
        time = jnp.where(terminated, 0, state.time + 1)
    else:
        observation = observe_court(court, score_l, score_r, params, strict)
        time = state.time + 1
    state = PongState(
        court=court,
        score_l=score_l,
        score_r=score_r,
        tick=jnp.where(scored, 0, tick),
        n_bounces=jnp.where(scored, 0, play.n_bounces),
        observation=observation,
        time=time,
    )
    return state, Step(step_reward(play, strict), terminated, scored, log)


def play_frames(state: PongState, direction: jax.Array, params: PongParams, frame_skip: int) -> Play:
    """Frames until the first point, at most `frame_skip`."""
    no, yes = jnp.bool_(False), jnp.bool_(True)
    start = Play(state.court, playing=yes, won=no, returned=no, seen=no, n_bounces=state.n_bounces)

    def next_frame(_: int, play: Play) -> Play:
        return after_frame(play, play_frame(play.court, direction, params))

    return next_frame(0, start) if frame_skip == 1 else lax.fori_loop(0, frame_skip, next_frame, start)


def after_frame(play: Play, frame: Frame) -> Play:
    """`play` and one more frame of it, if it still goes on."""
    completed = play.playing & ~(frame.won | frame.lost)
    return Play(
        court=select(completed, frame.court, play.court),
        playing=completed,
        won=play.won | (play.playing & frame.won),
        returned=play.returned | (play.playing & frame.returned),
        seen=play.seen | completed,
        n_bounces=play.n_bounces + jnp.where(completed, frame.bounces, 0),
    )


def step_reward(play: Play, strict: bool) -> jax.Array:
    """1 or −1 for a point, 0.1 for a return. Not `strict`: a return before a point in the same step counts too."""
    point = jnp.where(play.playing, 0.0, jnp.where(play.won, 1.0, -1.0))
    returned = jnp.where(play.returned, jnp.float32(RETURN_REWARD), 0.0)
    return point + returned if not strict else jnp.where(play.playing, returned, point)


def game_log(ended: jax.Array, score_l: jax.Array, score_r: jax.Array, length: jax.Array) -> PongLog:
    """`add_log`."""
    left, right = score_l.astype(jnp.float32), score_r.astype(jnp.float32)
    played = jnp.where(ended, left + right, 1.0)  # no division by zero in games that go on
    log = PongLog(right / played, right - left, right - left, length.astype(jnp.float32), jnp.float32(1))
    return jax.tree.map(lambda value: jnp.where(ended, value, 0.0), log)


def select(condition: jax.Array, yes: T, no: T) -> T:
    """`jnp.where` leaf by leaf."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)
