"""Moving cards and Pokémon: drawing, evolving, the Active Spot, knock-outs, leaving play."""

from __future__ import annotations

from references.tcg_pocket.cards import Card
from references.tcg_pocket.chance import Chance
from references.tcg_pocket.energy import discard_all_energy
from references.tcg_pocket.state import Game, InHand, InPlay, Player

HAND_LIMIT = 10


def has_room(player: Player) -> bool:
    """The hand may take one more card from the deck."""
    return len(player.hand) < HAND_LIMIT


def draw(player: Player, count: int) -> None:
    """Draw from the top, up to ten cards in hand. An empty deck costs nothing."""
    for _ in range(count):
        if player.deck and has_room(player):
            player.hand.append(InHand(take_from_deck(player, 0)))


def take_from_deck(player: Player, index: int) -> Card:
    if index < player.known_top:
        player.known_top -= 1
    return player.deck.pop(index)


def shuffle_deck(player: Player, chance: Chance) -> None:
    player.deck = chance.shuffled("shuffle", player.deck)
    player.known_top = 0


def put_in_play(player: Player, card: Card) -> int:
    """Put a Basic on the first free spot of the Bench, which there must be. The spot."""
    spot = player.free_spot()
    player.spots[spot] = InPlay([card])
    return spot


def clear_conditions(pokemon: InPlay) -> None:
    """End Special Conditions and lasting effects: the Pokémon goes to the Bench or evolves."""
    pokemon.poisoned = pokemon.burned = False
    pokemon.condition = ""
    pokemon.effects.clear()


def evolve(pokemon: InPlay, card: Card) -> None:
    """Put an evolution on a Pokémon. Damage, Energy and Tool stay; Special Conditions and effects end."""
    pokemon.cards.append(card)
    clear_conditions(pokemon)
    pokemon.new = pokemon.evolved = True
    pokemon.ability_used = False


def switch(player: Player, spot: int) -> None:
    """Exchange the Active Pokémon and that of a spot of the Bench."""
    if player.spots[0]:
        clear_conditions(player.spots[0])
    player.spots[0], player.spots[spot] = player.spots[spot], player.spots[0]


def set_condition(pokemon: InPlay, status: str) -> None:
    """Make a Pokémon Poisoned, Burned, or one of Asleep, Paralyzed and Confused, which replace each other."""
    if status == "poisoned":
        pokemon.poisoned = True
    elif status == "burned":
        pokemon.burned = True
    else:
        pokemon.condition = status


def remove_from_play(player: Player, spot: int) -> list[Card]:
    """Clear a spot. Its Energy and Tool are discarded; the cards of the Pokémon are handed back."""
    pokemon = player.spots[spot]
    assert pokemon
    discard_all_energy(player, pokemon)
    if pokemon.tool:
        player.discard.append(pokemon.tool)
    player.spots[spot] = None
    return pokemon.cards


def discard_from_play(player: Player, spot: int) -> None:
    player.discard += remove_from_play(player, spot)


def knock_out(game: Game, by_attack: bool) -> None:
    """Discard all Pokémon without HP; the other player gets a point for each, two for an ex.

    `by_attack`: an attack of the current player is being resolved, which Marshadow's Revenge remembers.
    """
    for index, player in enumerate(game.players):
        for spot, pokemon in player.in_play():
            if pokemon.hp <= 0:
                game.players[1 - index].points += 2 if pokemon.card.ex else 1
                discard_from_play(player, spot)
                if by_attack and index != game.current:
                    player.knocked_out_turn = game.turn


def decide_winner(game: Game) -> None:
    """End the game if a player has three points, or no Pokémon left.

    Who fulfils more of the two conditions wins; a tie if both fulfil the same number.
    """
    met = [0, 0]
    for index, player in enumerate(game.players):
        met[index] += player.points >= 3
        met[1 - index] += not player.in_play()
    if any(met):
        game.phase = "over"
        game.winner = 2 if met[0] == met[1] else int(met[1] > met[0])
