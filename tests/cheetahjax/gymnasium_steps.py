"""Steps of Gymnasium's environments to compare ours with, and the comparison."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import gymnasium
import jax
import numpy as np

import jaxenv
from cheetahjax.envs.planar_env import PlanarEnv
from cheetahjax.state import PhysicsState

TASKS = (
    "HalfCheetah-v5",
    "Walker2d-v5",
    "InvertedPendulum-v5",
    "InvertedDoublePendulum-v5",
    "Reacher-v5",
    "Hopper-v5",
    "Swimmer-v5",
)
TERMINATES = ("Walker2d-v5", "Hopper-v5", "InvertedPendulum-v5", "InvertedDoublePendulum-v5")
mujoco: Any = importlib.import_module("mujoco")  # the type checker does not see into its extension module


@contextlib.contextmanager
def mujoco_warnings() -> Iterator[list[str]]:
    """Collects MuJoCo's warnings, which else go to the console and to a file in the working folder."""
    said: list[str] = []
    mujoco.set_mju_user_warning(said.append)
    try:
        yield said
    finally:
        mujoco.set_mju_user_warning(None)


@functools.cache
def reference(task: str, **options: Any) -> Any:
    """Gymnasium's environment without its wrappers."""
    with mujoco_warnings() as said:
        env = gymnasium.make(task, disable_env_checker=True, **options).unwrapped
    unexpected = [text for text in said if "settotalmass" not in text]
    assert not unexpected, unexpected
    return env


class EnvSteps(NamedTuple):
    """Steps of Gymnasium, each from a state that float32 holds exactly. Arrays ``[N, ...]``."""

    qpos: np.ndarray
    qvel: np.ndarray
    warmstart: np.ndarray
    action: np.ndarray
    obs: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray
    next_qpos: np.ndarray
    next_qvel: np.ndarray
    metrics: dict[str, np.ndarray]


class Recorder:
    """Steps one of Gymnasium's environments from states rounded to float32, and keeps what it did."""

    def __init__(self, task: str, **options: Any) -> None:
        self.env = reference(task, **options)
        self.kept: list[tuple] = []
        self.metrics: list[dict[str, float]] = []

    def put(self, qpos: np.ndarray, qvel: np.ndarray) -> None:
        """Begin anew from a state, the solver cold."""
        self.env.reset()
        self.env.set_state(qpos, qvel)

    def step(self, action: np.ndarray) -> bool:
        """One step, kept, and whether the episode is over; it can be played on."""
        data = self.env.data
        for part in (data.qpos, data.qvel, data.qacc_warmstart):
            part[:] = part.astype(np.float32)
        before = data.qpos.copy(), data.qvel.copy(), data.qacc_warmstart.copy(), action.copy()
        obs, reward, terminated, truncated, info = self.env.step(action)
        assert not truncated
        self.kept.append((*before, obs.copy(), reward, terminated, data.qpos.copy(), data.qvel.copy()))
        self.metrics.append(info)
        return bool(terminated)

    def steps(self) -> EnvSteps:
        """Everything kept."""
        columns = [np.array(column) for column in zip(*self.kept, strict=True)]
        metrics = {name: np.array([info[name] for info in self.metrics]) for name in self.metrics[0]}
        return EnvSteps(*columns, metrics=metrics)


def rollout_steps(task: str, *, steps: int, length: int, seed: int, **options: Any) -> EnvSteps:
    """Episodes of up to `length` steps from Gymnasium's own reset, which go on for three steps after they ended.

    Uniform actions in one episode, bang-bang ones in the next, in every fourth step ones beyond the action space.
    """
    recorder, rng = Recorder(task, **options), np.random.default_rng(seed)
    space = recorder.env.action_space
    recorder.env.reset(seed=seed)
    left, episode = length, 0
    for step in range(steps):
        action = rng.uniform(space.low, space.high)
        if episode % 2:
            action = np.where(action > 0, space.high, space.low)
        if step % 4 == 3:
            action = action * 1.7
        terminated = recorder.step(action.astype(np.float32))
        left = min(left - 1, 3 if terminated else length)
        if left == 0:
            recorder.env.reset()
            left, episode = length, episode + 1
    return recorder.steps()


def scattered_steps(task: str, *, states: int, length: int, seed: int, speed: float = 1.0, **options: Any) -> EnvSteps:
    """A few steps from each of many states thrown anywhere: joints up to 5 % of their range beyond it, roots about
    where they start, rates normal with `speed`; bang-bang actions."""
    recorder, rng = Recorder(task, **options), np.random.default_rng(seed)
    model, space = recorder.env.model, recorder.env.action_space
    limited = model.jnt_limited.astype(bool)
    low, high = np.where(limited, model.jnt_range.T, model.qpos0 + np.array([[-0.5], [0.5]]))
    over = np.where(limited, 0.05 * (high - low), 0.0)
    for _ in range(states):
        while True:
            recorder.put(rng.uniform(low - over, high + over), speed * rng.standard_normal(model.nv))
            if not _capsules_cross(recorder.env):
                break
        for _ in range(length):
            recorder.step(np.where(rng.random(model.nu) < 0.5, space.low, space.high))
    return recorder.steps()


def _capsules_cross(env: Any) -> bool:
    radii = env.model.geom_size[:, 0]
    return any(
        contact.dist < -0.8 * (radii[contact.geom1] + radii[contact.geom2])
        for contact in env.data.contact
        if env.model.geom_bodyid[contact.geom1]  # not with the floor
    )


class Comparison(NamedTuple):
    """Our steps beside Gymnasium's; arrays ``[N, ...]``, errors absolute."""

    obs: np.ndarray
    reward: np.ndarray
    qpos: np.ndarray
    qvel: np.ndarray
    metrics: dict[str, np.ndarray]
    terminated: np.ndarray
    """Ours."""
    info: dict[str, Any]

    def __str__(self) -> str:
        figures = {"obs": self.obs, "reward": self.reward, "qpos": self.qpos, "qvel": self.qvel, **self.metrics}
        return f"{len(self.reward)} steps: " + ", ".join(f"{name} {error.max():.1e}" for name, error in figures.items())


BATCH = 100
"""Steps that one call takes: few shapes, few compilations."""


def make(task: str, **options: Any) -> PlanarEnv:
    """Ours."""
    env = jaxenv.make(f"cheetahjax/{task}", **options)
    assert isinstance(env, PlanarEnv)
    return env


@functools.cache
def _batched(env: PlanarEnv) -> Any:
    def run(qpos: jax.Array, qvel: jax.Array, warmstart: jax.Array, action: jax.Array, params: Any) -> Any:
        state = env.state_at(PhysicsState(qpos, qvel, warmstart))
        return env.step_env(jax.random.key(0), state, action, params)

    # Without its fusion pass XLA compiles the step in a fraction of the time.
    return jax.jit(jax.vmap(run, in_axes=(0, 0, 0, 0, None)), compiler_options={"xla_disable_hlo_passes": "fusion"})


def take(env: PlanarEnv, steps: EnvSteps, params: Any = None) -> Any:
    """Results of `step_env` from every state before, as numpy arrays ``[N, ...]``."""
    params = env.default_params if params is None else params
    options = {name for name, _ in env._options()}
    # Options that are params do not change the program: share it among all their values.
    static = {f.name: getattr(env, f.name) for f in dataclasses.fields(env) if f.name not in options}
    program = _batched(type(env)(**static))
    parts = [np.asarray(part, np.float32) for part in (steps.qpos, steps.qvel, steps.warmstart, steps.action)]
    count, found = len(parts[0]), []
    for start in range(0, count, BATCH):
        # np.resize repeats the first rows to fill the last batch.
        chunk = [np.resize(part[start : start + BATCH], (BATCH, part.shape[1])) for part in parts]
        found.append(jax.tree.map(np.asarray, program(*chunk, params)))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[:count], *found)


def compare(env: PlanarEnv, steps: EnvSteps) -> Comparison:
    """Take every step from Gymnasium's own state."""
    obs, after, reward, terminated, truncated, info = take(env, steps)
    assert not truncated.any()
    metrics = {name: np.abs(info[name] - theirs) for name, theirs in steps.metrics.items()}
    return Comparison(
        obs=np.abs(np.asarray(env.obs_spec.flatten(obs)) - steps.obs),
        reward=np.abs(reward - steps.reward),
        qpos=np.abs(after.physics.qpos - steps.next_qpos),
        qvel=np.abs(after.physics.qvel - steps.next_qvel),
        metrics=metrics,
        terminated=terminated,
        info=info,
    )
