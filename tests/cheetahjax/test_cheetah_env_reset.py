"""Resets follow Gymnasium's law: the same bounds, moments and distributions."""

from __future__ import annotations

from typing import Any

import gymnasium_steps as steps_of
import jax
import numpy as np
import pytest
from scipy import stats

OURS, THEIRS = 8192, 2000
NORMAL_VELOCITIES = ("HalfCheetah-v5", "InvertedDoublePendulum-v5")
NOISE = {
    "HalfCheetah-v5": 0.1,
    "Walker2d-v5": 0.005,
    "InvertedPendulum-v5": 0.01,
    "InvertedDoublePendulum-v5": 0.1,
    "Reacher-v5": 0.1,
    "Hopper-v5": 0.005,
    "Swimmer-v5": 0.1,
}


def ours(task, **options):
    env = steps_of.make(task, **options)
    keys = jax.random.split(jax.random.key(17), OURS)
    qpos, qvel = jax.jit(jax.vmap(env.draw_start, in_axes=(0, None)))(keys, env.default_params)
    return np.asarray(qpos) - np.asarray(env.initial_qpos()), np.asarray(qvel)


def theirs(task):
    env = steps_of.reference(task)
    env.reset(seed=17)
    qpos, qvel = [], []
    for _ in range(THEIRS):
        env.reset()
        qpos.append(env.data.qpos - env.init_qpos)
        qvel.append(env.data.qvel.copy())
    return np.array(qpos), np.array(qvel)


@pytest.mark.parametrize("task", steps_of.TASKS)
def test_every_joint_starts_as_in_gymnasium(task):
    for mine, reference in zip(ours(task), theirs(task), strict=True):
        for joint in range(mine.shape[1]):
            found: Any = stats.ks_2samp(mine[:, joint], reference[:, joint])
            assert found.pvalue > 1e-4, f"joint {joint}"
        correlation = np.corrcoef(mine[:, np.ptp(mine, axis=0) > 0].T)
        assert np.abs(correlation - np.eye(len(correlation))).max() < 6 / np.sqrt(OURS), "joints are independent"


@pytest.mark.parametrize("task", [task for task in steps_of.TASKS if task != "Reacher-v5"])
@pytest.mark.parametrize("scale", [None, 0.02])
def test_bounds_and_moments(task, scale):
    noise = NOISE[task] if scale is None else scale
    qpos, qvel = ours(task) if scale is None else ours(task, reset_noise_scale=scale)
    slack = noise * 1e-3 + 2e-7  # the initial pose's own rounding, about 1.25 m
    assert np.abs(qpos).max() <= noise + slack and np.abs(qpos).max(0).min() > 0.99 * noise
    np.testing.assert_allclose(qpos.std(0), noise / np.sqrt(3), rtol=0.05)
    if task in NORMAL_VELOCITIES:
        np.testing.assert_allclose(qvel.std(0), noise, rtol=0.05)
        assert (np.abs(qvel) > 2 * noise).mean() == pytest.approx(2 * stats.norm.sf(2), rel=0.2)
    else:
        assert np.abs(qvel).max() <= noise and np.abs(qvel).max(0).min() > 0.99 * noise
        np.testing.assert_allclose(qvel.std(0), noise / np.sqrt(3), rtol=0.05)


def test_reachers_target_is_uniform_in_a_disc_and_rests():
    qpos, qvel = ours("Reacher-v5")
    initial = np.asarray(steps_of.make("Reacher-v5").initial_qpos())
    target = qpos[:, 2:] + initial[2:]
    radius, direction = np.hypot(*target.T), np.arctan2(target[:, 1], target[:, 0])
    assert radius.max() < 0.2 + 1e-6
    assert stats.kstest((radius / 0.2) ** 2, "uniform").pvalue > 1e-4
    assert stats.kstest(direction / (2 * np.pi) + 0.5, "uniform").pvalue > 1e-4
    np.testing.assert_array_equal(qvel[:, 2:], 0)
    assert 0.0049 < np.abs(qvel[:, :2]).max() <= 0.005 and 0.099 < np.abs(qpos[:, :2]).max() <= 0.1


@pytest.mark.parametrize("task", steps_of.TASKS)
def test_an_episode_starts_cold_and_at_time_zero(task):
    env = steps_of.make(task)
    obs, state = env.reset_env(jax.random.key(1), env.default_params)
    np.testing.assert_array_equal(state.physics.warmstart, 0)
    assert int(state.time) == 0
    reference = steps_of.reference(task)
    reference.reset(seed=0)
    reference.set_state(np.asarray(state.physics.qpos, float), np.asarray(state.physics.qvel, float))
    np.testing.assert_allclose(env.obs_spec.flatten(obs), reference._get_obs(), atol=1e-6)


def test_a_double_pendulum_that_starts_at_its_rails_end_feels_it():
    env = steps_of.make("InvertedDoublePendulum-v5", reset_noise_scale=3.0)
    keys = jax.random.split(jax.random.key(2), 64)
    obs, state = jax.jit(jax.vmap(env.reset_env, in_axes=(0, None)))(keys, env.default_params)
    reference = steps_of.reference("InvertedDoublePendulum-v5")
    reference.reset(seed=0)
    expected = []
    starts = np.asarray(state.physics.qpos, float), np.asarray(state.physics.qvel, float)
    for qpos, qvel in zip(*starts, strict=True):
        reference.set_state(qpos, qvel)
        expected.append(reference._get_obs())
    found = np.asarray(env.obs_spec.flatten(obs))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert (np.abs(found[:, -1]) == 10).any() and (found[:, -1] == 0).any()
