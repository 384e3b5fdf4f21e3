"""Oddities of PufferLib's Pong, which every port has to have too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from references.puffer_pong.install import ReferenceUnavailableError
from references.puffer_pong.library import CASE, library, new_cases

STILL, UP, DOWN = 0, 1, 2
MIDDLE = {"paddle_yl": 285, "paddle_yr": 285, "ball_x": 250, "ball_y": 300, "ball_vx": 10, "ball_vy": 1}
AT_AGENT = {**MIDDLE, "ball_x": 460}  # returned in one frame
AT_OPPONENT = {**MIDDLE, "ball_x": 5, "ball_vx": -10}
PAST_AGENT = {**AT_AGENT, "paddle_yr": 0}  # a point for the opponent in one frame
PAST_OPPONENT = {**AT_OPPONENT, "paddle_yl": 0}


@pytest.fixture(scope="module", autouse=True)
def reference() -> None:
    try:
        library()
    except ReferenceUnavailableError as error:
        pytest.skip(str(error))


def step(
    state: dict[str, Any],
    action: float = STILL,
    *,
    frame_skip: int = 1,
    continuous: bool = False,
    params: dict[str, float] | None = None,
) -> Any:
    """One step of one case: its `CASE` after it. The observation before is eight times 7."""
    case = new_cases(1, frame_skip, continuous, params)
    case["observation"] = 7
    for name, value in state.items():
        case[name] = value
    case["action"] = action
    library().step(case)
    return case[0]


def reset(serve: NDArray[np.uint32], **params: float) -> NDArray[Any]:
    cases = new_cases(len(serve), params=params)
    cases["serve"] = serve
    library().reset(cases)
    return cases


def test_a_serve_goes_down_or_level_never_up_and_always_to_the_agent() -> None:
    serve = np.random.default_rng(0).integers(0, 2**32, 1000, dtype=np.uint32)
    for speed in (1.0, 2.5):
        cases = reset(serve, ball_initial_speed_y=speed)
        drawn = serve * np.uint32(1664525) + np.uint32(1013904223)
        assert (cases["serve"] == drawn).all()
        assert (cases["ball_vy"] == ((drawn >> 31).astype(np.float32) - 1) * np.float32(speed)).all()
        assert set(cases["ball_vy"].tolist()) == {-speed, 0.0}
        assert (cases["ball_vx"] == 10).all()


def test_the_observation_after_a_point_is_stale() -> None:
    """`c_step` returns from `reset_round` without `compute_observations`."""
    for state in (PAST_AGENT, PAST_OPPONENT):
        after = step(state)
        assert (after["ball_x"], after["ball_y"], after["tick"]) == (100, 304, 0)
        assert after["observation"].tolist() == [7] * 8


def test_the_observation_after_a_point_is_that_of_the_frame_before_it() -> None:
    """Still 7, were the point in the first frame; here it is in the third of eight."""
    start = {**MIDDLE, "ball_x": 440, "paddle_yr": 0}
    after, second = step(start, frame_skip=8), step(start, frame_skip=2)
    assert after["reward"] == -1 and second["reward"] == 0
    assert after["observation"].tolist() == second["observation"].tolist()
    assert second["observation"][2] == np.float32(460 / 500)


def test_a_point_ends_the_frames_of_its_step() -> None:
    after = step(PAST_AGENT, frame_skip=8)
    assert (after["ball_x"], after["paddle_yr"], after["tick"], after["n_bounces"]) == (100, 285, 0, 0)


def test_score_observations_are_always_zero() -> None:
    """Unsigned integers are divided."""
    after = step({**MIDDLE, "score_l": 20, "score_r": 20})
    assert after["observation"][6:].tolist() == [0, 0]


def test_a_game_that_ends_starts_anew_in_the_same_step_and_is_observed() -> None:
    after = step({**PAST_OPPONENT, "score_r": 20, "score_l": 3, "tick": 5, "n_bounces": 4})
    assert (after["terminal"], after["reward"]) == (1, 1)
    assert [after[name] for name in ("score_l", "score_r", "tick", "n_bounces")] == [0, 0, 0, 0]
    fresh = reset(np.array([0], np.uint32))[0]  # the same serve as this case's
    assert after["observation"].tolist() == fresh["observation"].tolist()


def test_the_logs_episode_length_is_the_last_rounds() -> None:
    """`reset_round` sets `tick` to 0 after every point; the return is the difference of scores, not of rewards."""
    won = step({**PAST_OPPONENT, "score_r": 20, "score_l": 3, "tick": 5})
    assert won["log"].tolist() == [np.float32(21 / 24), 18, 18, 6, 1]
    lost = step({**PAST_AGENT, "score_r": 20, "score_l": 20, "tick": 99}, frame_skip=8)
    assert lost["log"].tolist() == [np.float32(20 / 41), -1, -1, 100, 1]
    assert not step(PAST_AGENT)["log"].any() and not step(MIDDLE)["log"].any()


def test_a_reward_for_a_return_is_overwritten_by_a_point_in_the_same_step() -> None:
    """Rewards are set, not added: the agent returns in the first frame and scores in the third."""
    start = {**AT_AGENT, "ball_vx": 300, "paddle_yl": 600}
    assert step(start)["reward"] == np.float32(0.1)
    assert step(start, frame_skip=2)["reward"] == np.float32(0.1)
    assert step(start, frame_skip=8)["reward"] == 1


def test_a_reward_for_a_return_is_given_once_a_step() -> None:
    """The ball crosses the court in a frame, and both paddles fill their walls: two returns each."""
    after = step({**AT_AGENT, "ball_vx": 600}, frame_skip=5, params={"paddle_height": 640, "paddle_speed": 0})
    assert after["n_bounces"] == 4 and after["reward"] == np.float32(0.1)


def test_the_opponents_return_gives_no_reward() -> None:
    after = step(AT_OPPONENT)
    assert (after["ball_vx"], after["n_bounces"], after["reward"]) == (10, 1, 0)


def test_the_observation_of_a_return_is_of_the_ball_put_back_into_the_court() -> None:
    """Only the agent's wall puts the ball back; at the opponent's it is observed beyond the wall."""
    after = step(AT_AGENT)
    assert (after["ball_x"], after["ball_vx"]) == (468, -10)
    assert after["observation"].tolist() == pytest.approx([312 / 640, 0.5, 468 / 500, 301 / 640, 0, 14 / 26, 0, 0])
    after = step(AT_OPPONENT)
    assert (after["ball_x"], after["observation"][2]) == (-5, np.float32(-0.01))


def test_walls_turn_the_ball_round_but_do_not_put_it_back() -> None:
    low = step({**MIDDLE, "ball_y": 2, "ball_vy": -5})
    assert (low["ball_y"], low["ball_vy"]) == (-3, 5) and low["observation"][3] == np.float32(-3 / 640)
    high = step({**MIDDLE, "ball_y": 606, "ball_vy": 5})
    assert (high["ball_y"], high["ball_vy"]) == (611, -5)


def test_a_ball_that_is_still_outside_is_turned_again() -> None:
    after = step({**MIDDLE, "ball_y": -9, "ball_vy": 3})
    assert (after["ball_y"], after["ball_vy"]) == (-6, -3)


def test_a_return_at_a_wall_puts_the_ball_back_there_too() -> None:
    after = step({**AT_AGENT, "ball_y": 3, "ball_vy": -9, "paddle_yr": 0})
    assert (after["ball_x"], after["ball_y"], after["ball_vy"]) == (468, 0, 9)


def test_the_opponent_follows_the_balls_edge_from_before_the_ball_moves() -> None:
    """Its paddle's middle goes to `ball_y`, not to the ball's middle."""
    after = step({**MIDDLE, "ball_y": 323, "ball_vy": 13})
    assert after["paddle_yl"] == 285 + (323 - 320)
    assert step({**MIDDLE, "ball_y": 500})["paddle_yl"] == 285 + 8
    assert step({**MIDDLE, "ball_y": 100})["paddle_yl"] == 285 - 8


def test_paddles_may_leave_the_court_by_half() -> None:
    assert step({**MIDDLE, "paddle_yr": -30}, DOWN)["paddle_yr"] == -35
    assert step({**MIDDLE, "paddle_yr": 600}, UP)["paddle_yr"] == 605
    assert step({**MIDDLE, "paddle_yl": 604, "ball_y": 655})["paddle_yl"] == 605


def test_the_agents_direction_is_what_changes_the_balls_on_a_return() -> None:
    assert [step(AT_AGENT, action)["ball_vy"] for action in (STILL, UP, DOWN)] == [1, 4, -2]
    assert step({**AT_AGENT, "ball_vy": 12}, UP)["ball_vy"] == 13
    assert step({**AT_AGENT, "ball_vy": -12}, DOWN)["ball_vy"] == -13


def test_a_paddle_pressed_against_its_limit_still_has_a_direction() -> None:
    after = step({**AT_AGENT, "paddle_yr": -35, "ball_y": 10}, DOWN)
    assert (after["paddle_yr"], after["ball_vy"]) == (-35, -2)


def test_a_ball_returned_level_goes_up() -> None:
    for state, action in (({"ball_vy": 0}, STILL), ({"ball_vy": 3}, DOWN), ({"ball_vy": -3}, UP)):
        assert step({**AT_AGENT, **state}, action)["ball_vy"] == 3
    nearest = np.float32(0.01)  # below the limit, which is the double 0.01
    above = np.nextafter(nearest, np.float32(1))
    assert step({**AT_AGENT, "ball_vy": nearest})["ball_vy"] == 3
    assert step({**AT_AGENT, "ball_vy": above})["ball_vy"] == above


def test_touching_a_paddle_is_not_hitting_it() -> None:
    for gap, reward in ((0, -1), (1, np.float32(0.1))):
        assert step({**AT_AGENT, "ball_vy": 0, "paddle_yr": 300 + 32 - gap})["reward"] == reward
        assert step({**AT_AGENT, "ball_vy": 0, "paddle_yr": 300 - 70 + gap})["reward"] == reward


def test_walls_at_the_side_are_passed_only_beyond_them() -> None:
    assert step({**AT_AGENT, "ball_x": 458, "paddle_yr": 0})["reward"] == 0
    assert step({**AT_OPPONENT, "ball_x": 10, "paddle_yl": 0})["reward"] == 0


def test_any_other_discrete_action_is_standing_still() -> None:
    for action in (3, -1, 0.5, 1.5):
        assert step(MIDDLE, action)["paddle_yr"] == 285


def test_a_continuous_action_is_a_share_of_the_speed() -> None:
    after = step(AT_AGENT, -0.25, continuous=True)
    assert (after["paddle_yr"], after["ball_vy"]) == (283, 0.25)


def test_the_serve_is_drawn_once_a_point_and_never_else() -> None:
    once = np.uint32(1013904223)
    for state, drawn in ((MIDDLE, 0), (AT_AGENT, 0), (PAST_AGENT, once), ({**PAST_AGENT, "score_l": 20}, once)):
        assert step(state, frame_skip=8)["serve"] == drawn


def test_paddles_have_no_width() -> None:
    plain, wide = step(AT_AGENT), step(AT_AGENT, params={"paddle_width": 200})
    assert all(plain[name].tolist() == wide[name].tolist() for name in CASE.names or () if name != "paddle_width")
