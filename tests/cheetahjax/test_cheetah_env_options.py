"""Every constructor option does what Gymnasium's does; wrong ones are refused."""

from __future__ import annotations

import inspect

import gymnasium_steps as steps_of
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cheetahjax.newton import NewtonOptions
from cheetahjax.state import PhysicsState

NOT_OURS = {"xml_file", "default_camera_config", "kwargs", "self"}
LOCOMOTION = {"forward_reward_weight": 2.5, "ctrl_cost_weight": 0.7}
HEALTH = {"healthy_reward": 3.0, "terminate_when_unhealthy": False}
VALUES = [
    ("HalfCheetah-v5", LOCOMOTION),
    ("Swimmer-v5", LOCOMOTION),
    ("Walker2d-v5", LOCOMOTION | HEALTH),
    ("Walker2d-v5", {"healthy_z_range": (1.1, 1.24), "healthy_reward": -2.0}),
    ("Walker2d-v5", {"healthy_angle_range": (-0.1, 0.05)}),
    ("Hopper-v5", LOCOMOTION | HEALTH),
    ("Hopper-v5", {"healthy_state_range": (-2.0, 1.0), "healthy_angle_range": (-9.0, 9.0)}),
    ("Hopper-v5", {"healthy_z_range": (1.1, 1.24), "healthy_reward": -2.0}),
    ("Hopper-v5", {"healthy_angle_range": (-0.1, 0.05)}),
    ("InvertedDoublePendulum-v5", {"healthy_reward": 3.5}),
    ("Reacher-v5", {"reward_dist_weight": 4.0, "reward_control_weight": 0.25}),
]


@pytest.mark.parametrize(
    "task,options", VALUES, ids=lambda value: "+".join(value) if isinstance(value, dict) else value
)
def test_an_option_is_gymnasiums(task, options):
    env = steps_of.make(task, **options)
    taken = steps_of.rollout_steps(task, steps=200, length=50, seed=21, **options)
    found = steps_of.compare(env, taken)
    assert found.obs.max() <= 1e-3 and found.obs.shape[1] == env.obs_spec.size, str(found)
    # Weights magnify what they weigh.
    assert found.reward.max() <= 4e-3, str(found)
    assert max(error.max() for error in found.metrics.values()) <= 4e-3, str(found)
    np.testing.assert_array_equal(found.terminated, taken.terminated)
    if any("range" in name for name in options):
        assert 0 < taken.terminated.mean() < 1, "the range decides nothing on these steps"


@pytest.mark.parametrize("task", ["HalfCheetah-v5", "Hopper-v5", "Walker2d-v5", "Swimmer-v5"])
def test_current_positions_are_observed_if_asked_for(task):
    option = {"exclude_current_positions_from_observation": False}
    env, without = steps_of.make(task, **option), steps_of.make(task)
    taken = steps_of.rollout_steps(task, steps=20, length=20, seed=4, **option)
    physics = PhysicsState(*[jnp.float32(part) for part in (taken.next_qpos, taken.next_qvel, taken.warmstart)])
    states = jax.vmap(env.state_at)(physics)
    seen = jax.vmap(env.observe, in_axes=(0, None))(states, env.default_params)
    flat = env.obs_spec.flatten(seen)
    np.testing.assert_allclose(flat, taken.obs, rtol=1e-6, atol=1e-7)
    hidden = env.obs_spec.size - without.obs_spec.size
    assert hidden == (2 if task == "Swimmer-v5" else 1)
    unseen = without.obs_spec.flatten(jax.vmap(without.observe, in_axes=(0, None))(states, env.default_params))
    np.testing.assert_array_equal(unseen, flat[:, hidden:])


def test_healthy_rewards_differ_within_the_steps():
    """With `terminate_when_unhealthy=False` unhealthy steps go on and are paid nothing."""
    taken = steps_of.rollout_steps("Hopper-v5", steps=200, length=50, seed=21, terminate_when_unhealthy=False)
    assert set(taken.metrics["reward_survive"]) == {0.0, 1.0} and not taken.terminated.any()


@pytest.mark.parametrize("task", steps_of.TASKS)
def test_options_and_their_defaults_are_gymnasiums(task):
    env, reference = steps_of.make(task), steps_of.reference(task)
    signature = inspect.signature(type(reference).__init__).parameters
    theirs = {name: option.default for name, option in signature.items() if name not in NOT_OURS}
    ours = {name: getattr(env, name) for name in theirs}
    assert ours == theirs
    numbers = {name: value for name, value in theirs.items() if name not in ("frame_skip",) and "exclude" not in name}
    params = env.default_params
    assert {name: getattr(params, name) for name in numbers} == numbers, "an option that is a number is in the params"


@pytest.mark.parametrize("task", ["HalfCheetah-v5", "Hopper-v5", "Walker2d-v5", "Swimmer-v5"])
def test_reset_noise_of_nothing(task):
    env = steps_of.make(task, reset_noise_scale=0.0)
    _, state = env.reset_env(jax.random.key(3), env.default_params)
    np.testing.assert_array_equal(state.physics.qpos, env.initial_qpos())
    np.testing.assert_array_equal(state.physics.qvel, 0)


@pytest.mark.parametrize(
    "task,option,value,message",
    [
        ("HalfCheetah-v5", "frame_skip", 0, "frame_skip must be a positive integer, got 0"),
        ("HalfCheetah-v5", "frame_skip", 2.0, "frame_skip must be a positive integer, got 2.0"),
        ("HalfCheetah-v5", "ctrl_cost_weight", "much", "ctrl_cost_weight must be a finite number, got 'much'"),
        ("HalfCheetah-v5", "forward_reward_weight", float("nan"), "forward_reward_weight must be a finite number"),
        ("HalfCheetah-v5", "reset_noise_scale", -0.1, "reset_noise_scale must not be negative, got -0.1"),
        ("HalfCheetah-v5", "exclude_current_positions_from_observation", 1, "must be True or False, got 1"),
        ("HalfCheetah-v5", "newton", 6, "newton must be a cheetahjax.newton.NewtonOptions, got 6"),
        ("Hopper-v5", "terminate_when_unhealthy", 1, "terminate_when_unhealthy must be True or False, got 1"),
        ("Hopper-v5", "healthy_z_range", (2.0, 1.0), "the lower first, got"),
        ("Walker2d-v5", "healthy_angle_range", 1.0, "must be two numbers, the lower first, got 1.0"),
    ],
)
def test_wrong_options_are_refused(task, option, value, message):
    with pytest.raises(ValueError, match=f"{task}: .*{message}"):
        steps_of.make(task, **{option: value})


def test_equal_options_are_equal_environments():
    plain, same = steps_of.make("Hopper-v5"), steps_of.make("Hopper-v5", healthy_z_range=[0.7, np.inf])
    assert plain == same and hash(plain) == hash(same)
    assert steps_of.make("HalfCheetah-v5", forward_reward_weight=np.float32(1)) == steps_of.make("HalfCheetah-v5")
    assert steps_of.make("HalfCheetah-v5", newton=NewtonOptions(fixed_iterations=6)) != steps_of.make("HalfCheetah-v5")
