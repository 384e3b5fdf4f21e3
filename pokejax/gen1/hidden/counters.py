"""Counters that no player is shown, drawn anew: how long sleep, confusion, Disable, Bide, Thrash and traps will last.

Sleep and traps are drawn by the exact law, given the turns that have gone by, which a battle holds. The age of the
others is remembered by nobody: their law is that of a condition met at a moment picked at random, so that what is left
is n turns with a weight of all the lengths that are n or longer. A Substitute has any HP up to a fresh one's.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common.storage import update
from pokejax.gen1.dex import Status
from pokejax.gen1.state import Party, Seat

LONGEST_SLEEP = 7

# Weight of each length, from 0 turns on; the rules that draw it are named.
CONFUSION = (0, 0, 1, 1, 1, 1)  # volatiles.confuse_foe, accuracy.count_thrash
DISABLE = (0, 1, 1, 1, 1, 1, 1, 1, 1)  # status_moves._disable
BIDE = (0, 0, 1, 1)  # status_moves.use_status_move
THRASH = (0, 0, 1, 1)  # accuracy.count_thrash
TRAPPING = (0, 0, 3, 3, 1, 1)  # volatiles.sample_two_to_five


def residual(lengths: tuple[int, ...]) -> np.ndarray:
    """float32: weights of what is left at a moment picked at random, given those of the lengths."""
    at_least = np.cumsum(np.array(lengths[::-1]))[::-1]
    return np.where(np.arange(len(lengths)) == 0, 0, at_least).astype(np.float32)


def redraw_seat(key: jax.Array, seat: Seat, slept: jax.Array) -> Seat:
    """``seat`` (in the rules' dtypes) with its counters drawn anew; ``slept``: turns that its Pokémon has slept."""
    keys = jax.random.split(key, 7)
    seat = update(seat, sleep_turns=_sleep(keys[0], seat.status, seat.sleep_turns, seat.slept_by_self, slept))
    counters = (
        ("confusion_turns", CONFUSION),
        ("disable_turns", DISABLE),
        ("bide_turns", BIDE),
        ("locked_turns", THRASH),
    )
    for number, (name, lengths) in enumerate(counters, 1):
        drawn = _weighted(keys[number], jnp.asarray(residual(lengths)))
        seat = update(seat, getattr(seat, name) > 0, **{name: drawn})
    # What has gone by of a trap shows in the requests: only what is left of it is hidden.
    gone = seat.trapping_total - seat.trapping_turns
    lengths = jnp.asarray(np.array(TRAPPING, np.float32))
    total = _weighted(keys[5], jnp.where(jnp.arange(len(TRAPPING), dtype=gone.dtype) > gone, lengths, 0))
    seat = update(seat, seat.trapping_turns > 0, trapping_total=total, trapping_turns=total - gone)
    most = (seat.max_hp >> 2) + 1
    left = 1 + _below(keys[6], most)
    return update(seat, seat.substitute_hp > 0, substitute_hp=left)


def redraw_party(key: jax.Array, party: Party, slept: jax.Array) -> Party:
    """``party`` with the sleep of its benched Pokémon drawn anew; ``slept``: uint8[6], turns that each has slept."""
    keys = jax.random.split(key, len(party.status))
    drawn = jax.vmap(_sleep)(keys, party.status, party.sleep_turns, party.slept_by_self, slept)
    return party.replace(sleep_turns=drawn.astype(party.sleep_turns.dtype))


def _sleep(key: jax.Array, status: jax.Array, turns: jax.Array, by_self: jax.Array, slept: jax.Array) -> jax.Array:
    """Turns of sleep left: 1 to 7 in all, each as likely. Rest always takes two, and everybody knows."""
    hidden = (status == Status.SLP) & ~by_self
    most = jnp.maximum(LONGEST_SLEEP - slept.astype(jnp.int32), 1)
    return jnp.where(hidden, 1 + _below(key, most), turns.astype(jnp.int32))


def _below(key: jax.Array, most: jax.Array) -> jax.Array:
    """int32 in [0, most), each as likely."""
    return jax.random.randint(key, (), 0, most, jnp.int32)


def _weighted(key: jax.Array, weights: jax.Array) -> jax.Array:
    """int32: a place of ``weights`` by its weight."""
    return jax.random.categorical(key, jnp.log(weights)).astype(jnp.int32)
