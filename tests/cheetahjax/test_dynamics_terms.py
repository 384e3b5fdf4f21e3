"""The terms of the equation of motion, each against MuJoCo's own, in float64."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from mujoco_states import compiled, random_controls

from cheetahjax.bias import bias_forces
from cheetahjax.coordinates import absolute, absolute_force, layout, relative
from cheetahjax.fluid import fluid_forces
from cheetahjax.inertia import mass_matrix, world_moments
from cheetahjax.kinematics import kinematics
from cheetahjax.model.freeze import GYMNASIUM_FILES, frozen
from cheetahjax.passive import joint_forces
from cheetahjax.tree_matrix import multiply, solve

NAMES = list(GYMNASIUM_FILES)


@functools.cache
def jacobian(name: str) -> np.ndarray:
    """Absolute rates per joint rates."""
    model = frozen(name)
    return np.array([absolute(model, list(column)) for column in np.eye(model.nv)]).T


def dense(matrix: dict, size: int) -> np.ndarray:
    full = np.zeros((size, size))
    for (lower, upper), entry in matrix.items():
        full[lower, upper] = full[upper, lower] = float(entry)
    return full


@pytest.mark.parametrize("name", NAMES)
def test_mass_bias_and_joint_forces(name: str) -> None:
    model, reference = frozen(name), compiled(name)
    data = mujoco.MjData(reference)
    rng = np.random.default_rng(1)
    with jax.enable_x64(True):
        for episode in range(5):
            mujoco.mj_resetData(reference, data)
            data.qpos[:] = rng.uniform(-2, 2, model.nv)
            data.qvel[:] = rng.normal(0, 5, model.nv)
            data.ctrl[:] = 1.5 * random_controls(reference, rng, episode)
            mujoco.mj_forward(reference, data)
            qpos, qvel = list(jnp.asarray(data.qpos)), list(jnp.asarray(data.qvel))
            pose = kinematics(model, qpos, qvel)
            moments = world_moments(model, pose)
            full = np.zeros((model.nv, model.nv))
            mujoco.mj_fullM(reference, data, full)
            to_absolute = jacobian(name)
            ours = dense(mass_matrix(model, pose, moments), model.nv)
            np.testing.assert_allclose(to_absolute.T @ ours @ to_absolute, full, atol=1e-12)
            bias = np.array(bias_forces(model, pose, moments), np.float64)
            np.testing.assert_allclose(-to_absolute.T @ bias, data.qfrc_bias, atol=1e-10)
            fluid = np.array(fluid_forces(model, pose), np.float64)
            np.testing.assert_allclose(to_absolute.T @ fluid, data.qfrc_fluid, rtol=1e-11, atol=1e-9)
            forces = np.array(joint_forces(model, qpos, qvel, list(jnp.asarray(data.ctrl))), np.float64)
            expected = data.qfrc_actuator + data.qfrc_spring + data.qfrc_damper
            np.testing.assert_allclose(forces, expected, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_coordinates_are_inverse_and_forces_keep_power(name: str) -> None:
    model = frozen(name)
    rng = np.random.default_rng(2)
    rates, forces = list(rng.standard_normal(model.nv)), list(rng.standard_normal(model.nv))
    np.testing.assert_allclose(relative(model, absolute(model, rates)), rates, atol=1e-14)
    power = np.dot(absolute_force(model, forces), absolute(model, rates))
    np.testing.assert_allclose(power, np.dot(forces, rates), atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_tree_solve_is_the_dense_one(name: str) -> None:
    model, order = frozen(name), layout(frozen(name))
    rng = np.random.default_rng(4)
    size = model.nv
    matrix = {(low, up): float(rng.normal()) for low in range(size) for up in order.ancestors(low)}
    matrix |= {(low, low): float(rng.uniform(1, 2)) for low in range(size)}
    full = dense(matrix, size)
    shift = max(0.0, 0.1 - np.linalg.eigvalsh(full).min())
    matrix |= {(low, low): matrix[low, low] + shift for low in range(size)}
    right = list(rng.standard_normal(size))
    found = solve(order, matrix, right)
    np.testing.assert_allclose(found, np.linalg.solve(dense(matrix, size), right), rtol=1e-9)
    np.testing.assert_allclose(multiply(matrix, found), right, atol=1e-9)
