"""Showdown's 64-bit generator, to tell how many draws lie between two of its states."""

from __future__ import annotations

MULTIPLIER = 0x5D588B656C078965
INCREMENT = 0x269EC3
_MASK = 2**64 - 1


def step(state: int) -> int:
    """The state after one draw (source: `sim/prng.js`, `Gen5RNG`)."""
    return (state * MULTIPLIER + INCREMENT) & _MASK


def state_of(high: int, low: int) -> int:
    """The 64-bit state from two words, each given as int32 or uint32."""
    return (high & 0xFFFFFFFF) << 32 | low & 0xFFFFFFFF


def draws_between(start: int, end: int, limit: int = 64) -> int | None:
    """Number of draws from state `start` to state `end`, negative when `end` comes first; None beyond `limit`."""
    ahead, behind = start, end
    for count in range(limit + 1):
        if ahead == end:
            return count
        if behind == start:
            return -count
        ahead, behind = step(ahead), step(behind)
    return None
