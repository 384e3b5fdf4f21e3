"""Effects of a player's choice: targets of operations, a new Active Pokémon, the payment of a retreat."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv.control import maybe
from tcgjax import actions as a
from tcgjax.arrays import at, both, first, one_hot, pop, total
from tcgjax.board import ACTIVE, add_pokemon, free_spot, switch, taken
from tcgjax.chance import Chance, until_tails
from tcgjax.energy import attach_from_zone, of_type, pay, retreat_cost, worth
from tcgjax.state import CHOOSE, KINDS_OF_ENERGY, MAIN, ME, OPPONENT, SPOTS, Game
from tcgjax.tables import OP, UNTIL_TAILS, Row, pay_retreat
from tcgjax.targets import targets

MOST_PAYMENTS = 4
"""Greatest Retreat Cost of a card."""


def without_choice(game: Game, when: jax.Array) -> Game:
    """The turn goes on without the choice, where ``when``."""
    return game.replace(
        phase=jnp.where(when, MAIN, game.phase),
        choice=jnp.where(when, 0, game.choice),
        choice_attack=game.choice_attack & ~when,
        choice_left=jnp.where(when, 0, game.choice_left),
        choice_used=game.choice_used & ~when,
    )


def answer(game: Game, action: jax.Array, asked: Row, answers: jax.Array, attaches: jax.Array, chance: Chance) -> Game:
    """Carry out what an operation asked for (``answers``), but for hits of attacks and Pokémon that change places; or
    attach the Energy that waits in the Zone (``attaches``)."""
    op = jnp.where(answers, asked.op, 0)
    own = one_hot(action - a.OWN, SPOTS)
    theirs = one_hot(action - a.OPPONENTS, SPOTS)

    hurt = jnp.where(op == OP["choose_damage"], asked.amount, 0)
    healed = jnp.where(own & (op == OP["choose_heal"]), asked.amount, 0)
    mine = game.damage[ME] + jnp.where(own, hurt, 0)
    mine = jnp.where(healed > 0, jnp.maximum(mine - healed, 0), mine)
    game = game.replace(damage=both(mine, game.damage[OPPONENT] + jnp.where(theirs, hurt, 0)))

    chosen = op == OP["choose_attach"]
    run = chosen & (asked.count == UNTIL_TAILS)
    here = jnp.where(attaches, one_hot(action - a.ATTACH, SPOTS), own & chosen)
    kind = jnp.where(attaches, game.zone[ME], asked.type)
    game = attach_from_zone(game, here, kind, jnp.where(run, until_tails(chance), 1))
    distinct = asked.flag > 0
    game = game.replace(
        zone=both(jnp.where(attaches, 0, game.zone[ME]), game.zone[OPPONENT]),
        choice_left=jnp.where(chosen, game.choice_left - 1, game.choice_left),
        choice_used=jnp.where(chosen, (game.choice_used | own) & distinct, game.choice_used),
    )

    moved = jnp.where(op == OP["move_energy"], of_type(asked.type, jnp.ones((), jnp.int32)), 0)
    energy = game.energy[ME] - jnp.where(own[:, None], moved, 0) + jnp.where(ACTIVE[:, None], moved, 0)
    game = game.replace(energy=both(energy, game.energy[OPPONENT]))

    revives = op == OP["choose_from_discard"]
    place = action - a.PLAY
    card = at(game.discard[OPPONENT], place)
    pile = pop(game.discard[OPPONENT], place, revives)
    game = add_pokemon(game, OPPONENT, free_spot(game, OPPONENT), card, revives)
    return game.replace(discard=both(game.discard[ME], pile))


def change_places(
    game: Game, action: jax.Array, asked: Row, answers: jax.Array, promotes: jax.Array, retreats: jax.Array
) -> Game:
    """Bring in another Active Pokémon: who was chosen, or whose retreat (``retreats``) is paid."""
    op = jnp.where(answers, asked.op, 0)
    switch_in = op == OP["switch_in"]
    other = switch_in | (op == OP["switch_out"]) | (promotes & ~taken(game)[OPPONENT, 0])
    paid = retreats & (game.choice_left == 0)
    switches = other | (op == OP["switch_self"]) | promotes | paid
    spot = jnp.where(switch_in, action - a.OPPONENTS, action - a.OWN)
    spot = jnp.where(paid, first(game.choice_used), spot)
    game = without_choice(game, paid)
    return maybe(switches, lambda game: switch(game, jnp.where(other, OPPONENT, ME), spot, True), game)


def asks_again(game: Game, asked: Row) -> jax.Array:
    """bool[]: the choice that was answered is to be made once more."""
    more = (asked.op == OP["choose_attach"]) & (game.choice_left > 0)
    return more & targets(game, asked, game.choice_used).any()


def retreat(game: Game, action: jax.Array, pays: jax.Array) -> Game:
    """Pay the Retreat Cost, Energy by Energy where there is something to choose.

    ``pays``: the action is the choice of an Energy; else it begins the retreat.
    """
    begun = game.replace(
        retreated=game.retreated | jnp.array([True, False]),
        choice=jnp.full((), pay_retreat(), jnp.int32),
        choice_attack=jnp.zeros((), bool),
        choice_left=retreat_cost(game),
        choice_used=one_hot(action - a.RETREAT + 1, SPOTS),
    )
    game = jax.tree.map(lambda yes, no: yes if yes is no else jnp.where(pays, yes, no), game, begun)
    game = pay(game, action - a.PAY, pays)

    def next_one(_: jax.Array, game: Game) -> Game:
        provided = worth(game)[ME, 0]
        several = (total(provided > 0) > 1) & (total(provided) > game.choice_left)
        return pay(game, first(provided > 0), (game.choice_left > 0) & ~several)

    game = lax.fori_loop(0, MOST_PAYMENTS, next_one, game)
    # What provides two Energy may pay for more than is asked.
    return game.replace(phase=jnp.full((), CHOOSE, jnp.int32), choice_left=jnp.maximum(game.choice_left, 0))


assert KINDS_OF_ENERGY == a.COPY - a.PAY
