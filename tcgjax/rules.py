"""One game, played action by action."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from tcgjax import actions as a
from tcgjax import damage
from tcgjax.answers import answer, asks_again, change_places, retreat, without_choice
from tcgjax.arrays import append_one, at, both, length, lookup, one_hot, pop
from tcgjax.attacks import attack_of, base_damage, is_stopped, is_unpaid
from tcgjax.board import ACTIVE, add_pokemon, evolve, free_spot, kinds, operation, taken
from tcgjax.chance import Chance
from tcgjax.effects import Use, flip_coins, run
from tcgjax.energy import own, worth
from tcgjax.state import (
    AFTER_END,
    AFTER_MAIN,
    CHOOSE,
    MAIN,
    ME,
    OPPONENT,
    OVER,
    PROMOTE,
    SETUP,
    SPOTS,
    Game,
    pack,
    turned,
    unpack,
)
from tcgjax.tables import OP, ROWS, Row, tables
from tcgjax.turns import begin_turn, proceed


class Intent(NamedTuple):
    """Kinds of an action, bool[] each: of the setup, of a turn, or of a choice."""

    setup_done: jax.Array
    """Both players have placed their Pokémon."""
    setup_next: jax.Array
    """It is the other player's to place."""
    plays: jax.Array
    evolves: jax.Array
    attaches: jax.Array
    retreats: jax.Array
    uses: jax.Array
    """An ability."""
    attacks: jax.Array
    discards_fossil: jax.Array
    ends: jax.Array
    pays: jax.Array
    copies: jax.Array
    answers: jax.Array
    """Any other choice."""
    promotes: jax.Array


def step(game: Game, action: jax.Array, chance: Chance) -> Game:
    """The packed game after a legal action (int32[]) of the player to act; a finished game stays as it is."""
    return pack(play(unpack(game), jnp.asarray(action, jnp.int32), chance))


def legal_mask(game: Game) -> jax.Array:
    """bool[143] of the player to act, for a packed game; everything if it is over."""
    return a.legal_actions(unpack(game))


def play(game: Game, action: jax.Array, chance: Chance) -> Game:
    """As `step`, for a game in the rules' dtypes."""
    return maybe(game.phase != OVER, lambda game: _play(game, action, chance), game)


def intent_of(game: Game, action: jax.Array) -> Intent:
    """Effects of a legal action in this game."""

    def within(start: int, end: int) -> jax.Array:
        return (action >= start) & (action < end)

    setup, main, chooses = game.phase == SETUP, game.phase == MAIN, game.phase == CHOOSE
    done = action == a.END
    asked = operation(game.choice).op
    pays, copies = chooses & (asked == OP["pay_retreat"]), chooses & (asked == OP["copy_attack"])
    return Intent(
        setup_done=setup & done & (game.current == 1),
        setup_next=setup & done & (game.current == 0),
        plays=(setup | main) & within(a.PLAY, a.EVOLVE),
        evolves=main & within(a.EVOLVE, a.ATTACH),
        attaches=main & within(a.ATTACH, a.RETREAT),
        retreats=main & within(a.RETREAT, a.ABILITY),
        uses=main & within(a.ABILITY, a.ATTACK),
        attacks=main & within(a.ATTACK, a.DISCARD_FOSSIL),
        discards_fossil=main & within(a.DISCARD_FOSSIL, a.OWN),
        ends=main & done,
        pays=pays,
        copies=copies,
        answers=chooses & ~pays & ~copies,
        promotes=game.phase == PROMOTE,
    )


def _play(game: Game, action: jax.Array, chance: Chance) -> Game:
    """Each kind of action is a masked update; then the game goes on, where nobody has to choose first."""
    intent = intent_of(game, action)
    asked, was_attack, after = operation(game.choice), game.choice_attack, game.after
    game = without_choice(game, intent.copies)

    game, trainer = play_from_hand(game, action, intent)
    retreats = intent.retreats | intent.pays
    game = maybe(retreats, lambda game: retreat(game, action, intent.pays), game)

    game, use, fails, strikes, hits, rows = attack_or_use(game, action, intent, asked, was_attack, trainer, chance)
    game = maybe(jnp.any(rows > 0), lambda game: run(game, use, rows, chance), game)
    asks = jnp.any(rows > 0) & (game.phase == CHOOSE)

    answers = intent.answers & ~hits
    game = maybe(
        answers | intent.attaches, lambda game: answer(game, action, asked, answers, intent.attaches, chance), game
    )
    game = change_places(game, action, asked, intent.answers, intent.promotes, retreats)
    again = intent.answers & asks_again(game, asked)

    game = maybe(intent.setup_next, lambda game: turned(game, True), game)
    game = maybe(intent.setup_done, lambda game: begin_turn(game, chance), game)

    attacked = use.attack | fails
    returns = intent.answers | intent.promotes
    goes_on = intent.ends | intent.attaches | intent.discards_fossil | attacked | intent.uses
    goes_on = (goes_on | jnp.any(trainer > 0) | returns) & ~asks & ~again
    following = jnp.where(intent.ends | attacked, AFTER_END, jnp.where(returns, after, AFTER_MAIN))
    by_attack = strikes | intent.answers & was_attack
    fossil = own(one_hot(action - a.DISCARD_FOSSIL, SPOTS) & intent.discards_fossil)
    return maybe(goes_on, lambda game: proceed(game, chance, following, by_attack, fossil), game)


def play_from_hand(game: Game, action: jax.Array, intent: Intent) -> tuple[Game, jax.Array]:
    """A Pokémon or a fossil goes to a spot, an evolution on its Pokémon, a Trainer to the discard pile.

    int32[3]: the Trainer's operations, which are still to be carried out.
    """
    found = tables()
    place = jnp.where(intent.evolves, (action - a.EVOLVE) >> 2, action - a.PLAY)
    moves = intent.plays | intent.evolves
    card = jnp.where(moves, at(game.hand[ME], place), 0)
    is_pokemon = lookup(found.pokemon, card) | lookup(found.fossil, card)
    trains = intent.plays & ~is_pokemon
    discard = append_one(game.discard[ME], length(game.discard)[ME], card, trains)
    supporter = jnp.stack([trains & lookup(found.supporter, card), jnp.zeros((), bool)])
    game = game.replace(
        hand=both(pop(game.hand[ME], place, moves), game.hand[OPPONENT]),
        known=both(pop(game.known[ME], place, moves), game.known[OPPONENT]),
        discard=both(discard, game.discard[OPPONENT]),
        supporter_played=game.supporter_played | supporter,
    )
    to_active = (game.phase == SETUP) & ~taken(game)[ME, 0]
    spot = jnp.where(to_active, 0, free_spot(game, ME))
    game = add_pokemon(game, ME, spot, card, intent.plays & is_pokemon)
    game = evolve(game, (action - a.EVOLVE) & 3, card, intent.evolves)
    return game, jnp.where(trains, lookup(found.trainer, card), 0)


def attack_or_use(
    game: Game, action: jax.Array, intent: Intent, asked: Row, was_attack: jax.Array, trainer: jax.Array, chance: Chance
) -> tuple[Game, Use, jax.Array, jax.Array, jax.Array, jax.Array]:
    """The damage of an attack, and what is to be carried out after it.

    Besides: `Use`; bool[] attack that fails before it begins; bool[] attack that does something; bool[] choice of who
    is damaged by an attack; int32[3] operations of the attack, the ability or the Trainer (``trainer``).
    """
    provided = worth(game)
    copied = at(kinds(game)[OPPONENT], (action - a.COPY) >> 1)
    card = jnp.where(intent.copies, copied, kinds(game)[ME, 0])
    attack = attack_of(card, jnp.where(intent.copies, (action - a.COPY) & 1, action - a.ATTACK) & 1)
    fails = intent.attacks & is_stopped(game, chance) | intent.copies & is_unpaid(asked, attack, provided)
    attacks = (intent.attacks | intent.copies) & ~fails

    spot = action - a.ABILITY
    user = jnp.where(intent.uses, one_hot(spot, SPOTS), jnp.asarray(ACTIVE))
    ability = lookup(tables().ability, at(kinds(game)[ME], spot))
    rows = jnp.where(attacks, attack.rows, jnp.where(intent.uses, ability, trainer))
    game = game.replace(ability_used=game.ability_used | own(user & intent.uses))

    nothing_yet = (jnp.zeros((), jnp.int32), jnp.zeros((), jnp.int32))
    heads, flips = maybe(jnp.any(rows > 0), lambda _: flip_coins(provided, user, operation(rows), chance), nothing_yet)
    base, nothing = maybe(
        attacks,
        lambda _: base_damage(game, attack, provided, heads, flips),
        (jnp.zeros((), jnp.int32), jnp.zeros((), bool)),
    )
    strikes = attacks & ~nothing
    hits = intent.answers & (asked.op == OP["choose_damage"]) & was_attack & (action >= a.OPPONENTS)
    strength = jnp.where(ACTIVE & strikes, base, 0)
    strength = jnp.where(one_hot(action - a.OPPONENTS, SPOTS) & hits, asked.amount, strength)
    game, dealt = maybe(
        strikes | hits, lambda now: damage.hit(now[0], strength), (game, jnp.zeros((SPOTS,), jnp.int32))
    )
    use = Use(user=user, attack=attacks, heads=heads, flips=flips, dealt=dealt[0])
    return game, use, fails, strikes, hits, jnp.where(attacks & nothing, jnp.zeros((ROWS,), jnp.int32), rows)
