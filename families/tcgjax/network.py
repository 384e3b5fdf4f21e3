"""The network of tokens: one for each card of the hand and each Pokémon. Actions are scored from theirs."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from baselines.config import NetworkConfig
from baselines.networks.gru import ResettingGRU
from baselines.networks.mlp import ACTIVATIONS, MLP, dense
from families.tcgjax.features import FEATURES
from tcgjax import actions as a
from tcgjax.arrays import LIST
from tcgjax.state import SPOTS


class CardActorCritic(nn.Module):
    """As `actor_critic.ActorCritic`, for the features of `features`: `(logits [T, B, 143], value [T, B], carry)`.

    Cards share their weights, and so do Pokémon of one side: what is learned of one place holds in all. The tokens are
    pooled (mean, maximum, the Active Pokémon) into one context. What is done with a card is scored from its token and
    the context, evolving from the card and the Pokémon.
    """

    config: NetworkConfig

    @nn.compact
    def __call__(self, x: jax.Array, carry: Any, first: jax.Array) -> tuple[jax.Array, jax.Array, Any]:
        config = self.config
        tokens = FEATURES.split(x)
        hand, own, foe, seen = (
            MLP((config.token, config.token), config.activation, name=name)(part)
            for name, part in (("hand", tokens.hand), ("own", tokens.own), ("foe", tokens.foe), ("seen", tokens.seen))
        )
        there = tokens.hand[..., -2:-1]
        pooled = [own[..., 0, :], foe[..., 0, :], jnp.mean(own, -2), jnp.mean(foe, -2), jnp.max(own, -2)]
        pooled += [jnp.max(foe, -2), jnp.sum(hand * there, -2) / 5, jnp.max(hand * there, -2), jnp.mean(seen, -2)]
        pooled += [MLP((config.token,), config.activation, name="field")(tokens.field)]
        context = MLP(config.hidden, config.activation, config.layer_norm, name="torso")(jnp.concatenate(pooled, -1))
        if config.memory:
            carry, context = ResettingGRU(config.memory, name="memory")(carry, context, first)
        logits = self._logits(hand, own, foe, context)
        value = dense(1, 1.0, name="value")(context)[..., 0]
        return logits, value, carry

    def _logits(self, hand: jax.Array, own: jax.Array, foe: jax.Array, context: jax.Array) -> jax.Array:
        """`[..., 143]`, in the order of `tcgjax.actions`."""
        plain = dense(1 + a.COPY - a.PAY, self.config.logit_scale, name="plain")(context)
        of_hand = self._scores("hand", hand, context, 2)
        of_own = self._scores("own", own, context, 8)
        of_foe = self._scores("foe", foe, context, 3)
        evolving = of_hand[..., 1, None] + of_own[..., None, :, 0]
        waiting = jnp.zeros_like(plain[..., :1])  # it is the only choice wherever it is one
        parts = [
            waiting,
            plain[..., :1],
            of_hand[..., 0],
            evolving.reshape(*evolving.shape[:-2], LIST * SPOTS),
            of_own[..., 1],
            of_own[..., 1:, 2],
            of_own[..., 3],
            of_own[..., 0, 4:6],
            of_own[..., 6],
            of_own[..., 7],
            of_foe[..., 0],
            plain[..., 1:],
            of_foe[..., 1:].reshape(*of_foe.shape[:-2], 2 * SPOTS),
        ]
        return jnp.concatenate(parts, -1)

    def _scores(self, name: str, tokens: jax.Array, context: jax.Array, count: int) -> jax.Array:
        """`[..., tokens, count]`: a small network of token and context, the first layer's two shares computed apart."""
        width = self.config.token
        shared = dense(width, name=f"{name}_context")(context)[..., None, :]
        hidden = ACTIVATIONS[self.config.activation](dense(width, name=f"{name}_token")(tokens) + shared)
        return dense(count, self.config.logit_scale, name=f"{name}_score")(hidden)
