"""Energy: what is attached counts for, costs, attaching from the Energy Zone, discarding."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from tcgjax.arrays import both, lookup, one_hot, total
from tcgjax.board import ACTIVE, NOWHERE, kinds, passives, player_amount, taken
from tcgjax.state import KINDS_OF_ENERGY, ME, OPPONENT, Game
from tcgjax.tables import OP, tables

NO_RETREAT = 99
NUMBERS = np.arange(1, KINDS_OF_ENERGY + 1, dtype=np.int32)


def worth(game: Game) -> jax.Array:
    """int32[2, 4, 8]: Energy that the attached Energy provides, by type.

    Jungle Totem doubles Energy of its type on its owner's Pokémon of that type, once however many there are.
    """
    passive = passives(kinds(game))
    doubling = passive.op == OP["double_energy"]
    doubled = jnp.any(doubling[..., None] & (passive.type[..., None] == NUMBERS), 1)
    own_type = lookup(tables().type, kinds(game))[..., None] == NUMBERS
    return game.energy * jnp.where(own_type & doubled[:, None], 2, 1)


def covers(provided: jax.Array, cost: jax.Array) -> jax.Array:
    """bool: ``provided`` [..., 8] has each typed Energy of ``cost`` [..., 9], and enough of any type for the rest."""
    typed = jnp.all(provided >= cost[..., :KINDS_OF_ENERGY], -1)
    return typed & (total(provided, -1) >= cost[..., KINDS_OF_ENERGY])


def attach_from_zone(game: Game, here: jax.Array, kind: jax.Array, count: jax.Array) -> Game:
    """Attach Energy (1 + its type) to the own Pokémon ``here`` (bool[4]), and let its ability see each."""
    count = jnp.where(here, count, 0)
    passive = passives(kinds(game)[ME])
    seen = jnp.where(passive.type == kind, count * passive.amount, 0)
    healed = jnp.where(passive.op == OP["heal_on_attach"], seen, 0)
    hurt = total(jnp.where(passive.op == OP["damage_on_attach"], seen, 0))
    hurt = jnp.where(taken(game)[OPPONENT, 0], hurt, 0)
    mine = jnp.where(healed > 0, jnp.maximum(game.damage[ME] - healed, 0), game.damage[ME])
    theirs = game.damage[OPPONENT] + jnp.where(ACTIVE, hurt, 0)
    more = count[:, None] * (kind == NUMBERS)
    return game.replace(damage=both(mine, theirs), energy=both(game.energy[ME] + more, game.energy[OPPONENT]))


def discard_energy(game: Game, here: jax.Array, counts: jax.Array) -> Game:
    """Discard up to ``counts`` (int32[8]) Energy of each type from the Pokémon ``here`` (bool[2, 4])."""
    lost = jnp.where(here[..., None], jnp.minimum(counts, game.energy), 0)
    return game.replace(energy=game.energy - lost, discarded_energy=game.discarded_energy + total(lost, 1))


def of_type(kind: jax.Array, count: jax.Array) -> jax.Array:
    """int32[8]: ``count`` Energy of a type (1 + its place)."""
    return jnp.where(kind == NUMBERS, count, 0)


def retreat_cost(game: Game) -> jax.Array:
    """int32[]: Retreat Cost of the own Active Pokémon; `NO_RETREAT` for a fossil."""
    card = kinds(game)[ME, 0]
    less = player_amount(game, "retreat_less")[ME]
    cost = jnp.maximum(lookup(tables().retreat, card) - less, 0)
    return jnp.where(lookup(tables().fossil, card), NO_RETREAT, cost)


def own(here: jax.Array) -> jax.Array:
    """bool[2, 4] of own spots [4]."""
    return both(here, jnp.asarray(NOWHERE))


def pay(game: Game, kind: jax.Array, when: jax.Array) -> Game:
    """Discard one Energy (its type's place) for the retreat; it pays for as much as it provides."""
    chosen = one_hot(kind, KINDS_OF_ENERGY)
    there = total(jnp.where(chosen, game.energy[ME, 0], 0))
    provides = jnp.where(total(jnp.where(chosen, worth(game)[ME, 0], 0)) == 2 * there, 2, 1)
    game = game.replace(choice_left=game.choice_left - jnp.where(when, provides, 0))
    return discard_energy(game, own(jnp.asarray(ACTIVE)) & when, chosen.astype(jnp.int32))
