"""Showdown's generator in uint32 against 64-bit integers and the reference's own numbers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokejax.common import rng

WORDS = st.integers(0, 2**32 - 1)
RANGES = (1, 2, 4, 7, 8, 38, 39, 149, 163, 256, 65535)


def big_step(state: int) -> int:
    return (state * rng.MULTIPLIER + rng.INCREMENT) % 2**64


@jax.jit
def chain(hi: jax.Array, lo: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The states after 1…16 draws and, per range of `RANGES`, the values of the sixteenth word."""

    def one(state: rng.Rng, _: None) -> tuple[rng.Rng, rng.Rng]:
        after = rng.advance(state)
        return after, after

    last, states = jax.lax.scan(one, rng.Rng(hi=hi, lo=lo), None, length=16)
    values = jnp.stack([rng.scale(last.hi, n) for n in RANGES] + [rng.scale(last.hi, jnp.int32(n)) for n in RANGES])
    return states.hi, states.lo, values


@settings(max_examples=60, deadline=None, derandomize=True)
@given(WORDS, WORDS)
def test_equals_64_bit_arithmetic(hi: int, lo: int) -> None:
    his, los, values = (np.asarray(part) for part in chain(jnp.uint32(hi), jnp.uint32(lo)))
    state = hi << 32 | lo
    for k in range(16):
        state = big_step(state)
        assert (int(his[k]) << 32 | int(los[k])) == state, f"draw {k + 1} from {hi:#x}, {lo:#x}"
    assert values.tolist() == [(state >> 32) * n >> 32 for n in RANGES] * 2


@pytest.mark.parametrize("n", RANGES)
def test_scales_the_greatest_word_below_its_range(n: int) -> None:
    assert int(rng.scale(jnp.uint32(0xFFFFFFFF), n)) == n - 1


def test_known_numbers_of_the_reference() -> None:
    # node -e "new PRNG('1,2,3,4')" of pokemon-showdown 0.11.11: the states and random(256) of the first three draws.
    state = rng.Rng(hi=jnp.uint32(0x00010002), lo=jnp.uint32(0x00030004))
    seen = []
    for _ in range(3):
        state, value = rng.draw(state, 256)
        seen.append((int(state.hi), int(state.lo), int(value)))
    assert seen == KNOWN


KNOWN = [(2030470262, 1282655319, 121), (3793892072, 809935894, 226), (2851743046, 2658083185, 169)]


def test_a_draw_is_consumed_only_when_wanted() -> None:
    state = rng.Rng(hi=jnp.uint32(7), lo=jnp.uint32(9))
    kept, value = rng.draw(state, 256, jnp.bool_(False))
    assert (int(kept.hi), int(kept.lo)) == (7, 9)
    moved, same = rng.draw(state, 256, jnp.bool_(True))
    expected = big_step(7 << 32 | 9)
    assert (int(moved.hi) << 32 | int(moved.lo)) == expected
    assert int(value) == int(same) == expected >> 56
