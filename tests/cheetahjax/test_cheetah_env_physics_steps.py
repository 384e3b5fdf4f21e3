"""With ``frame_skip=1`` a step is one physics step, and it is Gymnasium's from anywhere."""

from __future__ import annotations

import gymnasium_steps as steps_of
import numpy as np
import pytest


@pytest.mark.parametrize("task", steps_of.TASKS)
def test_a_physics_step_from_scattered_states(task):
    """Joints up to 5 % of their ranges beyond them, any contact: the limits hold for a single physics step. Over the
    several of an ordinary step, contacts magnify rounding beyond them in a few of ten thousand such states."""
    env = steps_of.make(task, frame_skip=1)
    taken = steps_of.scattered_steps(task, states=100, length=3, seed=12, speed=3.0, frame_skip=1)
    found = steps_of.compare(env, taken)
    assert max(found.obs.max(), found.reward.max(), found.qvel.max()) <= 1e-3, str(found)
    assert found.qpos.max() <= 1e-5, str(found)
    for name, error in found.metrics.items():
        assert error.max() <= 1e-3, f"{name}: {found}"
    np.testing.assert_array_equal(found.terminated, taken.terminated)
    assert not found.info["solver"].unconverged.any()
    assert env.dt == env.model.timestep
    if task in steps_of.TERMINATES:
        assert 0 < found.terminated.mean() < 1
