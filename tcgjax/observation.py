"""A player's observation: all that this player may know of a game, and nothing else."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import ObsField, ObsSpec, struct
from tcgjax.actions import opponent_acts
from tcgjax.arrays import LIST, length
from tcgjax.state import KINDS_OF_ENERGY, ME, NOBODY, OPPONENT, OVER, SETUP, SPOTS, Game, unpack
from tcgjax.tables import MAX_STACK, PLAYER_EFFECTS, POKEMON_EFFECTS
from tcgjax.turns import OPENING_HAND

SEEN_TOP = 3
"""Most cards on top of a deck that are looked at."""
BOARD = (
    *("cards", "damage", "energy", "poisoned", "burned", "condition", "new", "evolved", "ability_used", "effects"),
    "effect_turns",
)
"""Fields of `Game` that both players see, but for the setup."""
OPEN = (
    *("discard", "discarded_energy", "points", "energy_types", "zone", "next_energy", "player_effects"),
    *("player_effect_turns", "effect_group", "supporter_played", "retreated", "knocked_out_turn", "sweets_relays"),
    "sweets_relay_turn",
)
"""Fields of `Game` that both players see at any time."""


@struct.dataclass
class Observation(struct.Node):
    """One player's view. A leading axis of 2: the viewer, and the other player."""

    turn: jax.Array
    my_turn: jax.Array
    first: jax.Array
    phase: jax.Array
    to_act: jax.Array
    choice: jax.Array
    choice_left: jax.Array
    choice_used: jax.Array
    result: jax.Array
    hand: jax.Array
    shown: jax.Array
    top_of_deck: jax.Array
    opponent_hand: jax.Array
    hand_size: jax.Array
    deck_size: jax.Array
    cards: jax.Array
    damage: jax.Array
    energy: jax.Array
    poisoned: jax.Array
    burned: jax.Array
    condition: jax.Array
    new: jax.Array
    evolved: jax.Array
    ability_used: jax.Array
    effects: jax.Array
    effect_turns: jax.Array
    discard: jax.Array
    discarded_energy: jax.Array
    points: jax.Array
    energy_types: jax.Array
    zone: jax.Array
    next_energy: jax.Array
    player_effects: jax.Array
    player_effect_turns: jax.Array
    effect_group: jax.Array
    supporter_played: jax.Array
    retreated: jax.Array
    knocked_out_turn: jax.Array
    sweets_relays: jax.Array
    sweets_relay_turn: jax.Array


def _field(name: str, meaning: str, high: float, dtype: Any, *shape: int, low: float = 0) -> ObsField:
    return ObsField(name=name, shape=shape, dtype=dtype, low=low, high=high, meaning=meaning)


CARD, BYTE = 32767, 127
"""Greatest numbers of a card and of a small figure."""
CARDS = "numbers of cards (kind plus 1), 0 for none"
OBS_SPEC = ObsSpec(
    (
        _field("turn", "number of the turn, 0 in the setup", BYTE, np.int8),
        _field("my_turn", "1 in the viewer's turn", 1, np.bool_),
        _field("first", "1 if the viewer goes first", 1, np.bool_),
        _field("phase", "0 setup, 1 turn, 2 a new Active Pokémon is due, 3 a choice is due, 4 over", 4, np.int8),
        _field("to_act", "1 if the viewer decides now", 1, np.bool_),
        _field("choice", "operation that asks for the choice, 0 for none", CARD, np.int16),
        _field("choice_left", "choices, or Energy to pay, that are left", BYTE, np.int8),
        _field("choice_used", "spots that may not be chosen again, or the one to bring in", 1, np.bool_, SPOTS),
        _field("result", "1 won, -1 lost, 0 a tie or not over", 1, np.int8, low=-1),
        _field("hand", f"own hand: {CARDS}", CARD, np.int16, LIST),
        _field("shown", "cards of the own hand that the opponent has seen", 1, np.bool_, LIST),
        _field("top_of_deck", f"cards on top of the own deck that were looked at: {CARDS}", CARD, np.int16, SEEN_TOP),
        _field("opponent_hand", f"cards of the other hand that were seen, sorted: {CARDS}", CARD, np.int16, LIST),
        _field("hand_size", "cards in the hands; the other's is 5 in the setup", BYTE, np.int8, 2),
        _field("deck_size", "cards in the decks", BYTE, np.int8, 2),
        _field("cards", f"Pokémon from the Basic up: {CARDS}", CARD, np.int16, 2, SPOTS, MAX_STACK),
        _field("damage", "damage of each Pokémon", CARD, np.int16, 2, SPOTS),
        _field("energy", "attached Energy by type", BYTE, np.int8, 2, SPOTS, KINDS_OF_ENERGY),
        _field("poisoned", "Poisoned", 1, np.bool_, 2, SPOTS),
        _field("burned", "Burned", 1, np.bool_, 2, SPOTS),
        _field("condition", "0 none, 1 Asleep, 2 Paralyzed, 3 Confused", 3, np.int8, 2, SPOTS),
        _field("new", "played or evolved this turn", 1, np.bool_, 2, SPOTS),
        _field("evolved", "evolved this turn", 1, np.bool_, 2, SPOTS),
        _field("ability_used", "its ability was used this turn", 1, np.bool_, 2, SPOTS),
        _field("effects", "amounts of lasting effects", CARD, np.int16, 2, SPOTS, len(POKEMON_EFFECTS)),
        _field("effect_turns", "ends of turns until these are over", BYTE, np.int8, 2, SPOTS, len(POKEMON_EFFECTS)),
        _field("discard", f"discard piles: {CARDS}", CARD, np.int16, 2, LIST),
        _field("discarded_energy", "discarded Energy by type", CARD, np.int16, 2, KINDS_OF_ENERGY),
        _field("points", "points", BYTE, np.int8, 2),
        _field("energy_types", "energy types of the decks", 1, np.bool_, 2, KINDS_OF_ENERGY),
        _field("zone", "Energy that may be attached now: 1 + its type, 0 for none", 8, np.int8, 2),
        _field("next_energy", "the next Energy: 1 + its type", 8, np.int8, 2),
        _field("player_effects", "amounts of lasting effects on players", CARD, np.int16, 2, len(PLAYER_EFFECTS)),
        _field("player_effect_turns", "ends of turns until these are over", BYTE, np.int8, 2, len(PLAYER_EFFECTS)),
        _field("effect_group", "list of names that an effect is limited to, 0 for none", BYTE, np.int8, 2),
        _field("supporter_played", "a Supporter was played this turn", 1, np.bool_, 2),
        _field("retreated", "retreated this turn", 1, np.bool_, 2),
        _field("knocked_out_turn", "last turn an attack knocked out a Pokémon, -9 for none", BYTE, np.int8, 2, low=-9),
        _field("sweets_relays", "Sweets Relays used", BYTE, np.int8, 2),
        _field("sweets_relay_turn", "turn of the last one, -9 for none", BYTE, np.int8, 2, low=-9),
    ),
    Observation,
)


def observe(game: Game) -> Observation:
    """Views of player 0 and player 1 of a packed game: leaves [2, ...]."""
    views = [view(game, player) for player in range(2)]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *views)


def view(game: Game, player: int) -> Observation:
    """The view of one player."""
    acts = opponent_acts(unpack(game))
    mine = game.current == player

    def turned(values: jax.Array) -> jax.Array:
        return jnp.where(mine, values, values[::-1])

    setup = game.phase == SETUP
    seen = np.array([True, False]) | ~setup
    both_known = turned(game.known)
    hands, decks = turned(game.hand), turned(game.deck)
    sizes = length(hands)
    sorted_hand = -jnp.sort(-jnp.where(both_known[OPPONENT] & ~setup, hands[OPPONENT], 0))
    known_top = turned(game.known_top)[ME]
    board = {}
    for name in BOARD:
        values = turned(getattr(game, name))
        board[name] = jnp.where(seen.reshape(2, *(1,) * (values.ndim - 1)), values, jnp.zeros((), values.dtype))
    over = game.phase == OVER
    won = jnp.where(game.winner == player, 1, jnp.where(game.winner == 1 - player, -1, 0))
    return Observation(
        turn=game.turn,
        my_turn=mine & (game.turn > 0),
        first=game.first == player,
        phase=game.phase,
        to_act=(mine != acts) & ~over,
        choice=game.choice,
        choice_left=game.choice_left,
        choice_used=game.choice_used,
        result=jnp.where(game.winner == NOBODY, 0, won).astype(jnp.int8),
        hand=hands[ME],
        shown=both_known[ME],
        top_of_deck=jnp.where(
            jnp.arange(SEEN_TOP, dtype=jnp.int32) < known_top.astype(jnp.int32), decks[ME, :SEEN_TOP], 0
        ).astype(jnp.int16),
        opponent_hand=sorted_hand,
        hand_size=jnp.where(seen, sizes, OPENING_HAND).astype(jnp.int8),
        deck_size=length(decks).astype(jnp.int8),
        **board,
        **{name: turned(getattr(game, name)) for name in OPEN},
    )
