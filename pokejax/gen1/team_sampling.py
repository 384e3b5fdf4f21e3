"""Draw pairs of teams on the host, for verification: from the pools, or of every move and odd level there is."""

from __future__ import annotations

import numpy as np

from pokejax.common.formats import TEAM_KINDS
from pokejax.common.pools import load_pool
from pokejax.gen1.dex import MAX_MOVE, MAX_SPECIES
from pokejax.gen1.teams import MAX_LEVEL, MOVE_SLOTS, TEAM_SIZE, WIRE_COLUMNS

_EXTREME_IVS = np.array([0, 2, 14, 16, 28, 30], np.uint16)
_EXTREME_EVS = np.array([0, 3, 4, 127, 252, 255], np.uint16)


def sample_teams(kind: str, rng: np.random.Generator, n: int) -> np.ndarray:
    """Teams for ``n`` battles, wire form uint16[n, 2, 6, 16].

    * ``randbats``, ``ou``: both sides drawn from the built-in pool.
    * ``allmoves``: see :func:`random_teams`.
    * ``mirror``: both sides hold the same team, half of them from the random-battle pool and half all-move teams, so
      that speed ties are the rule.
    """
    if kind == "randbats":
        return _from_pool("gen1randombattle", rng, (n, 2))
    if kind == "ou":
        return _from_pool("gen1ou", rng, (n, 2))
    if kind == "allmoves":
        return random_teams(rng, 2 * n).reshape(n, 2, TEAM_SIZE, len(WIRE_COLUMNS))
    if kind == "mirror":
        either = np.where(rng.random((n, 1, 1)) < 0.5, _from_pool("gen1randombattle", rng, (n,)), random_teams(rng, n))
        return np.repeat(either[:, None], 2, axis=1)
    raise ValueError(f"unknown kind of teams {kind!r}; known are {', '.join(TEAM_KINDS)}")


def _from_pool(name: str, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    teams = load_pool(name).teams
    return teams[rng.integers(len(teams), size=shape)].astype(np.uint16)


def random_teams(rng: np.random.Generator, n: int) -> np.ndarray:
    """``n`` teams of anything, wire form uint16[n, 6, 16]: what no generator gives.

    Any species, repeats allowed; four different moves of the 164 (Struggle is nobody's), one Pokémon in eight with
    fewer; level 100 for half, 50–100 for most, below 50 for one in sixteen; individual and effort values at or near
    their ends; three teams in four full, the others of one to five Pokémon.
    """
    shape = (n, TEAM_SIZE)
    wire = np.zeros((*shape, len(WIRE_COLUMNS)), np.uint16)
    wire[..., 0] = rng.integers(1, MAX_SPECIES + 1, size=shape)
    wire[..., 1] = _levels(rng, shape)
    wire[..., 2:6] = _different_moves(rng, shape)
    wire[..., 6:11] = rng.choice(_EXTREME_IVS, size=(*shape, 5))
    wire[..., 11:16] = rng.choice(_EXTREME_EVS, size=(*shape, 5))
    size = np.where(rng.random(n) < 0.75, TEAM_SIZE, rng.integers(1, TEAM_SIZE, size=n))
    wire[np.arange(TEAM_SIZE) >= size[:, None]] = 0
    return wire


def _levels(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    roll = rng.random(shape)
    high = rng.integers(50, MAX_LEVEL + 1, size=shape)
    low = rng.integers(1, 50, size=shape)
    return np.where(roll < 1 / 2, MAX_LEVEL, np.where(roll < 15 / 16, high, low))


def _different_moves(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    chosen = np.zeros((*shape, 0), np.int64)
    for taken in range(MOVE_SLOTS):
        # Draw among the moves that are left, then step over the taken ones in ascending order.
        draw = rng.integers(MAX_MOVE - 1 - taken, size=shape)
        for other in np.moveaxis(np.sort(chosen, axis=-1), -1, 0):
            draw = draw + (draw >= other)
        chosen = np.concatenate([chosen, draw[..., None]], axis=-1)
    known = np.where(rng.random(shape) < 7 / 8, MOVE_SLOTS, rng.integers(1, MOVE_SLOTS, size=shape))
    return np.where(np.arange(MOVE_SLOTS) < known[..., None], chosen + 1, 0)
