"""One game: players, Pokémon in play, and the choice that is due."""

from __future__ import annotations

from dataclasses import dataclass, field

from references.tcg_pocket.cards import ENERGY_TYPES, Card, Operation

BENCH = (1, 2, 3)
SPOTS = (0, *BENCH)
"""Spot 0 is the Active Spot."""
NEVER = -9
"""A turn long before the first."""


@dataclass
class Options:
    """Rulings on which public sources disagree, or that a format may change; `docs/tcg-pocket.md` explains each."""

    first_player_draws: bool = True
    opening_hand: str = "redeal"  # or "basic_first"
    turn_limit: int = 30


@dataclass
class Lasting:
    """An effect that lasts: its amount, the ends of turns until it is over, and the names that it is limited to."""

    amount: int
    turns: int
    names: tuple[str, ...] = ()


@dataclass
class InPlay:
    """A Pokémon in play: its cards from the Basic up."""

    cards: list[Card]
    damage: int = 0
    energy: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ENERGY_TYPES, 0))
    tool: Card | None = None
    poisoned: bool = False
    burned: bool = False
    condition: str = ""  # "asleep", "paralyzed" or "confused": each replaces the other
    new: bool = True  # played or evolved this turn
    evolved: bool = False  # evolved this turn
    ability_used: bool = False
    effects: dict[str, Lasting] = field(default_factory=dict)

    @property
    def card(self) -> Card:
        return self.cards[-1]

    @property
    def hp(self) -> int:
        return self.card.hp - self.damage

    @property
    def passive(self) -> Operation:
        """Operation of its passive ability; {"op": ""} if it has none."""
        return self.card.passive or {"op": ""}

    def amount(self, kind: str) -> int:
        """Amount of a lasting effect, 0 without it."""
        return self.effects[kind].amount if kind in self.effects else 0


@dataclass
class InHand:
    """A card in a hand; `known` if the opponent has seen it."""

    card: Card
    known: bool = False


@dataclass
class Player:
    """One player's cards and what is remembered about them."""

    energy_types: tuple[str, ...]
    deck: list[Card] = field(default_factory=list)  # the top is first
    hand: list[InHand] = field(default_factory=list)
    discard: list[Card] = field(default_factory=list)
    discarded_energy: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ENERGY_TYPES, 0))
    spots: list[InPlay | None] = field(default_factory=lambda: [None] * 4)
    points: int = 0
    zone: str = ""  # the Energy that may be attached now
    next_energy: str = ""
    known_top: int = 0  # cards on top of the deck that the player has seen
    effects: dict[str, Lasting] = field(default_factory=dict)
    supporter_played: bool = False
    retreated: bool = False
    knocked_out_turn: int = NEVER  # last turn in which an attack of the opponent knocked out a Pokémon
    sweets_relays: int = 0
    sweets_relay_turn: int = NEVER

    @property
    def active(self) -> InPlay:
        assert self.spots[0] is not None
        return self.spots[0]

    def in_play(self) -> list[tuple[int, InPlay]]:
        """Spots that are taken, and their Pokémon."""
        return [(spot, pokemon) for spot, pokemon in enumerate(self.spots) if pokemon]

    def benched(self) -> list[tuple[int, InPlay]]:
        return [(spot, pokemon) for spot, pokemon in self.in_play() if spot]

    def free_spot(self) -> int:
        """First free spot of the Bench, 0 if there is none."""
        return next((spot for spot in BENCH if self.spots[spot] is None), 0)

    def amount(self, kind: str) -> int:
        return self.effects[kind].amount if kind in self.effects else 0


@dataclass
class Choice:
    """The decision of `chooser` before the game goes on. `used`: spots that may not be chosen again."""

    chooser: int
    operation: Operation
    attack: bool  # it is part of an attack
    left: int = 1
    used: tuple[int, ...] = ()


@dataclass
class Game:
    """`phase`: "setup", "main", "promote", "choose" or "over".

    `after` says what follows when nothing is left to decide: "main" (the turn goes on), "end" (the turn ends),
    "next" (the other player's turn begins).
    """

    players: list[Player]
    options: Options = field(default_factory=Options)
    turn: int = 0
    first: int = 0
    current: int = 0
    phase: str = "setup"
    after: str = "main"
    choice: Choice | None = None
    winner: int | None = None  # 0, 1, or 2 for a tie

    @property
    def me(self) -> Player:
        return self.players[self.current]

    @property
    def opponent(self) -> Player:
        return self.players[1 - self.current]
