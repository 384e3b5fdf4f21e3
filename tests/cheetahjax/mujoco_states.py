"""States of MuJoCo to compare single physics steps on, and the comparison."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from cheetahjax.model import from_mujoco
from cheetahjax.model.freeze import frozen, gymnasium_file
from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.newton import NewtonOptions
from cheetahjax.state import PhysicsState, SolverReport
from cheetahjax.step import physics_step

CHUNK = 1000
"""Number of steps computed at once: one shape, so that each model is compiled once for each precision."""


class Steps(NamedTuple):
    """Physics steps of MuJoCo: the state before each, the controls, and positions and velocities after. ``[N, ...]``"""

    qpos: np.ndarray
    qvel: np.ndarray
    warmstart: np.ndarray
    ctrl: np.ndarray
    next_qpos: np.ndarray
    next_qvel: np.ndarray
    next_warmstart: np.ndarray
    contacts: np.ndarray
    rows: np.ndarray
    """Number of active constraint rows before the step."""


@functools.cache
def compiled(name: str) -> Any:
    """The model as the installed MuJoCo compiles it."""
    return from_mujoco.load(gymnasium_file(name))


class Recorder:
    """Steps one environment of MuJoCo and keeps what it did."""

    def __init__(self, name: str) -> None:
        self.model = compiled(name)
        self.data = mujoco.MjData(self.model)
        self.kept: list[tuple] = []

    def reset(self, qpos: np.ndarray, qvel: np.ndarray) -> None:
        """Start anew from a state, the solver cold."""
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:], self.data.qvel[:] = qpos, qvel

    def step(self, ctrl: np.ndarray) -> None:
        """One physics step, kept."""
        data = self.data
        data.ctrl[:] = ctrl
        before = data.qpos.copy(), data.qvel.copy(), data.qacc_warmstart.copy(), ctrl.copy()
        mujoco.mj_step(self.model, data)
        counts = data.ncon, data.nefc
        self.kept.append((*before, data.qpos.copy(), data.qvel.copy(), data.qacc_warmstart.copy(), *counts))

    def forward(self) -> None:
        """Compute everything of the present state, without stepping."""
        mujoco.mj_forward(self.model, self.data)

    def steps(self) -> Steps:
        """Everything kept."""
        return Steps(*[np.array(column) for column in zip(*self.kept, strict=True)])


def random_controls(model: Any, rng: np.random.Generator, episode: int) -> np.ndarray:
    """Uniform controls in even episodes, bang-bang ones in odd."""
    low, high = model.actuator_ctrlrange.T
    uniform = rng.uniform(low, high)
    return uniform if episode % 2 else np.where(uniform > (low + high) / 2, high, low)


def rollout_steps(name: str, *, episodes: int, length: int, seed: int, hold: int = 5, noise: float = 0.1) -> Steps:
    """Steps of episodes from Gymnasium's kind of reset, half under uniform and half under bang-bang controls."""
    recorder, rng = Recorder(name), np.random.default_rng(seed)
    model = recorder.model
    for episode in range(episodes):
        recorder.reset(model.qpos0 + rng.uniform(-noise, noise, model.nq), noise * rng.standard_normal(model.nv))
        for step in range(length):
            if step % hold == 0:
                ctrl = random_controls(model, rng, episode)
            recorder.step(ctrl)
    return recorder.steps()


def wild_steps(
    name: str,
    place: Callable[[Any, np.random.Generator], tuple[np.ndarray, np.ndarray]],
    *,
    starts: int,
    length: int,
    seed: int,
) -> Steps:
    """Steps from states that `place` throws the model into, under bang-bang controls."""
    recorder, rng = Recorder(name), np.random.default_rng(seed)
    for _ in range(starts):
        recorder.reset(*place(recorder.model, rng))
        for step in range(length):
            if step % 5 == 0:
                ctrl = random_controls(recorder.model, rng, 0)
            recorder.step(ctrl)
    return recorder.steps()


def wild_walker(model: Any, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A walker anywhere near the floor: any pitch, joints up to 10 % of their range beyond it, and fast."""
    qpos, qvel = model.qpos0.copy(), np.zeros(model.nv)
    low, high = model.jnt_range[3:].T
    qpos[1] += rng.uniform(-0.45, 0.4)
    qpos[2] = rng.uniform(-np.pi, np.pi)
    qpos[3:] = low + (high - low) * rng.uniform(-0.1, 1.1, model.nv - 3)
    qvel[:3] = rng.normal(0, 3, 3)
    qvel[3:] = rng.normal(0, 10, model.nv - 3)
    return qpos, qvel


class Errors(NamedTuple):
    """Largest absolute difference to MuJoCo of each step, ``[N]``, and the solver's report of each."""

    qpos: np.ndarray
    qvel: np.ndarray
    warmstart: np.ndarray
    report: SolverReport

    def __str__(self) -> str:
        parts = [
            f"{name} max {error.max():.2e} 99.9% {np.quantile(error, 0.999):.2e} median {np.median(error):.2e}"
            for name, error in (("qpos", self.qpos), ("qvel", self.qvel), ("warmstart", self.warmstart))
        ]
        report = jax.tree.map(np.asarray, self.report)
        parts.append(
            f"iterations {np.bincount(report.iterations)} damped {int(report.damped_steps.sum())} "
            f"unconverged {int(report.unconverged.sum())}"
        )
        return f"{len(self.qpos)} steps; " + "; ".join(parts)


@functools.cache
def _batched(model: PlanarModel, options: NewtonOptions) -> Any:
    # Without its fusion pass XLA compiles the step in a fraction of the time (docstring of `cheetahjax.step`).
    return jax.jit(
        jax.vmap(lambda state, ctrl: physics_step(model, state, ctrl, options)),
        compiler_options={"xla_disable_hlo_passes": "fusion"},
    )


def errors(name: str, steps: Steps, dtype: Any, options: NewtonOptions | None = None) -> Errors:
    """Take every step from MuJoCo's own state and start, in one precision. float64 needs `jax.enable_x64`."""
    assert jnp.zeros((), dtype).dtype == dtype, "float64 without jax.enable_x64"
    total = len(steps.qpos)
    padded = np.arange(-(-total // CHUNK) * CHUNK) % total
    step = _batched(frozen(name), options or NewtonOptions())
    parts = []
    for rows in padded.reshape(-1, CHUNK):
        columns = (steps.qpos, steps.qvel, steps.warmstart, steps.ctrl)
        *state, ctrl = (jnp.asarray(column[rows], dtype) for column in columns)
        parts.append(jax.tree.map(np.asarray, step(PhysicsState(*state), ctrl)))
    after, report = jax.tree.map(lambda *leaves: np.concatenate(leaves)[:total], *parts)
    assert after.qpos.dtype == dtype
    pairs = (after.qpos, steps.next_qpos), (after.qvel, steps.next_qvel), (after.warmstart, steps.next_warmstart)
    differences = [np.abs(ours.astype(np.float64) - theirs).max(1) for ours, theirs in pairs]
    return Errors(*differences, report)
