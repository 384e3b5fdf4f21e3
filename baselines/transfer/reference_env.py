"""References as batches to step, for who wants to train there: as slow as they are, with auto-reset in the same step.

>>> with reference_env("family/Environment-v0", lanes=16) as env:
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

import families
import jaxenv
from baselines.errors import ConfigError
from baselines.family import transfer_of


@dataclass(frozen=True)
class ReferenceStep:
    """A step of all lanes. Where an episode has ended, `obs` is the next one's first and `final_obs` the ended one's
    last (elsewhere equal to `obs`); a reference that never shows it gives `obs` throughout.

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
    make = transfer_of(env_id).reference_env
    if make is None:
        parts = {family.name: family.part("transfer") for family in families.families()}
        able = [name for name, part in parts.items() if part and part.reference_env]
        raise ConfigError(f"{env_id}: no reference to train in; there are those of {' and of '.join(able)}")
    return make(jaxenv.make(env_id), lanes, threads)


def checked_seeds(seeds: Iterable[int], lanes: int) -> list[int]:
    """One seed of 0 or more for each lane; `ConfigError` otherwise."""
    found = [int(seed) for seed in seeds]
    if len(found) != lanes or min(found) < 0:
        raise ConfigError(
            f"reset: {len(found)} seeds, the smallest {min(found, default=0)}; {lanes} of 0 or more needed"
        )
    return found
