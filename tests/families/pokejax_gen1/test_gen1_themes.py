"""Teams of a theme: legal in form, with its moves, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from families.pokejax_gen1.verify.themes import THEMES, drawn
from pokejax.gen1.dex import load_dex


@pytest.mark.parametrize("theme", THEMES)
def test_every_pokemon_has_one_move_of_each_slot(theme: str) -> None:
    teams = drawn(theme, np.random.default_rng(5), 300)
    assert teams.shape == (300, 2, 6, 16) and np.array_equal(teams, drawn(theme, np.random.default_rng(5), 300))
    ids = load_dex().moves.id
    there = teams[..., 0] > 0
    for slot, moves in enumerate(THEMES[theme]):
        assert set(ids[teams[..., 2 + slot][there]]) == set(moves.split())
        assert not teams[..., 2 + slot][~there].any()


def test_no_move_stands_in_two_slots_of_a_theme() -> None:
    for slots in THEMES.values():
        named = " ".join(slots).split()
        assert len(named) == len(set(named)) and len(slots) == 4
