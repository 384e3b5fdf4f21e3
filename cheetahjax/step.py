"""The public steps: one physics step, and one environment's step of several.

Both are pure functions of one environment without a batch axis; `jax.vmap` and `jax.jit` come from outside. `model`
and `options` are static: close over them, or mark them so. Controls beyond a motor's range are clamped, as MuJoCo does;
whoever charges for control effort uses the action as it came.

On a CPU, many environments run faster compiled with ``compiler_options={"xla_disable_hlo_passes": "fusion"}``: the step
is thousands of small operations, and XLA's fusion pass clones them into one another, which costs several times the
compilation and does much of the work more than once. With few environments the dispatch of so many operations costs
more than that: `compiler_options` chooses.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from cheetahjax.integrate import INTEGRATORS, Motion, Place
from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.newton import NewtonOptions
from cheetahjax.state import PhysicsState, SolverReport

_FUSED_LANES = 256


class Evaluation(NamedTuple):
    """A place at which forces were computed; ``[nv]`` each."""

    start: jax.Array
    displacement: jax.Array
    qvel: jax.Array
    qacc: jax.Array

    @property
    def qpos(self) -> jax.Array:
        """Joint positions."""
        return self.start + self.displacement


class EnvStep(NamedTuple):
    """Result of `env_step`."""

    state: PhysicsState
    displacement: jax.Array
    """``[nv]``: how far every joint went (``displacement[0]`` is how far the root slid). Use it, not a difference of
    positions, for the speed of something far from the origin: it keeps the digits that the position has no room for."""
    report: SolverReport
    """Summed over the physics steps."""
    evaluated: Evaluation
    """State at which the last forces were computed. What ``data.xpos``, ``data.site_xpos`` and ``data.qfrc_constraint``
    hold after ``mj_step`` is not of the new state but of the state before the last physics step, or of its fourth stage
    with the Runge-Kutta method (``engine_forward.c``, ``mj_RungeKutta``)."""


def compiler_options(backend: str, lanes: int) -> dict[str, str]:
    """XLA's options for a program that steps `lanes` environments together on each of a backend's devices.

    Measured on two cores of an EPYC, in turns: 128 lanes on each ran 1.5 times faster with the fusion pass, 2,048 lanes
    2.4 times faster without it.
    """
    return {"xla_disable_hlo_passes": "fusion"} if backend == "cpu" and lanes > _FUSED_LANES else {}


def physics_step(
    model: PlanarModel, state: PhysicsState, ctrl: jax.Array, options: NewtonOptions | None = None
) -> tuple[PhysicsState, SolverReport]:
    """One ``mj_step``: the state after `model.timestep` under the controls ``ctrl[nu]``."""
    step = env_step(model, state, ctrl, 1, options)
    return step.state, step.report


def env_step(
    model: PlanarModel,
    state: PhysicsState,
    ctrl: jax.Array,
    frame_skip: int,
    options: NewtonOptions | None = None,
) -> EnvStep:
    """`frame_skip` physics steps under the same controls ``ctrl[nu]``."""
    _check(model, state, ctrl)
    advance = INTEGRATORS[model.integrator]
    options = NewtonOptions() if options is None else options
    dtype = state.qpos.dtype
    start = _scalars(state.qpos)
    controls = tuple(control.astype(dtype) for control in _scalars(ctrl))
    zero = jnp.zeros((), jnp.int32)
    still, qvel = tuple(jnp.zeros_like(q) for q in start), _scalars(state.qvel)
    motion = Motion(still, qvel, _scalars(state.warmstart), Place(still, qvel))

    def body(_: int, carry: tuple[Motion, SolverReport]) -> tuple[Motion, SolverReport]:
        motion, total = carry
        motion, report = advance(model, start, controls, motion, options)
        return motion, jax.tree.map(jnp.add, total, report)

    carry = (motion, SolverReport(zero, zero, zero))
    motion, report = body(0, carry) if frame_skip == 1 else jax.lax.fori_loop(0, frame_skip, body, carry)
    displacement = jnp.stack(motion.displacement)
    after = PhysicsState(
        qpos=state.qpos + displacement, qvel=jnp.stack(motion.qvel), warmstart=jnp.stack(motion.warmstart)
    )
    place = motion.evaluated
    evaluated = Evaluation(state.qpos, jnp.stack(place.displacement), jnp.stack(place.qvel), after.warmstart)
    return EnvStep(after, displacement, report, evaluated)


def _scalars(array: jax.Array) -> tuple[jax.Array, ...]:
    return tuple(array[index] for index in range(array.shape[0]))


def _check(model: PlanarModel, state: PhysicsState, ctrl: jax.Array) -> None:
    for name, array in (("qpos", state.qpos), ("qvel", state.qvel), ("warmstart", state.warmstart)):
        if (
            array.shape != (model.nv,)
            or array.dtype != state.qpos.dtype
            or not jnp.issubdtype(array.dtype, jnp.floating)
        ):
            raise ValueError(
                f"{model.name}: state.{name} is {array.dtype}{list(array.shape)}; it must be {state.qpos.dtype}"
                f"[{model.nv}], one environment and floating point (batches come by jax.vmap)"
            )
    if ctrl.shape != (model.nu,):
        raise ValueError(
            f"{model.name}: ctrl has shape {list(ctrl.shape)}, not [{model.nu}] (batches come by jax.vmap)"
        )
