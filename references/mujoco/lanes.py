"""Many instances of one MuJoCo task of Gymnasium, each with its own engine state, stepped in threads.

Everything is Gymnasium's own: observation, reward, ending, time limit. The engine lets go of the interpreter while it
computes, so threads share the work of the C and wait for each other in the Python around it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.mujoco.gymnasium_env import UnstableError, quiet


class GymnasiumLanes:
    """`lanes` instances of ``gymnasium.make(task)``, on `threads` threads. Use it in a `with` block.

    `obs` float64 [lanes, D], `reward` float64 [lanes], `terminated` and `truncated` bool [lanes] are what the last step
    or reset of each lane gave.
    """

    def __init__(self, task: str, lanes: int, threads: int = 1) -> None:
        if lanes < 1 or threads < 1:
            raise ValueError(f"{task}: lanes and threads must be positive, got {lanes} and {threads}")
        self.task, self.lanes, self._threads = task, lanes, min(threads, lanes)
        self._envs: list[Any] = []
        self._pool: ThreadPoolExecutor | None = None
        self.obs = np.zeros((lanes, 0))
        self.reward = np.zeros(lanes)
        self.terminated, self.truncated = np.zeros(lanes, bool), np.zeros(lanes, bool)

    def __enter__(self) -> GymnasiumLanes:
        self._envs = [_made(self.task) for _ in range(self.lanes)]
        self.obs = np.zeros((self.lanes, *self._envs[0].observation_space.shape))
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="gymnasium")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End threads and environments. Safe to call again."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None
        for env in self._envs:
            env.close()
        self._envs = []

    def reset(self, lane: int, seed: int) -> None:
        """Begin an episode as Gymnasium draws it."""
        self.obs[lane], _ = self._envs[lane].reset(seed=seed)

    def place(self, lane: int, qpos: NDArray[np.float64], qvel: NDArray[np.float64]) -> None:
        """Begin an episode in a pose. After it, as after a reset, the solver starts cold."""
        env = self._envs[lane]
        env.reset(seed=0)
        env.unwrapped.set_state(qpos, qvel)
        self.obs[lane] = env.unwrapped._get_obs()

    def step(self, actions: NDArray[np.float32], lanes: NDArray[np.intp]) -> None:
        """One step of some lanes; actions [lanes, nu] of all. `UnstableError` where MuJoCo gives up on a state."""
        if self._pool is None:
            raise ValueError(f"{self.task}: closed; use it in a with block")
        shares = [lanes[at :: self._threads] for at in range(self._threads)]
        with quiet() as said:
            for future in [self._pool.submit(self._step, actions, share) for share in shares if len(share)]:
                future.result()
        if said:
            raise UnstableError(f"{self.task}: {said[0].strip()}")

    def _step(self, actions: NDArray[np.float32], lanes: NDArray[np.intp]) -> None:
        for lane in lanes:
            obs, reward, terminated, truncated, _ = self._envs[lane].step(actions[lane])
            self.obs[lane], self.reward[lane] = obs, reward
            self.terminated[lane], self.truncated[lane] = terminated, truncated


def _made(task: str) -> Any:
    """The task with its time limit; a warning of MuJoCo about its model is an error, but for a known one."""
    import gymnasium

    with quiet() as said:
        env = gymnasium.make(task, disable_env_checker=True)
    if unexpected := [text for text in said if "settotalmass" not in text]:  # an attribute of the cheetah's file
        raise RuntimeError(f"MuJoCo warns about the model of {task}: {'; '.join(unexpected)}")
    return env
