"""The constants of the opponents, from the Gen 1 tables, as numpy arrays made on first use."""

from __future__ import annotations

import functools

import numpy as np

from pokejax.gen1 import dex
from pokejax.gen1.dex import Category, Type


@functools.cache
def halves() -> np.ndarray:
    """int32[17, 17] by attacking and defending `Type`: 0, 1, 2 or 4 halves; 2 where either is none."""
    table = dex.load_dex()
    factors = np.where(table.immune, 0, 2 ** (1 + table.effectiveness.astype(int)))
    factors[[Type.NONE, Type.UNTYPED]] = 2
    factors[:, [Type.NONE, Type.UNTYPED]] = 2
    return factors.astype(np.int32)


@functools.cache
def species_types() -> np.ndarray:
    """int32[152, 2]: `Type` of each species, the second NONE if it has one."""
    return dex.load_dex().species.types.astype(np.int32)


@functools.cache
def base_stats() -> np.ndarray:
    """int32[152, 4]: base Attack, Defense, Special and Speed."""
    return dex.load_dex().species.base_stats[:, 1:].astype(np.int32)


@functools.cache
def base_hp() -> np.ndarray:
    """int32[152]."""
    return dex.load_dex().species.base_stats[:, 0].astype(np.int32)


@functools.cache
def power() -> np.ndarray:
    """int32[169]: base power."""
    return dex.load_dex().moves.base_power.astype(np.int32)


@functools.cache
def move_types() -> np.ndarray:
    """int32[169]: `Type` of each move."""
    return dex.load_dex().moves.type.astype(np.int32)


@functools.cache
def is_physical() -> np.ndarray:
    """bool[169]."""
    return dex.load_dex().moves.category == Category.PHYSICAL


@functools.cache
def accuracy() -> np.ndarray:
    """float64[169]: percent / 100; 1 for moves that are never checked, and for pseudo-moves, which are nobody's."""
    scaled = dex.load_dex().moves.accuracy.astype(int)
    scaled[dex.MAX_MOVE + 1 :] = 0
    percent = np.where(scaled == 0, 100, -(-scaled * 100 // 255))
    if (percent * 255 // 100 != np.where(scaled == 0, 255, scaled)).any():
        raise ValueError("gen1_dex.npz: an accuracy is not a whole number of percent")
    return percent / 100


@functools.cache
def hits() -> np.ndarray:
    """int32[169]: hits of each move; `dex.MULTIHIT_2_TO_5` for two to five."""
    return np.maximum(dex.load_dex().moves.multihit.astype(np.int32), 1)
