"""Who may be chosen: spots, cards and attacks that an operation lets its player choose from."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from tcgjax.arrays import length, lookup
from tcgjax.board import ACTIVE, BENCH, free_spot, in_group, kinds, taken
from tcgjax.state import ME, OPPONENT, Game
from tcgjax.tables import AMONG, OP, Row, tables

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


def playable(game: Game, row: Row) -> jax.Array:
    """bool[]: an operation of a Trainer or an ability would do something, so that it may be used."""
    op = row.op
    own, opponent = spots_to_choose(game, row, jnp.zeros((4,), bool))
    there, active = taken(game), kinds(game)[ME, 0]
    decks, hands = length(game.deck), length(game.hand)
    in_discard = jnp.any(lookup(tables().basic, game.discard[OPPONENT]))
    named = in_group(active, row.group)
    of_kind = jnp.arange(8, dtype=jnp.int32) == row.type - 1
    benched_energy = jnp.any((there[ME] & BENCH)[:, None] & of_kind & (game.energy[ME] > 0))
    fits = {
        "choose_from_discard": (free_spot(game, OPPONENT) > 0) & in_discard,
        "heal_each": jnp.any(game.damage[ME] > 0),
        **dict.fromkeys(("draw", "look_at_top", "search", "take_top_or_bottom"), decks[ME] > 0),
        "reveal_hand": hands[OPPONENT] > 0,
        "new_hand": hands[OPPONENT] + decks[OPPONENT] > 0,
        "attach_active": lookup(tables().type, active) == row.only,
        "return_active": jnp.any(there[ME] & BENCH) & named,
        "move_all_energy": named & benched_energy,
        "fossil": free_spot(game, ME) > 0,
        **dict.fromkeys(("player_effect", "status", "coins", "attach_self"), True),
    }
    found = jnp.any(own | opponent)
    for name, fit in fits.items():
        found = found | (op == OP[name]) & fit
    return found
