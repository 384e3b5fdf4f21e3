"""The fixed network of the mode `policy_in_loop`, the same on both sides."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.environment import Environment
from jaxenv.spaces import Box

HIDDEN = (128, 128)
SEED = 0
SPREAD = 0.5  # standard deviation of a continuous action, in halves of its range

Batched = Callable[[np.ndarray], np.ndarray]
"""`policy(obs float32[n, D]) -> actions [n, …]`; may be called from several threads."""


@dataclasses.dataclass(frozen=True)
class Network:
    """Observation, flat, to 128 GELU, to 128 GELU, to logits of which one action is sampled (means, if continuous).

    Weights and biases are drawn uniformly in ±1/sqrt(inputs) from a seed. A `jaxenv.rollouts.Policy`; networks of equal
    environments are equal. Players act from their own observations with the same weights.
    """

    env: Environment

    def __call__(self, key: jax.Array, obs: Any, legal_actions: jax.Array) -> jax.Array:
        """The action of one environment, for all its players."""
        return self.act(key, self.env.obs_spec.flatten(obs), legal_actions)

    def act(self, key: jax.Array, flat: jax.Array, legal_actions: jax.Array | None = None) -> jax.Array:
        """Actions from `float32[..., D]`; `legal_actions` `bool[..., A]`, None if all are. One key for all of them."""
        hidden = flat
        *inner, last = self.layers()
        for weights, biases in inner:
            hidden = jax.nn.gelu(hidden @ weights + biases, approximate=False)
        output = hidden @ last[0] + last[1]
        if self.env.num_actions:
            logits = output if legal_actions is None else jnp.where(legal_actions, output, -jnp.inf)
            return jax.random.categorical(key, logits).astype(jnp.int32)
        space = self._box()
        output = output.reshape(*output.shape[:-1], *space.shape)
        output = output + SPREAD * jax.random.normal(key, output.shape, output.dtype)
        bounded = np.isfinite(space.low) & np.isfinite(space.high)
        low, high = np.where(bounded, space.low, -1), np.where(bounded, space.high, 1)
        action = (low + high) / 2 + output * ((high - low) / 2)
        return jnp.clip(action, space.low, space.high).astype(space.dtype)

    def batched(self) -> Batched:
        """The same network for a batch of one-player observations with every action legal; compiled per batch size."""
        calls = itertools.count()  # its next() is atomic: threads never share a draw

        @jax.jit
        def act(call, flat):
            return self.act(jax.random.fold_in(jax.random.key(SEED), call), flat)

        return lambda obs: np.asarray(act(np.uint32(next(calls) % 2**32), obs))

    def layers(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """`(weights float32[inputs, outputs], biases float32[outputs])` of each layer."""
        rng = np.random.default_rng(SEED)
        sizes = self._sizes()
        uniform = lambda bound, *shape: rng.uniform(-bound, bound, shape).astype(np.float32)  # noqa: E731
        return [
            (uniform(inputs**-0.5, inputs, outputs), uniform(inputs**-0.5, outputs))
            for inputs, outputs in itertools.pairwise(sizes)
        ]

    def facts(self) -> dict[str, Any]:
        """Entry of a row about the policy."""
        return {
            "layers": list(self._sizes()),
            "activation": "gelu",
            "parameters": sum(weights.size + biases.size for weights, biases in self.layers()),
            "seed": SEED,
        }

    def _sizes(self) -> tuple[int, ...]:
        outputs = self.env.num_actions or math.prod(self._box().shape)
        return (self.env.obs_spec.size, *HIDDEN, outputs)

    def _box(self) -> Box:
        space = self.env.action_space()
        if not isinstance(space, Box):
            raise TypeError(f"{self.env.id}: the network samples discrete actions or a Box, not {space!r}")
        return space
