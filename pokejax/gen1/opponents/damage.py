"""Opponents that only look for damage, and switch only when they must."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.rollouts import random_legal
from pokejax.common.arrays import lookup, quotient
from pokejax.gen1 import dex
from pokejax.gen1.dex import Status
from pokejax.gen1.move_ids import Move
from pokejax.gen1.observation import Observation
from pokejax.gen1.observation.spec import VOLATILES
from pokejax.gen1.opponents import tables
from pokejax.gen1.opponents.sight import Sight, halves, look, move_action
from pokejax.gen1.state import ATK, DEF, SPC
from pokejax.gen1.stats import MAX_STAT, apply_stage

MOST_DAMAGE = 999
"""The most that a single hit counts."""

_MEAN_ROLL, _FULL_ROLL = 236, 255
"""The random factor of damage is 217 to 255 out of 255."""


def uniform_legal(key: jax.Array, obs: Observation, legal_actions: jax.Array) -> jax.Array:
    """One of the legal actions, all equally likely: ``RandomPlayer`` in player/baselines.py of poke-env."""
    return random_legal(key, obs, legal_actions)


def max_base_power(key: jax.Array, obs: Observation, legal_actions: jax.Array) -> jax.Array:
    """The offered move with the highest base power, the first of equal ones; a random Pokémon when it has to switch.

    Source: ``MaxBasePowerPlayer.choose_singles_move`` in player/baselines.py of poke-env 0.16.1. It knows neither types
    nor accuracy, and a move without base power is chosen if no other is offered.
    """
    sight = look(obs, legal_actions)
    return _strongest(key, obs, legal_actions, sight, lookup(tables.power(), sight.moves))


def max_expected_damage(key: jax.Array, obs: Observation, legal_actions: jax.Array) -> jax.Array:
    """The offered move that takes most HP on average, the first of equal ones; a random Pokémon when it has to switch.

    Expected HP are damage × chance to hit × mean number of hits, in whole numbers:

    * damage: the Gen 1 formula (`pokejax.gen1.damage.base_damage`) without a critical hit at its mean random factor,
      so base power, level, STAB, type effectiveness, stages, screens, burn, halved Defense of self-destructing moves.
      The own stats are the request's; those of the foe, and of an own Pokémon that is transformed, are its species'
      with perfect DVs and Stat Exp at its level. At most `MOST_DAMAGE`.
    * Moves that take a fixed amount count with it, Super Fang with half of the foe's HP, Psywave with its mean.
    * One-hit knockouts, Counter, Bide and moves that call others count as nothing; so does Dream Eater on a foe that is
      awake. Turns that a move costs to charge, recharge or recover from do not matter.
    * chance to hit: the move's accuracy without stages.
    """
    sight = look(obs, legal_actions)
    return _strongest(key, obs, legal_actions, sight, expected_damage(sight, obs))


def _strongest(
    key: jax.Array, obs: Observation, legal_actions: jax.Array, sight: Sight, scores: jax.Array
) -> jax.Array:
    """The first offered move of the highest score [4]; any legal action if no move is offered."""
    best = jnp.argmax(jnp.where(sight.can_move, scores, -1))
    return jnp.where(jnp.any(sight.can_move), move_action(best), uniform_legal(key, obs, legal_actions))


def expected_damage(sight: Sight, obs: Observation) -> jax.Array:
    """int32[4]: what `max_expected_damage` compares, in units that only order moves."""
    level = jnp.sum(jnp.where(sight.active, obs.own_level, 0), dtype=jnp.int32)
    foe_level = jnp.sum(jnp.where(obs.foe_active, obs.foe_level, 0), dtype=jnp.int32)
    move_type = lookup(tables.move_types(), sight.moves)
    effects = [halves(move_type, sight.foe_types[i]) for i in range(2)]
    damage = _formula(sight, obs, level, foe_level, move_type)
    for effect in effects:
        damage = damage * effect >> 1
    awake = jnp.any(obs.foe_active & (obs.foe_status != Status.SLP))
    counts = lookup(_follows_formula(), sight.moves) & ~((sight.moves == Move.DREAMEATER) & awake)
    damage = jnp.where(counts, jnp.minimum(damage, MOST_DAMAGE) * _MEAN_ROLL, 0)

    fixed = _fixed(sight, level, foe_level)
    immune = (effects[0] * effects[1] == 0) & ~lookup(dex.load_dex().moves.ignore_immunity, sight.moves)
    damage = jnp.where(fixed > 0, jnp.where(immune, 0, fixed * _FULL_ROLL), damage)
    return damage * lookup(_chances(), sight.moves) * lookup(_half_hits(), sight.moves)


def _formula(sight: Sight, obs: Observation, level: jax.Array, foe_level: jax.Array, move_type: jax.Array) -> jax.Array:
    """[4]: `pokejax.gen1.damage.base_damage` with STAB, before type effectiveness."""
    own_species = jnp.sum(jnp.where(sight.active, sight.species, 0), dtype=jnp.int32)
    own_types = jnp.sum(jnp.where(sight.active[:, None], sight.types, 0), axis=0, dtype=jnp.int32)
    transformed = obs.volatiles[0, VOLATILES.index("transformed")]
    own = jnp.where(transformed, _perfect_stats(own_species, level), sight.stats)
    foe = _perfect_stats(sight.foe_species, foe_level)
    own, foe = (jnp.minimum(apply_stage(stats, sight.boosts[i, :4]), MAX_STAT) for i, stats in enumerate((own, foe)))
    burned = jnp.any(sight.active & (obs.own_status == Status.BRN))
    reflect, light_screen = (obs.volatiles[1, VOLATILES.index(name)] for name in ("reflect", "light_screen"))

    physical = lookup(tables.is_physical(), sight.moves)
    attack = jnp.where(physical, jnp.where(burned, jnp.maximum(own[ATK] >> 1, 1), own[ATK]), own[SPC])
    screened = jnp.where(physical, reflect, light_screen)
    defence = jnp.where(physical, foe[DEF], foe[SPC]) * jnp.where(screened, 2, 1)
    large = (attack >= 256) | (defence >= 256)
    attack = jnp.where(large, jnp.maximum(attack >> 2 & 255, 1), attack)
    defence = jnp.where(large, jnp.maximum(defence >> 2 & 255, 1), defence)
    bursts = lookup(dex.load_dex().moves.selfdestruct, sight.moves) & physical
    defence = jnp.where(bursts, jnp.maximum(defence >> 1, 1), defence)

    power = lookup(tables.power(), sight.moves)
    damage = quotient((quotient(level * 2, 5) + 2) * power * attack, defence)
    damage = jnp.minimum(quotient(damage, 50), 997) + 2
    same_type = (move_type[:, None] == own_types[None]).any(axis=1)
    return jnp.where(same_type, damage + (damage >> 1), damage)


def _fixed(sight: Sight, level: jax.Array, foe_level: jax.Array) -> jax.Array:
    """[4]: HP that moves take whatever the stats are, 0 for all others."""
    fixed = lookup(dex.load_dex().moves.fixed_damage.astype(np.int32), sight.moves)
    fixed = jnp.where(fixed == dex.LEVEL_DAMAGE, level, fixed)
    fixed = jnp.where(sight.moves == Move.PSYWAVE, quotient(level * 3, 4), fixed)
    foe_hp = quotient(_perfect_hp(sight.foe_species, foe_level) * sight.foe_percent, 100)
    return jnp.where(sight.moves == Move.SUPERFANG, jnp.maximum(foe_hp >> 1, 1), fixed)


def _perfect_stats(species: jax.Array, level: jax.Array) -> jax.Array:
    """int32[4] of a species with DVs of 15 and full Stat Exp."""
    base = lookup(tables.base_stats(), species)
    return quotient((2 * (base + 15) + 63) * level, 100) + 5


def _perfect_hp(species: jax.Array, level: jax.Array) -> jax.Array:
    base = lookup(tables.base_hp(), species)
    return quotient((2 * (base + 15) + 63) * level, 100) + level + 10


@functools.cache
def _follows_formula() -> np.ndarray:
    """bool[169]: the move's damage comes from its base power."""
    moves = dex.load_dex().moves
    return (moves.base_power > 0) & ~moves.ohko & ~moves.has_damage_callback & (moves.fixed_damage == 0)


@functools.cache
def _chances() -> np.ndarray:
    """int32[169]: chance to hit in 256."""
    accuracy = dex.load_dex().moves.accuracy.astype(np.int32)
    return np.where(accuracy == 0, 256, accuracy)


@functools.cache
def _half_hits() -> np.ndarray:
    """int32[169]: twice the mean number of hits; two to five hits are three on average in Gen 1."""
    return np.where(tables.hits() == dex.MULTIHIT_2_TO_5, 6, 2 * tables.hits()).astype(np.int32)
