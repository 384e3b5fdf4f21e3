"""TorchRL: a batch of environments as its `EnvBase`, whose random actions and policies are masked.

from jaxenv.adapters.torchrl import make_env
Collector(make_env("family/name", 64), policy, frames_per_batch=4096, total_frames=1_000_000)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jaxenv.adapters import common
from jaxenv.environment import Environment

_ENVS: Any = common.library("torchrl.envs", "torchrl", "0.14")


def make_env(
    env: Environment | str,
    num_envs: int = 1,
    *,
    opponent: Callable[..., Any] | None = None,
    backend: str = "auto",
    params: Any = None,
) -> Any:
    """TorchRL's environment of batch size `[num_envs]` over `jaxenv.adapters.gymnasium.VectorEnv`.

    * `env`, `opponent`, `backend`, `params`: as for `VectorEnv`.

    Each lane resets itself: at an end, `("next", "observation")` is the end's, and the next step begins a new episode.
    With discrete actions a number is taken (not one-hot), `"action_mask"` bool[N, A] says which are legal now, and
    `rand_action` draws one of those. The wrapper is TorchRL's own `GymWrapper`, with its `ActionMask`.
    Raises LibraryError without TorchRL or Gymnasium, ValueError as `VectorEnv` does.
    """
    from jaxenv.adapters.gymnasium import VectorEnv

    batch = VectorEnv(env, num_envs, opponent=opponent, backend=backend, params=params)
    wrapped = _ENVS.GymWrapper(batch, categorical_action_encoding=True)
    if batch.environment.num_actions:
        wrapped.append_transform(_ENVS.ActionMask())
    return wrapped
