"""The planar tasks' reference: Gymnasium on the C engine of MuJoCo."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from baselines.errors import ConfigError
from baselines.family import Transfer
from baselines.transfer.arena import Starts, Stepped
from baselines.transfer.game import Game
from baselines.transfer.reference_env import ReferenceStep, checked_seeds
from cheetahjax.envs.planar_env import PlanarEnv
from families.cheetahjax.scripted import players
from jaxenv import Environment
from references.mujoco.lanes import GymnasiumLanes


class PlanarArena:
    """Episodes of Gymnasium, begun in given poses. Gymnasium computes in float64; a policy sees float32, as ours does.

    The dynamics draw nothing: after a common start the two sides part by rounding, which contacts magnify, and by the
    policy's own draws, whose keys differ.
    """

    patient = False

    def __init__(self, env: PlanarEnv, lanes: int, workers: int) -> None:
        self.env, self.lanes = env, lanes
        self._gymnasium = GymnasiumLanes(env.task, lanes, workers)
        self._unflatten = jax.jit(env.obs_spec.unflatten)

    def __enter__(self) -> PlanarArena:
        self._gymnasium.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._gymnasium.close()

    def begin(self, lanes: NDArray[np.intp], starts: Starts, which: NDArray[np.intp]) -> None:
        """See `Arena`."""
        for lane, episode in zip(lanes.tolist(), which.tolist(), strict=True):
            self._gymnasium.place(lane, starts.given["qpos"][episode], starts.given["qvel"][episode])

    def look(self) -> tuple[Any, Any]:
        """See `Arena`; no masks."""
        return self._unflatten(self._gymnasium.obs.astype(np.float32)), None

    def step(self, key: jax.Array, actions: jax.Array, playing: NDArray[np.bool_]) -> Stepped:
        """See `Arena`."""
        del key
        self._gymnasium.step(np.asarray(actions, np.float32), np.flatnonzero(playing))
        reward = self._gymnasium.reward.copy()
        ended = self._gymnasium.terminated | self._gymnasium.truncated
        cut = self._gymnasium.truncated & ~self._gymnasium.terminated
        return Stepped(reward, reward, ended, cut, np.zeros(self.lanes, bool))


class PlanarGame(Game):
    """Compared is the return."""

    env: PlanarEnv

    @staticmethod
    def of(env: Environment) -> PlanarGame:
        """The game of an environment; the deviation is that of policies that fall over at times."""
        margin = PlanarGame(env).margin.value
        return PlanarGame(env, planning_sd=4 * margin, limit=10_000, lanes=64)

    def given(self, keys: jax.Array, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """The poses and velocities that ours begins in."""
        del rng
        state = jax.jit(jax.vmap(lambda key: self.env.reset_env(key, self.env.default_params)[1]))(keys)
        physics = state.physics
        return {name: np.asarray(getattr(physics, name), np.float64) for name in ("qpos", "qvel")}

    def reference(self, lanes: int, workers: int) -> PlanarArena:
        """See `Game`."""
        return PlanarArena(self.env, lanes, workers)


class PlanarReferenceEnv:
    """Gymnasium on the C engine of MuJoCo."""

    def __init__(self, env: PlanarEnv, lanes: int, threads: int = 1) -> None:
        self.env, self.lanes = env, lanes
        self._gymnasium = GymnasiumLanes(env.task, lanes, threads)
        self._seeds: list[np.random.Generator] = []

    def __enter__(self) -> PlanarReferenceEnv:
        self._gymnasium.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._gymnasium.close()

    def reset(self, seeds: Iterable[int]) -> NDArray[np.float32]:
        """See `ReferenceEnv`."""
        self._seeds = [np.random.default_rng(seed) for seed in checked_seeds(seeds, self.lanes)]
        for lane in range(self.lanes):
            self._begin(lane)
        return self._gymnasium.obs.astype(np.float32)

    def step(self, actions: NDArray[Any]) -> ReferenceStep:
        """See `ReferenceEnv`."""
        if not self._seeds:
            raise ConfigError(f"{self.env.task}: reset it first")
        lanes = self._gymnasium
        lanes.step(np.asarray(actions, np.float32), np.arange(self.lanes))
        final = lanes.obs.astype(np.float32)
        terminated, truncated = lanes.terminated.copy(), lanes.truncated & ~lanes.terminated
        reward = lanes.reward.astype(np.float32)
        for lane in np.flatnonzero(terminated | truncated):
            self._begin(int(lane))
        return ReferenceStep(lanes.obs.astype(np.float32), final, reward, terminated, truncated)

    def _begin(self, lane: int) -> None:
        self._gymnasium.reset(lane, int(self._seeds[lane].integers(2**31)))


def _reference_env(env: Any, lanes: int, threads: int) -> PlanarReferenceEnv:
    return PlanarReferenceEnv(env, lanes, threads)


TRANSFER = Transfer(game=PlanarGame.of, players=players, reference_env=_reference_env)
