"""One step of each task is Gymnasium's: observation, reward, ending, metrics, positions."""

from __future__ import annotations

import functools

import gymnasium
import gymnasium_steps as steps_of
import numpy as np
import pytest

TASKS = steps_of.TASKS
OBSERVATION_LIMIT = REWARD_LIMIT = METRIC_LIMIT = 1e-3
POSITION_LIMIT = 1e-5


@functools.cache
def rollout(task):
    env = steps_of.make(task)
    horizon = min(200, int(env.default_params.max_steps_in_episode))
    taken = steps_of.rollout_steps(task, steps=400, length=horizon, seed=11)
    return env, taken, steps_of.compare(env, taken)


@pytest.mark.parametrize("task", TASKS)
def test_a_step_is_gymnasiums(task):
    _, taken, found = rollout(task)
    assert found.obs.max() <= OBSERVATION_LIMIT, str(found)
    assert found.reward.max() <= REWARD_LIMIT, str(found)
    assert found.qpos.max() <= POSITION_LIMIT, str(found)
    for name, error in found.metrics.items():
        assert error.max() <= METRIC_LIMIT, f"{name}: {found}"
    np.testing.assert_array_equal(found.terminated, taken.terminated)
    assert not found.info["solver"].unconverged.any()


@pytest.mark.parametrize("task", TASKS)
def test_the_states_are_worth_comparing(task):
    """They hold motion, endings where the task has some, and actions beyond the space."""
    env, taken, found = rollout(task)
    assert np.abs(taken.next_qvel).max() > 1 and len(np.unique(taken.action, axis=0)) > 100
    illegal = np.abs(taken.action).max(1) > env.action_space().high[0]
    np.testing.assert_array_equal(found.info["illegal"], illegal)
    assert 0 < illegal.sum() < len(illegal) / 2
    ended = taken.terminated.mean()
    assert 0 < ended < 0.9 if task in steps_of.TERMINATES else ended == 0


@pytest.mark.parametrize("task", TASKS)
def test_info_has_gymnasiums_metrics(task):
    _, taken, found = rollout(task)
    ours = {"illegal", "solver"}
    assert set(taken.metrics) == set(found.info) - ours


@pytest.mark.parametrize("task", TASKS)
def test_the_first_step_of_an_episode(task):
    """After a reset both solvers start cold: MuJoCo's `mj_forward` leaves `qacc_warmstart` at zero."""
    env, recorder = steps_of.make(task), steps_of.Recorder(task)
    rng = np.random.default_rng(5)
    recorder.env.reset(seed=5)
    for _ in range(100):
        recorder.env.reset()
        np.testing.assert_array_equal(recorder.env.data.qacc_warmstart, 0)
        space = recorder.env.action_space
        recorder.step(rng.uniform(space.low, space.high).astype(np.float32))
    found = steps_of.compare(env, recorder.steps())
    assert max(found.obs.max(), found.reward.max()) <= OBSERVATION_LIMIT, str(found)
    assert found.qpos.max() <= POSITION_LIMIT, str(found)


@pytest.mark.parametrize("task", TASKS)
def test_the_spaces_are_gymnasiums(task):
    env, reference = steps_of.make(task), steps_of.reference(task)
    space = env.action_space()
    np.testing.assert_array_equal(space.low, reference.action_space.low)
    np.testing.assert_array_equal(space.high, reference.action_space.high)
    assert space.shape == reference.action_space.shape and space.dtype == reference.action_space.dtype
    assert (env.obs_spec.size,) == reference.observation_space.shape
    assert env.dt == pytest.approx(reference.dt, rel=1e-12)
    np.testing.assert_allclose(env.initial_qpos(), reference.init_qpos, rtol=1e-7)


@pytest.mark.parametrize("task", TASKS)
def test_the_horizon_is_gymnasiums(task):
    env = steps_of.make(task)
    assert env.spec.horizon == env.default_params.max_steps_in_episode == gymnasium.spec(task).max_episode_steps


@pytest.mark.parametrize("task", TASKS)
def test_a_control_that_is_not_a_number_zeroes_all(task):
    env, recorder = steps_of.make(task), steps_of.Recorder(task)
    recorder.env.reset(seed=2)
    action = np.full(recorder.env.model.nu, 0.5, np.float32)
    action[-1] = np.nan
    with steps_of.mujoco_warnings() as said:
        recorder.step(action)
    assert len(said) == 1 and "CTRL" in said[0]
    taken = recorder.steps()
    _, after, reward, _, _, info = steps_of.take(env, taken)
    np.testing.assert_allclose(after.physics.qpos, taken.next_qpos, atol=POSITION_LIMIT)
    np.testing.assert_array_equal(np.isnan(reward), np.isnan(taken.reward))
    assert bool(info["illegal"][0])
