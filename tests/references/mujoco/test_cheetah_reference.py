"""Gymnasium's MuJoCo tasks as references: states put back exactly, batches, and states that rounding decides."""

import numpy as np
import pytest

from families.cheetahjax.verify import sides
from families.cheetahjax.verify.plugin import make
from families.cheetahjax.verify.poses import model_of, poses
from families.cheetahjax.verify.tasks import TASKS
from references.mujoco.gymnasium_env import MujocoReference, UnstableError, engine
from references.protocol import UNDEFINED, Batched, Restorable
from verification.batches import row, stack

CHEETAH = TASKS["HalfCheetah-v5"]


@pytest.fixture(scope="module")
def reference():
    return sides.plain_reference(CHEETAH)


def played(reference, steps, seed=0):
    """Snapshots and actions of an episode."""
    rng = np.random.default_rng(seed)
    reference.reset(seed)
    states, actions = [reference.snapshot()], []
    for _ in range(steps):
        actions.append({"agent": rng.uniform(-1, 1, 6).astype(np.float32)})
        reference.step(actions[-1])
        states.append(reference.snapshot())
    return states, actions


def test_a_restored_state_goes_on_as_it_did(reference):
    states, actions = played(reference, 40)
    assert isinstance(reference, Restorable) and isinstance(reference, Batched)
    for start in (0, 13, 39):
        reference.restore(states[start])
        reference.step(actions[start])
        after = reference.snapshot()
        assert all(np.array_equal(after[path], states[start + 1][path]) for path in after)


def test_a_batch_gives_what_its_steps_give(reference):
    states, actions = played(reference, 30, seed=1)
    after = reference.step_many(stack(states[:-1]), stack(actions))
    for case, expected in enumerate(states[1:]):
        assert all(np.array_equal(after[path][case], expected[path]) for path in expected), case


def test_the_warm_start_is_part_of_the_state(reference):
    states, _ = played(reference, 10)
    assert np.abs(states[-1]["state.warmstart"]).max() > 1
    assert not states[0]["state.warmstart"].any()
    lacking = {path: value for path, value in states[3].items() if path != "state.warmstart"}
    with pytest.raises(ValueError, match="warmstart"):
        reference.restore(lacking)


def test_the_last_step_truncates(reference):
    states, actions = played(reference, 2)
    late = {**states[1], "state.time": np.int64(999)}
    after = reference.step_many(stack([late, states[1]]), stack([actions[1]] * 2))
    assert after["out.truncated"].tolist() == [True, False] and not after["out.terminated"].any()


def test_a_state_that_mujoco_gives_up_is_an_error_and_leaves_no_file(reference, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    MujocoReference("HalfCheetah-v5")  # whose model file uses a deprecated attribute
    states, actions = played(reference, 1)
    wild = {**states[0], "state.qvel": np.full(9, 1e12)}
    with pytest.raises(UnstableError, match="HalfCheetah-v5"):
        reference.step_many(stack([wild]), stack(actions))
    assert not list(tmp_path.iterdir()) and not capfd.readouterr().err
    reference.reset(0)
    with pytest.raises(ValueError, match="cannot restore state"):
        reference.restore({**states[0], "state.qpos": np.full(9, np.nan)})


def test_poses_know_what_touches(reference):
    known = model_of("HalfCheetah-v5")
    assert len(known.ends) == 16 and len(known.joints) == 6
    assert len(model_of("Walker2d-v5").ends) == 14 and not model_of("Swimmer-v5").ends
    states, _ = played(reference, 60, seed=2)
    qpos = stack(states)["state.qpos"]
    data = reference.unwrapped.data
    for case in range(len(qpos)):
        reference.restore(states[case])
        engine().mj_forward(reference.unwrapped.model, data)
        pose = poses(CHEETAH, qpos[case : case + 1])
        assert (pose.heights < 0).sum() == data.ncon
        assert (pose.above < 0).sum() + (pose.below < 0).sum() == data.nefc - 4 * data.ncon


def test_steps_that_rounding_decides_are_told_apart():
    task = TASKS["Walker2d-v5"]
    decided = make(task.name).sides.reference()
    decided.reset(0)
    start = row(stack([decided.snapshot()]), 0)
    falling = {**start, "state.qvel": np.r_[0.0, -2.0, np.zeros(7)]}
    lowest = poses(task, start["state.qpos"][None]).heights.min()
    cases = []
    # A step of four moves 16 mm at this speed: nothing happens, the floor is just met, it is met in the middle.
    for height in (0.5, 3 * 0.002 * 2.0, 0.007):
        qpos = np.array(start["state.qpos"])
        qpos[1] += height - lowest
        cases.append({**falling, "state.qpos": qpos})
    after = decided.step_many(stack(cases), {"agent": np.zeros((3, 6), np.float32)})
    assert not after[UNDEFINED][0] and not after[UNDEFINED][2]
    assert set(after) - {UNDEFINED} == set(start)
