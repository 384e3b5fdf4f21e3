"""A player's knowledge of both Pokémon on the field and of its own bench, as the opponents read it.

poke-env builds the same from the messages and the request that the player is sent (``Battle.parse_message`` and
``parse_request`` in battle/battle.py, ``Pokemon`` in battle/pokemon.py). Where the two could differ:

* The foe's HP are whole percent of its maximum, as messages give them; the own HP are exact, as the request gives them.
* Base stats and types are those of the species that a Pokémon is transformed into. poke-env takes the species that the
  target has by itself, and forgets its types' change, if a Pokémon transforms into one that is itself transformed or
  has used Conversion; no observation tells that from an ordinary Transform.
* The moves poke-env counts on are those that the request offers, in its order.
* The order of the own Pokémon in the request decides between switches that look equally good. It changes with each
  switch, and an observation does not hold it: see ``place``.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv import struct
from pokejax.common.arrays import lookup
from pokejax.gen1.choices import FIRST_MOVE, NO_OP
from pokejax.gen1.observation import Observation
from pokejax.gen1.opponents import tables
from pokejax.gen1.state import TEAM_SIZE


@struct.dataclass
class Sight(struct.Node):
    """One player's knowledge, int32 and bool. Rows of six are the own team by slot."""

    active: jax.Array
    """bool[6]: on the field."""
    species: jax.Array
    """[6]: Pokédex number, 0 none; the active one's as transformed."""
    types: jax.Array
    """[6, 2]: `dex.Type`; the active one's as they are now."""
    hp: jax.Array
    """[6]."""
    max_hp: jax.Array
    """[6]: at least 1."""
    foe_species: jax.Array
    """The foe's active Pokémon, as transformed."""
    foe_types: jax.Array
    """[2]."""
    foe_percent: jax.Array
    """0 to 100."""
    boosts: jax.Array
    """[2, 6]: stages of the active ones, own and foe's, in the order of `observation.spec.BOOSTS`."""
    moves: jax.Array
    """[4]: the active one's, as actions 6 to 9 name them when there is more than one."""
    stats: jax.Array
    """[4]: Attack, Defense, Special, Speed of the active one, without stages and as if not transformed."""
    can_move: jax.Array
    """bool[4]: the request offers this entry."""
    can_switch: jax.Array
    """bool[6]: the request allows to switch to it."""
    place: jax.Array
    """[6]: where the request lists it."""


def look(obs: Observation, legal_actions: jax.Array, place: jax.Array | None = None) -> Sight:
    """The knowledge in one player's observation (no player axis) and mask bool[11].

    ``place``: int[6], where the request lists each Pokémon of the team (`state.Party.position`); by default the team's
    own order, which is right until the first switch.
    """
    active = obs.own_active
    own_types = lookup(tables.species_types(), obs.own_species.astype(jnp.int32))
    if place is None:
        place = jnp.arange(TEAM_SIZE, dtype=jnp.int32)
    return Sight(
        active=active,
        species=jnp.where(active, obs.species[0], obs.own_species).astype(jnp.int32),
        types=jnp.where(active[:, None], obs.types[0].astype(jnp.int32), own_types),
        hp=obs.own_hp.astype(jnp.int32),
        max_hp=jnp.maximum(obs.own_max_hp.astype(jnp.int32), 1),
        foe_species=obs.species[1].astype(jnp.int32),
        foe_types=obs.types[1].astype(jnp.int32),
        foe_percent=jnp.sum(jnp.where(obs.foe_active, obs.foe_hp_percent, 0), dtype=jnp.int32),
        boosts=obs.boosts.astype(jnp.int32),
        moves=obs.moves[0].astype(jnp.int32),
        stats=jnp.sum(jnp.where(active[:, None], obs.own_stats, 0), axis=0, dtype=jnp.int32),
        can_move=legal_actions[FIRST_MOVE:NO_OP],
        can_switch=legal_actions[:TEAM_SIZE],
        place=place.astype(jnp.int32),
    )


def halves(attacking: jax.Array, defending: jax.Array) -> jax.Array:
    """0, 1, 2 or 4: twice the factor of a hit of one type on one other; NONE and UNTYPED are neutral to all."""
    count = tables.halves().shape[1]
    return lookup(tables.halves().reshape(-1), attacking * count + defending)


def multiplier(attacking: jax.Array, defending: jax.Array) -> jax.Array:
    """Quarters (0 to 16) of a hit of type ``attacking`` [...] on types ``defending`` [..., 2].

    Source: ``Pokemon.damage_multiplier`` in battle/pokemon.py.
    """
    return halves(attacking, defending[..., 0]) * halves(attacking, defending[..., 1])


def move_action(slot: jax.Array) -> jax.Array:
    """The action for a place in the request's list of moves."""
    return (FIRST_MOVE + slot).astype(jnp.int32)


def switch_action(sight: Sight, slot: jax.Array) -> jax.Array:
    """The action for a Pokémon of the team, or `NO_OP` if none can come in: who has neither choice waits."""
    return jnp.where(jnp.any(sight.can_switch), slot, NO_OP).astype(jnp.int32)
