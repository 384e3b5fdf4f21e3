"""Policies of the verifier's players in Gen 1: pure functions of the true state, on one side of one battle.

Random play alone seldom keeps a Pokémon in, stacks conditions or plays to win; the other policies do.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from pokejax.gen1.choices import FIRST_MOVE, NO_OP
from pokejax.gen1.damage import base_damage
from pokejax.gen1.dex import Category
from pokejax.gen1.move_data import move_data
from pokejax.gen1.state import MOVE_SLOTS, Seat

Policy = Callable[[jax.Array, Seat, Seat, jax.Array, jax.Array], jax.Array]
"""(key, own seat, foe's seat, legal bool[11], visits int32[`VISITS`]) -> action."""

VISITS = 169
"""Counts of choices so far, over all battles of a run: by move number, entry 0 the switches."""

_DEVIATE = 0.1


def _among(key: jax.Array, allowed: jax.Array) -> jax.Array:
    noise = jax.random.uniform(key, allowed.shape, jnp.float32)
    return jnp.argmax(jnp.where(allowed, noise, -1.0)).astype(jnp.int32)


def uniform(key: jax.Array, seat: Seat, foe: Seat, legal: jax.Array, visits: jax.Array) -> jax.Array:
    """Any legal action."""
    return _among(key, legal)


def _preferring(key: jax.Array, preferred: jax.Array, legal: jax.Array) -> jax.Array:
    """One of the preferred legal actions, if there are any, but now and then any legal one."""
    coin, pick = jax.random.split(key)
    wanted = preferred & legal
    follows = jnp.any(wanted) & (jax.random.uniform(coin, (), jnp.float32) >= _DEVIATE)
    return _among(pick, jnp.where(follows, wanted, legal))


def _on_moves(values: jax.Array) -> jax.Array:
    return jnp.zeros(NO_OP + 1, values.dtype).at[FIRST_MOVE:NO_OP].set(values)


def max_damage(key: jax.Array, seat: Seat, foe: Seat, legal: jax.Array, visits: jax.Array) -> jax.Array:
    """The move with the highest formula damage, mostly."""

    def score(move: jax.Array) -> jax.Array:
        data = move_data(move)
        return jnp.where(data.power > 0, base_damage(seat, foe, data, jnp.bool_(False)), 0)

    scores = jnp.where(legal, _on_moves(jnp.stack([score(seat.moves[k]) for k in range(MOVE_SLOTS)])), -1)
    return _preferring(key, (scores == jnp.max(scores)) & (scores > 0), legal)


def status_first(key: jax.Array, seat: Seat, foe: Seat, legal: jax.Array, visits: jax.Array) -> jax.Array:
    """A status move, mostly."""
    is_status = jnp.stack([move_data(seat.moves[k]).category == Category.STATUS for k in range(MOVE_SLOTS)])
    return _preferring(key, _on_moves(is_status), legal)


def switch_averse(key: jax.Array, seat: Seat, foe: Seat, legal: jax.Array, visits: jax.Array) -> jax.Array:
    """Any move, hardly ever a switch."""
    return _preferring(key, _on_moves(jnp.ones(MOVE_SLOTS, bool)), legal)


def stalling(key: jax.Array, seat: Seat, foe: Seat, legal: jax.Array, visits: jax.Array) -> jax.Array:
    """A switch, mostly: battles that last."""
    return _preferring(key, jnp.arange(NO_OP + 1) < FIRST_MOVE, legal)


def guided(key: jax.Array, seat: Seat, foe: Seat, legal: jax.Array, visits: jax.Array) -> jax.Array:
    """The action that was chosen least so far, mostly."""
    seen = jnp.where(legal, visits[chosen(seat)], jnp.iinfo(jnp.int32).max)
    return _preferring(key, seen == jnp.min(seen), legal)


def chosen(seat: Seat) -> jax.Array:
    """int32[11]: under which entry of the visits each action is counted."""
    return _on_moves(seat.moves)


POLICIES: dict[str, Policy] = {
    "uniform": uniform,
    "max-damage": max_damage,
    "status-first": status_first,
    "switch-averse": switch_averse,
    "stalling": stalling,
    "guided": guided,
}
