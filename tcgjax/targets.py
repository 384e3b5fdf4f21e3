"""Targets: spots, cards and attacks that an operation lets its player choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from tcgjax.arrays import length, lookup
from tcgjax.board import ACTIVE, BENCH, in_group, kinds, taken
from tcgjax.state import ME, OPPONENT, SPOTS, Game
from tcgjax.tables import AMONG, OP, OPERATIONS, Row, tables

BENCH_ONLY = (AMONG.index("own_bench"), AMONG.index("opponent_bench"))
ANY_OPPONENT = AMONG.index("opponent")


class Targets(NamedTuple):
    """All that the chooser may choose, as it sees it."""

    own: jax.Array
    """bool[4]."""
    opponent: jax.Array
    """bool[4]."""
    discard: jax.Array
    """bool[20]: cards of the opponent's discard pile."""
    energy: jax.Array
    """bool[8]."""
    attacks: jax.Array
    """bool[4, 2]: attacks of the opponent's Pokémon."""

    def any(self) -> jax.Array:
        """bool[]: there is something to choose."""
        found = jnp.any(self.own | self.opponent) | jnp.any(self.discard) | jnp.any(self.energy)
        return found | jnp.any(self.attacks)


def _bench_only(row: Row) -> jax.Array:
    return (row.among == BENCH_ONLY[0]) | (row.among == BENCH_ONLY[1])


def spots_among(game: Game, row: Row) -> jax.Array:
    """bool[2, 4]: spots that an operation may choose: on the Bench or anywhere, of a type, with a name."""
    cards = kinds(game)
    fits = (row.only == 0) | (lookup(tables().type, cards) == row.only)
    return taken(game) & fits & in_group(cards, row.group) & (BENCH | ~_bench_only(row))


def spots_to_choose(game: Game, row: Row, used: jax.Array) -> tuple[jax.Array, jax.Array]:
    """bool[4] twice: own spots and the opponent's, as the chooser sees them. ``used`` (bool[4]) may not be chosen."""
    there, op = taken(game), row.op
    among = spots_among(game, row)
    benched = there & BENCH
    types = lookup(tables().type, kinds(game)[ME])
    theirs = (row.among == ANY_OPPONENT) | (row.among == BENCH_ONLY[1])
    kind = jnp.maximum(row.type - 1, 0)
    has_energy = jnp.any((jnp.arange(8, dtype=jnp.int32) == kind) & (game.energy[ME] > 0), -1)
    movable = benched[ME] & (there[ME, 0] & (types[0] == row.type)) & (types == row.type) & has_energy
    basic = lookup(tables().stage, kinds(game)[OPPONENT]) == 0
    own = (
        ((op == OP["choose_damage"]) & ~theirs & among[ME])
        | ((op == OP["choose_attach"]) & among[ME] & ~used)
        | ((op == OP["choose_heal"]) & among[ME] & (game.damage[ME] > 0))
        | ((op == OP["switch_self"]) & benched[ME])
        | ((op == OP["switch_out"]) & benched[OPPONENT])
        | ((op == OP["move_energy"]) & movable)
    )
    opponent = ((op == OP["choose_damage"]) & theirs & among[OPPONENT]) | (
        (op == OP["switch_in"]) & benched[OPPONENT] & (basic | (row.flag == 0))
    )
    return own, opponent


def targets(game: Game, row: Row, used: jax.Array) -> Targets:
    """All that the chooser of an operation may choose; nothing where the operation can do nothing."""
    own, opponent = spots_to_choose(game, row, used)
    cards = kinds(game)[OPPONENT]
    copied = lookup(tables().attack, cards) & ~lookup(tables().copies, cards)
    from_where = taken(game)[OPPONENT] & (ACTIVE | (row.among == ANY_OPPONENT))
    return Targets(
        own=own,
        opponent=opponent,
        discard=(row.op == OP["choose_from_discard"]) & lookup(tables().basic, game.discard[OPPONENT]),
        energy=(row.op == OP["pay_retreat"]) & (game.energy[ME, 0] > 0),
        attacks=(row.op == OP["copy_attack"]) & from_where[:, None] & copied,
    )


def playable(game: Game, numbers: Sequence[int]) -> jax.Array:
    """int32[]: bit i is set if operation ``numbers[i]`` of a Trainer or an ability would do something, so that it may
    be used."""
    there, cards = taken(game), kinds(game)
    types, groups = lookup(tables().type, cards), lookup(tables().groups, cards)
    bench, hurt = there & BENCH, game.damage[ME] > 0
    decks, hands = length(game.deck), length(game.hand)
    room = jnp.any(~there & BENCH, 1)
    basics = lookup(tables().basic, game.discard[OPPONENT])
    stages = lookup(tables().stage, cards[OPPONENT])

    def in_names(row: Row) -> jax.Array:
        return groups >> int(row.group - 1) & 1 == 1 if row.group else jnp.ones((2, SPOTS), bool)

    def fits(row: Row) -> jax.Array:
        """bool[]."""
        name = OPERATIONS[row.op]
        side = OPPONENT if row.among in (ANY_OPPONENT, BENCH_ONLY[1]) else ME
        among = (bench if row.among in BENCH_ONLY else there) & in_names(row)
        among = among & (types == int(row.only)) if row.only else among
        has_energy = game.energy[ME, :, max(int(row.type) - 1, 0)] > 0
        if name == "choose_damage":
            return jnp.any(among[side])
        if name == "choose_attach":
            return jnp.any(among[ME])
        if name == "choose_heal":
            return jnp.any(among[ME] & hurt)
        if name == "switch_out":
            return jnp.any(bench[OPPONENT])
        if name == "switch_in":
            return jnp.any(bench[OPPONENT] & (stages == 0)) if row.flag else jnp.any(bench[OPPONENT])
        if name == "move_energy":
            right = types[ME] == int(row.type)
            return jnp.any(bench[ME] & right & has_energy) & right[0]
        if name == "choose_from_discard":
            return room[OPPONENT] & jnp.any(basics)
        if name == "heal_each":
            return jnp.any(hurt)
        if name in ("draw", "look_at_top", "search", "take_top_or_bottom"):
            return decks[ME] > 0
        if name == "reveal_hand":
            return hands[OPPONENT] > 0
        if name == "new_hand":
            return hands[OPPONENT] + decks[OPPONENT] > 0
        if name == "attach_active":
            return types[ME, 0] == int(row.only)
        if name == "return_active":
            return jnp.any(bench[ME]) & in_names(row)[ME, 0]
        if name == "move_all_energy":
            return in_names(row)[ME, 0] & jnp.any(bench[ME] & has_energy)
        if name == "fossil":
            return room[ME]
        if name in ("player_effect", "status", "coins", "attach_self"):
            return jnp.ones((), bool)
        raise NotImplementedError(name)

    found = jnp.zeros((), jnp.int32)
    for bit, number in enumerate(numbers):
        found = found | fits(Row(*tables().operations[number])).astype(jnp.int32) << bit
    return found
