"""State of a physics step."""

from __future__ import annotations

import jax

from jaxenv import struct


@struct.dataclass
class PhysicsState(struct.Node):
    """MuJoCo's state of one model, in its own joint coordinates and order; one environment, no batch axis.

    A snapshot of MuJoCo (``data.qpos``, ``data.qvel``, ``data.qacc_warmstart``) can be put in as it is. The dtype of
    the three arrays, which must be one and the same, is the precision of the step.
    """

    qpos: jax.Array
    """``[nv]``: joint positions [m, rad]."""
    qvel: jax.Array
    """``[nv]``: joint velocities [m/s, rad/s]."""
    warmstart: jax.Array
    """``[nv]``: joint accelerations [m/s², rad/s²] where the solver starts, MuJoCo's ``qacc_warmstart``; zero after a
    reset."""


@struct.dataclass
class SolverReport(struct.Node):
    """Statistics of the constraint solver, summed over the solves of a step; every field is an ``int32`` scalar."""

    iterations: jax.Array
    """Newton iterations."""
    damped_steps: jax.Array
    """Iterations of the fallback, whose step length is searched for; zero in almost every step."""
    unconverged: jax.Array
    """Solves that ended before the active set repeated; each is a step that may be wrong."""
