"""poke-env's ``SimpleHeuristicsPlayer``, decision for decision, for Gen 1 singles.

Source: player/baselines.py of poke-env 0.16.1 (MIT), ``SimpleHeuristicsPlayer.choose_singles_move`` and what it calls.
Entry hazards, Dynamax and Terastallization do not exist in Gen 1. Numbers are compared as Python compares them, in
doubles (`doubles`), since ties and near ties decide; of several that are equal the first in the request wins.

Moves that raise the own stages: poke-env's rule for them asks whether the move's target ``== "self"``, which is false
for every move since targets are an enumeration and no longer text (text in 0.7.1, not any more in 0.8.1). So its player
never prefers them. ``setup=True`` follows the rule as it is written.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common import float64_words as doubles
from pokejax.common.arrays import lookup, take
from pokejax.common.float64_words import Double
from pokejax.gen1 import dex
from pokejax.gen1.observation import Observation
from pokejax.gen1.opponents import tables
from pokejax.gen1.opponents.sight import Sight, look, move_action, multiplier, switch_action
from pokejax.gen1.state import ATK, DEF, MOVE_SLOTS, SPC, SPE, TEAM_SIZE

SPEED_TIER = 0.1
HP_SHARE = 0.4
SWITCH_OUT_BELOW = -2.0
"""``SPEED_TIER_COEFICIENT``, ``HP_FRACTION_COEFICIENT`` and ``SWITCH_OUT_MATCHUP_THRESHOLD``."""

_LOW_STAGE = -3
_MOST_QUARTERS = 16


def simple_heuristics(
    key: jax.Array,
    obs: Observation,
    legal_actions: jax.Array,
    place: jax.Array | None = None,
    setup: bool = False,
) -> jax.Array:
    """The action, int32, of one player; see `sight.look` for the arguments. ``key`` is not used: nothing is random."""
    del key
    return choose(look(obs, legal_actions, place), setup)


def choose(sight: Sight, setup: bool = False) -> jax.Array:
    """``choose_singles_move``."""
    matchups = estimate_matchups(sight)
    stays = jnp.any(sight.can_move) & ~_should_switch_out(sight, matchups)
    move = _best_move(sight)
    if setup:
        move = _setup_move(sight, matchups, move)
    switch = _best_switch(sight, matchups)
    return jnp.where(stays, move_action(move), switch_action(sight, switch))


def estimate_matchups(sight: Sight) -> Double:
    """[6]: ``_estimate_matchup`` of each own Pokémon against the foe's active one."""
    base_speed = tables.base_stats()[:, SPE]
    speed, foe_speed = lookup(base_speed, sight.species), lookup(base_speed, sight.foe_species)
    foe_types = jnp.broadcast_to(sight.foe_types, (TEAM_SIZE, 2))
    attack = _most_effective(sight.types, foe_types)
    defence = _most_effective(foe_types, sight.types)
    faster = jnp.sign(speed - foe_speed) + 1
    score = doubles.from_words(lookup(_type_scores(), (attack - defence + _MOST_QUARTERS) * 3 + faster))
    share = doubles.multiply(doubles.share(sight.hp, sight.max_hp), doubles.constant(HP_SHARE))
    foe_share = doubles.from_words(lookup(_percent_scores(), sight.foe_percent))
    return doubles.subtract(doubles.add(score, share), foe_share)


def _most_effective(attacking: jax.Array, defending: jax.Array) -> jax.Array:
    """[6]: quarters of the best of the attacker's types [6, 2] on the defender's."""
    first, second = (multiplier(attacking[:, i], defending) for i in range(2))
    return jnp.where(attacking[:, 1] == dex.Type.NONE, first, jnp.maximum(first, second))


@functools.cache
def _type_scores() -> np.ndarray:
    """uint32[33 * 3, 2]: doubles by difference of multipliers in quarters, and slower, equally fast or faster."""
    difference = np.arange(-_MOST_QUARTERS, _MOST_QUARTERS + 1)[:, None] / 4
    return doubles.words(difference + np.array([-SPEED_TIER, 0.0, SPEED_TIER])).reshape(-1, 2)


@functools.cache
def _percent_scores() -> np.ndarray:
    """uint32[101, 2]: doubles by percent of HP."""
    return doubles.words(np.arange(101) / 100 * HP_SHARE)


def _should_switch_out(sight: Sight, matchups: Double) -> jax.Array:
    """``_should_switch_out``: never if nobody can come in."""
    decent = sight.can_switch & doubles.less(doubles.constant(0.0), matchups)
    boosts = sight.boosts[0]
    attack, special = sight.stats[ATK], sight.stats[SPC]
    exposed = (boosts[DEF] <= _LOW_STAGE) | (boosts[SPC] <= _LOW_STAGE)
    weak_attack = (boosts[ATK] <= _LOW_STAGE) & (attack >= special)
    weak_special = (boosts[SPC] <= _LOW_STAGE) & (attack <= special)
    outmatched = jnp.any(sight.active & doubles.less(matchups, doubles.constant(SWITCH_OUT_BELOW)))
    return jnp.any(decent) & (exposed | weak_attack | weak_special | outmatched)


def _best_switch(sight: Sight, matchups: Double) -> jax.Array:
    """Slot of the best matchup among those that can come in, the first in the request of equal ones."""
    best = doubles.greatest(matchups, sight.can_switch)
    return jnp.argmin(jnp.where(best, sight.place, TEAM_SIZE))


def _best_move(sight: Sight) -> jax.Array:
    """Place of the move with the highest estimate, the first of equal ones; moves not offered do not count."""
    own_species = jnp.sum(jnp.where(sight.active, sight.species, 0), dtype=jnp.int32)
    own_types = jnp.sum(jnp.where(sight.active[:, None], sight.types, 0), axis=0, dtype=jnp.int32)
    types = lookup(tables.move_types(), sight.moves)
    same_type = (types[:, None] == own_types[None]).any(axis=1)
    is_physical = lookup(tables.is_physical(), sight.moves)
    # One division for each move, though there are but two ratios: XLA takes forever over slices of this computation.
    own_stats = _stat_estimates_of(own_species, sight.boosts[0], jnp.where(is_physical, ATK, SPC))
    foe_stats = _stat_estimates_of(sight.foe_species, sight.boosts[1], jnp.where(is_physical, DEF, SPC))
    ratio = doubles.divide(own_stats, foe_stats)
    power = doubles.from_words(lookup(_powers(), sight.moves * 2 + same_type.astype(jnp.int32)))
    # Multiplied from left to right, as Python does: each product is rounded.
    score = doubles.multiply(power, ratio)
    score = doubles.multiply(score, doubles.from_words(lookup(_accuracies(), sight.moves)))
    score = doubles.multiply(score, doubles.from_words(lookup(_expected_hits(), sight.moves)))
    effect = multiplier(types, jnp.broadcast_to(sight.foe_types, (MOVE_SLOTS, 2)))
    score = doubles.scale(score, effect, -2)
    return jnp.argmax(doubles.greatest(score, sight.can_move))


def _stat_estimates_of(species: jax.Array, boosts: jax.Array, stats: jax.Array) -> Double:
    """[n]: ``_stat_estimation`` of ``stats`` [n] of one Pokémon."""
    base = lookup(tables.base_stats().reshape(-1), species * 4 + stats)
    stages = take(boosts, stats)
    return doubles.from_words(lookup(_stat_estimates(), base * 13 + stages + 6))


@functools.cache
def _stat_estimates() -> np.ndarray:
    """uint32[256 * 13, 2]: doubles by base stat and stage. One stage up counts as two: ``boosts[stat] > 1``."""
    factors = [(2 + stage) / 2 if stage > 1 else 2 / (2 - stage) for stage in range(-6, 7)]
    return doubles.words((2 * np.arange(256) + 36)[:, None] * np.array(factors)).reshape(-1, 2)


@functools.cache
def _powers() -> np.ndarray:
    """uint32[169 * 2, 2]: doubles by move, and whether it has the user's type."""
    return doubles.words(tables.power()[:, None] * np.array([1, 1.5])).reshape(-1, 2)


@functools.cache
def _accuracies() -> np.ndarray:
    return doubles.words(tables.accuracy())


@functools.cache
def _expected_hits() -> np.ndarray:
    """``Move.expected_hits`` in battle/move.py: the mean of two to five hits as it was from Gen 5 on."""
    two_to_five = (2 + 3) / 3 + (4 + 5) / 6
    return doubles.words(np.where(tables.hits() == dex.MULTIHIT_2_TO_5, two_to_five, tables.hits()))


def _setup_move(sight: Sight, matchups: Double, otherwise: jax.Array) -> jax.Array:
    """Place of the first move that raises own stages by two or more in sum, if there is nothing to fear."""
    raises = lookup(_raised(), sight.moves)
    stage = jnp.stack([take(sight.boosts[0], stat) for stat in raises])
    healthy = sight.active & (sight.hp == sight.max_hp)
    calm = jnp.any(healthy & doubles.less(doubles.constant(0.0), matchups))
    useful = sight.can_move & (raises >= 0) & (stage < 6) & calm
    return jnp.where(jnp.any(useful), jnp.argmax(useful), otherwise)


@functools.cache
def _raised() -> np.ndarray:
    """int32[169]: the own stat that a move raises by two stages or more in sum (Special counts twice), else −1."""
    moves = dex.load_dex().moves
    boosts = np.where(moves.target_self[:, None], moves.boosts, 0)
    stat = np.array([0, 1, 2, 2, 3, 4, 5])[np.abs(boosts).argmax(axis=1)]
    return np.where(boosts.sum(axis=1) >= 2, stat, -1).astype(np.int32)
