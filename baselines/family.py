"""The baselines' part of a family: tuned configurations, opponents and networks; the reference and scripted players."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import jax

import families
from baselines.config import Config, NetworkConfig
from jaxenv import Environment

if TYPE_CHECKING:
    from baselines.networks.network import Network
    from baselines.policy import Policy
    from baselines.transfer.game import Game
    from baselines.transfer.reference_env import ReferenceEnv

Opponent = Callable[[jax.Array, Any, jax.Array], jax.Array]
"""One player, unbatched: `(key, obs, mask) -> action`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training:
    """Everything that training needs of a family.

    * `configs`: environment id → its tuned configuration.
    * `potential`: observations `[N, ...]` → float32[N], the potential that shapes rewards (Ng, Harada and Russell
      1999); the same, 0, in every terminal state.
    * `networks`: name of a kind of network that only these environments have → what builds it.
    * `opponents`: names of fixed opponents; `opponent` gives the one of a name.
    * `options`: id of a host environment → what it is made with to be trained.
    """

    configs: Mapping[str, Config] = dataclasses.field(default_factory=dict)
    potential: Callable[[Any], jax.Array] | None = None
    networks: Mapping[str, Callable[[Environment, NetworkConfig], Network]] = dataclasses.field(default_factory=dict)
    opponents: tuple[str, ...] = ()
    opponent: Callable[[str], Opponent] | None = None
    options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Transfer:
    """Everything that a transfer needs of a family.

    * `game`: the environment with its reference.
    * `players`: environment id → name → what makes that scripted policy. `random`: the name of random play.
    * `yardsticks`: scripted players that every run in a game of two is rated against; () for all.
    * `reference_env`: the reference as a batch to train in, from environment, lanes and threads.
    """

    game: Callable[[Environment], Game] | None = None
    players: Callable[[str], Mapping[str, Callable[[Environment], Policy]]] | None = None
    random: str = "uniform"
    yardsticks: tuple[str, ...] = ()
    reference_env: Callable[[Environment, int, int], ReferenceEnv] | None = None


def training_of(env_id: str) -> Training:
    """The family's part, or an empty one."""
    return families.part(env_id, "training") or Training()


def transfer_of(env_id: str) -> Transfer:
    """The family's part, or an empty one."""
    return families.part(env_id, "transfer") or Transfer()


def tuned() -> tuple[str, ...]:
    """Ids that have a configuration of their own."""
    parts = [family.part("training") for family in families.families()]
    return tuple(id for part in parts if part for id in part.configs)


def config_of(env_id: str) -> Config:
    """The tuned configuration, or the default one for an environment that nobody tuned."""
    return training_of(env_id).configs.get(env_id, Config())
