"""Where MuJoCo last computed poses and forces in a step.

``mj_step`` computes poses and constraint forces and then integrates: what ``data.xpos``, ``data.site_xpos`` and
``data.qfrc_constraint`` hold after a step is not of the new state but of the last place where forces were evaluated,
with the Runge-Kutta method its fourth stage (``engine_forward.c``, ``mj_RungeKutta``). Gymnasium's tasks that read
them read those, and so do ours.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from cheetahjax.coordinates import relative
from cheetahjax.dynamics import forward
from cheetahjax.kinematics import kinematics
from cheetahjax.limit import limits
from cheetahjax.model.planar_model import PlanarModel, Vector2
from cheetahjax.newton import NewtonOptions
from cheetahjax.scalars import Scalar
from cheetahjax.state import PhysicsState, SolverReport
from cheetahjax.step import env_step


class Evaluation(NamedTuple):
    """A place at which forces were computed; ``[nv]`` each."""

    qpos: jax.Array
    qvel: jax.Array
    qacc: jax.Array


def evaluate(model: PlanarModel, state: PhysicsState, ctrl: jax.Array, options: NewtonOptions) -> Evaluation:
    """The acceleration at a state (``mj_forward``)."""
    qpos, qvel, controls, start = (_scalars(part) for part in (state.qpos, state.qvel, ctrl, state.warmstart))
    found = forward(model, qpos, qvel, controls, start, options)
    qacc = jnp.stack([jnp.asarray(value) for value in relative(model, found.values)])
    return Evaluation(state.qpos, state.qvel, qacc)


def env_step_and_last_stage(
    model: PlanarModel, state: PhysicsState, ctrl: jax.Array, frame_skip: int, options: NewtonOptions
) -> tuple[PhysicsState, jax.Array, SolverReport, Evaluation]:
    """`cheetahjax.step.env_step` of a model integrated by the Runge-Kutta method, and its last stage.

    Cost: two or three evaluations more than the step itself has, `frame_skip` times four.
    """
    if model.integrator != "rk4":
        raise ValueError(f"{model.name}: the last stage is that of rk4, the model's integrator is {model.integrator}")
    ctrl, h = ctrl.astype(state.qpos.dtype), model.timestep
    before, gone, reports = state, jnp.zeros_like(state.qpos), []
    if frame_skip > 1:
        before, gone, report = env_step(model, state, ctrl, frame_skip - 1, options)
        reports.append(report)
    after, displacement, report = env_step(model, before, ctrl, 1, options)
    stage = evaluate(model, before, ctrl, options)
    for ahead in (h / 2, h / 2):
        stage = evaluate(model, _ahead(before, stage, ahead), ctrl, options)
    last = _ahead(before, stage, h)
    total = jax.tree.map(lambda *parts: sum(parts), *reports, report)
    return after, gone + displacement, total, Evaluation(last.qpos, last.qvel, after.warmstart)


def limit_forces(model: PlanarModel, at: Evaluation) -> jax.Array:
    """``[nv]``: forces of the joint limits. Without contacts that is all of MuJoCo's ``qfrc_constraint``."""
    forces: list[Scalar] = [jnp.zeros_like(at.qpos[0])] * model.nv
    for limit in limits(model, _scalars(at.qpos), _scalars(at.qvel)):
        forces[limit.joint.dof], _ = limit.push(limit.residual(at.qacc[limit.joint.dof]))
    return jnp.stack(forces)


def point_on_link(model: PlanarModel, qpos: jax.Array, link: int, point: Vector2) -> jax.Array:
    """``[2]``: a point fixed to a link, along the plane's two axes in the world."""
    positions = _scalars(qpos)
    pose = kinematics(model, positions, [0.0] * model.nv)
    base = model.bases[model.links[link].base]
    slide = base.horizontal
    root = base.position[0] + (0.0 if slide is None else positions[slide.dof] - slide.reference)
    across, up = pose.world(link, point)
    return jnp.stack([root + pose.hinges[link][0] + across, pose.hinges[link][1] + up])


def _ahead(state: PhysicsState, stage: Evaluation, seconds: float) -> PhysicsState:
    return PhysicsState(state.qpos + seconds * stage.qvel, state.qvel + seconds * stage.qacc, stage.qacc)


def _scalars(array: jax.Array) -> tuple[jax.Array, ...]:
    return tuple(array[index] for index in range(array.shape[0]))
