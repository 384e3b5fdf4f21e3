"""Teams that gen4ou may or may not allow: those of the built-in pool, each with some changes."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

import numpy as np

from pokejax.modern.names import name_of, number
from pokejax.modern.tables import load_tables
from pokejax.modern.teams import PokemonSet, Team

Change = Callable[[PokemonSet, random.Random], PokemonSet]


def _name(kind: str, rows: np.ndarray, dice: random.Random) -> str:
    return name_of(kind, int(dice.choice(rows.tolist())), 4)  # pyright: ignore[reportArgumentType]


def _move(member: PokemonSet, move: str, dice: random.Random) -> PokemonSet:
    moves = list(member.moves)
    moves[dice.randrange(len(moves))] = move
    return dataclasses.replace(
        member, moves=tuple(moves), hidden_power="" if "Hidden" not in str(moves) else member.hidden_power
    )


def _known(member: PokemonSet) -> np.ndarray:
    known = load_tables(4).species.learnset[number("species", member.species, 4)]
    return np.flatnonzero(known)


def _all_known(member: PokemonSet, dice: random.Random) -> PokemonSet:
    rows = _known(member).tolist()
    moves = tuple(name_of("move", row, 4) for row in dice.sample(rows, min(4, len(rows))))
    return dataclasses.replace(member, moves=moves, hidden_power="")


def _any_species(member: PokemonSet, dice: random.Random) -> PokemonSet:
    tables = load_tables(4).species
    species = _name("species", np.flatnonzero(~tables.battle_only[1:]) + 1, dice)
    ability = _name("ability", tables.abilities[number("species", species, 4)][:1], dice)
    changed = dataclasses.replace(member, species=species, ability=ability, gender="", nickname="")
    return _all_known(changed, dice)


CHANGES: dict[str, Change] = {
    "none": lambda member, dice: member,
    "a move that it can know": lambda member, dice: _move(member, _name("move", _known(member), dice), dice),
    "four moves that it can know": _all_known,
    "any move": lambda member, dice: _move(member, _name("move", np.arange(1, 483), dice), dice),
    "any ability": lambda member, dice: dataclasses.replace(member, ability=_name("ability", np.arange(1, 124), dice)),
    "any item": lambda member, dice: dataclasses.replace(member, item=_name("item", np.arange(1, 214), dice)),
    "any level": lambda member, dice: dataclasses.replace(member, level=dice.randint(1, 100)),
    "any species": _any_species,
    "any nature": lambda member, dice: dataclasses.replace(member, nature=_name("nature", np.arange(1, 26), dice)),
    "too many EVs": lambda member, dice: dataclasses.replace(
        member, evs=(252, 252, dice.choice([0, 4, 6, 8]), 0, 0, 0)
    ),
    "no EVs": lambda member, dice: dataclasses.replace(member, evs=(0,) * 6),
    "level 50": lambda member, dice: dataclasses.replace(member, level=50, evs=(252, dice.choice([1, 4]), 0, 0, 0, 0)),
    "any IVs": lambda member, dice: dataclasses.replace(
        _move(member, "Hidden Power Ice", dice), hidden_power="Ice", ivs=(31, *(dice.randint(28, 31) for _ in range(5)))
    ),
    "a nickname": lambda member, dice: dataclasses.replace(member, nickname=dice.choice(["Bob", "Pikachu", "x" * 19])),
    "Baton Pass": lambda member, dice: _move(_move(member, "Baton Pass", dice), "Agility", dice),
}


def changed_teams(pool: np.ndarray, seed: int, count: int) -> list[tuple[str, Team]]:
    """``count`` teams with the name of what was changed, from wire teams [n, 6, 24]."""
    from pokejax.modern.teams import team_from_array

    dice = random.Random(seed)
    found = []
    for k in range(count):
        sets = list(team_from_array(pool[dice.randrange(len(pool))], 4))
        name = list(CHANGES)[k % len(CHANGES)]
        place = dice.randrange(len(sets))
        member = sets[place]
        if not any("Hidden Power" in move for move in member.moves):
            member = dataclasses.replace(member, hidden_power="")
        sets = [dataclasses.replace(one, hidden_power="") if "Hidden Power" not in one.moves else one for one in sets]
        changed = CHANGES[name](member, dice)
        if len(set(changed.moves)) < len(changed.moves):
            continue
        sets[place] = changed
        if name == "a nickname":
            sets[place - 1] = dataclasses.replace(sets[place - 1], nickname="Bob")
        found.append((name, Team(tuple(sets))))
    return found
