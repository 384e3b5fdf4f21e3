"""Small array operations of the rules. Lists of cards are int32[20] with the cards first and 0 behind them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

LIST = 20


def total(values: jax.Array, axis: int | tuple[int, ...] | None = None) -> jax.Array:
    """int32 sum, of bools too."""
    return jnp.sum(values.astype(jnp.int32), axis, dtype=jnp.int32)


def lookup(table: np.ndarray, index: jax.Array) -> jax.Array:
    """``table[index]`` along the first axis, int32 or bool; ``index`` must be in range (it is not checked)."""
    found = jnp.asarray(table).at[index].get(mode="promise_in_bounds", wrap_negative_indices=False)
    return found if table.dtype == np.bool_ else found.astype(jnp.int32)


def at(values: jax.Array, index: Any) -> jax.Array:
    """``values[index]`` along the first axis for any shape of ``index``; the nearest entry if it is out of range."""
    index = jnp.clip(index, 0, values.shape[0] - 1)
    return values.at[index].get(mode="promise_in_bounds", wrap_negative_indices=False)


def one_hot(index: Any, size: int) -> jax.Array:
    """bool[size]: True at ``index``; all False if it is out of range."""
    return jnp.arange(size, dtype=jnp.int32) == index


def first(flags: jax.Array) -> jax.Array:
    """int32[]: the place of the first True, 0 if there is none."""
    return jax.lax.argmax(flags.astype(jnp.int32), 0, jnp.int32)


def nth(flags: jax.Array, n: jax.Array) -> jax.Array:
    """int32[]: the place of the True before which there are ``n`` others."""
    return first(flags & (jnp.cumsum(flags.astype(jnp.int32), dtype=jnp.int32) == n + 1))


def length(cards: jax.Array) -> jax.Array:
    """int32: number of cards of lists [..., 20]."""
    return total(cards > 0, -1)


def _shifted(values: jax.Array) -> jax.Array:
    """The list [20] one place to the left, with a 0 (or False) at the end."""
    return jnp.concatenate([values[1:], jnp.zeros((1,), values.dtype)])


def pop(values: jax.Array, place: Any, when: Any) -> jax.Array:
    """The list [20] without the entry at ``place``, where ``when``."""
    return jnp.where((jnp.arange(LIST, dtype=jnp.int32) >= place) & when, _shifted(values), values)


def drop(values: jax.Array, count: jax.Array) -> jax.Array:
    """The list [20] without its first ``count`` entries."""
    places = jnp.arange(LIST, dtype=jnp.int32) + count
    return jnp.where(places < LIST, at(values, places), jnp.zeros((), values.dtype))


def append(cards: jax.Array, size: jax.Array, more: jax.Array) -> jax.Array:
    """The list [20] of ``size`` cards with the cards of ``more`` [k] (0 behind the last) behind its own."""
    places = jnp.arange(LIST, dtype=jnp.int32) - size
    added = at(more, places)
    return jnp.where((places >= 0) & (places < more.shape[0]), added, cards)


def append_one(cards: jax.Array, size: jax.Array, card: jax.Array, when: Any) -> jax.Array:
    """The list [20] of ``size`` cards with ``card`` behind them, where ``when``."""
    return jnp.where(one_hot(size, LIST) & when, card, cards)


def both(mine: jax.Array, theirs: jax.Array) -> jax.Array:
    """[2, ...] of the values of the current player and of the opponent."""
    return jnp.stack([mine, theirs])


def select(when: jax.Array, yes: Any, no: Any) -> Any:
    """``yes`` if ``when`` (a bool scalar) else ``no``, leaf by leaf."""
    return jax.tree.map(lambda a, b: a if a is b else jnp.where(when, a, b), yes, no)
