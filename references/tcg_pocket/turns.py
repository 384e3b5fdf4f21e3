"""The course of a game: setup, the beginning and the end of a turn, the checkup between turns."""

from __future__ import annotations

from collections.abc import Sequence

from references.tcg_pocket.board import decide_winner, draw, knock_out
from references.tcg_pocket.cards import ENERGY_TYPES, Card
from references.tcg_pocket.chance import Chance
from references.tcg_pocket.energy import attach_from_zone
from references.tcg_pocket.state import Game, InHand, Options, Player

OPENING_HAND = 5
POISON, BURN = 10, 20


def new_game(
    decks: Sequence[tuple[Sequence[Card], Sequence[str]]], chance: Chance, options: Options | None = None
) -> Game:
    """Two players with their decks (cards, energy types) and opening hands, before they place their Basics."""
    options = options or Options()
    players = []
    for index, (cards, types) in enumerate(decks):
        player = Player(energy_types=tuple(sorted(types, key=ENERGY_TYPES.index)))
        deal(player, cards, index, chance, options)
        player.next_energy = draw_energy(player, chance, f"energy.{index}")
        players.append(player)
    return Game(players, options, first=int(chance.coin("first")))


def deal(player: Player, cards: Sequence[Card], index: int, chance: Chance, options: Options) -> None:
    """Shuffle, and deal five cards with at least one Basic.

    "redeal": the deck is shuffled until there is one. "basic_first": one Basic at random, and four of the other cards.
    """

    def has_basic(order: list[Card]) -> bool:
        return any(card.is_basic for card in order[:OPENING_HAND])

    label = f"opening.{index}"
    if options.opening_hand == "basic_first":
        order = chance.shuffled(label, cards)
        basic = next(place for place, card in enumerate(order) if card.is_basic)
        order = [order[basic], *order[:basic], *order[basic + 1 :]]
    else:
        order = chance.shuffled(label, cards, has_basic)
    player.hand = [InHand(card) for card in order[:OPENING_HAND]]
    player.deck = list(order[OPENING_HAND:])


def draw_energy(player: Player, chance: Chance, label: str) -> str:
    return player.energy_types[chance.pick(label, len(player.energy_types))]


def begin_turn(game: Game, chance: Chance) -> None:
    """The next player's turn: effects age, a card, an Energy in the Zone; nothing of the last turn is remembered.

    The player who goes first gets no Energy on turn 1, and no card if `first_player_draws` is off.
    """
    age_effects(game)
    game.turn += 1
    game.current = game.first if game.turn % 2 else 1 - game.first
    for player in game.players:
        player.supporter_played = player.retreated = False
        for _, pokemon in player.in_play():
            pokemon.new = pokemon.evolved = pokemon.ability_used = False
    if game.turn > 1 or game.options.first_player_draws:
        draw(game.me, 1)
    if game.turn > 1:
        game.me.zone = game.me.next_energy
        game.me.next_energy = draw_energy(game.me, chance, "energy")
    game.phase, game.after = "main", "main"


def age_effects(game: Game) -> None:
    """Take one turn from each lasting effect."""
    for player in game.players:
        for effects in (player.effects, *(pokemon.effects for _, pokemon in player.in_play())):
            for kind in list(effects):
                effects[kind].turns -= 1
                if effects[kind].turns == 0:
                    del effects[kind]


def end_turn(game: Game) -> None:
    """The Energy that was not attached is lost; Zeraora gets its Energy at the end of its owner's first turn."""
    game.me.zone = ""
    if game.turn <= 2:
        for spot, pokemon in game.me.in_play():
            if pokemon.passive["op"] == "attach_after_first_turn":
                attach_from_zone(game.me, game.opponent, spot, pokemon.passive["type"])


def checkup(game: Game, chance: Chance) -> None:
    """Between turns, for both Active Pokémon: Poisoned, then Burned, then Asleep, then Paralyzed.

    A Paralyzed Pokémon recovers after its own player's turn. Knock-outs are looked for when all is done.
    """
    actives = [(index, player.active) for index, player in enumerate(game.players)]
    for _, active in actives:
        active.damage += POISON * active.poisoned
    for index, active in actives:
        if active.burned:
            active.damage += BURN
            active.burned = not chance.coin(f"burned.{index}")
    for index, active in actives:
        if active.condition == "asleep" and chance.coin(f"asleep.{index}"):
            active.condition = ""
    if game.me.active.condition == "paralyzed":
        game.me.active.condition = ""


def proceed(game: Game, chance: Chance, after: str, by_attack: bool = False) -> None:
    """Go on until somebody must decide: knock-outs, winner, new Active Pokémon, the turn's end, the next turn.

    Of two players without an Active Pokémon, the one whose turn comes next chooses first.
    """
    while True:
        game.phase, game.after, game.choice = "main", after, None
        knock_out(game, by_attack)
        decide_winner(game)
        if game.phase == "over":
            return
        if any(player.spots[0] is None for player in game.players):
            game.phase = "promote"
            return
        if after == "main":
            return
        by_attack = False
        if after == "end":
            end_turn(game)
            checkup(game, chance)
            after = "next"
        elif game.turn >= game.options.turn_limit:
            game.phase, game.winner = "over", 2
            return
        else:
            begin_turn(game, chance)
            return
