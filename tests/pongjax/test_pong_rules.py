"""Every quirk of PufferLib's Pong, by name, in the port. That the C has them too, `test_puffer_pong_*` shows."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pongjax.env import DOWN, STILL, UP, PufferPong
from pongjax.frame import covers, move_ball, move_paddles, play_frame, spin
from pongjax.game import new_game
from pongjax.params import PongParams, in_reference_types
from pongjax.state import Court

ONE, EIGHT = PufferPong(frame_skip=1), PufferPong(frame_skip=8)


@pytest.fixture(scope="module")
def params() -> PongParams:
    return in_reference_types(PongParams())


def court(**changes: float) -> Court:
    values = dict(paddle_yl=285.0, paddle_yr=285.0, ball_x=250.0, ball_y=300.0, ball_vx=10.0, ball_vy=0.0) | changes
    return Court(**{name: jnp.float32(value) for name, value in values.items()})


def game(params: PongParams, score_l: int = 0, score_r: int = 0, strict: bool = True, **changes: float):
    """A state with a fresh observation of another court, so that a stale one is recognised."""
    start = new_game(jnp.uint32(1), params, strict)
    return start.replace(court=court(**changes), score_l=jnp.int32(score_l), score_r=jnp.int32(score_r))


def flat(env: PufferPong, observation) -> np.ndarray:
    return np.asarray(env.obs_spec.flatten(observation))


PASSED = dict(ball_x=465.0, ball_vx=10.0, ball_y=600.0, paddle_yr=0.0)  # the next frame is the opponent's point
WON = dict(ball_x=5.0, ball_vx=-10.0, ball_y=600.0, paddle_yl=0.0)  # the next frame is the agent's point


@pytest.mark.parametrize("bit,vy", [(0, -1.0), (1, 0.0)])
def test_a_serve_goes_down_or_level_and_always_to_the_agent(params, bit, vy):
    served = new_game(jnp.uint32(bit), params, True).court
    assert (served.ball_x, served.ball_y, served.ball_vx) == (100, 304, 10)
    assert (served.paddle_yl, served.paddle_yr, served.ball_vy) == (285, 285, vy)


@pytest.mark.parametrize("bit,vy", [(0, -1.0), (1, 1.0)])
def test_a_repaired_serve_goes_down_or_up(params, bit, vy):
    assert new_game(jnp.uint32(bit), params, False).court.ball_vy == vy


def test_the_opponent_follows_the_balls_lower_edge_before_it_moves(params):
    moved = move_paddles(court(ball_y=322.0, ball_vy=13.0), jnp.float32(0), params)
    assert moved.paddle_yl == 285 + (322 - (285 + 35))  # 2 up, though the ball's centre is 18 and its next place 15 up
    assert move_paddles(court(ball_y=600.0), jnp.float32(0), params).paddle_yl == 285 + 8


def test_paddles_leave_the_court_by_half(params):
    assert move_paddles(court(paddle_yr=-30.0), jnp.float32(-1), params).paddle_yr == -35
    assert move_paddles(court(paddle_yr=600.0), jnp.float32(1), params).paddle_yr == 605


def test_an_action_that_is_no_number_sends_the_paddle_down_as_in_the_c(params):
    assert move_paddles(court(), jnp.float32(np.nan), params).paddle_yr == -35
    assert spin(jnp.float32(4), jnp.float32(np.nan), params) == -13


def test_a_wall_turns_the_ball_round_and_leaves_it_outside(params):
    low = move_ball(court(ball_y=3.0, ball_vy=-10.0), params)
    assert (low.ball_y, low.ball_vy) == (-7, 10)
    high = move_ball(court(ball_y=607.0, ball_vy=4.0), params)
    assert (high.ball_y, high.ball_vy) == (611, -4)
    assert move_ball(court(ball_y=604.0, ball_vy=4.0), params).ball_vy == 4  # at the wall, not beyond


def test_touching_corners_are_not_a_hit(params):
    assert not covers(jnp.float32(100), jnp.float32(68), params) and covers(jnp.float32(100), jnp.float32(69), params)
    assert not covers(jnp.float32(100), jnp.float32(170), params) and covers(jnp.float32(100), jnp.float32(169), params)


def test_only_the_right_paddle_puts_the_ball_back_into_the_court(params):
    left = play_frame(court(ball_x=5.0, ball_vx=-10.0, ball_y=300.0), jnp.float32(0), params)
    assert (left.court.ball_x, left.court.ball_vx, left.bounces, left.returned) == (-5, 10, 1, False)
    right = play_frame(court(ball_x=465.0, ball_y=300.0), jnp.float32(0), params)
    assert (right.court.ball_x, right.court.ball_vx, right.bounces, right.returned) == (468, -10, 1, True)


def test_the_agents_paddle_spins_the_ball(params):
    turned = [float(spin(jnp.float32(v), jnp.float32(d), params)) for v, d in ((4, 1), (4, -1), (12, 1), (-12, -1))]
    assert turned == [7, 1, 13, -13]


def test_a_level_ball_leaves_the_agents_paddle_upwards(params):
    assert spin(jnp.float32(0), jnp.float32(0), params) == 3
    assert spin(jnp.float32(3), jnp.float32(-1), params) == 3
    edge = np.float32(0.01)  # below the double 0.01 that the C compares with
    assert spin(jnp.float32(edge), jnp.float32(0), params) == 3
    above = np.nextafter(edge, np.float32(1))
    assert spin(jnp.float32(above), jnp.float32(0), params) == above


def test_spin_has_two_roundings(params):
    """A fused multiply-add would have one."""
    rng = np.random.default_rng(0)
    v, d = rng.uniform(-9, 9, (2, 4096)).astype(np.float32) / np.float32([[1], [9]])
    expected = np.clip(v + np.float32(3) * d, np.float32(-13), np.float32(13))
    expected = np.where(np.abs(expected) < 0.01, np.float32(3), expected)
    np.testing.assert_array_equal(jax.jit(jax.vmap(lambda v, d: spin(v, d, params)))(v, d), expected)


def test_after_a_point_the_observation_is_stale(params):
    before = game(params, **PASSED)
    after, out = ONE.play(before, STILL, 0, params)
    assert (out.reward, out.scored, after.score_l, after.score_r) == (-1, True, 1, 0)
    np.testing.assert_array_equal(flat(ONE, after.observation), flat(ONE, before.observation))
    assert (after.court.ball_x, after.court.ball_vy) == (100, -1)


def test_a_point_in_a_later_frame_shows_the_frame_before_it(params):
    state = game(params, **PASSED | {"ball_x": 440.0})  # frames at 450, 460 and then beyond the wall
    after, out = EIGHT.play(state, STILL, 1, params)
    assert out.reward == -1 and after.court.ball_x == 100
    assert after.observation.ball_x == np.float32(460) / np.float32(500)


def test_a_repaired_point_shows_the_new_round(params):
    env = PufferPong(frame_skip=1, strict=False)
    after, _ = env.play(game(params, strict=False, score_l=4, **PASSED), STILL, 1, params)
    assert after.observation.ball_x == np.float32(0.2)
    assert after.observation.score_left == np.float32(5) / np.float32(21)


def test_scores_are_never_observed(params):
    after, _ = ONE.play(game(params, score_l=20, score_r=19), UP, 1, params)
    assert (after.score_l, after.observation.score_left, after.observation.score_right) == (20, 0, 0)


def test_a_point_overwrites_the_reward_of_a_return(params):
    # The ball is returned at once, and passes the opponent, who is far away, in frame 8 of a narrow court.
    narrow = in_reference_types(PongParams(width=100.0))
    start = dict(ball_x=65.0, ball_y=300.0, ball_vx=10.0, ball_vy=0.0, paddle_yl=-35.0)
    after, out = EIGHT.play(game(narrow, **start), STILL, 1, narrow)
    assert (after.score_r, out.reward) == (1, 1)
    repaired = PufferPong(frame_skip=8, strict=False)
    _, out = repaired.play(game(narrow, strict=False, **start), STILL, 1, narrow)
    assert out.reward == np.float32(1.1)


def test_a_return_is_worth_a_tenth(params):
    after, out = ONE.play(game(params, ball_x=465.0, ball_y=300.0), STILL, 1, params)
    assert (out.reward, after.n_bounces, out.scored) == (np.float32(0.1), 1, False)


def test_the_game_ends_at_the_highest_score_and_begins_anew_at_once(params):
    last = game(params, score_l=3, score_r=20, **WON).replace(tick=jnp.int32(6), time=jnp.int32(99))
    after, out = ONE.play(last, STILL, 0, params)
    assert (out.reward, out.terminated) == (1, True)
    assert (after.score_l, after.score_r, after.tick, after.n_bounces) == (0, 0, 0, 0)
    assert after.observation.ball_x == np.float32(0.2)  # fresh, unlike after other points
    log = out.log
    assert (log.score, log.episode_return, log.n) == (18, 18, 1)
    assert log.perf == np.float32(21) / np.float32(24)
    assert log.episode_length == 7  # of the last round only


def test_a_repaired_game_ends_with_its_final_scores_and_length(params):
    env = PufferPong(frame_skip=1, strict=False)
    last = game(params, score_l=3, score_r=20, strict=False, **WON).replace(tick=jnp.int32(6), time=jnp.int32(99))
    after, out = env.play(last, STILL, 0, params)
    assert out.terminated and (after.score_l, after.score_r, out.log.episode_length) == (3, 21, 100)


def test_the_log_is_empty_while_the_game_goes_on(params):
    _, out = ONE.play(game(params), STILL, 0, params)
    assert [float(value) for value in jax.tree.leaves(out.log)] == [0, 0, 0, 0, 0]


def test_steps_and_bounces_are_counted_within_a_round(params):
    state = game(params, **PASSED).replace(tick=jnp.int32(50), n_bounces=jnp.int32(3))
    after, _ = ONE.play(state, STILL, 1, params)
    assert (after.tick, after.n_bounces) == (0, 0)
    after, _ = ONE.play(state.replace(court=court()), STILL, 1, params)
    assert (after.tick, after.n_bounces) == (51, 3)


def test_eight_frames_are_eight_steps_of_one(params):
    state = game(params, ball_x=400.0, ball_y=250.0, ball_vy=2.0)
    slow = state
    for _ in range(8):
        slow, _ = ONE.play(slow, DOWN, 1, params)
    fast, _ = EIGHT.play(state, DOWN, 1, params)
    assert jax.tree.leaves((fast.court, fast.observation)) == jax.tree.leaves((slow.court, slow.observation))
    assert (fast.tick, slow.tick) == (1, 8)
