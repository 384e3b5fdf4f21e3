"""Legality beside Showdown's validator: every species with every move at the levels where it matters.

All species: ``pytest -m sweep tests/pokejax/gen1/test_obtainable.py``.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from pokejax.common.team_text import TeamError
from pokejax.gen1.dex import MAX_MOVE, MAX_SPECIES, load_dex
from pokejax.gen1.teams import PokemonSet, Team
from pokejax.gen1.teams_validate import validate_team
from references.showdown.scripts import run_script

Case = tuple[str, int, tuple[str, ...]]


def single_moves(species: Iterable[int]) -> Iterator[Case]:
    """Each move at level 100, at the lowest level of the species and of the move, and one below both."""
    table, moves = load_dex().species, load_dex().moves.name
    for number in species:
        lowest = int(table.lowest_level[number])
        for move in range(1, MAX_MOVE + 1):
            learned = int(table.learn_level[number, move])
            for level in {1, lowest - 1, lowest, learned - 1, learned, 100} - {0, -1}:
                yield str(table.name[number]), level, (str(moves[move]),)


def pairs(species: Iterable[int]) -> Iterator[Case]:
    """Each two moves that the species can know, at level 100."""
    table, moves = load_dex().species, load_dex().moves.name
    for number in species:
        known = np.flatnonzero(table.learn_level[number])
        for two in itertools.combinations(known.tolist(), 2):
            yield str(table.name[number]), 100, (str(moves[two[0]]), str(moves[two[1]]))


def allowed(case: Case) -> bool:
    species, level, moves = case
    try:
        validate_team(Team((PokemonSet(species, moves, level),)), "gen1obtainable")
    except TeamError:
        return False
    return True


def check(cases: list[Case]) -> None:
    verdicts = run_script("validate_sets.js", stdin=json.dumps(cases))
    assert len(verdicts) == len(cases)
    wrong = [case for case, verdict in zip(cases, verdicts, strict=True) if allowed(case) != (verdict == "1")]
    print(f"{len(cases)} Pokémon, {verdicts.count('1')} of which Gen 1 can have")
    assert not wrong, f"{len(wrong)} of {len(cases)} judged otherwise than by Showdown: {wrong[:5]}"
    assert 0 < verdicts.count("1") < len(cases)


def with_quirks() -> list[int]:
    """Species that only an event teaches a move, that exclude moves, or that are given; and every 25th."""
    dex = load_dex()
    differs = np.flatnonzero(np.any(dex.species.learnset != (dex.species.learn_level > 0), axis=1))
    named = [54, 55, 151, *dex.exclusive_moves[:, 0], *differs]
    return sorted({int(number) for number in named} | set(range(1, MAX_SPECIES + 1, 25)))


def test_species_with_quirks() -> None:
    species = with_quirks()
    check([*single_moves(species[::3]), *pairs(species[1::3])])


@pytest.mark.sweep
def test_every_species() -> None:
    every = range(1, MAX_SPECIES + 1)
    check([*single_moves(every), *pairs(every)])
