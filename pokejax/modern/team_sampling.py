"""Draw pairs of teams on the host, for verification: from the pools, or of everything that a generation has."""

from __future__ import annotations

import numpy as np

from pokejax.common.formats import TEAM_KINDS
from pokejax.common.pools import load_pool
from pokejax.modern.tables import load_tables
from pokejax.modern.teams import (
    MAX_EV,
    MAX_HAPPINESS,
    MAX_IV,
    MAX_LEVEL,
    MOVE_SLOTS,
    TEAM_SIZE,
    WIRE_COLUMNS,
    hidden_power,
)

_GENDER, _IVS, _EVS = WIRE_COLUMNS.index("gender"), slice(12, 18), slice(18, 24)


def sample_teams(kind: str, rng: np.random.Generator, n: int, generation: int = 4) -> np.ndarray:
    """Teams for ``n`` battles, wire form uint16[n, 2, 6, 24].

    * ``randbats``, ``ou``: both sides drawn from the built-in pool.
    * ``allmoves``: see :func:`random_teams`.
    * ``mirror``: both sides hold the same team, half of them from the random-battle pool and half of anything, so that
      speed ties are the rule.
    """
    if kind == "randbats":
        return _from_pool(f"gen{generation}randombattle", rng, (n, 2))
    if kind == "ou":
        return _from_pool(f"gen{generation}ou", rng, (n, 2))
    if kind == "allmoves":
        return random_teams(rng, 2 * n, generation).reshape(n, 2, TEAM_SIZE, len(WIRE_COLUMNS))
    if kind == "mirror":
        pool, anything = _from_pool(f"gen{generation}randombattle", rng, (n,)), random_teams(rng, n, generation)
        return np.repeat(np.where(rng.random((n, 1, 1)) < 0.5, pool, anything)[:, None], 2, axis=1)
    raise ValueError(f"unknown kind of teams {kind!r}; known are {', '.join(TEAM_KINDS)}")


def _from_pool(name: str, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    teams = load_pool(name).teams
    return teams[rng.integers(len(teams), size=shape)]


def random_teams(rng: np.random.Generator, n: int, generation: int = 4) -> np.ndarray:
    """``n`` teams of anything, wire form uint16[n, 6, 24]: what no generator gives.

    Any species and forme that a set can have, repeats allowed; any item, one Pokémon in eight with none; any ability
    for half, the species' own for half; four different moves of all but Struggle, one Pokémon in eight with fewer;
    level 100 for half, else 1 to 100; any nature, happiness and spread; three teams in four full, the others of one to
    five Pokémon.
    """
    tables = load_tables(generation)
    shape = (n, TEAM_SIZE)
    species = rng.choice(np.flatnonzero(~tables.species.battle_only[1:]) + 1, size=shape)
    own = tables.species.abilities[species, rng.integers(2, size=shape)]
    own = np.where(own > 0, own, tables.species.abilities[species, 0])
    any_ability = rng.integers(1, len(tables.abilities.id) - 1, size=shape)
    one = tables.species.gender[species]
    wire = np.zeros((*shape, len(WIRE_COLUMNS)), np.uint16)
    wire[..., 0] = species
    wire[..., 1] = np.where(rng.random(shape) < 0.5, MAX_LEVEL, rng.integers(1, MAX_LEVEL + 1, size=shape))
    wire[..., 2] = np.where(rng.random(shape) < 7 / 8, rng.integers(1, len(tables.items.id), size=shape), 0)
    wire[..., 3] = np.where(rng.random(shape) < 0.5, own, any_ability)
    wire[..., _GENDER] = np.where(one > 0, one, rng.integers(3, size=shape))
    wire[..., 5] = rng.integers(1, len(tables.natures.id), size=shape)
    wire[..., 6] = rng.integers(MAX_HAPPINESS + 1, size=shape)
    wire[..., 8:12] = _different_moves(rng, shape, generation)
    wire[..., _IVS] = rng.integers(MAX_IV + 1, size=(*shape, 6))
    wire[..., _EVS] = rng.integers(MAX_EV + 1, size=(*shape, 6))
    wire[..., 7] = hidden_power(wire[..., _IVS], generation)[0]
    size = np.where(rng.random(n) < 0.75, TEAM_SIZE, rng.integers(1, TEAM_SIZE, size=n))
    wire[np.arange(TEAM_SIZE) >= size[:, None]] = 0
    return wire


def _different_moves(rng: np.random.Generator, shape: tuple[int, ...], generation: int) -> np.ndarray:
    tables = load_tables(generation)
    ids = tables.moves.id
    # Rows named alike are one move: Hidden Power has one for each type.
    rows = np.array([row for row in range(1, len(ids)) if ids[row] not in ("struggle", "recharge", "hiddenpower")])
    rows = np.append(rows, tables.hidden_power)
    order = rng.random((*shape, len(rows))).argpartition(MOVE_SLOTS, axis=-1)[..., :MOVE_SLOTS]
    known = np.where(rng.random(shape) < 7 / 8, MOVE_SLOTS, rng.integers(1, MOVE_SLOTS, size=shape))
    return np.where(np.arange(MOVE_SLOTS) < known[..., None], rows[order], 0)
