"""The solver stops when it is done, says when it is not, and has something to fall back on."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from mujoco_states import Steps, errors, wild_steps, wild_walker

from cheetahjax.newton import NewtonOptions

NAME = "half_cheetah"


@pytest.fixture(scope="module")
def wild() -> Steps:
    return wild_steps(NAME, wild_walker, starts=400, length=4, seed=7)


def test_most_steps_need_one_iteration_and_some_need_several(wild: Steps) -> None:
    iterations = np.asarray(errors(NAME, wild, np.float32).report.iterations)
    counts = np.bincount(iterations)
    assert counts[0] == 0
    assert counts[1] > 0.5 * len(iterations)
    assert 3 < iterations.max() <= 16


def test_the_fallback_reaches_the_minimum_alone(wild: Steps) -> None:
    """With no full steps allowed first, every iteration searches its length; where that is 1 it may stop."""
    with jax.enable_x64(True):
        found = errors(NAME, wild, np.float64, NewtonOptions(full_steps=0))
    assert found.qvel.max() <= 1e-9, found
    report = jax.tree.map(np.asarray, found.report)
    assert (report.damped_steps == report.iterations).all()
    assert not report.unconverged.any()


def test_the_fallback_takes_over_from_full_steps(wild: Steps) -> None:
    found = errors(NAME, wild, np.float32, NewtonOptions(full_steps=1))
    assert found.qpos.max() <= 1e-5, found
    assert found.qvel.max() <= 1e-3, found
    report = jax.tree.map(np.asarray, found.report)
    assert (report.damped_steps == np.maximum(report.iterations - 1, 0)).all()
    assert report.damped_steps.any()


def test_running_out_of_iterations_is_reported(wild: Steps) -> None:
    found = errors(NAME, wild, np.float32, NewtonOptions(full_steps=1, damped_steps=0))
    unconverged = np.asarray(found.report.unconverged).astype(bool)
    assert 0 < unconverged.sum() < len(unconverged)
    assert found.qvel[~unconverged].max() <= 1e-3
    assert found.qvel[unconverged].max() > 1


def test_fixed_iterations_settle_on_the_same(wild: Steps) -> None:
    found = errors(NAME, wild, np.float32, NewtonOptions(fixed_iterations=12))
    assert found.qpos.max() <= 1e-5, found
    assert found.qvel.max() <= 1e-3, found
    assert (np.asarray(found.report.iterations) == 12).all()
    assert not np.asarray(found.report.unconverged).any()


def test_too_few_fixed_iterations_are_reported(wild: Steps) -> None:
    found = errors(NAME, wild, np.float32, NewtonOptions(fixed_iterations=2))
    unconverged = np.asarray(found.report.unconverged).astype(bool)
    assert unconverged.any()
    assert found.qvel[~unconverged].max() <= 1e-3
