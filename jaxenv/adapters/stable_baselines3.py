"""Stable-Baselines3: a batch as its `VecEnv`, with the masks that sb3-contrib's MaskablePPO asks for.

from jaxenv.adapters.stable_baselines3 import VecEnv
PPO("MlpPolicy", VecEnv("family/name", 64)).learn(100_000)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from jaxenv.adapters import common, gymnasium, host
from jaxenv.environment import Environment

_BASE: Any = common.library("stable_baselines3.common.vec_env", "stable-baselines3", "2.3").VecEnv


class VecEnv(_BASE):
    """`num_envs` environments for one player; the arguments are those of `jaxenv.adapters.gymnasium.VectorEnv`.

    The end of an episode puts into its `info` the keys `terminal_observation`, `TimeLimit.truncated` and `episode`,
    which the library logs: no `VecMonitor` is needed. `action_masks` gives each environment's legal actions.
    """

    def __init__(
        self,
        env: Environment | str,
        num_envs: int = 1,
        *,
        opponent: Callable[..., Any] | None = None,
        backend: str = "auto",
        params: Any = None,
    ) -> None:
        where = "stable_baselines3.VecEnv"
        env = common.one_player(env, where, opponent)
        self._batch = host.Batch(
            env, num_envs, host.SAME_STEP, params=params, backend=backend, flat=True, where=f"{where} of {env.id}"
        )
        self.render_mode = None
        self._masks = np.ones((num_envs, env.num_actions), bool)
        self._returns, self._lengths = np.zeros(num_envs), np.zeros(num_envs, int)
        self._actions: Any = None
        super().__init__(num_envs, gymnasium.observation_space(env), gymnasium.action_space(env))

    def reset(self) -> np.ndarray:
        """Observations of new episodes, `float32[N, D]`, with the seeds that `seed` set."""
        out = self._batch.reset(self._seeds)
        self._reset_seeds()
        self._reset_options()
        self._returns[:], self._lengths[:] = 0, 0
        self._masks = np.asarray(out.legal_actions)
        return np.array(out.obs)

    def step_async(self, actions: Any) -> None:
        """Take the actions that `step_wait` will play."""
        self._actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """`(obs, rewards, dones, infos)`."""
        out = self._batch.step(self._actions)
        self._masks = np.asarray(out.legal_actions)
        rewards, truncated = np.array(out.reward), np.asarray(out.truncated)
        dones = np.asarray(out.terminated) | truncated
        self._returns += rewards
        self._lengths += 1
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if dones.any():
            final = np.asarray(out.final_obs)
            for i in np.flatnonzero(dones):
                infos[i] = {
                    "terminal_observation": final[i].copy(),
                    "TimeLimit.truncated": bool(truncated[i]),
                    "episode": {"r": float(self._returns[i]), "l": int(self._lengths[i]), "t": 0.0},
                }
            self._returns[dones], self._lengths[dones] = 0, 0
        return np.array(out.obs), rewards, dones, infos

    def action_masks(self) -> np.ndarray:
        """bool[N, A]: the legal actions now."""
        return self._masks

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """`action_masks` of each environment. Raises AttributeError for another method: there are no objects to ask."""
        if method_name != "action_masks" or not self._masks.shape[1]:
            raise AttributeError(f"{self._batch.where}: a batch has no method {method_name!r} of single environments")
        return list(self._masks[self._chosen(indices)])

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The same value for each environment. Raises AttributeError for what they do not have."""
        if attr_name == "action_masks" and not self._masks.shape[1]:
            raise AttributeError(f"{self._batch.where}: continuous actions have no masks")
        if attr_name not in ("render_mode", "spec", "action_masks"):
            raise AttributeError(f"{self._batch.where}: a batch has no attribute {attr_name!r} of single environments")
        return [getattr(self, attr_name, None)] * len(self._chosen(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Raises AttributeError: the configuration of an environment does not change."""
        raise AttributeError(
            f"{self._batch.where}: {attr_name!r} cannot be set: configure the environment by jaxenv.make(id, …)"
        )

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """True for `Monitor` alone, whose statistics the infos hold."""
        return [wrapper_class.__name__ == "Monitor"] * len(self._chosen(indices))

    def close(self) -> None:
        """Nothing to release."""

    def _chosen(self, indices: int | Iterable[int] | None) -> list[int]:
        if indices is None:
            return list(range(self.num_envs))
        return [indices] if isinstance(indices, int) else list(indices)
