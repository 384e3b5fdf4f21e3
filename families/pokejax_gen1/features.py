"""Features of a Gen 1 observation for a network: tokens for Pokémon and moves, in units of about one.

Nothing here is learned, and nothing is known beyond the observation and the tables of the game. Moves are described by
what they do (power against this target, type, accuracy, kind), Pokémon by their stats, types and condition, so that
what is learned about one carries over to all others.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from baselines.networks.tokens import TokenFeatures
from pokejax.gen1 import dex
from pokejax.gen1.dex import Category
from pokejax.gen1.observation import Observation
from pokejax.gen1.observation.spec import BOOSTS, VOLATILES
from pokejax.gen1.opponents import tables
from pokejax.gen1.opponents.damage import expected_damage
from pokejax.gen1.opponents.sight import look
from pokejax.gen1.state import MOVE_SLOTS, TEAM_SIZE

_TYPES = 16
_STATUSES = 7
_BOOSTED = 7
_HEALING = ("recover", "softboiled", "rest")
_MOVE_STATIC = 14 + (_STATUSES - 1) + 2 * _BOOSTED
MOVE = _MOVE_STATIC + 4
"""Features of a move."""
OWN = 10 + _STATUSES + 4 + _TYPES
FOE = 8 + _STATUSES + 5 + _TYPES
FIELD = 2 * (len(BOOSTS) + len(VOLATILES) + 2) + 6


@dataclasses.dataclass(frozen=True)
class Tokens:
    """The parts of the flat features; leaves `[..., tokens, width]`, `field` `[..., width]`."""

    own: Any
    foe: Any
    own_moves: Any
    foe_moves: Any
    field: Any


_SHAPES = Tokens((TEAM_SIZE, OWN), (TEAM_SIZE, FOE), (MOVE_SLOTS, MOVE), (MOVE_SLOTS, MOVE), (FIELD,))


def _parts(obs: Observation) -> list[jax.Array]:
    """The tokens of one observation."""
    return [_own(obs), _foe(obs), _own_moves(obs), _foe_moves(obs), _field(obs)]


FEATURES = TokenFeatures(_SHAPES, _parts)
"""Features of one player's observations, and their `split` into tokens."""


def _one_hot(codes: jax.Array, size: int) -> jax.Array:
    return (codes[..., None] == jnp.arange(size)).astype(jnp.float32)


def _types(codes: jax.Array) -> jax.Array:
    """Many-hot over types from `[..., 2]`; the code 0 is no type."""
    return jnp.max(_one_hot(codes, _TYPES + 1)[..., 1:], axis=-2)


def _threat(attacker: jax.Array, target: jax.Array) -> jax.Array:
    """Largest factor of the attacker's own types `[..., 2]` against the target's `[2]`; 1 is neutral."""
    table = jnp.asarray(tables.halves()) / 2
    product = table[attacker[..., :, None], target]  # [..., 2 own types, 2 target types]
    factors = jnp.prod(product, axis=-1)
    return jnp.max(jnp.where(attacker > 0, factors, 0.0), axis=-1)


def _own(obs: Observation) -> jax.Array:
    hp = obs.own_hp / jnp.maximum(obs.own_max_hp, 1)
    types = jnp.asarray(tables.species_types())[obs.own_species]
    foe_types = obs.types[1].astype(jnp.int32)
    columns = [
        hp,
        obs.own_hp > 0,
        obs.own_active,
        obs.own_seen,
        obs.own_level / 100,
        obs.own_max_hp / 400,
        obs.own_slept / 7,
        _threat(types, foe_types) / 2,
        jax.vmap(_threat, in_axes=(None, 0))(foe_types, types) / 2,
        _best_move(obs.own_moves, types, foe_types),
    ]
    parts = [jnp.stack([c.astype(jnp.float32) for c in columns], axis=-1)]
    parts += [_one_hot(obs.own_status, _STATUSES), obs.own_stats / 400, _types(types)]
    return jnp.concatenate(parts, axis=-1)


def _foe(obs: Observation) -> jax.Array:
    types = jnp.asarray(tables.species_types())[obs.foe_species]
    own_types = obs.types[0].astype(jnp.int32)
    seen = obs.foe_species > 0
    columns = [
        seen,
        obs.foe_hp_percent / 100,
        obs.foe_active,
        obs.foe_level / 100,
        obs.foe_slept / 7,
        _threat(types, own_types) / 2,
        jax.vmap(_threat, in_axes=(None, 0))(own_types, types) / 2,
        _best_move(obs.foe_moves, types, own_types),
    ]
    base = jnp.asarray(_base_stats())[obs.foe_species]
    parts = [jnp.stack([c.astype(jnp.float32) for c in columns], axis=-1)]
    parts += [_one_hot(obs.foe_status, _STATUSES), base, _types(types)]
    return jnp.concatenate(parts, axis=-1) * seen[:, None]


def _best_move(moves: jax.Array, types: jax.Array, target: jax.Array) -> jax.Array:
    """float32[6]: power × STAB × effectiveness of the best move of each Pokémon, in hundreds."""
    return jnp.max(_strength(moves, types[:, None, :], target), axis=-1)


def _strength(moves: jax.Array, types: jax.Array, target: jax.Array) -> jax.Array:
    """float32 like `moves`: base power × accuracy × STAB × effectiveness, in hundreds."""
    move_type = jnp.asarray(tables.move_types())[moves]
    power = jnp.asarray(tables.power() * tables.accuracy() / 100, jnp.float32)[moves]
    stab = jnp.where(jnp.any(move_type[..., None] == types, axis=-1), 1.5, 1.0)
    table = jnp.asarray(tables.halves()) / 2
    return power * stab * table[move_type, target[0]] * table[move_type, target[1]]


def _own_moves(obs: Observation) -> jax.Array:
    moves = obs.moves[0].astype(jnp.int32)
    sight = look(obs, obs.legal_actions)
    # In units of 255 · 512: damage × 255ths of the roll × 256ths of the chance × half hits.
    damage = expected_damage(sight, obs) / (236 * 256 * 2)
    foe_hp = jnp.maximum(_foe_hp(obs), 1.0)
    columns = [
        _strength(moves, obs.types[0].astype(jnp.int32), obs.types[1].astype(jnp.int32)),
        jnp.minimum(damage / foe_hp, 2.0),
        obs.pp[0] / 32,
        moves == obs.disabled_move[0],
    ]
    return _move_row(moves, columns)


def _foe_moves(obs: Observation) -> jax.Array:
    moves = obs.moves[1].astype(jnp.int32)
    columns = [
        _strength(moves, obs.types[1].astype(jnp.int32), obs.types[0].astype(jnp.int32)),
        moves > 0,
        obs.pp[1] / 32,
        moves == obs.disabled_move[1],
    ]
    return _move_row(moves, columns)


def _move_row(moves: jax.Array, columns: list[jax.Array]) -> jax.Array:
    own = jnp.stack([c.astype(jnp.float32) for c in columns], axis=-1)
    return jnp.concatenate([own, jnp.asarray(_move_static())[moves]], axis=-1)


def _foe_hp(obs: Observation) -> jax.Array:
    """HP that the foe's active Pokémon has left, with perfect DVs."""
    level = jnp.sum(jnp.where(obs.foe_active, obs.foe_level, 0), dtype=jnp.int32)
    percent = jnp.sum(jnp.where(obs.foe_active, obs.foe_hp_percent, 0), dtype=jnp.int32)
    base = jnp.asarray(tables.base_hp())[obs.species[1].astype(jnp.int32)]
    return ((2 * (base + 15) + 63) * level / 100 + level + 10) * percent / 100


def _field(obs: Observation) -> jax.Array:
    standing = jnp.sum(obs.own_hp > 0) / TEAM_SIZE
    seen = obs.foe_species > 0
    fallen = jnp.sum(seen & (obs.foe_hp_percent == 0)) / TEAM_SIZE
    scalars = jnp.stack(
        [
            standing,
            fallen,
            jnp.sum(seen) / TEAM_SIZE,
            jnp.minimum(obs.turn / 100, 3.0),
            obs.maybe_locked.astype(jnp.float32),
            (obs.request[1] == 2).astype(jnp.float32),
        ]
    )
    sides = [obs.boosts / 3, obs.volatiles, jnp.minimum(obs.toxic_counter, 15)[:, None] / 15]
    sides.append((obs.charging_move > 0)[:, None])
    return jnp.concatenate([scalars, *(side.reshape(-1).astype(jnp.float32) for side in sides)])


@functools.cache
def _base_stats() -> np.ndarray:
    """float32[152, 5] of about 1."""
    return (dex.load_dex().species.base_stats / 100).astype(np.float32)


@functools.cache
def _move_static() -> np.ndarray:
    """float32[169, …]: what a move is, whoever uses it on whom."""
    moves = dex.load_dex().moves
    columns = [
        tables.power() / 100,
        tables.accuracy(),
        moves.category == Category.STATUS,
        tables.is_physical(),
        moves.priority,
        moves.selfdestruct,
        moves.ohko,
        moves.two_turn,
        moves.recoil[:, 0] > 0,
        moves.drain[:, 0] > 0,
        moves.self_volatile > 0,
        moves.volatile_status > 0,
        moves.fixed_damage != 0,
        np.isin(moves.id, _HEALING),
    ]
    chance = moves.secondary_chance_256 / 256
    for status in range(1, _STATUSES):
        columns.append((moves.status == status) + chance * (moves.secondary_status == status))
    own = moves.boosts * moves.target_self[:, None] / 2
    theirs = moves.boosts * ~moves.target_self[:, None] / 2 + moves.secondary_boosts * chance[:, None]
    columns += [*own.T, *theirs.T]
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=-1)
