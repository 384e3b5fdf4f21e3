"""Attacking: coins that stop it, damage, and what comes out of it."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from tcgjax import damage
from tcgjax.arrays import lookup
from tcgjax.board import amount, operation
from tcgjax.chance import CONFUSED, SMOKESCREEN, Chance, flip
from tcgjax.energy import covers
from tcgjax.state import CONFUSED as IS_CONFUSED
from tcgjax.state import ME, Game
from tcgjax.tables import AMONG, OP, POKEMON_EFFECTS, ROWS, Row, tables

ANY_OPPONENT = AMONG.index("opponent")
BOOST = POKEMON_EFFECTS.index("boost")


class Attack(NamedTuple):
    """An attack: int32[9], int32[] and int32[3] of a card's."""

    cost: jax.Array
    damage: jax.Array
    rows: jax.Array


def attack_of(card: jax.Array, index: jax.Array) -> Attack:
    """The first or second attack of a card."""
    found = tables()
    number = card * 2 + index
    return Attack(
        cost=lookup(found.cost.reshape(-1, found.cost.shape[-1]), number),
        damage=lookup(found.damage.reshape(-1), number),
        rows=lookup(found.rows.reshape(-1, ROWS), number),
    )


def is_stopped(game: Game, chance: Chance) -> jax.Array:
    """bool[]: tails for a Confused Pokémon, or for one in a smokescreen, ends the turn without the attack."""
    confused = (game.condition[ME, 0] == IS_CONFUSED) & ~flip(chance, CONFUSED)
    smoke = (amount(game, "smokescreen")[ME, 0] > 0) & ~flip(chance, SMOKESCREEN)
    return confused | smoke


def is_unpaid(row: Row, attack: Attack, provided: jax.Array) -> jax.Array:
    """bool[]: an attack that is copied from any Pokémon (``row``) needs the Energy for it, which is not there."""
    return (row.among == ANY_OPPONENT) & ~covers(provided[ME, 0], attack.cost)


def base_damage(
    game: Game, attack: Attack, provided: jax.Array, heads: jax.Array, flips: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """int32[], damage with all that the attack's text adds; bool[], tails make that the attack does nothing."""

    def one(place: jax.Array, base: jax.Array) -> jax.Array:
        row = operation(attack.rows[place])
        per = row.amount * damage.count(game, row, provided, heads)
        holds = damage.holds(game, row, attack.cost, provided, heads, flips)
        boosts = (row.op == OP["effect"]) & (row.what == BOOST)
        base = base + jnp.where(row.op == OP["damage_per"], per, 0)
        base = base + jnp.where((row.op == OP["damage_if"]) & holds, row.amount, 0)
        return base + jnp.where(boosts, amount(game, "boost")[ME, 0], 0)

    nothing = jnp.any(operation(attack.rows).op == OP["nothing_if_tails"]) & (heads == 0)
    return lax.fori_loop(0, ROWS, one, attack.damage), nothing
