"""The course of a game: setup, the beginning and the end of a turn, the checkup between turns."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxenv.control import maybe
from tcgjax.arrays import LIST, both, lookup, nth, total
from tcgjax.board import ACTIVE, discard_pokemon, hit_points, kinds, passives, taken
from tcgjax.cards import draw_one
from tcgjax.chance import ASLEEP as SLEEP_COIN
from tcgjax.chance import BURNED as BURN_COIN
from tcgjax.chance import ENERGY, Chance, flip, pick
from tcgjax.energy import NUMBERS
from tcgjax.state import (
    AFTER_END,
    AFTER_MAIN,
    AFTER_NEXT,
    ASLEEP,
    MAIN,
    ME,
    NEVER,
    NOBODY,
    OPPONENT,
    OVER,
    PARALYZED,
    PROMOTE,
    SETUP,
    TIE,
    Game,
    empty,
    turned,
)
from tcgjax.tables import OP, PLAYER_EFFECTS, tables

OPENING_HAND = 5
POISON, BURN = 10, 20
POINTS_TO_WIN = 3
TURN_LIMIT = 30


def new_game(
    decks: jax.Array, energy_types: jax.Array, picks: jax.Array, first: jax.Array, first_player_draws: Any = True
) -> Game:
    """Two players with their opening hands, before they place their Basics.

    * ``decks``: int32[2, 20], shuffled; the first five cards are the opening hands.
    * ``energy_types``: bool[2, 8]. ``picks``: int32[2], which of them is each player's next Energy.
    * ``first``: int32[], who goes first.
    """
    places = jnp.arange(LIST, dtype=jnp.int32)
    left = jnp.concatenate([decks[:, OPENING_HAND:], jnp.zeros((2, OPENING_HAND), jnp.int32)], 1)
    energy = jnp.stack([nth(energy_types[side], picks[side]) for side in (ME, OPPONENT)])
    return empty().replace(
        deck=left,
        hand=jnp.where(places < OPENING_HAND, decks, 0),
        energy_types=energy_types,
        next_energy=1 + energy,
        knocked_out_turn=jnp.full((2,), NEVER, jnp.int32),
        sweets_relay_turn=jnp.full((2,), NEVER, jnp.int32),
        first=first,
        phase=jnp.full((), SETUP, jnp.int32),
        winner=jnp.full((), NOBODY, jnp.int32),
        first_player_draws=jnp.asarray(first_player_draws, bool),
        turn_limit=jnp.full((), TURN_LIMIT, jnp.int32),
    )


def age_effects(game: Game) -> Game:
    """Take one turn from each lasting effect."""
    turns = jnp.maximum(game.effect_turns - 1, 0)
    player_turns = jnp.maximum(game.player_effect_turns - 1, 0)
    named = player_turns[:, PLAYER_EFFECTS.index("named_more")] > 0
    return game.replace(
        effect_turns=turns,
        effects=jnp.where(turns > 0, game.effects, 0),
        player_effect_turns=player_turns,
        player_effects=jnp.where(player_turns > 0, game.player_effects, 0),
        effect_group=jnp.where(named, game.effect_group, 0),
    )


def begin_turn(game: Game, chance: Chance) -> Game:
    """The next player's turn: effects age, a card, an Energy in the Zone; nothing of the last turn is remembered.

    The player who goes first gets no Energy on turn 1, and no card if `Game.first_player_draws` is off.
    """
    game = age_effects(game)
    turn = game.turn + 1
    player = jnp.where(turn & 1 == 1, game.first, 1 - game.first)
    game = turned(game.replace(turn=turn), player != game.current)
    no_spot, nobody = jnp.zeros_like(game.new), jnp.zeros_like(game.retreated)
    game = game.replace(supporter_played=nobody, retreated=nobody, new=no_spot, evolved=no_spot, ability_used=no_spot)
    game = draw_one(game, (turn > 1) | game.first_player_draws)
    types = game.energy_types[ME]
    drawn = 1 + nth(types, pick(chance.words[ENERGY], total(types)))
    later = turn > 1
    zone = jnp.where(later, game.next_energy[ME], game.zone[ME])
    following = jnp.where(later, drawn, game.next_energy[ME])
    return game.replace(
        zone=both(zone, game.zone[OPPONENT]),
        next_energy=both(following, game.next_energy[OPPONENT]),
        phase=jnp.full((), MAIN, jnp.int32),
        after=jnp.full((), AFTER_MAIN, jnp.int32),
    )


def end_turn(game: Game) -> Game:
    """The Energy that was not attached is lost; Zeraora gets its Energy at the end of its owner's first turn."""
    passive = passives(kinds(game)[ME])
    gets = (passive.op == OP["attach_after_first_turn"]) & (game.turn <= 2)
    more = gets[:, None] & (passive.type[:, None] == NUMBERS)
    energy = both(game.energy[ME] + more.astype(jnp.int32), game.energy[OPPONENT])
    return game.replace(zone=both(jnp.zeros((), jnp.int32), game.zone[OPPONENT]), energy=energy)


def checkup(game: Game, chance: Chance) -> Game:
    """Between turns, for both Active Pokémon: Poisoned, then Burned, then Asleep, then Paralyzed.

    A Paralyzed Pokémon recovers after its own player's turn. Knock-outs are looked for when all is done.
    """
    players = jnp.stack([game.current, 1 - game.current])
    poisoned, burned = game.poisoned & ACTIVE, game.burned & ACTIVE
    hurt = jnp.where(poisoned, POISON, 0) + jnp.where(burned, BURN, 0)
    cooled = flip(chance, BURN_COIN + players)[:, None] & ACTIVE
    woken = flip(chance, SLEEP_COIN + players)[:, None] & ACTIVE & (game.condition == ASLEEP)
    mine = np.array([[True], [False]])
    freed = mine & ACTIVE & (game.condition == PARALYZED)
    return game.replace(
        damage=game.damage + hurt,
        burned=game.burned & ~cooled,
        condition=jnp.where(woken | freed, 0, game.condition),
    )


def settle(game: Game, by_attack: jax.Array, discarded: jax.Array) -> Game:
    """Discard Pokémon without HP, give points for them, decide who has won, and see who lacks an Active Pokémon.

    ``discarded``: bool[2, 4], Pokémon that are discarded for no point. ``by_attack``: an attack of the current player
    is being resolved, which Marshadow's Revenge remembers. The phase is `OVER`, `PROMOTE` or `MAIN` afterwards.
    """
    beaten = taken(game) & (hit_points(game) <= 0)
    gone = beaten | discarded & taken(game)
    worth = jnp.where(beaten, 1 + lookup(tables().ex, kinds(game)).astype(jnp.int32), 0)
    lost = jnp.any(beaten[OPPONENT]) & by_attack
    game = game.replace(
        points=game.points + total(worth, 1)[::-1],
        knocked_out_turn=jnp.where(np.array([False, True]) & lost, game.turn, game.knocked_out_turn),
    )
    game = maybe(jnp.any(gone), lambda game: discard_pokemon(game, gone), game)

    there = taken(game)
    met = (game.points >= POINTS_TO_WIN).astype(jnp.int32) + (~jnp.any(there, 1)).astype(jnp.int32)[::-1]
    over = jnp.any(met > 0)
    better = jnp.where(met[OPPONENT] > met[ME], 1 - game.current, game.current)
    winner = jnp.where(met[ME] == met[OPPONENT], TIE, better)
    promote = jnp.any(~there[:, 0])
    return game.replace(
        winner=jnp.where(over, winner, game.winner),
        phase=jnp.where(over, OVER, jnp.where(promote, PROMOTE, MAIN)),
    )


def proceed(game: Game, chance: Chance, after: jax.Array, by_attack: jax.Array, discarded: jax.Array) -> Game:
    """Go on until somebody must decide: knock-outs, winner, new Active Pokémon, the turn's end, the next turn.

    ``by_attack`` and ``discarded`` as in `settle`.
    """
    game = game.replace(
        after=after,
        choice=jnp.zeros((), jnp.int32),
        choice_attack=jnp.zeros((), bool),
        choice_left=jnp.zeros((), jnp.int32),
        choice_used=jnp.zeros_like(game.choice_used),
    )

    def look(place: jax.Array, game: Game) -> Game:
        # Looking twice changes nothing, unless the turn has ended in between.
        game = settle(game, by_attack & (place == 0), discarded)
        ends = (game.phase == MAIN) & (game.after == AFTER_END)
        return maybe(ends, lambda game: between_turns(game, chance), game)

    game = lax.fori_loop(0, 2, look, game)
    next_one = (game.phase == MAIN) & (game.after == AFTER_NEXT)
    over = next_one & (game.turn >= game.turn_limit)
    game = game.replace(phase=jnp.where(over, OVER, game.phase), winner=jnp.where(over, TIE, game.winner))
    return maybe(next_one & ~over, lambda game: begin_turn(game, chance), game)


def between_turns(game: Game, chance: Chance) -> Game:
    """The end of a turn and the checkup."""
    return checkup(end_turn(game), chance).replace(after=jnp.full((), AFTER_NEXT, jnp.int32))
