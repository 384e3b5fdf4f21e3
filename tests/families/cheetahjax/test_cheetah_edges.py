"""Injected edges of the planar tasks: thresholds one component at a time, odd controls, and limits of time."""

import numpy as np
import pytest

from families.cheetahjax.verify import edges, sides
from families.cheetahjax.verify.cases import inject, wild
from families.cheetahjax.verify.still import STILL, FrozenReference, stands_still
from families.cheetahjax.verify.tasks import TASKS, compiled
from references.protocol import LENGTH, LIMIT, RETURN

HOPPER, PENDULUM = TASKS["Hopper-v5"], TASKS["InvertedPendulum-v5"]


def injected(task, count=3000):
    rng = np.random.default_rng(4)
    return inject(rng, wild(rng, task, 64), count, task)


def standing(task, **components):
    """One case that stands still in the initial pose, but for some components of [positions, velocities]."""
    model = compiled(task.name)
    state = np.concatenate([model.qpos0, np.zeros(model.nv)])
    for component, value in components.items():
        state[int(component.removeprefix("c"))] = value
    return {
        "state.qpos": state[None, : model.nq],
        "state.qvel": state[None, model.nq :],
        "state.warmstart": np.zeros((1, model.nv)),
        "state.time": np.zeros(1, np.int64),
        STILL: np.ones(1, bool),
    }


def ends(env, case):
    return bool(
        env.step_many(case, {"agent": np.zeros((1, compiled(HOPPER.name).nu), np.float32)})["out.terminated"][0]
    )


def test_thresholds_are_gymnasiums():
    found = edges.of_task(HOPPER)
    assert (1, 0.7) in found and (2, 0.2) in found and (2, -0.2) in found
    assert {component for component, at in found if at == 100.0} == set(range(2, 12))
    assert {component for component, at in found if at == 10.0} == set(range(6, 12))
    assert edges.of_task(PENDULUM) == [(1, -0.2), (1, 0.2)]


@pytest.mark.parametrize("component", range(3, 12))
def test_one_component_alone_ends_an_episode(component):
    reference = FrozenReference(HOPPER)
    name = f"c{component}"
    below, at = np.nextafter(np.float32(100), np.float32(0)), np.float32(100)
    assert not ends(reference, standing(HOPPER, **{name: below})) and ends(reference, standing(HOPPER, **{name: at}))
    assert ends(reference, standing(HOPPER, **{name: np.nan})) and ends(reference, standing(HOPPER, **{name: -np.inf}))


def test_every_threshold_is_met_alone_at_below_and_above():
    cases = injected(HOPPER, 12000)
    still = stands_still(cases.snapshots)
    state = np.concatenate([cases.snapshots["state.qpos"], cases.snapshots["state.qvel"]], axis=1)[still]
    rest = np.concatenate([compiled(HOPPER.name).qpos0, np.zeros(6)])
    alone = (np.abs(state - rest) > 0.011).sum(axis=1) <= 1
    for component, at in edges.of_task(HOPPER):
        exact = np.float32(at)
        for value in (exact, np.nextafter(exact, np.float32(-1e9)), np.nextafter(exact, np.float32(1e9))):
            assert (alone & (state[:, component] == value)).any(), (component, at, value)


def test_endings_of_the_physics_are_met_on_both_sides():
    cases = injected(PENDULUM)
    near = np.array(["just decided" in label for label in cases.labels])
    after = sides.episodes_reference(PENDULUM).step_many(cases.snapshots, cases.actions)
    assert near.sum() > 30 and 0.3 < after["out.terminated"][near].mean() < 0.7


def test_odd_controls_are_met_one_by_one():
    cases = injected(HOPPER)
    odd = ~np.isfinite(cases.actions["agent"])
    assert (odd.sum(axis=1) <= 1).all() and odd.any(axis=0).all()
    assert {"nan", "inf", "-inf"} == {str(value) for value in np.unique(cases.actions["agent"][odd]).tolist()}


def test_limits_are_met_before_at_and_after_with_falls():
    cases = injected(HOPPER)
    after = sides.episodes_reference(HOPPER).step_many(cases.snapshots, cases.actions)
    left = cases.snapshots[LIMIT] - after["state.time"]
    assert {-1, 0, 1} <= set(left.tolist()) and (cases.snapshots[LIMIT] < 1000).any()
    over = left <= 0
    assert (after["out.terminated"] & over).any() and not (after["out.terminated"] & after["out.truncated"]).any()
    assert (after["out.truncated"] == (over & ~after["out.terminated"])).all()


def test_figures_are_those_of_gymnasiums_wrappers():
    reference = sides.episodes_reference(PENDULUM)
    reference.reset(3)
    start = reference.snapshot()
    reference.restore({**start, RETURN: np.float64(7), LENGTH: np.int64(4), LIMIT: np.int64(1)})
    reference.step({"agent": np.zeros(1, np.float32)})
    after = reference.snapshot()
    assert after["out.truncated"] and after["out.episode.ended"]
    assert after["out.episode.return"] == 8 and after["out.episode.length"] == 5


def test_a_control_that_is_no_number_zeroes_all_of_them_in_mujoco():
    """Measured: NaN among controls is as no control at all, and infinity is the range's end."""
    reference = sides.plain_reference(HOPPER)
    reference.reset(1)
    start = reference.snapshot()

    def moved(*control):
        reference.restore(start)
        reference.step({"agent": np.array(control, np.float32)})
        return reference.snapshot()["state.qvel"], reference.snapshot()["out.reward"]

    velocity, reward = moved(0.5, np.nan, 0.5)
    assert np.array_equal(velocity, moved(0, 0, 0)[0]) and np.isnan(reward)
    velocity, reward = moved(0.5, np.inf, 0.5)
    assert np.array_equal(velocity, moved(0.5, 1, 0.5)[0]) and reward == -np.inf
