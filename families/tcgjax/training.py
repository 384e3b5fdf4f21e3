"""TCG Pocket."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from baselines.config import Config, NetworkConfig, OpponentsConfig, PPOConfig
from baselines.family import Training
from baselines.networks.network import Network
from families.tcgjax import scripted
from jaxenv import Environment
from tcgjax.state import OVER

_POCKET = Config(
    network=NetworkConfig(kind="cards", hidden=(128, 128), activation="relu", shared=True, token=32),
    ppo=PPOConfig(
        environments=256,
        horizon=64,
        epochs=2,
        minibatches=8,
        learning_rate=1e-3,
        discount=0.998,
        gae_lambda=0.95,
        entropy_coefficient=0.01,
        normalise_observations=False,
        shaping=0.5,
    ),
    opponents=OpponentsConfig(fixed=(("planner", 0.5), ("greedy", 0.40625), ("random", 0.09375))),
    updates_per_chunk=5,
)
SELF_PLAY = dataclasses.replace(_POCKET, opponents=OpponentsConfig(fixed=(("planner", 0.125),), pool_share=0.25))
"""Mostly self-play, with past selves and a yardstick."""


def potential(obs: Any) -> jax.Array:
    """float32[N] within (−1, 1): points, Pokémon and Energy in play, and damage, the own ones less the other's.

    `obs`: `tcgjax.observation.Observation`, leaves `[N, ...]`. 0 once the game is over.
    """

    def lead(values: jax.Array) -> jax.Array:
        values = values.astype(jnp.float32)
        return values[:, 0] - values[:, 1]

    found = lead(jnp.minimum(obs.points, 3)) / 6
    found = found + lead(jnp.sum(obs.cards[..., 0] > 0, -1)) / 40
    found = found + jnp.clip(lead(jnp.sum(obs.energy, (-2, -1))), -8, 8) / 80
    found = found - jnp.clip(lead(jnp.sum(obs.damage, -1)), -300, 300) / 3000
    return jnp.where(obs.phase == OVER, 0.0, found).astype(jnp.float32)


def card_network(env: Environment, config: NetworkConfig) -> Network:
    """The network of tokens, one for each card of the hand and each Pokémon."""
    from families.tcgjax.features import FEATURES
    from families.tcgjax.network import CardActorCritic

    del env
    return Network(config, CardActorCritic(config), FEATURES, None, None, ())


TRAINING = Training(
    configs={"tcgjax/pocket-a1": _POCKET, "tcgjax/pocket": _POCKET},
    potential=potential,
    networks={"cards": card_network},
    opponents=scripted.names(),
    opponent=scripted.opponent,
)
