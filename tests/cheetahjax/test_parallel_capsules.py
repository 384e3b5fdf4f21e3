"""Capsules within 1e-4 rad of parallel, which MuJoCo gives two contacts, and those hardly beyond, against the C."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from mujoco_states import Recorder, Steps, compiled, errors

import jaxlanes
from cheetahjax.model.freeze import frozen
from cheetahjax.segments import PARALLEL, Facing, Segments, facing, normal
from cheetahjax.state import PhysicsState
from cheetahjax.step import physics_step

TASKS = (
    "half_cheetah",
    "walker2d",
    "hopper",
    "inverted_pendulum",
    "inverted_double_pendulum",
    "reacher",
    "swimmer",
)
LINKS = ("torso_geom", "thigh_geom", "leg_geom", "foot_geom")
TURNS = {(0, 2): 0.0, (0, 3): np.pi / 2, (1, 3): np.pi / 2}
"""Links of each pair of the hopper that can touch, and the angle between their axes in the initial pose."""
EACH = 160


@pytest.fixture(autouse=True, scope="module")
def _to_the_minimum() -> Iterator[None]:
    options = compiled("hopper").opt
    options.tolerance = 0
    yield
    options.tolerance = 1e-8


def test_only_the_hopper_has_pairs_that_touch() -> None:
    found = {name: len(frozen(name).capsule_pairs) for name in TASKS}
    assert found == {**dict.fromkeys(TASKS, 0), "hopper": len(TURNS)}


def within_reach(pair: tuple[int, int], rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """A pose in the air in which the pair is nearly parallel and close enough to touch, and the angle between it."""
    model = compiled("hopper")
    data = mujoco.MjData(model)
    first, second = (model.geom(LINKS[link]).id for link in pair)
    joints = np.arange(pair[0] + 1, pair[1] + 1)
    while True:
        angle = rng.choice([-1, 1]) * 10 ** rng.uniform(-8, -2)
        if abs(abs(angle) - PARALLEL) < 5e-6:  # float32 cannot tell the sides of the threshold
            continue
        turns = rng.uniform(-np.pi, np.pi, 4)
        last = rng.choice(joints)
        turns[last] += TURNS[pair] + np.pi * rng.integers(-1, 2) + angle - turns[joints].sum()
        qpos = np.array([0, 3, *turns])
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        axis, apart = data.geom_xmat[first][[2, 5, 8]], data.geom_xpos[second] - data.geom_xpos[first]
        along = apart @ axis
        sizes = model.geom_size[[first, second]].sum(axis=0)
        if np.linalg.norm(apart - along * axis) < sizes[0] and abs(along) < sizes[1] and abs(turns[last]) < np.pi:
            return qpos.astype(np.float32).astype(float), abs(angle)


@pytest.fixture(scope="module")
def nearly_parallel() -> tuple[Steps, np.ndarray]:
    """Physics steps from such poses of every pair, and the angles."""
    rng, recorder, angles = np.random.default_rng(29), Recorder("hopper"), []
    for pair in TURNS:
        for _ in range(EACH):
            qpos, angle = within_reach(pair, rng)
            recorder.reset(qpos, (rng.normal(0, 1, 6) * [3, 3, 3, 10, 10, 10]).astype(np.float32).astype(float))
            recorder.step(rng.uniform(-1, 1, 3).astype(np.float32).astype(float))
            angles.append(angle)
    return recorder.steps(), np.array(angles)


def test_both_kinds_are_met(nearly_parallel: tuple[Steps, np.ndarray]) -> None:
    steps, angles = nearly_parallel
    assert (angles < PARALLEL).sum() > EACH and (angles > PARALLEL).sum() > EACH / 4
    assert (steps.rows[angles < PARALLEL] >= 2).mean() > 0.5


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_one_step_of_nearly_parallel_capsules(nearly_parallel: tuple[Steps, np.ndarray], precision: str) -> None:
    steps, _ = nearly_parallel
    with jax.enable_x64(precision == "float64"):
        found = errors("hopper", steps, np.dtype(precision))
    most = {"float32": (1e-5, 1e-3), "float64": (1e-9, 1e-9)}[precision]
    assert found.qpos.max() <= most[0], found
    assert found.qvel.max() <= most[1], found
    assert not found.report.unconverged.any()


def test_a_kernel_makes_the_same_contacts(nearly_parallel: tuple[Steps, np.ndarray]) -> None:
    steps, _ = nearly_parallel
    model = frozen("hopper")
    advance = jax.jit(jaxlanes.vmap(lambda state, ctrl: physics_step(model, state, ctrl)))
    columns = (steps.qpos, steps.qvel, steps.warmstart, steps.ctrl)
    *state, ctrl = (jnp.asarray(column, jnp.float32) for column in columns)
    after, report = advance(PhysicsState(*state), ctrl)
    assert np.abs(after.qpos - steps.next_qpos).max() <= 1e-5
    assert np.abs(after.qvel - steps.next_qvel).max() <= 1e-3
    assert not np.asarray(report.unconverged).any()


def segments(angle: float, gap: float, shift: float, dtype: type = np.float64) -> Segments:
    """One along the axis u, the other turned by `angle` about a point `shift` along it, and `gap` above."""
    second = 0.2 * np.cos(angle), 0.2 * np.sin(angle)

    def vector(u: float, v: float) -> tuple[jax.Array, jax.Array]:
        return jnp.asarray(u, dtype), jnp.asarray(v, dtype)

    return Segments((0.25, 0.2), (vector(0.25, 0.0), vector(*second)), vector(-shift, -gap))


def test_the_threshold_is_mujoco_s() -> None:
    with jax.enable_x64(True):
        for angle in (0.0, PARALLEL * (1 - 1e-6), PARALLEL * (1 + 1e-6), 1.0):
            for sign in (-1, 1):
                parallel, _, _ = facing(segments(sign * angle, 0.05, 0.1))
                assert bool(parallel) == (angle < PARALLEL)
                assert contacts_in_mujoco(sign * angle) == (2 if angle < PARALLEL else 1)


def contacts_in_mujoco(angle: float) -> int:
    """Contacts of two free capsules side by side, turned against each other by `angle`."""
    capsule = '<body><freejoint/><geom type="capsule" size="0.05 {}" mass="1"/></body>'
    text = f"<mujoco><worldbody>{capsule.format(0.25)}{capsule.format(0.2)}</worldbody></mujoco>"
    model = mujoco.MjModel.from_xml_string(text)
    data = mujoco.MjData(model)
    data.qpos[7:] = [0.05, 0, 0.1, np.cos(angle / 2), 0, np.sin(angle / 2), 0]
    mujoco.mj_forward(model, data)
    return data.ncon


def distances(found: Segments) -> list[float]:
    """Distance of both pairs of points that face each other."""
    _, *pairs = facing(found)
    return [float(normal(found, places, apart(found, places))[1]) for places in pairs]


def apart(found: Segments, places: Facing) -> tuple[jax.Array, jax.Array]:
    (first, second), between = found.halves, found.between
    u, v = (b * places.second - a * places.first - c for a, b, c in zip(first, second, between, strict=True))
    return u, v


@pytest.mark.parametrize("angle", [0.0, 3e-8, 9e-5, 1.1e-4, 5e-4, 3e-3, 0.1])
@pytest.mark.parametrize("shift", [0.0, 0.13, 0.4])
def test_float32_faces_as_float64_does(angle: float, shift: float) -> None:
    for sign in (-1, 1):
        with jax.enable_x64(True):
            exact = distances(segments(sign * angle, 0.06, shift))
            (parallel, *places) = facing(segments(sign * angle, 0.06, shift))
        (single, *near) = facing(segments(sign * angle, 0.06, shift, np.float32))
        assert bool(parallel) == bool(single) == (angle < PARALLEL)
        for pair, (mine, theirs) in enumerate(zip(near, places, strict=True)):
            if pair and not parallel:
                continue
            for ours, exactly in ((mine.first, theirs.first), (mine.second, theirs.second)):
                assert abs(float(ours) - float(exactly)) < 2e-6
            assert abs(distances(segments(sign * angle, 0.06, shift, np.float32))[pair] - exact[pair]) < 1e-7


def test_segments_in_line_push_along_the_first_axis() -> None:
    """MuJoCo's normal of spheres around one point is the axes' vector product, and for parallel axes (1, 0, 0)."""
    with jax.enable_x64(True):
        found = segments(0.0, 0.0, 0.0)
        _, first, _ = facing(found)
        (u, v), length = normal(found, first, apart(found, first))
        assert (float(u), float(v), float(length)) == (1.0, 0.0, 0.0)
        crossed = segments(1.0, 0.0, 0.0)
        _, first, _ = facing(crossed)
        assert bool(first.meet)
        (u, v), length = normal(crossed, first, apart(crossed, first))
        assert (float(u), float(v), float(length)) == (0.0, 0.0, 0.0)
