"""Promises of the public steps besides MuJoCo's numbers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cheetahjax.model import HALF_CHEETAH
from cheetahjax.state import PhysicsState
from cheetahjax.step import compiler_options, env_step, physics_step

COMPILER_OPTIONS = {"xla_disable_hlo_passes": "fusion"}


def states(count: int, seed: int = 5) -> tuple[PhysicsState, jax.Array]:
    rng = np.random.default_rng(seed)
    qpos, qvel = rng.uniform(-0.1, 0.1, (count, 9)), rng.standard_normal((count, 9))
    parts = [jnp.asarray(part, jnp.float32) for part in (qpos, qvel, np.zeros((count, 9)))]
    return PhysicsState(*parts), jnp.asarray(rng.uniform(-1, 1, (count, 6)), jnp.float32)


five_steps = jax.jit(
    jax.vmap(lambda state, ctrl: env_step(HALF_CHEETAH, state, ctrl, 5)), compiler_options=COMPILER_OPTIONS
)
one_step = jax.jit(
    jax.vmap(lambda state, ctrl: physics_step(HALF_CHEETAH, state, ctrl)), compiler_options=COMPILER_OPTIONS
)


def test_an_env_step_is_its_physics_steps() -> None:
    state, ctrl = states(64)
    together, displacement, report, _ = five_steps(state, ctrl)
    single, iterations = state, 0
    for _ in range(5):
        single, one = one_step(single, ctrl)
        iterations = iterations + one.iterations
    np.testing.assert_allclose(together.qpos, single.qpos, atol=2e-6)
    np.testing.assert_allclose(together.qvel, single.qvel, atol=5e-4)
    np.testing.assert_allclose(displacement, together.qpos - state.qpos, atol=2e-7)
    assert np.abs(np.asarray(report.iterations) - np.asarray(iterations)).max() <= 1


def test_a_cheetah_far_away_moves_like_one_at_home() -> None:
    state, ctrl = states(64)
    far = state.replace(qpos=state.qpos.at[:, 0].set(4096.0))
    at_home, moved_at_home, *_ = five_steps(state.replace(qpos=state.qpos.at[:, 0].set(0.0)), ctrl)
    far_away, moved_far_away, *_ = five_steps(far, ctrl)
    np.testing.assert_array_equal(moved_far_away, moved_at_home)
    np.testing.assert_array_equal(far_away.qvel, at_home.qvel)
    np.testing.assert_array_equal(far_away.qpos[:, 0], np.float32(4096) + np.asarray(moved_at_home)[:, 0])


def test_the_last_place_of_forces_is_before_the_last_euler_step() -> None:
    state, ctrl = states(16)
    for _ in range(4):
        state, _ = one_step(state, ctrl)
    evaluated = jax.vmap(lambda state, ctrl: env_step(HALF_CHEETAH, state, ctrl, 1))(state, ctrl).evaluated
    np.testing.assert_array_equal(evaluated.qpos, state.qpos)
    np.testing.assert_array_equal(evaluated.qvel, state.qvel)


def test_controls_beyond_the_range_are_clamped() -> None:
    state, ctrl = states(8)
    outside = jnp.where(ctrl > 0, 1.0, -1.0)
    for left, right in zip(
        jax.tree.leaves(five_steps(state, 7 * outside)), jax.tree.leaves(five_steps(state, outside)), strict=True
    ):
        np.testing.assert_array_equal(left, right)


def test_a_batch_does_not_change_its_members() -> None:
    """The solver's loop runs until the slowest member is done; the others must not go on moving."""
    state, ctrl = states(256, seed=9)
    whole, _, report, _ = five_steps(state, ctrl)
    assert len(np.unique(report.iterations)) > 2
    picked = np.arange(0, 256, 4)
    part, *_ = five_steps(jax.tree.map(lambda leaf: leaf[picked], state), ctrl[picked])
    np.testing.assert_array_equal(np.asarray(whole.qpos)[picked], part.qpos)
    np.testing.assert_array_equal(np.asarray(whole.warmstart)[picked], part.warmstart)


def test_a_batched_state_is_refused_with_the_remedy() -> None:
    state, ctrl = states(3)
    with pytest.raises(ValueError, match=r"half_cheetah: state\.qpos is float32\[3, 9\].*jax\.vmap"):
        physics_step(HALF_CHEETAH, state, ctrl)
    one = jax.tree.map(lambda leaf: leaf[0], state)
    with pytest.raises(ValueError, match=r"ctrl has shape \[5\], not \[6\]"):
        physics_step(HALF_CHEETAH, one, ctrl[0, :5])
    with pytest.raises(ValueError, match=r"state\.qvel is int32"):
        physics_step(HALF_CHEETAH, one.replace(qvel=jnp.zeros(9, jnp.int32)), ctrl[0])


def test_many_lanes_on_a_cpu_ask_for_no_fusion() -> None:
    assert compiler_options("cpu", 2048) == COMPILER_OPTIONS
    assert compiler_options("cpu", 128) == compiler_options("gpu", 2048) == {}
