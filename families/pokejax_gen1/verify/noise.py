"""Showdown's generator run backwards: states from which a chosen draw comes out at a boundary."""

from __future__ import annotations

import numpy as np

from references.showdown.lcg import INCREMENT, MULTIPLIER

_MASK = 2**64 - 1
_INVERSE = pow(MULTIPLIER, -1, 2**64)
MOST_DRAWS = 6
"""Draws that `extreme_state` looks ahead: most steps make fewer draws."""
# Ranges that are drawn from, with the thresholds that decide something: k / 256 for hits, criticals and side effects.
_THRESHOLDS = (1, 25, 26, 51, 52, 63, 77, 85, 103, 128, 178, 204, 216, 229, 242, 254, 255)
_SMALL_RANGES = (2, 4, 7, 8, 39)


def state_before(draw_index: int, top_word: int, low_word: int = 0) -> tuple[int, int]:
    """High and low word of the state whose draw number `draw_index` (0 is the next one) yields `top_word`.

    `low_word`: of the state after that draw; it decides what the other draws yield.
    """
    state = (top_word & 0xFFFFFFFF) << 32 | low_word & 0xFFFFFFFF
    for _ in range(draw_index + 1):
        state = (state - INCREMENT) * _INVERSE & _MASK
    return state >> 32, state & 0xFFFFFFFF


def threshold_word(rng: np.random.Generator, threshold: int) -> int:
    """A top word that a chance of `threshold` in 256 just takes, or just misses."""
    return ((threshold << 24) + int(rng.integers(-1, 2))) & 0xFFFFFFFF


def boundary_word(rng: np.random.Generator) -> int:
    """A top word at the edge of what some rule tells apart."""
    kind = rng.random()
    if kind < 0.2:
        return int(rng.choice([0, 0xFFFFFFFF]))
    if kind < 0.8:
        return threshold_word(rng, int(rng.choice(_THRESHOLDS)) if rng.random() < 0.5 else int(rng.integers(256)))
    n = int(rng.choice(_SMALL_RANGES))
    # The first word that random(n) scales to k, or the one before it.
    return (-(-(int(rng.integers(n)) << 32) // n) - int(rng.integers(2))) & 0xFFFFFFFF


def extreme_state(rng: np.random.Generator) -> tuple[int, int]:
    """A generator's state, as two int32 words, with one of its next `MOST_DRAWS` draws at a boundary."""
    return signed_words(state_before(int(rng.integers(MOST_DRAWS)), boundary_word(rng), int(rng.integers(1 << 32))))


def signed_words(words: tuple[int, int]) -> tuple[int, int]:
    """Both words as a record holds them: int32."""
    high, low = (word - (1 << 32) if word >> 31 else word for word in words)
    return high, low
