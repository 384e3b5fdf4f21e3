"""Actions by number. `h` is a place in the hand, a spot 0 is the Active Spot, 1 to 3 the Bench.

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

from references.tcg_pocket.attacks import can_use
from references.tcg_pocket.board import HAND_LIMIT
from references.tcg_pocket.cards import Card
from references.tcg_pocket.energy import retreat_cost, worth
from references.tcg_pocket.state import BENCH, SPOTS, Game, Player
from references.tcg_pocket.targets import Target, choice_targets, playable

WAIT, END = 0, 1
PLAY, EVOLVE, ATTACH, RETREAT, ABILITY, ATTACK = 2, 22, 102, 106, 109, 113
DISCARD_FOSSIL, OWN, OPPONENT, PAY, COPY = 115, 119, 123, 127, 135
COUNT = 143
HAND_SLOTS = 20
FIRST = {"own": OWN, "opponent": OPPONENT, "discard": PLAY, "energy": PAY, "copy": COPY}
assert HAND_LIMIT <= HAND_SLOTS


def number(target: Target) -> int:
    """Action that chooses a target."""
    kind, index = target
    return FIRST[kind] + index


def player_to_act(game: Game) -> int:
    """The player who decides now. In the setup player 0 places first; nobody sees it before both are done."""
    if game.phase == "setup":
        return game.current
    if game.phase == "promote":
        return 1 - game.current if game.opponent.spots[0] is None else game.current
    if game.phase == "choose":
        assert game.choice
        return game.choice.chooser
    return game.current


def legal_actions(game: Game) -> list[int]:
    """Numbers of what the player to act may do, in order."""
    player = game.players[player_to_act(game)]
    if game.phase == "over":
        return []
    if game.phase == "setup":
        return setup_actions(player)
    if game.phase == "promote":
        return [OWN + spot for spot, _ in player.benched()]
    if game.phase == "choose":
        assert game.choice
        return sorted(number(target) for target in choice_targets(game, game.choice))
    return sorted(main_actions(game))


def setup_actions(player: Player) -> list[int]:
    """A Basic for the Active Spot, then others for the Bench, or done."""
    active = player.spots[0] is not None
    room = not active or player.free_spot()
    plays = [PLAY + place for place, held in enumerate(player.hand) if room and held.card.is_basic]
    return [END] * active + plays


def main_actions(game: Game) -> list[int]:
    me = game.me
    found = [END]
    for place, held in enumerate(me.hand):
        if may_play(game, held.card):
            found.append(PLAY + place)
        found += [EVOLVE + 4 * place + spot for spot in SPOTS if may_evolve(game, held.card, spot)]
    if me.zone:
        found += [ATTACH + spot for spot, _ in me.in_play()]
    if may_retreat(game):
        found += [RETREAT + spot - 1 for spot in BENCH if me.spots[spot]]
    found += [ABILITY + spot for spot in SPOTS if may_use_ability(game, spot)]
    found += [ATTACK + index for index, attack in enumerate(me.active.card.attacks) if can_use(game, attack)]
    if len(me.in_play()) > 1:
        found += [DISCARD_FOSSIL + spot for spot, pokemon in me.in_play() if pokemon.card.is_fossil]
    return found


def may_play(game: Game, card: Card) -> bool:
    """A Basic with room on the Bench; a Trainer that would do something; one Supporter a turn, if none forbids it."""
    if card.is_pokemon:
        return card.is_basic and bool(game.me.free_spot())
    if card.category == "supporter" and (game.me.supporter_played or no_supporters(game)):
        return False
    return playable(game, card.operations[0])


def no_supporters(game: Game) -> bool:
    return bool(game.me.amount("no_supporters")) or game.opponent.active.passive["op"] == "no_supporters"


def may_evolve(game: Game, card: Card, spot: int) -> bool:
    """Not in a player's first turn, and not a Pokémon that was played or evolved this turn."""
    pokemon = game.me.spots[spot]
    if not pokemon or not card.is_pokemon or card.stage == 0 or game.turn <= 2 or pokemon.new:
        return False
    forbidden = spot == 0 and any(p.passive["op"] == "no_evolving" for _, p in game.opponent.in_play())
    return card.evolves_from == pokemon.card.name and not forbidden


def may_retreat(game: Game) -> bool:
    """Once a turn, with the Energy for it; not Asleep or Paralyzed, and not if an attack forbade it."""
    active = game.me.active
    free = active.condition not in ("asleep", "paralyzed") and not active.amount("no_retreat")
    return free and not game.me.retreated and sum(worth(game.me, active).values()) >= retreat_cost(game.me)


def may_use_ability(game: Game, spot: int) -> bool:
    pokemon = game.me.spots[spot]
    ability = pokemon.card.ability if pokemon else None
    if not pokemon or not ability or ability.use == "passive":
        return False
    if ability.use != "always" and pokemon.ability_used:
        return False
    return not (ability.use == "once_active" and spot) and playable(game, ability.operations[0])
