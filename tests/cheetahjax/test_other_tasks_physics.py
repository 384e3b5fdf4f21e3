"""Single physics steps of every other task against C MuJoCo, each from MuJoCo's own state and solver start.

MuJoCo's solver stops short of the minimum, at a tolerance of 1e-8, which on stiff limits moves a velocity by up to
1e-6. The engine goes to the minimum, so it is compared with MuJoCo told to go there too (tolerance 0), and both are
compared with MuJoCo as Gymnasium runs it.
"""

from __future__ import annotations

from collections.abc import Iterator

import jax
import numpy as np
import pytest
from mujoco_states import Recorder, Steps, compiled, errors, rollout_steps, wild_steps, wild_walker

TASKS = ["walker2d", "inverted_pendulum", "inverted_double_pendulum", "reacher", "hopper", "swimmer"]


@pytest.fixture(scope="module", params=TASKS)
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    """A task whose reference solver goes on to the minimum."""
    options = compiled(request.param).opt
    options.tolerance = 0
    yield request.param
    options.tolerance = 1e-8


@pytest.fixture(scope="module")
def rollouts(name: str) -> Steps:
    # Random torques turn the reacher's shoulder ever faster; Gymnasium ends its episodes after 100 physics steps,
    # before float32 has too few digits left for the angle.
    length = 100 if name == "reacher" else 250
    return rollout_steps(name, episodes=2000 // length, length=length, seed=201)


def test_rollouts_press_against_their_constraints(name: str, rollouts: Steps) -> None:
    assert rollouts.rows.max() >= 1
    assert (rollouts.contacts.max() > 0) == (name in ("walker2d", "hopper"))


def test_float64_rollouts(name: str, rollouts: Steps) -> None:
    with jax.enable_x64(True):
        found = errors(name, rollouts, np.float64)
    assert max(found.qpos.max(), found.qvel.max()) <= 1e-9, found
    assert not found.report.unconverged.any()


def test_float32_rollouts(name: str, rollouts: Steps) -> None:
    found = errors(name, rollouts, np.float32)
    assert found.qpos.max() <= 1e-5, found
    assert found.qvel.max() <= 1e-3, found
    assert not found.report.unconverged.any()


def test_the_rest_is_mujoco_s_own_tolerance(name: str, rollouts: Steps) -> None:
    """From the same states, MuJoCo as Gymnasium runs it is as far from its own minimum as from this engine."""
    options = compiled(name).opt
    options.tolerance = 1e-8
    recorder = Recorder(name)
    for qpos, qvel, warmstart, ctrl in zip(*rollouts[:4], strict=True):
        recorder.reset(qpos, qvel)
        recorder.data.qacc_warmstart[:] = warmstart
        recorder.step(ctrl)
    options.tolerance = 0
    stopped = recorder.steps()
    with jax.enable_x64(True):
        found = errors(name, stopped, np.float64)
    for ours, default, minimum in (
        (found.qpos, stopped.next_qpos, rollouts.next_qpos),
        (found.qvel, stopped.next_qvel, rollouts.next_qvel),
    ):
        assert (ours <= np.abs(default - minimum).max(1) + 1e-9).all()
        assert ours.max() <= 1e-5


@pytest.mark.parametrize("walker", ["walker2d", "hopper"])
def test_wild_walkers(walker: str) -> None:
    """The hopper's axes may cross here; the normal of such a contact is MuJoCo's rounding noise, so it is left out."""
    options = compiled(walker).opt
    options.tolerance = 0
    wild = wild_steps(walker, wild_walker, starts=100, length=10, seed=203)
    options.tolerance = 1e-8
    kept = ~axes_cross(walker, wild)
    assert kept.sum() > 0.5 * len(kept)
    wild = Steps(*[column[kept] for column in wild])
    with jax.enable_x64(True):
        double = errors(walker, wild, np.float64)
    assert max(double.qpos.max(), double.qvel.max()) <= 1e-9, double
    single = errors(walker, wild, np.float32)
    assert single.qpos.max() <= 1e-5, single
    assert single.qvel.max() <= 1e-3, single
    assert not double.report.unconverged.any()
    assert not single.report.unconverged.any()


def axes_cross(name: str, steps: Steps) -> np.ndarray:
    """Two of the model's capsules overlap so far, before or after the step, that their axes meet."""
    recorder = Recorder(name)
    model, data = recorder.model, recorder.data
    crossed = np.zeros(len(steps.qpos), bool)
    for column in (steps.qpos, steps.next_qpos):
        for index, qpos in enumerate(column):
            recorder.reset(qpos, np.zeros(model.nv))
            recorder.forward()
            for contact in data.contact:
                radii = sum(model.geom_size[geom, 0] for geom in contact.geom)
                crossed[index] |= bool(contact.geom[0] != 0 and contact.dist < -radii + 2e-3)
    return crossed
