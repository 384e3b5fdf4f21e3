"""Quantities at the place where MuJoCo last computed forces (see `cheetahjax.step.EnvStep.evaluated`).

Gymnasium's tasks that read ``data.xpos``, ``data.site_xpos`` or ``data.qfrc_constraint`` after a step read those, not
the new state's, and so do ours.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from cheetahjax.coordinates import Positions, relative
from cheetahjax.dynamics import forward
from cheetahjax.kinematics import kinematics
from cheetahjax.limit import limits
from cheetahjax.model.planar_model import PlanarModel, Vector2
from cheetahjax.newton import NewtonOptions
from cheetahjax.scalars import Scalar
from cheetahjax.state import PhysicsState
from cheetahjax.step import Evaluation


def evaluate(model: PlanarModel, state: PhysicsState, ctrl: jax.Array, options: NewtonOptions) -> Evaluation:
    """The acceleration at a state (``mj_forward``)."""
    qpos, qvel, controls, start = (_scalars(part) for part in (state.qpos, state.qvel, ctrl, state.warmstart))
    still = jnp.zeros_like(state.qpos)
    found = forward(model, Positions(qpos, _scalars(still)), qvel, controls, start, options)
    qacc = jnp.stack([jnp.asarray(value) for value in relative(model, found.values)])
    return Evaluation(state.qpos, still, state.qvel, qacc)


def limit_forces(model: PlanarModel, at: Evaluation) -> jax.Array:
    """``[nv]``: forces of the joint limits. Without contacts that is all of MuJoCo's ``qfrc_constraint``."""
    forces: list[Scalar] = [jnp.zeros_like(at.qpos[0])] * model.nv
    for limit in limits(model, Positions(_scalars(at.start), _scalars(at.displacement)), _scalars(at.qvel)):
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


def _scalars(array: jax.Array) -> tuple[jax.Array, ...]:
    return tuple(array[index] for index in range(array.shape[0]))
