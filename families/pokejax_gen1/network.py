"""The network of tokens: one for each Pokémon and each move of those on the field. Actions are scored from theirs."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from baselines.config import NetworkConfig
from baselines.networks.gru import ResettingGRU
from baselines.networks.mlp import ACTIVATIONS, MLP, dense
from families.pokejax_gen1.features import FEATURES


class TransformerLayer(nn.Module):
    """Self-attention and a dense layer, each behind a layer norm and beside a skip: `[..., tokens, width]`."""

    heads: int
    activation: str

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        width = x.shape[-1]
        heads = (self.heads, width // self.heads)
        normed = nn.LayerNorm()(x)
        query, key, value = (nn.DenseGeneral(heads, name=name)(normed) for name in ("query", "key", "value"))
        weights = jax.nn.softmax(jnp.einsum("...qhd,...khd->...hqk", query, key) / np.float32(np.sqrt(heads[1])))
        mixed = jnp.einsum("...hqk,...khd->...qhd", weights, value)
        x = x + nn.DenseGeneral(width, axis=(-2, -1), name="out")(mixed)
        hidden = ACTIVATIONS[self.activation](dense(2 * width)(nn.LayerNorm()(x)))
        return x + dense(width, 0.1)(hidden)


class EntityActorCritic(nn.Module):
    """As `actor_critic.ActorCritic`, for the features of `features`: `(logits [T, B, 11], value [T, B], carry)`.

    Pokémon of one side share their weights, and so do moves; so what is learned of one slot holds in all. Without
    attention the tokens are pooled (mean, maximum, and the one on the field) into one context; with it they are mixed
    first. Switches are scored from their Pokémon's token and the context, moves from theirs.
    """

    config: NetworkConfig

    @nn.compact
    def __call__(self, x: jax.Array, carry: Any, first: jax.Array) -> tuple[jax.Array, jax.Array, Any]:
        config = self.config
        tokens = FEATURES.split(x)
        embedded = [
            MLP((config.token, config.token), config.activation, name=name)(part)
            for name, part in (
                ("own", tokens.own),
                ("foe", tokens.foe),
                ("own_moves", tokens.own_moves),
                ("foe_moves", tokens.foe_moves),
            )
        ]
        field = MLP((config.token,), config.activation, name="field")(tokens.field)
        if config.attention:
            embedded, field = self._mix(embedded, field)
        own, foe, own_moves, foe_moves = embedded
        own_here = jnp.sum(own * tokens.own[..., 2:3], axis=-2)  # the feature own_active
        foe_here = jnp.sum(foe * tokens.foe[..., 2:3], axis=-2)
        pooled = [own_here, foe_here, field, jnp.max(own_moves, axis=-2), jnp.max(foe_moves, axis=-2)]
        pooled += [jnp.mean(own, axis=-2), jnp.mean(foe, axis=-2), jnp.max(own, axis=-2), jnp.max(foe, axis=-2)]
        context = MLP(config.hidden, config.activation, config.layer_norm, name="torso")(jnp.concatenate(pooled, -1))
        if config.memory:
            carry, context = ResettingGRU(config.memory, name="memory")(carry, context, first)
        switches = self._scores("switch", own, context)
        moves = self._scores("move", own_moves, context)
        waiting = jnp.zeros_like(moves[..., :1])  # it is the only choice wherever it is one
        value = dense(1, 1.0, name="value")(context)[..., 0]
        return jnp.concatenate([switches, moves, waiting], axis=-1), value, carry

    def _mix(self, embedded: list[jax.Array], field: jax.Array) -> tuple[list[jax.Array], jax.Array]:
        kinds = self.param("kinds", nn.initializers.normal(0.02), (len(embedded) + 1, self.config.token), jnp.float32)
        groups = [group + kinds[i] for i, group in enumerate(embedded)] + [field[..., None, :] + kinds[-1]]
        sizes = [group.shape[-2] for group in groups]
        mixed = jnp.concatenate(groups, axis=-2)
        for i in range(self.config.attention):
            mixed = TransformerLayer(self.config.heads, self.config.activation, name=f"layer_{i}")(mixed)
        ends = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
        *parts, last = jnp.split(mixed, ends, axis=-2)
        return parts, last[..., 0, :]

    def _scores(self, name: str, tokens: jax.Array, context: jax.Array) -> jax.Array:
        """`[..., tokens]`: a small network of token and context, the first layer's two shares computed apart."""
        width = self.config.token
        shared = dense(width, name=f"{name}_context")(context)[..., None, :]
        hidden = ACTIVATIONS[self.config.activation](dense(width, name=f"{name}_token")(tokens) + shared)
        return dense(1, self.config.logit_scale, name=f"{name}_score")(hidden)[..., 0]
