"""Damage of attacks."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from tcgjax.arrays import both, lookup, total
from tcgjax.board import ACTIVE, BENCH, amount, in_group, kinds, passives, player_amount, taken
from tcgjax.energy import NUMBERS, covers
from tcgjax.state import ME, OPPONENT, Game
from tcgjax.tables import COUNTS, DAMAGE_CONDITIONS, OP, Row, tables

WEAKNESS = 20


def count(game: Game, row: Row, provided: jax.Array, heads: jax.Array) -> jax.Array:
    """int32[]: number that a "for each" of an attack multiplies. ``provided``: `energy.worth`."""
    cards, there = kinds(game), taken(game)
    types = lookup(tables().type, cards[ME])
    meant = there[ME] & BENCH & ((row.type == 0) | (types == row.type)) & in_group(cards[ME], row.group)
    numbers = {
        "heads": heads,
        "own_bench": total(meant),
        "opponent_bench": total(there[OPPONENT] & BENCH),
        "defender_energy": total(provided[OPPONENT, 0]),
        "sweets_relay": game.sweets_relays[ME],
    }
    found = jnp.zeros((), jnp.int32)
    for place, name in enumerate(COUNTS):
        found = jnp.where(row.what == place, numbers[name], found)
    return found


def holds(game: Game, row: Row, cost: jax.Array, provided: jax.Array, heads: jax.Array, flips: jax.Array) -> jax.Array:
    """bool[]: the condition of an attack's extra damage. ``cost``: int32[9], the attack's."""
    defender = kinds(game)[OPPONENT, 0]
    more = jnp.concatenate([jnp.where(row.type == NUMBERS, row.count, 0), row.count[None]])
    conditions = {
        "all_heads": heads == flips,
        "damaged": game.damage[ME, 0] > 0,
        "defender_damaged": game.damage[OPPONENT, 0] > 0,
        "defender_poisoned": game.poisoned[OPPONENT, 0],
        "defender_ex": lookup(tables().ex, defender),
        "defender_evolved": lookup(tables().stage, defender) > 0,
        "has_tool": jnp.zeros((), bool),  # no card that can be played is a Tool
        "evolved_this_turn": game.evolved[ME, 0],
        "knocked_out_last_turn": game.knocked_out_turn[ME] == game.turn - 1,
        "sweets_relay_last_turn": game.sweets_relay_turn[ME] == game.turn - 2,
        "extra_energy": covers(provided[ME, 0], cost + more),
    }
    found = jnp.zeros((), bool)
    for place, name in enumerate(DAMAGE_CONDITIONS):
        found = jnp.where(row.what == place, conditions[name], found)
    return found


def hit(game: Game, base: jax.Array) -> tuple[Game, jax.Array]:
    """Damage the opponent's Pokémon with an attack of the Active Pokémon; int32[4]: the damage done.

    ``base``: int32[4], 0 for a spot that is not hit. In this order: what the attacker does more or less, Weakness, what
    the defender takes less. Weakness and "more" are for the Active Spot only.
    """
    cards = kinds(game)
    attacker, targets = cards[ME, 0], cards[OPPONENT]
    attacker_type = lookup(tables().type, attacker)
    named = in_group(attacker, game.effect_group[ME]) & (game.effect_group[ME] > 0)
    more = player_amount(game, "do_more")[ME]
    more = more + jnp.where(named, player_amount(game, "named_more")[ME], 0)
    damage = base + jnp.where(ACTIVE & (base > 0), more, 0)
    damage = damage - jnp.where(damage > 0, amount(game, "do_less")[ME, 0], 0)
    weak = ACTIVE & (lookup(tables().weakness, targets) == attacker_type)
    damage = damage + jnp.where(weak & (damage > 0), WEAKNESS, 0)
    damage = damage - taken_less(game, attacker_type)
    safe = (amount(game, "no_damage")[OPPONENT] > 0) | (amount(game, "untouchable")[OPPONENT] > 0)
    damage = jnp.where((damage <= 0) | safe | ~taken(game)[OPPONENT], 0, damage)
    back = total(jnp.where(damage > 0, counter(game), 0))
    mine = game.damage[ME] + jnp.where(ACTIVE, back, 0)
    return game.replace(damage=both(mine, game.damage[OPPONENT] + damage)), damage


def taken_less(game: Game, attacker_type: jax.Array) -> jax.Array:
    """int32[4]: all that lowers the damage which each Pokémon of the opponent takes."""
    less = amount(game, "take_less")[OPPONENT] + player_amount(game, "take_less")[OPPONENT]
    passive = passives(kinds(game)[OPPONENT])
    friends = taken(game)[OPPONENT][None] & in_group(kinds(game)[OPPONENT][None], passive.group[:, None])
    applies = (passive.op == OP["take_less"]) & ((passive.type == 0) | (passive.type == attacker_type))
    return less + jnp.where(applies & jnp.any(friends, -1), passive.amount, 0)


def counter(game: Game) -> jax.Array:
    """int32[4]: damage that each Pokémon of the opponent, if it is damaged, does to its attacker."""
    passive = passives(kinds(game)[OPPONENT])
    own = jnp.where(ACTIVE & (passive.op == OP["counter"]), passive.amount, 0)
    return amount(game, "counter")[OPPONENT] + own
