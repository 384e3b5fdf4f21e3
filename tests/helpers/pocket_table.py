"""Positions of the Pocket reference, made by hand, and random games."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from references.tcg_pocket import actions, rules
from references.tcg_pocket.actions import legal_actions
from references.tcg_pocket.cards import ENERGY_TYPES, Card, cards, find
from references.tcg_pocket.chance import Chance, tape
from references.tcg_pocket.state import Game, InHand, InPlay, Lasting, Options, Player
from references.tcg_pocket.turns import new_game

SHORT = {
    **{"G": "grass", "R": "fire", "W": "water", "L": "lightning"},
    **{"P": "psychic", "F": "fighting", "D": "darkness", "M": "metal"},
}
DUMMY = "A1-203"  # Kangaskhan: 100 HP, Colorless, weak to Fighting


def named(name: str, place: int = 0) -> Card:
    """The first card with a name (in the order of the table), or a later one."""
    return [card for card in cards() if card.name == name][place]


def card(which: str | Card) -> Card:
    """A card by id, if it has a dash and a digit at the end, or by name."""
    if isinstance(which, Card):
        return which
    return find(which) if "-" in which and which[-1].isdigit() else named(which)


def pokemon(which: str | Card, energy: str = "", **state: Any) -> InPlay:
    """A Pokémon that has been in play for some time; `energy` as "GGW"."""
    found = InPlay([card(which)], new=False)
    for letter in energy:
        found.energy[SHORT[letter]] += 1
    for name, value in state.items():
        setattr(found, name, value)
    return found


class Position:
    """A position in the middle of a game: player 0 to move in turn 5 (7, if it is to be asked after a turn)."""

    def __init__(
        self,
        own: Sequence[InPlay | str],
        theirs: Sequence[InPlay | str] = (DUMMY,),
        hand: Sequence[str] = (),
        their_hand: Sequence[str] = (),
        deck: Sequence[str] = (DUMMY,) * 10,
        their_deck: Sequence[str] = (DUMMY,) * 10,
        turn: int = 5,
        types: Sequence[str] = ("grass",),
    ) -> None:
        self.chance = Chance()
        players = [Player(tuple(types)), Player(tuple(types))]
        for player, spots, held, rest in (
            (players[0], own, hand, deck),
            (players[1], theirs, their_hand, their_deck),
        ):
            for spot, found in enumerate(spots):
                player.spots[spot] = found if isinstance(found, InPlay) else pokemon(found)
            player.hand = [InHand(card(which)) for which in held]
            player.deck = [card(which) for which in rest]
            player.next_energy = types[0]
        self.game = Game(players, Options(), turn=turn, first=0, current=0, phase="main")
        self.me, self.foe = players

    def play(self, action: int, *draws: tuple[str, Any]) -> Position:
        """One action, with the draws it is to make in order; the others are random, unless all are given."""
        self.chance.forget()
        if draws:
            self.chance.tape = tape([*draws, *REST])
        rules.play(self.game, self.chance, action)
        self.chance.tape = None
        return self

    def attack(self, index: int = 0, *draws: tuple[str, Any]) -> Position:
        return self.play(actions.ATTACK + index, *draws)

    def ability(self, spot: int = 0, *draws: tuple[str, Any]) -> Position:
        return self.play(actions.ABILITY + spot, *draws)

    def card(self, place: int = 0, *draws: tuple[str, Any]) -> Position:
        return self.play(actions.PLAY + place, *draws)

    def own(self, spot: int, *draws: tuple[str, Any]) -> Position:
        return self.play(actions.OWN + spot, *draws)

    def opponent(self, spot: int, *draws: tuple[str, Any]) -> Position:
        return self.play(actions.OPPONENT + spot, *draws)

    def attach(self, spot: int, kind: str) -> Position:
        self.me.zone = kind
        return self.play(actions.ATTACH + spot)

    def end(self, *draws: tuple[str, Any]) -> Position:
        return self.play(actions.END, *draws)

    def legal(self) -> list[int]:
        return legal_actions(self.game)

    def own_at(self, spot: int) -> InPlay:
        """The own Pokémon on a spot, which there must be."""
        found = self.me.spots[spot]
        assert found
        return found

    def their(self, spot: int) -> InPlay:
        found = self.foe.spots[spot]
        assert found
        return found

    def damage(self, spot: int = 0) -> int:
        """Damage on the opponent's Pokémon."""
        return self.their(spot).damage

    def own_damage(self, spot: int = 0) -> int:
        return self.own_at(spot).damage


REST: tuple[tuple[str, Any], ...] = (("energy", 0),)
"""Draws that the end of a turn makes."""


def lasting(amount: int, turns: int = 1) -> Lasting:
    return Lasting(amount, turns)


def random_deck(rng: random.Random, pool: Sequence[Card] = ()) -> tuple[list[Card], tuple[str, ...]]:
    """20 cards with Basics and evolutions that fit, and one to three energy types. Names may repeat."""
    pool = list(pool or cards())
    basics = [found for found in pool if found.is_basic]
    chosen = [rng.choice(basics) for _ in range(rng.randint(3, 6))]
    for found in list(chosen) * 2:
        later = [other for other in pool if other.evolves_from == found.name]
        if later:
            chosen.append(rng.choice(later))
            last = [other for other in pool if other.evolves_from == chosen[-1].name]
            chosen += [rng.choice(last)] if last else []
    chosen = chosen[:16]
    while len(chosen) < 20:
        chosen.append(rng.choice(pool))
    kinds = [found.type for found in chosen if found.type in ENERGY_TYPES] or ["grass"]
    return chosen, tuple(sorted({rng.choice(kinds) for _ in range(rng.randint(1, 3))}))


def random_game(seed: int, pool: Sequence[Card] = (), options: Options | None = None) -> tuple[Game, Chance]:
    rng = random.Random(seed)
    chance = Chance(seed)
    return new_game([random_deck(rng, pool), random_deck(rng, pool)], chance, options), chance
