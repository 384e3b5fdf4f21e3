"""A player's observation: all that this player may know of a game, and nothing else."""

from __future__ import annotations

from typing import Any

from references.tcg_pocket.actions import player_to_act
from references.tcg_pocket.cards import Card
from references.tcg_pocket.state import Game, InPlay, Lasting, Player
from references.tcg_pocket.turns import OPENING_HAND

HIDDEN = -1
"""A card that the player has not seen."""


def observe(game: Game, player: int) -> dict[str, Any]:
    """Everything that a player may know, with cards as their kinds.

    Own: hand, and the cards on top of the deck that were looked at. Of the opponent: the cards of the hand that were
    revealed. Open to both: Pokémon in play (not before both have placed theirs), discard piles, numbers of cards,
    Energy now and next, points, the turn, who must decide what.
    """
    own, theirs = game.players[player], game.players[1 - player]
    choice = game.choice
    return {
        "turn": game.turn,
        "my_turn": game.current == player and game.turn > 0,
        "first": game.first == player,
        "phase": game.phase,
        "to_act": game.phase != "over" and player_to_act(game) == player,
        "choice": dict(choice.operation) if choice else {},
        "choices_left": choice.left if choice else 0,
        "used": choice.used if choice else (),
        "winner": None if game.winner is None else game.winner if game.winner == 2 else int(game.winner != player),
        "hand": [held.card.kind for held in own.hand],
        "shown_hand": [held.known for held in own.hand],
        "top_of_deck": [card.kind for card in own.deck[: own.known_top]],
        "opponent_hand": hand_of_opponent(game, theirs),
        "own": public(own, True),
        "opponent": public(theirs, game.phase != "setup"),
    }


def hand_of_opponent(game: Game, player: Player) -> list[int]:
    """Cards that were revealed, and `HIDDEN` for the others, sorted. In the setup always five cards."""
    if game.phase == "setup":
        return [HIDDEN] * OPENING_HAND
    return sorted(held.card.kind if held.known else HIDDEN for held in player.hand)


def public(player: Player, board: bool) -> dict[str, Any]:
    """One player's side as both players see it; without its Pokémon in the setup."""
    return {
        "spots": [in_play(pokemon) if pokemon and board else None for pokemon in player.spots],
        "hand": len(player.hand) if board else None,
        "deck": len(player.deck),
        "discard": kinds(player.discard),
        "discarded_energy": dict(player.discarded_energy),
        "points": player.points,
        "energy_types": player.energy_types,
        "zone": player.zone,
        "next_energy": player.next_energy,
        "effects": lasting(player.effects),
        "supporter_played": player.supporter_played,
        "retreated": player.retreated,
        "sweets_relays": player.sweets_relays,
        "knocked_out_turn": player.knocked_out_turn,
        "sweets_relay_turn": player.sweets_relay_turn,
    }


def kinds(found: list[Card]) -> list[int]:
    return [card.kind for card in found]


def lasting(effects: dict[str, Lasting]) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    return {kind: (effect.amount, effect.turns, effect.names) for kind, effect in effects.items()}


def in_play(pokemon: InPlay) -> dict[str, Any]:
    return {
        "cards": kinds(pokemon.cards),
        "damage": pokemon.damage,
        "energy": dict(pokemon.energy),
        "tool": pokemon.tool.kind if pokemon.tool else None,
        "poisoned": pokemon.poisoned,
        "burned": pokemon.burned,
        "condition": pokemon.condition,
        "new": pokemon.new,
        "evolved": pokemon.evolved,
        "ability_used": pokemon.ability_used,
        "effects": lasting(pokemon.effects),
    }
