"""References as batches to step, for who wants to train there: as slow as they are, with auto-reset in the same step.

>>> with reference_env("cheetahjax/HalfCheetah-v5", lanes=16) as env:
...     obs = env.reset(range(16))
...     for _ in range(1000):
...         step = env.step(policy(obs))
...         obs = step.obs

Observations are flat float32, in the order of our environment's `ObsSpec.flatten`, so that one network fits both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import jaxenv
from baselines.errors import ConfigError
from cheetahjax.envs.planar_env import PlanarEnv
from pongjax.env import PufferPong
from references.mujoco.lanes import GymnasiumLanes
from references.puffer_pong.library import Vector, library, new_cases


@dataclass(frozen=True)
class ReferenceStep:
    """A step of all lanes. Where an episode has ended, `obs` is the next one's first and `final_obs` the ended one's
    last (elsewhere equal to `obs`); Pong's C never shows it and begins anew at once, so there it is `obs` throughout.

    `obs`, `final_obs`: float32 [lanes, D]; `reward`: float32 [lanes]; `terminated`, `truncated`: bool [lanes].
    """

    obs: NDArray[np.float32]
    final_obs: NDArray[np.float32]
    reward: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]


class ReferenceEnv(Protocol):
    """`lanes` episodes of a reference. Use it in a `with` block; one thread at a time."""

    lanes: int

    def __enter__(self) -> Any: ...
    def __exit__(self, *_: object) -> None: ...

    def reset(self, seeds: Iterable[int]) -> NDArray[np.float32]:
        """Begin an episode in every lane. A lane's seed (≥ 0) decides its later episodes too. float32 [lanes, D]."""
        ...

    def step(self, actions: NDArray[Any]) -> ReferenceStep:
        """One step of every lane: actions [lanes], or [lanes, nu] of continuous ones."""
        ...


def reference_env(env_id: str, lanes: int, threads: int = 1) -> ReferenceEnv:
    """The reference of an environment id; `ConfigError` for one that is not fast enough or has none."""
    env = jaxenv.make(env_id)
    if isinstance(env, PufferPong):
        return PongReferenceEnv(env, lanes)
    if isinstance(env, PlanarEnv):
        return PlanarReferenceEnv(env, lanes, threads)
    raise ConfigError(f"{env_id}: no reference to train in; there are those of pongjax and of cheetahjax")


def _checked(seeds: Iterable[int], lanes: int) -> list[int]:
    found = [int(seed) for seed in seeds]
    if len(found) != lanes or min(found) < 0:
        raise ConfigError(
            f"reset: {len(found)} seeds, the smallest {min(found, default=0)}; {lanes} of 0 or more needed"
        )
    return found


class PongReferenceEnv:
    """PufferLib's C, whose games begin anew by themselves."""

    def __init__(self, env: PufferPong, lanes: int) -> None:
        self.env, self.lanes = env, lanes
        self._games = Vector(lanes, env.frame_skip, env.continuous)

    def __enter__(self) -> PongReferenceEnv:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def reset(self, seeds: Iterable[int]) -> NDArray[np.float32]:
        """See `ReferenceEnv`."""
        cases = new_cases(self.lanes, self.env.frame_skip, self.env.continuous)
        # Neighbouring seeds would have the same first serves.
        cases["serve"] = [np.random.SeedSequence(seed).generate_state(1)[0] for seed in _checked(seeds, self.lanes)]
        library().reset(cases)
        self._games.load(cases)
        return cases["observation"].copy()

    def step(self, actions: NDArray[Any]) -> ReferenceStep:
        """See `ReferenceEnv`."""
        chosen = np.asarray(actions, np.float32)
        self._games.actions[:] = np.clip(chosen, -1, 1) if self.env.continuous else chosen
        self._games.step()
        obs = self._games.observations.copy()
        ended = self._games.terminals != 0
        return ReferenceStep(obs, obs, self._games.rewards.copy(), ended, np.zeros(self.lanes, bool))


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
        self._seeds = [np.random.default_rng(seed) for seed in _checked(seeds, self.lanes)]
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
