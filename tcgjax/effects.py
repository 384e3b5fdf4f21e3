"""Operations of attacks, abilities and Trainers. One row is carried out at a time, as masked updates.

What moves cards of decks and hands stands in `tcgjax.cards`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxenv.control import maybe
from tcgjax import damage
from tcgjax.arrays import both, nth, one_hot, select, total
from tcgjax.board import (
    ACTIVE,
    BENCH,
    NOWHERE,
    OPPONENT_ACTIVE,
    amount,
    hit_points,
    operation,
    set_status,
    taken,
)
from tcgjax.cards import move_cards
from tcgjax.chance import PICKS, Chance, heads_of, pick, until_tails
from tcgjax.energy import attach_from_zone, discard_energy, of_type
from tcgjax.state import (
    AFTER_END,
    AFTER_MAIN,
    CHOOSE,
    KINDS_OF_ENERGY,
    ME,
    OPPONENT,
    SPOTS,
    Game,
)
from tcgjax.tables import (
    AMONG,
    CHOICES,
    COIN_MODES,
    DECK,
    HEADS,
    ON,
    OP,
    PLAYER_EFFECTS,
    POKEMON_EFFECTS,
    ROWS,
    WHEN,
    Row,
)
from tcgjax.targets import targets

SELF = ON.index("self")
MAX_HITS = 4


class Use(NamedTuple):
    """An attack, ability or Trainer in use."""

    user: jax.Array
    """bool[4]: who uses it, the Active Pokémon for a Trainer."""
    attack: jax.Array
    """bool[]."""
    heads: jax.Array
    flips: jax.Array
    dealt: jax.Array
    """int32[]: the damage that the attack has done."""


def flip_coins(provided: jax.Array, user: jax.Array, rows: Row, chance: Chance) -> tuple[jax.Array, jax.Array]:
    """int32[] twice: heads, and coins flipped, of a list of operations (fields of int32[3]).

    ``provided``: `energy.worth`.
    """
    flipping = rows.op == OP["coins"]
    mode = total(jnp.where(flipping, rows.what, 0))
    energy = total(jnp.where(user[:, None], provided[ME], 0))
    counted = jnp.where(mode == COIN_MODES.index("per_energy"), energy, total(jnp.where(flipping, rows.count, 0)))
    is_run = mode == COIN_MODES.index("until_tails")
    flips = jnp.where(jnp.any(flipping) & ~is_run, counted, 0)
    heads = jnp.where(is_run, until_tails(chance), heads_of(chance, flips))
    return jnp.where(jnp.any(flipping), heads, 0), flips


def wanted(row: Row, heads: jax.Array) -> jax.Array:
    """bool: the coins allow the operation."""
    return jnp.where(row.when == WHEN.index("heads"), heads > 0, (row.when == 0) | (heads == 0))


def protected(game: Game, attack: jax.Array) -> jax.Array:
    """bool[4]: effects of attacks do not reach these Pokémon of the opponent."""
    return attack & (amount(game, "untouchable")[OPPONENT] > 0)


def run(game: Game, use: Use, numbers: jax.Array, chance: Chance) -> Game:
    """Carry out operations (int32[3]) in their order, then ask for the choice of the last one."""

    def one(place: jax.Array, game: Game) -> Game:
        row = operation(numbers[place])
        row = row._replace(op=jnp.where(wanted(row, use.heads), row.op, 0))
        return maybe(row.op > 0, lambda game: carry_out(game, use, row, chance), game)

    game = lax.fori_loop(0, ROWS, one, game)
    return ask(game, use, numbers)


def carry_out(game: Game, use: Use, row: Row, chance: Chance) -> Game:
    """One operation, whatever it is."""
    game = change_pokemon(game, use, row)
    game = change_players(game, row)
    game = change_energy(game, use, row, chance)
    game = maybe(
        (row.op == OP["bench_damage"]) | (row.op == OP["random_hits"]),
        lambda game: more_hits(game, row, chance),
        game,
    )
    in_deck = (row.op >= OP[DECK[0]]) & (row.op <= OP[DECK[-1]])
    may_leave = ~protected(game, use.attack)[0] & (hit_points(game)[OPPONENT, 0] > 0)
    return maybe(in_deck, lambda game: move_cards(game, row, may_leave, chance), game)


def change_pokemon(game: Game, use: Use, row: Row) -> Game:
    """Statuses and lasting effects of Pokémon, healing, damage to the user."""
    op = row.op
    theirs = jnp.asarray(ACTIVE) & ~protected(game, use.attack)
    here = select(row.on == SELF, both(use.user, jnp.asarray(NOWHERE)), both(jnp.asarray(NOWHERE), theirs))
    game = set_status(game, here & (op == OP["status"]), row.what)
    place = (here & (op == OP["effect"]))[..., None] & one_hot(row.what, len(POKEMON_EFFECTS))
    healed = jnp.where(op == OP["heal_each"], row.amount, 0) + jnp.where(
        use.user,
        jnp.where(op == OP["heal_self"], row.amount, 0) + jnp.where(op == OP["heal_dealt"], use.dealt, 0),
        0,
    )
    mine = jnp.where(healed > 0, jnp.maximum(game.damage[ME] - healed, 0), game.damage[ME])
    mine = mine + jnp.where(use.user & (op == OP["self_damage"]), row.amount, 0)
    return game.replace(
        damage=both(mine, game.damage[OPPONENT]),
        effects=jnp.where(place, row.amount, game.effects),
        effect_turns=jnp.where(place, row.turns, game.effect_turns),
    )


def change_players(game: Game, row: Row) -> Game:
    """Lasting effects of players, of which only lower Retreat Costs add up; Sweets Relay."""
    side = jnp.where(row.on == SELF, ME, OPPONENT)
    place = one_hot(side, 2)[:, None] & one_hot(row.what, len(PLAYER_EFFECTS)) & (row.op == OP["player_effect"])
    adds = row.what == PLAYER_EFFECTS.index("retreat_less")
    amounts = jnp.where(adds, game.player_effects + row.amount, row.amount)
    named = place[:, PLAYER_EFFECTS.index("named_more")]
    relay = jnp.array([True, False]) & (row.op == OP["count_sweets_relay"])
    return game.replace(
        player_effects=jnp.where(place, amounts, game.player_effects),
        player_effect_turns=jnp.where(place, row.turns, game.player_effect_turns),
        effect_group=jnp.where(named, row.group, game.effect_group),
        sweets_relays=game.sweets_relays + relay.astype(jnp.int32),
        sweets_relay_turn=jnp.where(relay, game.turn, game.sweets_relay_turn),
    )


def change_energy(game: Game, use: Use, row: Row, chance: Chance) -> Game:
    """Attaching, discarding and moving Energy."""
    op = row.op
    here = jnp.where(op == OP["attach_self"], use.user, jnp.asarray(ACTIVE))
    attaches = (op == OP["attach_self"]) | (op == OP["attach_active"])
    game = attach_from_zone(game, here & attaches, row.type, row.count)

    discards = (op == OP["discard_energy"]) | (op == OP["discard_all_energy"])
    counts = jnp.where(op == OP["discard_all_energy"], 127, of_type(row.type, row.count))
    game = discard_energy(game, both(use.user, jnp.asarray(NOWHERE)) & discards, counts)

    moved = jnp.where(
        (op == OP["move_all_energy"]) & BENCH[:, None] & (of_type(row.type, jnp.ones((), jnp.int32)) > 0),
        game.energy[ME],
        0,
    )
    mine = game.energy[ME] - moved + jnp.where(ACTIVE[:, None], total(moved, 0), 0)
    game = game.replace(energy=both(mine, game.energy[OPPONENT]))
    return maybe(op == OP["discard_random_energy"], lambda game: discard_random_energy(game, use, row, chance), game)


def discard_random_energy(game: Game, use: Use, row: Row, chance: Chance) -> Game:
    """One Energy of the opponent's Active Pokémon or of all in play, each as likely."""
    among = jnp.asarray(OPPONENT_ACTIVE) | (row.among == AMONG.index("all"))
    there = jnp.where(among[..., None], game.energy, 0).reshape(2 * SPOTS * KINDS_OF_ENERGY)
    found = pick(chance.words[PICKS], total(there))
    before = jnp.cumsum(there, dtype=jnp.int32)
    place = (before > found) & (before - there <= found)
    safe = both(jnp.asarray(NOWHERE), protected(game, use.attack))
    lost = place.reshape(2, SPOTS, KINDS_OF_ENERGY) & ~safe[..., None]
    lost = lost.astype(jnp.int32)
    return game.replace(energy=game.energy - lost, discarded_energy=game.discarded_energy + total(lost, 1))


def more_hits(game: Game, row: Row, chance: Chance) -> Game:
    """Damage to the Bench, or to random Pokémon; hits on the same one are added up before anything changes them."""
    there = taken(game)[OPPONENT]
    counts = jnp.zeros((SPOTS,), jnp.int32)
    for place in range(MAX_HITS):
        spot = nth(there, pick(chance.words[PICKS + place], total(there)))
        counts = counts + (one_hot(spot, SPOTS) & (place < row.count)).astype(jnp.int32)
    on_bench = (there & BENCH).astype(jnp.int32)
    game, _ = damage.hit(game, row.amount * jnp.where(row.op == OP["bench_damage"], on_bench, counts))
    return game


def ask(game: Game, use: Use, numbers: jax.Array) -> Game:
    """Ask for a choice, if the operations have one and there is something to choose."""
    rows = operation(numbers)
    asks = (rows.op >= OP[CHOICES[0]]) & (rows.op <= OP[CHOICES[-1]]) & wanted(rows, use.heads)
    number = total(jnp.where(asks, numbers, 0))
    row = operation(number)
    counted = jnp.where(row.count == HEADS, use.heads, jnp.where(row.count < 0, 1, row.count))
    left = jnp.where(row.op == OP["choose_attach"], counted, 1)
    switches = (row.op == OP["switch_out"]) | (row.op == OP["switch_in"])
    health = hit_points(game)
    stays = switches & ((health[OPPONENT, 0] <= 0) | protected(game, use.attack)[0])
    stays = stays | (row.op == OP["switch_self"]) & (total(jnp.where(use.user, health[ME], 0)) <= 0)
    fits = targets(game, row, jnp.asarray(np.zeros(SPOTS, bool))).any()
    asked = (number > 0) & (left > 0) & fits & ~stays
    changes: dict[str, Any] = {
        "choice": number,
        "choice_attack": use.attack,
        "choice_left": left,
        "choice_used": jnp.zeros((SPOTS,), bool),
        "phase": CHOOSE,
        "after": jnp.where(use.attack, AFTER_END, AFTER_MAIN),
    }
    return game.replace(**{name: jnp.where(asked, value, getattr(game, name)) for name, value in changes.items()})
