"""One tuned configuration for each environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from baselines.config import Config
from families.cheetahjax import training as planar
from families.pokejax_gen1 import training as gen1
from families.pongjax import training as pong

_CONFIGS: dict[str, Config] = {**pong.CONFIGS, **planar.CONFIGS, **gen1.CONFIGS}


def tuned() -> tuple[str, ...]:
    """Ids that have a configuration of their own."""
    return tuple(_CONFIGS)


def for_environment(id: str) -> Config:
    """The tuned configuration, or the default one for an environment that nobody tuned."""
    return _CONFIGS.get(id, Config())


def potential(id: str) -> Callable[[Any], jax.Array] | None:
    """The potential that shapes rewards there (Ng, Harada and Russell 1999), if it has one."""
    return gen1.potential if id.startswith("pokejax/gen1") else None
