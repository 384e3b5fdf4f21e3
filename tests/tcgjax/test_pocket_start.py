"""The beginning of a game, refusals, and the size of the state."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
import pytest

from tcgjax import decks, library, start, state, tables
from tcgjax.turns import OPENING_HAND

DECK = decks.check(
    [
        *("A1-001", "A1-001", "A1-002", "A1-002", "A1-004", "A1-004", "A1-021", "A1-023", "A1-023", "A1-219"),
        *("A1-219", "P-A-001", "P-A-001", "P-A-005", "P-A-005", "P-A-007", "P-A-007", "A1-216", "A1-216", "A1-217"),
    ],
    ["grass", "water"],
)
"""Three Basics among 20 cards."""
DEALS = 4096


def test_a_state_is_small() -> None:
    assert state.packed_bytes() <= 1024
    leaves = jax.tree.leaves(state.pack(state.empty()))
    assert sum(leaf.size * leaf.dtype.itemsize for leaf in leaves) == state.packed_bytes()


def test_opening_hands_have_the_law_of_shuffling_until_there_is_a_basic() -> None:
    cards, types = start.deck_arrays(DECK)
    deal = jax.jit(jax.vmap(start.deal, in_axes=(0, None)))
    dealt = np.asarray(deal(jax.random.split(jax.random.key(5), DEALS), cards.astype(np.int32)))
    assert (np.sort(dealt, 1) == np.sort(cards)).all()
    basics = tables.tables().basic[dealt[:, :OPENING_HAND]].sum(1)
    ways = [math.comb(3, count) * math.comb(17, OPENING_HAND - count) for count in range(4)]
    expected = DEALS * np.array(ways[1:]) / sum(ways[1:])
    found = np.bincount(basics, minlength=4)
    assert found[0] == 0
    assert ((found[1:] - expected) ** 2 / expected).sum() < 13.8  # chi-squared, 2 degrees of freedom, p = 0.001
    # Each place of the hand is as good for a Basic as any other.
    places = tables.tables().basic[dealt[:, :OPENING_HAND]].sum(0)
    assert ((places - places.mean()) ** 2 / places.mean()).sum() < 18.5  # 4 degrees of freedom, p = 0.001
    assert types.tolist() == [kind in ("grass", "water") for kind in library.ENERGY_TYPES]


def test_every_card_of_the_file_is_played() -> None:
    assert not tables.refused()


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        ([{"op": "fly"}], "operation 'fly'"),
        ([{"op": "draw", "count": 1, "colour": "red"}], "parameter 'colour' of operation 'draw'"),
        ([{"op": "draw", "count": 1}] * 4, "4 operations"),
        ([{"op": "switch_self"}, {"op": "draw", "count": 1}], "the order of operations"),
        ([{"op": "counter", "amount": 20}], "in this place"),
        ([{"op": "status", "on": "self", "status": "bored"}], "not in tuple"),
    ],
)
def test_an_effect_that_is_not_known_is_found(attack: list[dict[str, Any]], reason: str) -> None:
    card = {"name": "Missingno", "attacks": [{"name": "Hit", "cost": [], "damage": 0, "operations": attack}]}
    with pytest.raises((KeyError, ValueError)) as caught:
        tables.check_effects(card)
    assert reason in str(caught.value.args[0])


def test_a_deck_with_a_card_that_is_not_played_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "refused", lambda: {DECK.kinds[0]: "operation 'fly'"})
    with pytest.raises(
        decks.DeckError, match=r"mine: Bulbasaur A1-001 has an effect .* not play yet \(operation 'fly'\)"
    ):
        start.deck_arrays(DECK, "mine")
