"""Actions by number, and which of them are legal. `h` is a place in the hand; spot 0 is the Active Spot, 1–3 the Bench.

=========  ==========================================================================================
0          wait
1          end the turn; in the setup: done
2–21       play card h of the hand; or choose card h of the opponent's discard pile
22–101     evolve with card h, spot s: 22 + 4 h + s
102–105    attach the Energy of the Zone, spot s
106–108    retreat, and bring in spot 1, 2 or 3
109–112    use the ability of spot s
113–114    attack
115–118    discard the fossil on spot s
119–122    choose the own Pokémon on spot s
123–126    choose the opponent's Pokémon on spot s
127–134    pay an Energy of this type for the retreat
135–142    use attack a of the opponent's Pokémon on spot s: 135 + 2 s + a
=========  ==========================================================================================
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from tcgjax.arrays import LIST, lookup, total
from tcgjax.board import ACTIVE, BENCH, amount, hand_facts, kinds, operation, passives, player_amount, taken
from tcgjax.energy import covers, retreat_cost, worth
from tcgjax.state import ASLEEP, CHOOSE, MAIN, ME, OPPONENT, OVER, PARALYZED, PROMOTE, SETUP, SPOTS, Game
from tcgjax.tables import OP, USES, HandFacts, tables
from tcgjax.targets import playable, targets

WAIT, END = 0, 1
PLAY, EVOLVE, ATTACH, RETREAT, ABILITY, ATTACK = 2, 22, 102, 106, 109, 113
DISCARD_FOSSIL, OWN, OPPONENTS, PAY, COPY = 115, 119, 123, 127, 135
COUNT = 143


def opponent_acts(game: Game) -> jax.Array:
    """bool[]: the opponent of the current player decides now."""
    promotes = (game.phase == PROMOTE) & ~taken(game)[OPPONENT, 0]
    chooses = (game.phase == CHOOSE) & (operation(game.choice).op == OP["switch_out"])
    return promotes | chooses


def player_to_act(game: Game) -> jax.Array:
    """int32[]: who decides now, 0 or 1. In the setup player 0 places first."""
    return jnp.where(opponent_acts(game), 1 - game.current, game.current)


def may_play(game: Game, facts: HandFacts) -> jax.Array:
    """bool[20]: a Basic with room on the Bench; a Trainer that does something; one Supporter, if none forbids it."""
    room = jnp.any(~taken(game)[ME] & BENCH)
    fits = playable(game, tables().trainer_rows) >> facts.bit & 1 == 1
    no_more = game.supporter_played[ME] | (player_amount(game, "no_supporters")[ME] > 0)
    no_more = no_more | (passives(kinds(game)[OPPONENT, 0]).op == OP["no_supporters"])
    return facts.basic & room | facts.trainer & fits & ~(facts.supporter & no_more)


def may_evolve(game: Game, facts: HandFacts) -> jax.Array:
    """bool[20, 4]: not in a player's first turn, and not a Pokémon that was played or evolved this turn."""
    forbidden = ACTIVE & jnp.any(passives(kinds(game)[OPPONENT]).op == OP["no_evolving"])
    ready = taken(game)[ME] & ~game.new[ME] & ~forbidden & (game.turn > 2)
    names = jnp.where(ready, lookup(tables().name, kinds(game)[ME]), 0)
    return (facts.evolves_from[:, None] == names[None]) & (facts.evolves_from > 0)[:, None]


def may_use_ability(game: Game) -> jax.Array:
    """bool[4]."""
    cards = kinds(game)[ME]
    use = lookup(tables().use, cards)
    fits = playable(game, tables().ability_rows) >> lookup(tables().ability_bit, cards) & 1 == 1
    ready = (use == USES.index("always")) | ~game.ability_used[ME]
    return fits & (use > USES.index("passive")) & ready & (ACTIVE | (use != USES.index("once_active")))


def main_actions(game: Game) -> jax.Array:
    """bool[143] of the current player in the middle of a turn."""
    facts = hand_facts(game.hand[ME])
    there, cards = taken(game)[ME], kinds(game)[ME]
    awake = (game.condition[ME, 0] != ASLEEP) & (game.condition[ME, 0] != PARALYZED)
    provided = worth(game)[ME, 0]
    leaves = awake & (amount(game, "no_retreat")[ME, 0] == 0) & ~game.retreated[ME]
    leaves = leaves & (total(provided) >= retreat_cost(game))
    attacks = lookup(tables().attack, cards[0]) & covers(provided[None], lookup(tables().cost, cards[0]))
    attacks = attacks & awake & (amount(game, "no_attack")[ME, 0] == 0)
    fossils = there & lookup(tables().fossil, cards) & (total(there) > 1)
    return jnp.concatenate(
        [
            jnp.array([False, True]),
            may_play(game, facts),
            may_evolve(game, facts).reshape(LIST * SPOTS),
            there & (game.zone[ME] > 0),
            (there & leaves)[1:],
            may_use_ability(game),
            attacks,
            fossils,
            jnp.zeros((COUNT - OWN,), bool),
        ]
    )


def setup_actions(game: Game) -> jax.Array:
    """bool[143]: a Basic for the Active Spot, then others for the Bench, or done."""
    there = taken(game)[ME]
    basics = lookup(tables().basic, game.hand[ME]) & ~jnp.all(there)
    head = jnp.stack([jnp.zeros((), bool), there[0]])
    return jnp.concatenate([head, basics, jnp.zeros((COUNT - EVOLVE,), bool)])


def choice_actions(game: Game) -> jax.Array:
    """bool[143] of who must choose, or bring in a new Active Pokémon."""
    promotes = game.phase == PROMOTE
    row = operation(game.choice)
    found = targets(game, row, game.choice_used)
    there = taken(game)
    benched = jnp.where(there[OPPONENT, 0], there[ME], there[OPPONENT]) & BENCH
    return jnp.concatenate(
        [
            jnp.zeros((PLAY,), bool),
            found.discard & ~promotes,
            jnp.zeros((OWN - EVOLVE,), bool),
            jnp.where(promotes, benched, found.own),
            found.opponent & ~promotes,
            found.energy & ~promotes,
            (found.attacks & ~promotes).reshape(2 * SPOTS),
        ]
    )


def legal_actions(game: Game) -> jax.Array:
    """bool[143]: what the player to act may do. In a finished game everything."""
    found = jnp.where(game.phase == SETUP, setup_actions(game), choice_actions(game))
    return jnp.where(game.phase == MAIN, main_actions(game), found) | (game.phase == OVER)
