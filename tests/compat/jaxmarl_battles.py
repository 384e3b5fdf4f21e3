"""Battles of a policy that was trained through JaxMARL against random play, to see what it has learned."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxenv
from jaxenv.adapters.jaxmarl import JaxMARL


def against_random(
    game: JaxMARL, decide: Callable[..., Any], memory: Any, battles: int, longest: int = 600
) -> np.ndarray:
    """float[battles]: the return of player 0 in one battle on each lane; 0 for one that is not over in time.

    `decide(key, memory, obs, legal, begun) -> (actions, memory)` is player 0, on all lanes at once.
    """

    @jax.jit
    def play(key: jax.Array) -> jax.Array:
        def step(carry: Any, key: jax.Array) -> tuple[Any, None]:
            obs, state, memory, begun, score, over = carry
            ours, theirs, move = jax.random.split(key, 3)
            legal = jax.vmap(game.get_avail_actions)(state)
            actions, memory = decide(ours, memory, obs["player_0"], legal["player_0"], begun)
            theirs = jax.random.split(theirs, battles)
            random = jax.vmap(jaxenv.random_legal, (0, None, 0))(theirs, None, legal["player_1"])
            told = {"player_0": actions, "player_1": random}
            obs, state, reward, done, _ = jax.vmap(game.step)(jax.random.split(move, battles), state, told)
            ended = done["__all__"]
            score += jnp.where(over, 0.0, reward["player_0"])
            return (obs, state, memory, ended, score, over | ended), None

        no = jnp.zeros(battles, bool)
        first = (*jax.vmap(game.reset)(jax.random.split(key, battles)), memory, no, jnp.zeros(battles), no)
        return jax.lax.scan(step, first, jax.random.split(key, longest))[0][4]

    return np.asarray(play(jax.random.PRNGKey(1)))


def won(returns: np.ndarray, z: float = 1.96) -> tuple[float, float, float]:
    """The share of battles won, a tie being half, and its 95 % interval (Wilson)."""
    count, share = len(returns), float(returns.mean() + 1) / 2
    middle, spread = share + z**2 / (2 * count), z * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return share, (middle - spread) / (1 + z**2 / count), (middle + spread) / (1 + z**2 / count)
