"""Teams of Gen 1: the readable form, the wire form and the numbers that a battle starts with.

* :class:`Team` of :class:`PokemonSet`: names, as people write them. ``teams_parse`` reads Showdown's formats into it
  and ``teams_validate`` judges it.
* wire form, uint16[..., 6, 16] (``WIRE_COLUMNS``): all that defines a team, in numbers up to 255; pools store it.
* battle form, int16[..., 6, 11] (``BATTLE_COLUMNS``): the same with individual and effort values worked out to stats.

An empty team slot is a row of zeros; an empty move slot is 0 and comes after the full ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from pokejax.gen1.dex import STATS, load_dex, move_number, species_number

TEAM_SIZE = 6
MOVE_SLOTS = 4
MAX_LEVEL = 100
MAX_IV = 31
MAX_EV = 255

_MOVE_COLUMNS = tuple(f"move{slot}" for slot in range(1, MOVE_SLOTS + 1))
WIRE_COLUMNS = ("species", "level", *_MOVE_COLUMNS, *(f"{s}_iv" for s in STATS), *(f"{s}_ev" for s in STATS))
BATTLE_COLUMNS = ("species", "level", *_MOVE_COLUMNS, *STATS)

_MOVES = slice(2, 6)
_IVS = slice(6, 11)
_EVS = slice(11, 16)

Stats = tuple[int, int, int, int, int]
"""HP, Attack, Defense, Special, Speed."""


@dataclasses.dataclass(frozen=True)
class PokemonSet:
    """One Pokémon as a person writes it; ``teams_validate`` says whether its values are allowed."""

    species: str
    moves: tuple[str, ...]
    level: int = MAX_LEVEL
    ivs: Stats = (30, 30, 30, 30, 30)
    """Individual values 0–31, Showdown's scale: twice the DV, odd values count as the even one below."""
    evs: Stats = (252, 252, 252, 252, 252)
    """Effort values 0–255, Showdown's scale for stat experience. 252 is Showdown's default where a team gives none."""
    item: str = ""
    """Kept only to be refused, as no Pokémon of Gen 1 holds one."""
    nickname: str = ""
    """Kept only to be judged: a battle does not know it."""
    later: tuple[str, ...] = ()
    """Things of later generations that would change its battles there. Kept only to be refused."""


@dataclasses.dataclass(frozen=True)
class Team:
    """One to six Pokémon; the first one leads."""

    sets: tuple[PokemonSet, ...]

    def __len__(self) -> int:
        return len(self.sets)

    def __iter__(self) -> Iterator[PokemonSet]:
        return iter(self.sets)


def team_array(team: Team) -> np.ndarray:
    """Wire form uint16[6, 16] of a valid team (see ``teams_validate.validate_team``; this function does not judge)."""
    wire = np.zeros((TEAM_SIZE, len(WIRE_COLUMNS)), np.uint16)
    for row, member in zip(wire, team.sets, strict=False):
        row[0] = species_number(member.species)
        row[1] = member.level
        row[2 : 2 + len(member.moves)] = [move_number(move) for move in member.moves]
        row[_IVS] = [iv & ~1 for iv in member.ivs]
        row[_EVS] = member.evs
    return wire


def team_from_array(wire: np.ndarray) -> Team:
    """The readable form of one wire team [6, 16]."""
    dex = load_dex()
    return Team(
        tuple(
            PokemonSet(
                species=str(dex.species.name[row[0]]),
                level=int(row[1]),
                moves=tuple(str(dex.moves.name[move]) for move in row[_MOVES] if move),
                ivs=_stats(row[_IVS]),
                evs=_stats(row[_EVS]),
            )
            for row in wire
            if row[0]
        )
    )


def _stats(values: np.ndarray) -> Stats:
    hp, attack, defense, special, speed = (int(value) for value in values)
    return hp, attack, defense, special, speed


def showdown_sets(team: Team) -> list[dict[str, Any]]:
    """The team as Showdown's ``PokemonSet`` objects, ready for JSON (Special is written as both spa and spd)."""

    def six(values: Stats) -> dict[str, int]:
        hp, attack, defense, special, speed = values
        return {"hp": hp, "atk": attack, "def": defense, "spa": special, "spd": special, "spe": speed}

    return [
        {
            "name": member.nickname or member.species,
            "species": member.species,
            "item": "",
            "ability": "No Ability",
            "moves": list(member.moves),
            "nature": "",
            "evs": six(member.evs),
            "ivs": six(member.ivs),
            "level": member.level,
        }
        for member in team
    ]


def stats(base: np.ndarray, level: np.ndarray, ivs: np.ndarray, evs: np.ndarray) -> np.ndarray:
    """Stats in ``STATS`` order, int[..., 5], from base stats [..., 5], level [...], IVs and EVs [..., 5].

    Showdown's ``Battle.statModify`` (sim/battle.js) with a neutral nature: Gen 1 does not take the cartridge's square
    root of stat experience but EVs / 4.
    """
    inner = 2 * base.astype(np.int32) + (ivs.astype(np.int32) & ~1) + evs.astype(np.int32) // 4
    level = level.astype(np.int32)[..., None]
    hp = (inner[..., :1] + 100) * level // 100 + 10
    others = inner[..., 1:] * level // 100 + 5
    return np.concatenate([hp, others], axis=-1)


def battle_array(wire: np.ndarray) -> np.ndarray:
    """Battle form int16[..., 6, 11] of wire teams [..., 6, 16]."""
    wire = np.asarray(wire).astype(np.int32)
    species = wire[..., 0]
    numbers = stats(load_dex().species.base_stats[species], wire[..., 1], wire[..., _IVS], wire[..., _EVS])
    numbers = np.where(species[..., None] > 0, numbers, 0)
    return np.concatenate([wire[..., :6], numbers], axis=-1).astype(np.int16)
