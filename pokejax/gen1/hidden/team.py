"""The foe's team as a player may believe it: drawn from a pool, with all that has been seen of it.

Two laws:

* "team": one of the pool's teams, each that agrees with what has been seen as likely as another. This is the exact law
  of a battle whose teams were drawn from the pool. It tells much where few teams agree: of the 20,480 built-in random
  teams 6 are left (the median) when the species of two Pokémon have been seen, and with three one alone in 87 of 100.
* "pokemon": each Pokémon that was seen is one of the pool's Pokémon that agree with it, drawn by itself; the others are
  those of one random team of the pool that have not been seen. This is for a pool that is a sample of a greater whole.

Where no team agrees (the foe's team is not of the pool, or has two of a species that were told apart by their moves),
"pokemon" takes the place of "team"; where no Pokémon agrees either, it stays what it is.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from pokejax.gen1.observation.build import hp_percent
from pokejax.gen1.observation.memory import UNSEEN
from pokejax.gen1.state import MOVE_SLOTS, TEAM_SIZE, Party, Seat

LAWS = ("team", "pokemon")
_BLOCK = 256


class Seen(NamedTuple):
    """A player's knowledge of the foe's team. The leading axis of arrays is the order of appearance, 6 places."""

    there: jax.Array
    """bool[6]: somebody has appeared in this place."""
    slot: jax.Array
    """int32[6]: of the true team; hidden."""
    species: jax.Array
    level: jax.Array
    moves: jax.Array
    """[6, 4]: all moves; those of `known` have been seen."""
    known: jax.Array
    """bool[6, 4]."""
    hp: jax.Array
    """int32[6]: the true HP; hidden but for `percent`."""
    percent: jax.Array
    """int32[6]: HP as shown."""
    size: jax.Array
    """int32: Pokémon in the team."""


class Drawn(NamedTuple):
    """A team: for each slot where it comes from."""

    row: jax.Array
    """int32[6]: the Pokémon of the pool, counted through all teams."""
    keep: jax.Array
    """bool[6]: no Pokémon of the pool agrees, the true one stays."""
    slot: jax.Array
    """int32[6]: in order of appearance, the slot that each seen Pokémon has in this team."""


def see(seat: Seat, party: Party, appearance: jax.Array, shown: jax.Array) -> Seen:
    """The seen part of a side; ``appearance`` int8[6] and ``shown`` bool[6, 4] are the memory's."""
    there = appearance != UNSEEN
    slot = jnp.where(there, appearance, 0).astype(jnp.int32)
    active = jnp.arange(TEAM_SIZE, dtype=jnp.int32) == seat.slot
    hp = jnp.where(active, seat.hp, party.hp.astype(jnp.int32))
    # Who has used Mimic is known to have it, though its slot holds another move now.
    mimics = active[:, None] & seat.virtual[None] & ~seat.transformed
    known = (shown | mimics) & (party.moves != 0)
    return Seen(
        there=there,
        slot=slot,
        species=party.species[slot],
        level=party.level[slot],
        moves=party.moves[slot],
        known=known[slot] & there[:, None],
        hp=hp[slot],
        percent=hp_percent(hp, party.max_hp).astype(jnp.int32)[slot],
        size=jnp.sum(party.species != 0, dtype=jnp.int32),
    )


def hp_range(percent: jax.Array, max_hp: jax.Array) -> tuple[jax.Array, jax.Array]:
    """int32: the least and the greatest HP that are shown as ``percent`` of ``max_hp``; see `hp_percent`."""
    least = (percent - 1) * max_hp // 100 + 1
    greatest = jnp.where(percent == 99, max_hp - 1, percent * max_hp // 100)
    whole, none = percent == 100, percent == 0
    least = jnp.where(none, 0, jnp.where(whole, max_hp, least))
    return least, jnp.where(none, 0, jnp.where(whole, max_hp, greatest))


def draw(key: jax.Array, seen: Seen, pool: Party, law: str) -> Drawn:
    """A team for what has been seen; leaves of ``pool`` are [N, 6, …]."""
    teams = pool.species.shape[0]
    flat = jax.tree.map(lambda leaf: jnp.asarray(leaf).reshape(teams * TEAM_SIZE, *leaf.shape[2:]), pool)
    agrees = jax.vmap(_agrees, (0, 0, 0, 0, 0, 0, None))(*seen[0:1], *seen[2:6], seen.percent, flat)
    size = jnp.sum(jnp.asarray(pool.species) != 0, axis=1, dtype=jnp.int32)
    first, second = jax.random.split(key)
    apart = _apart(first, seen, flat, agrees, size)
    if law == "pokemon":
        return apart
    possible, places = _teams(seen, agrees.reshape(TEAM_SIZE, teams, TEAM_SIZE), size)
    row = _one_of(second, possible)
    whole = Drawn(
        row=row * TEAM_SIZE + jnp.arange(TEAM_SIZE, dtype=jnp.int32),
        keep=jnp.zeros(TEAM_SIZE, jnp.bool_),
        slot=places[:, row],
    )
    return jax.tree.map(lambda a, b: jnp.where(jnp.any(possible), a, b), whole, apart)


def _agrees(
    there: jax.Array,
    species: jax.Array,
    level: jax.Array,
    moves: jax.Array,
    known: jax.Array,
    percent: jax.Array,
    flat: Party,
) -> jax.Array:
    """bool[M]: the pool's Pokémon that may be the one seen."""
    has = jnp.any(flat.moves[:, :, None] == moves[None, None, :], axis=1)
    least, greatest = hp_range(percent, flat.max_hp.astype(jnp.int32))
    fits = jnp.all(has | ~known[None], axis=1) & (least <= greatest)
    return there & fits & (flat.species == species) & (flat.level == level)


def _teams(seen: Seen, agrees: jax.Array, size: jax.Array) -> tuple[jax.Array, jax.Array]:
    """bool[N]: the teams that agree; int32[6, N]: the slots of those seen, in order of appearance.

    The first to appear led, and stands first. The others take the first slot that agrees and is left.
    """
    possible = (size == seen.size) & agrees[0, :, 0]
    slots = jnp.arange(TEAM_SIZE, dtype=jnp.int32)
    free = jnp.broadcast_to(slots != 0, agrees.shape[1:])
    places = [jnp.zeros(size.shape, jnp.int32)]
    for place in range(1, TEAM_SIZE):
        candidates = agrees[place] & free
        chosen = jnp.argmax(candidates, axis=1).astype(jnp.int32)
        possible = possible & (jnp.any(candidates, axis=1) | ~seen.there[place])
        free = free & ~((slots[None] == chosen[:, None]) & seen.there[place])
        places.append(chosen)
    return possible, jnp.stack(places)


def _apart(key: jax.Array, seen: Seen, flat: Party, agrees: jax.Array, size: jax.Array) -> Drawn:
    """Each Pokémon seen drawn by itself, the others of one team; those seen stand in order of appearance."""
    first, second = jax.random.split(key)
    mine = jax.vmap(_one_of)(jax.random.split(first, TEAM_SIZE), agrees)
    enough = size >= seen.size
    start = _one_of(second, enough) * TEAM_SIZE
    others = start + jnp.arange(TEAM_SIZE, dtype=jnp.int32)
    species = flat.species[others]
    left = species != 0
    for place in range(TEAM_SIZE):
        taken = left & (species == seen.species[place]) & seen.there[place]
        left = left & ~(taken & (jnp.cumsum(taken) == 1))
    count = jnp.sum(seen.there, dtype=jnp.int32)
    rank = jnp.cumsum(left, dtype=jnp.int32) - 1
    slots = jnp.arange(TEAM_SIZE, dtype=jnp.int32)
    fills = left[None, :] & (rank[None, :] == (slots - count)[:, None])
    theirs = others[jnp.argmax(fills, axis=1)]
    found = jnp.where(seen.there, jnp.any(agrees, axis=1), jnp.any(enough))
    return Drawn(row=jnp.where(seen.there, mine, theirs), keep=~found, slot=slots)


def _one_of(key: jax.Array, possible: jax.Array) -> jax.Array:
    """int32: a place where ``possible`` holds, each as likely; 0 if there is none.

    Counted by blocks first: XLA takes minutes to compile a running count of a whole pool.
    """
    blocks = -(-possible.shape[0] // _BLOCK)
    padded = jnp.pad(possible, (0, blocks * _BLOCK - possible.shape[0])).reshape(blocks, _BLOCK)
    counts = jnp.cumsum(jnp.sum(padded, axis=1, dtype=jnp.int32))
    wanted = jax.random.randint(key, (), 0, jnp.maximum(counts[-1], 1), jnp.int32)
    block = jnp.minimum(jnp.sum(counts <= wanted, dtype=jnp.int32), blocks - 1)
    before = jnp.where(block > 0, counts[block - 1], 0)
    inside = jnp.cumsum(padded[block], dtype=jnp.int32)
    place = block * _BLOCK + jnp.sum(inside <= wanted - before, dtype=jnp.int32)
    return jnp.where(counts[-1] > 0, place, 0)


def permutation(old: jax.Array, known: jax.Array, new: jax.Array) -> jax.Array:
    """bool[4, 4]: which new move slot takes an old one's place. Known moves keep their name, the others their order."""
    same = known[:, None] & (old[:, None] == new[None, :])
    rest_old, rest_new = ~jnp.any(same, axis=1), ~jnp.any(same, axis=0)
    rank_old, rank_new = jnp.cumsum(rest_old, dtype=jnp.int32), jnp.cumsum(rest_new, dtype=jnp.int32)
    rest = rest_old[:, None] & rest_new[None, :] & (rank_old[:, None] == rank_new[None, :])
    return same | rest


def through(slots: jax.Array, values: jax.Array, otherwise: jax.Array) -> jax.Array:
    """[4]: ``values`` of the old slots at their new ones, by a `permutation`."""
    moved = values[jnp.argmax(slots, axis=0)]
    assert values.shape[0] == MOVE_SLOTS
    return jnp.where(jnp.any(slots, axis=0), moved, otherwise)
