"""Gen 1 battles."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from baselines.config import Config, NetworkConfig, OpponentsConfig, PPOConfig
from baselines.family import Training
from baselines.networks.network import Network
from jaxenv import Environment
from pokejax.gen1 import opponents

_RANDOM_BATTLE = Config(
    network=NetworkConfig(kind="entity", hidden=(128, 128), activation="relu", shared=True, token=32),
    ppo=PPOConfig(
        environments=256,
        horizon=32,
        epochs=2,
        minibatches=8,
        learning_rate=1e-3,
        discount=0.997,
        gae_lambda=0.9,
        entropy_coefficient=0.01,
        normalise_observations=False,
        shaping=0.5,
    ),
    opponents=OpponentsConfig(
        fixed=(("simple_heuristics", 0.5), ("max_expected_damage", 0.40625), ("uniform_legal", 0.09375))
    ),
    updates_per_chunk=5,
)
_CONFIGS = {
    "pokejax/gen1randombattle": _RANDOM_BATTLE,
    "pokejax/gen1ou": _RANDOM_BATTLE,
}

SELF_PLAY = dataclasses.replace(
    _RANDOM_BATTLE, opponents=OpponentsConfig(fixed=(("max_expected_damage", 0.125),), pool_share=0.25)
)
"""Mostly self-play, with past selves and a yardstick."""


def potential(obs: Any) -> jax.Array:
    """float32[N] within (−1, 1): the own share of HP and of Pokémon that stand, less the foe's, as far as known.

    `obs`: `pokejax.gen1.observation.Observation`, leaves `[N, ...]`. Foes that were not seen yet count as fresh.
    """
    own_hp = jnp.sum(obs.own_hp / jnp.maximum(obs.own_max_hp, 1), axis=-1)
    own_standing = jnp.sum(obs.own_hp > 0, axis=-1)
    own_size = jnp.maximum(jnp.sum(obs.own_species > 0, axis=-1), 1)
    seen = obs.foe_species > 0
    unseen = obs.foe_team_size - jnp.sum(seen, axis=-1)
    foe_hp = jnp.sum(jnp.where(seen, obs.foe_hp_percent, 0), axis=-1) / 100 + unseen
    foe_standing = jnp.sum(seen & (obs.foe_hp_percent > 0), axis=-1) + unseen
    foe_size = jnp.maximum(obs.foe_team_size, 1)
    balance = (own_hp + own_standing) / own_size - (foe_hp + foe_standing) / foe_size
    return (0.5 * balance).astype(jnp.float32)


def entity_network(env: Environment, config: NetworkConfig) -> Network:
    """The network of tokens, one for each Pokémon and each move."""
    from families.pokejax_gen1.features import FEATURES
    from families.pokejax_gen1.network import EntityActorCritic

    del env
    return Network(config, EntityActorCritic(config), FEATURES, None, None, ())


TRAINING = Training(
    configs=_CONFIGS,
    potential=potential,
    networks={"entity": entity_network},
    opponents=opponents.names(),
    opponent=opponents.opponent,
)
