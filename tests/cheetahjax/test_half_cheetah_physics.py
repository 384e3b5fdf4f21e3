"""Single physics steps of the cheetah against C MuJoCo, each from MuJoCo's own state and solver start.

Long sweeps of the same kind are the verification plugin's; these few thousand steps hold the engine to its limits.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mujoco_states import Errors, Steps, errors, rollout_steps, wild_steps, wild_walker

NAME = "half_cheetah"
POSITION, VELOCITY = 1e-5, 1e-3
"""Limits of equivalence for one float32 step: about three times the largest difference seen."""
DOUBLE = 1e-9


@pytest.fixture(scope="module")
def rollouts() -> Steps:
    return rollout_steps(NAME, episodes=8, length=500, seed=101)


@pytest.fixture(scope="module")
def wild() -> Steps:
    return wild_steps(NAME, wild_walker, starts=300, length=15, seed=102)


def check_double(found: Errors) -> None:
    assert found.qpos.max() <= DOUBLE, found
    assert found.qvel.max() <= DOUBLE, found
    assert not np.asarray(found.report.unconverged).any(), found


def check_single(found: Errors) -> None:
    assert found.qpos.max() <= POSITION, found
    assert found.qvel.max() <= VELOCITY, found
    assert not np.asarray(found.report.unconverged).any(), found


def test_states_reach_what_they_should(rollouts: Steps, wild: Steps) -> None:
    assert np.bincount(rollouts.contacts)[:4].all()
    assert wild.contacts.max() >= 6
    assert np.abs(wild.qvel).max() > 30
    assert (wild.rows > 16).any()


def test_float64_rollouts(rollouts: Steps) -> None:
    with jax.enable_x64(True):
        check_double(errors(NAME, rollouts, np.float64))


def test_float64_wild_states(wild: Steps) -> None:
    with jax.enable_x64(True):
        check_double(errors(NAME, wild, np.float64))


def test_float32_rollouts(rollouts: Steps) -> None:
    check_single(errors(NAME, rollouts, np.float32))


def test_float32_wild_states(wild: Steps) -> None:
    check_single(errors(NAME, wild, np.float32))


def test_a_cold_start_ends_in_the_same_place(wild: Steps) -> None:
    """The minimum does not depend on where the solver starts: what a reset needs."""
    cold = wild._replace(warmstart=np.zeros_like(wild.warmstart))
    with jax.enable_x64(True):
        check_double(errors(NAME, cold, np.float64))
    check_single(errors(NAME, cold, np.float32))


def test_precision_follows_the_state() -> None:
    from cheetahjax.model import HALF_CHEETAH
    from cheetahjax.state import PhysicsState
    from cheetahjax.step import physics_step

    def dtypes(dtype: type) -> set:
        zero = jnp.zeros(9, dtype)
        shapes = jax.eval_shape(
            lambda state, ctrl: physics_step(HALF_CHEETAH, state, ctrl)[0],
            PhysicsState(zero, zero, zero),
            jnp.zeros(6, jnp.float32),
        )
        return {leaf.dtype for leaf in jax.tree.leaves(shapes)}

    assert dtypes(jnp.float32) == {jnp.dtype("float32")}
    with jax.enable_x64(True):
        assert dtypes(jnp.float64) == {jnp.dtype("float64")}
        assert dtypes(jnp.float32) == {jnp.dtype("float32")}
