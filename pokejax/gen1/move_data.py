"""One move's properties as scalars: the dex table packed into a few words per move.

A row is three uint32 words, so that looking a move up costs three table reads whatever the number of properties.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct
from pokejax.common.arrays import lookup
from pokejax.gen1 import dex

STAT_NAMES = ("atk", "def", "spc", "spe", "accuracy", "evasion")
"""The stats that ``boost_stat`` − 1 counts. Showdown's spa and spd always move together: they are one Special here."""


@struct.dataclass
class MoveData(struct.Node):
    """Properties of the move in use, int32 and bool scalars; the columns of `dex.Moves` are documented there."""

    power: jax.Array
    accuracy: jax.Array
    type: jax.Array
    category: jax.Array
    secondary_chance: jax.Array
    """Out of 256, after Showdown's −1 for confusion."""
    secondary_status: jax.Array
    secondary_drop: jax.Array
    """0 none, else 1 + index in `STAT_NAMES` of the stat a secondary effect lowers by one stage."""
    status: jax.Array
    boost_stat: jax.Array
    """0 none, else 1 + index in `STAT_NAMES`."""
    boost_delta: jax.Array
    volatile: jax.Array
    self_volatile: jax.Array
    fixed_damage: jax.Array
    multihit: jax.Array
    """0 one hit, 2 two, 5 two to five."""
    recoil_divisor: jax.Array
    """0 none."""
    secondary_flinch: jax.Array
    secondary_confusion: jax.Array
    drains: jax.Array
    high_critical: jax.Array
    target_self: jax.Array
    selfdestruct: jax.Array
    ohko: jax.Array
    ignores_immunity: jax.Array
    crashes: jax.Array
    two_turn: jax.Array
    keeps_last_damage: jax.Array


# Field, word, bits, signed offset: the packed layout.
_LAYOUT: tuple[tuple[str, int, int], ...] = (
    ("power", 0, 8),
    ("accuracy", 0, 8),
    ("type", 0, 5),
    ("category", 0, 2),
    ("multihit", 0, 3),
    ("recoil_divisor", 0, 3),
    ("status", 0, 3),
    ("secondary_chance", 1, 8),
    ("secondary_status", 1, 3),
    ("secondary_drop", 1, 3),
    ("boost_stat", 1, 3),
    ("boost_delta", 1, 3),
    ("volatile", 1, 5),
    ("self_volatile", 1, 5),
    ("fixed_damage", 2, 8),
    ("secondary_flinch", 2, 1),
    ("secondary_confusion", 2, 1),
    ("drains", 2, 1),
    ("high_critical", 2, 1),
    ("target_self", 2, 1),
    ("selfdestruct", 2, 1),
    ("ohko", 2, 1),
    ("ignores_immunity", 2, 1),
    ("crashes", 2, 1),
    ("two_turn", 2, 1),
    ("keeps_last_damage", 2, 1),
)
_DELTA_OFFSET = 3
_WORDS = 3


def _single_stat(boosts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boost rows int[n, 7] as (1 + stat index or 0, delta); a Gen 1 move changes one stat, Special counting as one."""
    columns = boosts[:, [0, 1, 2, 4, 5, 6]]
    if (boosts[:, 2] != boosts[:, 3]).any() or ((columns != 0).sum(axis=1) > 1).any():
        raise ValueError("gen1_dex.npz: a move boosts more than one stat, or Special unevenly")
    stat = np.where(columns.any(axis=1), np.abs(columns).argmax(axis=1) + 1, 0)
    return stat, columns.sum(axis=1)


def _columns() -> dict[str, np.ndarray]:
    moves = dex.load_dex().moves
    boost_stat, boost_delta = _single_stat(moves.boosts)
    drop_stat, drop_delta = _single_stat(moves.secondary_boosts)
    if not set(drop_delta.tolist()) <= {0, -1}:
        raise ValueError("gen1_dex.npz: a secondary effect changes a stat by other than one stage down")
    confuses = moves.secondary_volatile == dex.Volatile.CONFUSION
    recoil = moves.recoil.astype(int)
    divisor = np.where(recoil[:, 0] > 0, recoil[:, 1] // np.maximum(recoil[:, 0], 1), 0)
    if (divisor * recoil[:, 0] != recoil[:, 1] * (recoil[:, 0] > 0)).any():
        raise ValueError("gen1_dex.npz: a recoil fraction is not one over a whole number")
    if not {tuple(row) for row in moves.drain.tolist()} <= {(0, 0), (1, 2)}:
        raise ValueError("gen1_dex.npz: a move drains other than half")
    return {
        "power": moves.base_power,
        "accuracy": moves.accuracy,
        "type": moves.type,
        "category": moves.category,
        "secondary_chance": moves.secondary_chance_256 - confuses,
        "secondary_status": moves.secondary_status,
        "secondary_drop": drop_stat,
        "status": moves.status,
        "boost_stat": boost_stat,
        "boost_delta": boost_delta + _DELTA_OFFSET,
        "volatile": moves.volatile_status,
        "self_volatile": moves.self_volatile,
        "fixed_damage": moves.fixed_damage,
        "multihit": np.where(moves.multihit == dex.MULTIHIT_2_TO_5, 5, moves.multihit),
        "recoil_divisor": divisor,
        "secondary_flinch": moves.secondary_volatile == dex.Volatile.FLINCH,
        "secondary_confusion": confuses,
        "drains": moves.drain[:, 0] > 0,
        "high_critical": moves.crit_ratio == 2,
        "target_self": moves.target_self,
        "selfdestruct": moves.selfdestruct,
        "ohko": moves.ohko,
        "ignores_immunity": moves.ignore_immunity,
        "crashes": moves.crash,
        "two_turn": moves.two_turn,
        "keeps_last_damage": moves.keeps_last_damage,
    }


@functools.cache
def packed_moves() -> np.ndarray:
    """uint32[169, 3]: every move's row."""
    columns = _columns()
    words = np.zeros((len(columns["power"]), _WORDS), np.uint32)
    shifts = [0] * _WORDS
    for name, word, bits in _LAYOUT:
        column = columns[name].astype(np.int64)
        if column.min() < 0 or column.max() >= 1 << bits:
            raise ValueError(f"gen1_dex.npz: {name} {column.min()}..{column.max()} does not fit in {bits} bits")
        words[:, word] |= (column << shifts[word]).astype(np.uint32)
        shifts[word] += bits
    if max(shifts) > 32:
        raise ValueError(f"packed move words overflow: {shifts} bits")
    return words


def move_data(move: jax.Array) -> MoveData:
    """The properties of ``move`` (int32 scalar, 0–168)."""
    table = packed_moves()
    words = [lookup(np.ascontiguousarray(table[:, word]), move) for word in range(_WORDS)]
    fields, shifts = {}, [0] * _WORDS
    for name, word, bits in _LAYOUT:
        value = (words[word] >> np.uint32(shifts[word])) & np.uint32((1 << bits) - 1)
        fields[name] = value != 0 if bits == 1 else value.astype(jnp.int32)
        shifts[word] += bits
    fields["boost_delta"] = fields["boost_delta"] - _DELTA_OFFSET
    return MoveData(**fields)


@functools.cache
def _priorities() -> np.ndarray:
    return dex.load_dex().moves.priority.astype(np.int32)


def priority(move: jax.Array) -> jax.Array:
    """Priority of ``move`` (int32 scalar): 1 Quick Attack, −1 Counter, else 0."""
    return lookup(_priorities(), move)
