"""Teams of Generations 3 to 9: the readable form, the wire form and the numbers that a battle starts with.

* :class:`Team` of :class:`PokemonSet`: names, as people write them. ``teams_parse`` reads Showdown's formats into it
  and ``teams_validate`` judges it.
* wire form, uint16[..., 6, 24] (``WIRE_COLUMNS``): all that defines a team, in numbers; pools store it.
* battle form, int16[..., 6, 25] (``BATTLE_COLUMNS``): the same with individual and effort values worked out to stats.

Numbers are rows of the generation's tables (`pokejax.modern.tables`); a forme is a species of its own. An empty team
slot is a row of zeros; an empty move slot is 0 and comes after the full ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from pokejax.modern.names import hidden_power_type, name_of, number
from pokejax.modern.tables import STATS, Gender, load_tables

TEAM_SIZE = 6
MOVE_SLOTS = 4
MAX_LEVEL = 100
MAX_IV = 31
MAX_EV = 255
MAX_HAPPINESS = 255

_MOVE_COLUMNS = tuple(f"move{slot}" for slot in range(1, MOVE_SLOTS + 1))
_ALWAYS = ("species", "level", "item", "ability", "gender", "nature", "happiness", "hidden_power_type")
WIRE_COLUMNS = (*_ALWAYS, *_MOVE_COLUMNS, *(f"{s}_iv" for s in STATS), *(f"{s}_ev" for s in STATS))
"""Schema of a wire row.

* species, item, ability, nature, moves: rows of the tables, 0 for none (no item; the nature "none" changes nothing).
* level 1–100, happiness 0–255, individual values 0–31, effort values 0–255.
* gender: `Gender`. UNSET only where a battle draws it: a species with one gender has that one.
* hidden_power_type: code of the type, which the set names or else follows from the individual values.
"""
BATTLE_COLUMNS = (*_ALWAYS, "hidden_power", *_MOVE_COLUMNS, *(f"{s}_spread" for s in STATS), *STATS)
"""Schema of a battle row: as the wire's, and

* hidden_power: its base power.
* ``*_spread``: individual value + ⌊effort value / 4⌋, from which a forme's stats follow.
* the six stats at the start of a battle.
"""

_MOVES = slice(8, 12)
_IVS = slice(12, 18)
_EVS = slice(18, 24)

Stats = tuple[int, int, int, int, int, int]
"""HP, Attack, Defense, Special Attack, Special Defense, Speed."""

_HIDDEN_POWER_ORDER = (
    "Fighting", "Flying", "Poison", "Ground", "Rock", "Bug", "Ghost", "Steel", "Fire", "Water", "Grass", "Electric",
    "Psychic", "Ice", "Dragon", "Dark",
)  # fmt: skip
_BITS = np.array([1, 2, 4, 16, 32, 8], np.int32)
"""Weight of each stat's bit in Hidden Power's sums, in ``STATS`` order: Speed counts before the Special stats."""


@dataclasses.dataclass(frozen=True)
class PokemonSet:
    """One Pokémon as a person writes it; ``teams_validate`` says whether its values are allowed."""

    species: str
    moves: tuple[str, ...]
    level: int = MAX_LEVEL
    item: str = ""
    ability: str = ""
    """Empty for the species' first one."""
    nature: str = ""
    """Empty for one that changes nothing."""
    gender: str = ""
    """"M", "F", "N", or empty to have it drawn where the species has both."""
    happiness: int = MAX_HAPPINESS
    ivs: Stats = (31, 31, 31, 31, 31, 31)
    evs: Stats = (0, 0, 0, 0, 0, 0)
    hidden_power: str = ""
    """Type of Hidden Power; empty for that of the individual values."""
    nickname: str = ""


@dataclasses.dataclass(frozen=True)
class Team:
    """One to six Pokémon; the first one leads."""

    sets: tuple[PokemonSet, ...]

    def __len__(self) -> int:
        return len(self.sets)

    def __iter__(self) -> Iterator[PokemonSet]:
        return iter(self.sets)


def named_hidden_power(member: PokemonSet, generation: int) -> int:
    """Code of the type that the set or its moves give Hidden Power; 0 where neither does."""
    if member.hidden_power:
        return number("type", member.hidden_power, generation)
    return next((code for move in member.moves if (code := hidden_power_type(move, generation))), 0)


def team_array(team: Team, generation: int) -> np.ndarray:
    """Wire form uint16[6, 24] of a valid team (see ``teams_validate.validate_team``; this function does not judge)."""
    tables = load_tables(generation)
    wire = np.zeros((TEAM_SIZE, len(WIRE_COLUMNS)), np.uint16)
    for row, member in zip(wire, team.sets, strict=False):
        species = number("species", member.species, generation)
        ability = (
            number("ability", member.ability, generation) if member.ability else tables.species.abilities[species, 0]
        )
        gender = tables.species.gender[species] or Gender[member.gender or "UNSET"]
        named = named_hidden_power(member, generation)
        row[:8] = (
            species,
            member.level,
            number("item", member.item, generation) if member.item else 0,
            ability,
            gender,
            number("nature", member.nature, generation) if member.nature else 0,
            member.happiness,
            named or hidden_power(np.array(member.ivs), generation)[0],
        )
        row[8 : 8 + len(member.moves)] = [number("move", move, generation) for move in member.moves]
        row[_IVS] = member.ivs
        row[_EVS] = member.evs
    return wire


def team_from_array(wire: np.ndarray, generation: int) -> Team:
    """The readable form of one wire team [6, 24]."""

    def member(row: np.ndarray) -> PokemonSet:
        species, level, item, ability, gender, nature, happiness, hidden = (int(value) for value in row[:8])
        return PokemonSet(
            species=name_of("species", species, generation),
            moves=tuple(name_of("move", int(move), generation) for move in row[_MOVES] if move),
            level=level,
            item=name_of("item", item, generation),
            ability=name_of("ability", ability, generation),
            nature=name_of("nature", nature, generation),
            gender=Gender(gender).name if gender else "",
            happiness=happiness,
            ivs=_stats(row[_IVS]),
            evs=_stats(row[_EVS]),
            hidden_power=name_of("type", hidden, generation),
        )

    return Team(tuple(member(row) for row in wire if row[0]))


def _stats(values: np.ndarray) -> Stats:
    hp, attack, defense, special_attack, special_defense, speed = (int(value) for value in values)
    return hp, attack, defense, special_attack, special_defense, speed


def showdown_sets(team: Team, generation: int) -> list[dict[str, Any]]:
    """The team as Showdown's ``PokemonSet`` objects, ready for JSON."""
    return [
        {
            "name": member.nickname or member.species,
            "species": member.species,
            "item": member.item,
            "ability": member.ability,
            "moves": list(member.moves),
            "nature": member.nature,
            "gender": member.gender,
            "evs": dict(zip(STATS, member.evs, strict=True)),
            "ivs": dict(zip(STATS, member.ivs, strict=True)),
            "level": member.level,
            "happiness": member.happiness,
            **({"hpType": member.hidden_power} if knows_hidden_power(member, generation) else {}),
        }
        for member in team
    ]


def knows_hidden_power(member: PokemonSet, generation: int) -> bool:
    """A move of the set is Hidden Power, of whatever type."""
    return load_tables(generation).hidden_power in (number("move", move, generation) for move in member.moves)


def hidden_power(ivs: np.ndarray, generation: int) -> tuple[np.ndarray, np.ndarray]:
    """Type (code) and base power of Hidden Power, int[...], from individual values [..., 6]: ``getHiddenPower``."""
    ivs = np.asarray(ivs).astype(np.int32)
    index = (ivs % 2 @ _BITS) * 15 // 63
    power = (ivs // 2 % 2 @ _BITS) * 40 // 63 + 30 if generation < 6 else np.full(index.shape, 60)
    codes = np.array([number("type", name, generation) for name in _HIDDEN_POWER_ORDER])
    return codes[index], power


def stats(base: np.ndarray, level: np.ndarray, spread: np.ndarray, nature: np.ndarray, generation: int) -> np.ndarray:
    """Stats in ``STATS`` order, int[..., 6]: ``statModify`` in sim/battle.js.

    ``base`` and ``spread`` (individual value + ⌊effort value / 4⌋) are [..., 6], ``level`` and ``nature`` [...]. Hit
    points that no level changes (Shedinja's) are not known here.
    """
    tables = load_tables(generation).natures
    inner = 2 * base.astype(np.int32) + spread.astype(np.int32)
    level = level.astype(np.int32)[..., None]
    hp = (inner[..., :1] + 100) * level // 100 + 10
    others = inner[..., 1:] * level // 100 + 5
    which = np.arange(1, len(STATS))
    # A nature's tenth is taken off a product that has no room for more than 16 bits, which no stat here reaches.
    tenths = 10 + (which == tables.plus[nature][..., None]) - (which == tables.minus[nature][..., None])
    return np.concatenate([hp, others * 10 * tenths // 100], axis=-1)


def battle_array(wire: np.ndarray, generation: int) -> np.ndarray:
    """Battle form int16[..., 6, 25] of wire teams [..., 6, 24]."""
    wire = np.asarray(wire).astype(np.int32)
    table = load_tables(generation).species
    species, ivs = wire[..., 0], wire[..., _IVS]
    spread = ivs + wire[..., _EVS] // 4
    numbers = stats(table.base_stats[species], wire[..., 1], spread, wire[..., 5], generation)
    highest = table.max_hp[species]
    numbers[..., 0] = np.where(highest > 0, highest, numbers[..., 0])
    power = hidden_power(ivs, generation)[1]
    columns = [wire[..., :8], power[..., None], wire[..., _MOVES], spread, numbers]
    return np.where(species[..., None] > 0, np.concatenate(columns, axis=-1), 0).astype(np.int16)
