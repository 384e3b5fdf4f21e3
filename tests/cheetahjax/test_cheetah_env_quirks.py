"""Peculiarities of Gymnasium's tasks, each by name, and what the environments have beyond them."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys

import gymnasium_steps as steps_of
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cheetahjax.envs.reacher import ReacherParams
from cheetahjax.newton import NewtonOptions
from cheetahjax.state import PhysicsState

mujoco = steps_of.mujoco


@functools.cache
def standing(task, count=100):
    """One step from each of `count` resets."""
    recorder = steps_of.Recorder(task)
    recorder.env.reset(seed=9)
    rng, space = np.random.default_rng(9), recorder.env.action_space
    for _ in range(count):
        recorder.env.reset()
        recorder.step(rng.uniform(space.low, space.high).astype(np.float32))
    return recorder.steps()


def changed(steps, **columns):
    """The same steps from other states."""
    return steps._replace(**{name: np.array(column) for name, column in columns.items()})


def test_far_away_a_cheetah_keeps_its_rewards_digits():
    env, near = steps_of.make("HalfCheetah-v5"), standing("HalfCheetah-v5")
    qpos = near.qpos.copy()
    qpos[:, 0] = 1e4
    far = steps_of.take(env, changed(near, qpos=qpos))
    close = steps_of.take(env, near)
    np.testing.assert_array_equal(far[2], close[2])
    np.testing.assert_array_equal(far[5]["x_velocity"], close[5]["x_velocity"])
    # What the difference of two float32 positions would have left of it.
    lost = np.abs((far[1].physics.qpos[:, 0] - np.float32(1e4)) / env.dt - far[5]["x_velocity"])
    assert lost.max() > 1e-3 and np.abs(far[2] - near.reward).max() < 1e-4


@pytest.mark.parametrize("task", ["Walker2d-v5", "Hopper-v5"])
def test_velocities_are_observed_clipped(task):
    env, taken = steps_of.make(task), standing(task)
    qvel = np.zeros_like(taken.qvel)
    qvel[:, 0], qvel[:, 1] = 25.0, -14.0
    obs, after, _, _, _, info = steps_of.take(env, changed(taken, qvel=qvel))
    assert np.abs(after.physics.qvel).max() > 10
    flat = np.asarray(env.obs_spec.flatten(obs))[:, env.model.nv - 1 :]
    np.testing.assert_array_equal(flat, np.clip(after.physics.qvel, -10, 10))
    assert info["x_velocity"].max() > 20, "the reward is for the real one"


def test_hoppers_state_range_is_for_velocities_unclipped():
    env, taken = steps_of.make("Hopper-v5", healthy_state_range=(-20.0, 20.0)), standing("Hopper-v5")
    qvel = np.zeros_like(taken.qvel)
    qvel[:50, 0] = 25.0
    _, after, _, terminated, _, info = steps_of.take(env, changed(taken, qvel=qvel))
    fast = np.abs(after.physics.qvel).max(1) >= 20
    assert fast[:50].all() and not fast[50:].any()
    np.testing.assert_array_equal(terminated, fast)
    np.testing.assert_array_equal(info["reward_survive"], ~fast)


def last_and_fresh(task, low, high, read):
    """Our states after steps from poses between `low` and `high`, what Gymnasium took from MuJoCo there, and the same
    computed anew at the state that was reached."""
    recorder = steps_of.Recorder(task)
    reference, rng = recorder.env, np.random.default_rng(3)
    model, space = reference.model, reference.action_space
    last, fresh, data = [], [], mujoco.MjData(model)
    for _ in range(100):
        recorder.put(rng.uniform(low, high), rng.standard_normal(model.nv))
        recorder.step(rng.uniform(space.low, space.high).astype(np.float32))
        last.append(read(reference.data))
        data.qpos[:], data.qvel[:], data.ctrl[:] = reference.data.qpos, reference.data.qvel, reference.data.ctrl
        mujoco.mj_forward(model, data)
        fresh.append(read(data))
    _, after, *_ = steps_of.take(steps_of.make(task), recorder.steps())
    return after, np.array(last), np.array(fresh)


def test_the_double_pendulums_force_is_that_of_the_last_stage():
    after, last, fresh = last_and_fresh(
        "InvertedDoublePendulum-v5",
        [0.96, -0.1, -0.1],
        [1.02, 0.1, 0.1],
        lambda data: data.qfrc_constraint[0],
    )
    assert np.abs(last - fresh).max() > 10
    np.testing.assert_allclose(after.cart_limit_force, last, rtol=1e-4, atol=1e-3)


def test_reachers_distance_is_that_of_the_last_stage():
    after, last, fresh = last_and_fresh(
        "Reacher-v5",
        [-3, -3, -0.2, -0.2],
        [3, 3, 0.2, 0.2],
        lambda data: (data.body("fingertip").xpos - data.body("target").xpos)[:2].copy(),
    )
    ours = np.abs(after.target_to_fingertip - last).max()
    assert ours < 3e-7 and np.abs(last - fresh).max() > 10 * ours


def test_a_step_reads_the_double_pendulums_tip_where_mujoco_does():
    env, reference = steps_of.make("InvertedDoublePendulum-v5"), steps_of.reference("InvertedDoublePendulum-v5")
    taken = standing("InvertedDoublePendulum-v5", count=1)
    _, after, *_ = steps_of.take(env, taken)
    np.testing.assert_allclose(after.tip[0], reference.data.site_xpos[0][[0, 2]], atol=1e-6)


@pytest.mark.parametrize("task", steps_of.TERMINATES)
def test_what_is_not_a_number_ends_the_episode(task):
    env, taken = steps_of.make(task), standing(task)
    qpos = taken.qpos.copy()
    qpos[:50, 1] = np.nan
    _, after, _, terminated, _, _ = steps_of.take(env, changed(taken, qpos=qpos))
    assert np.isnan(after.physics.qpos[:50, 1]).all(), "nothing is put back"
    if task == "InvertedDoublePendulum-v5":
        assert not terminated[:50].any(), "y <= 1 does not hold for NaN, nor does it in Gymnasium"
    else:
        assert terminated[:50].all()


@pytest.mark.parametrize("task", ["HalfCheetah-v5", "InvertedPendulum-v5"])
def test_truncation_at_the_horizon_of_each_lane(task):
    env, taken = steps_of.make(task), standing(task)
    params = dataclasses.replace(env.default_params, max_steps_in_episode=1)
    _, after, _, terminated, truncated, _ = steps_of.take(env, taken, params)
    assert not terminated.any() and truncated.all()
    np.testing.assert_array_equal(after.time, 1)
    assert not steps_of.take(env, taken)[4].any()


def test_the_end_by_the_rules_is_not_a_truncation():
    env, taken = steps_of.make("InvertedPendulum-v5"), standing("InvertedPendulum-v5")
    qpos = taken.qpos.copy()
    qpos[:50, 1] = 0.3
    params = dataclasses.replace(env.default_params, max_steps_in_episode=1)
    _, _, reward, terminated, truncated, _ = steps_of.take(env, changed(taken, qpos=qpos), params)
    np.testing.assert_array_equal(terminated, np.arange(100) < 50)
    np.testing.assert_array_equal(truncated, ~terminated)
    np.testing.assert_array_equal(reward, ~terminated)


def test_params_differ_between_lanes():
    env = steps_of.make("Reacher-v5", frame_skip=1)
    weights, horizons = jnp.array([0.0, 0.1, 3.0]), jnp.array([1, 2, 1])
    params = jax.vmap(lambda weight, horizon: ReacherParams(1.0, weight, horizon))(weights, horizons)
    keys = jax.random.split(jax.random.key(0), 3)
    _, states = jax.vmap(env.reset_env)(keys, params)
    step = jax.jit(jax.vmap(env.step_env), compiler_options={"xla_disable_hlo_passes": "fusion"})
    _, _, reward, _, truncated, info = step(keys, states, jnp.full((3, 2), 0.5), params)
    np.testing.assert_allclose(info["reward_ctrl"], -0.5 * weights, rtol=1e-6)
    np.testing.assert_allclose(reward, info["reward_dist"] - 0.5 * weights, rtol=1e-6)
    np.testing.assert_array_equal(truncated, [True, False, True])


def test_gradients_pass_through_a_fixed_number_of_iterations():
    """Of two steps' rewards with the cart against the end of its rail, against central differences in float64."""
    env = steps_of.make("InvertedDoublePendulum-v5", frame_skip=1, newton=NewtonOptions(fixed_iterations=4))
    params, options = env.default_params, {"xla_disable_hlo_passes": "fusion"}

    def total(actions, physics):
        state, reward = env.state_at(physics), jnp.zeros((), physics.qpos.dtype)
        for action in actions:
            advance, outcome = env.transition(state, action, params)
            state, reward = advance.state, reward + outcome.reward
        return reward

    with jax.enable_x64(True):
        physics = PhysicsState(jnp.array([1.01, 0.1, -0.2]), jnp.array([0.5, 1.0, -1.0]), jnp.zeros(3))
        actions, step = jnp.array([[0.3], [-0.2]]), 1e-5
        value = jax.jit(total, compiler_options=options)
        gradient = np.asarray(jax.jit(jax.grad(total), compiler_options=options)(actions, physics))
        changes = step * np.eye(2).reshape(2, 2, 1)
        slopes = [float(value(actions + c, physics) - value(actions - c, physics)) / (2 * step) for c in changes]
    assert np.abs(gradient).min() > 1e-4
    np.testing.assert_allclose(gradient.ravel(), slopes, rtol=1e-5)


def test_import_is_cheap_and_needs_neither_mujoco_nor_gymnasium():
    program = """
import sys, time, jax
started = time.perf_counter()
import jaxenv
for id in jaxenv.list_envs("mujoco"):
    jaxenv.spec(id)
print(time.perf_counter() - started)
from jax._src import xla_bridge
assert not xla_bridge._backends, f"backends were started: {list(xla_bridge._backends)}"
assert not {"mujoco", "gymnasium"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert float(done.stdout) < 1.5
