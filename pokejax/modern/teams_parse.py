"""Teams of Generations 3 to 9 from Showdown's formats: export text, packed text, and JSON-like lists of sets.

What a text leaves out takes the value that it has in a battle after Showdown's validator: level 100, IVs 31, EVs 0,
happiness 255 (0 in an export text that has Frustration), a nature that changes nothing, and the species' first ability,
which is what the packed form of a team without one stands for. A set that names Hidden Power's type and has only IVs of
31 gets IVs that give it that type. Formes follow from what a set holds, as ``validateForme`` in sim/team-validator.js
has it: Arceus with a plate is of the plate's type, and a forme that only a battle gives becomes the species itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from pokejax.common.team_mappings import parse_mapping
from pokejax.common.team_text import STATS, TextSet, is_blank, read_sets, split_teams, whole_number
from pokejax.modern.names import UnknownNameError, name_of, number
from pokejax.modern.tables import load_tables
from pokejax.modern.teams import MAX_HAPPINESS, MAX_LEVEL, PokemonSet, Stats, Team, named_hidden_power

_NO_EVS: Stats = (0, 0, 0, 0, 0, 0)
_FULL_IVS: Stats = (31, 31, 31, 31, 31, 31)
_ABILITY_SLOTS = ("0", "1")
"""Abilities that a packed text names by their place."""


def parse_team(source: Any, generation: int, player: str = "team") -> Team:
    """Read one team from export text, packed text, JSON text, a list of set mappings or a :class:`Team`.

    A mapping has ``species`` (or ``name``), ``moves``, and optionally Showdown's other fields: ``level``, ``item``,
    ``ability``, ``nature``, ``gender``, ``happiness``, ``ivs``, ``evs``, ``hpType``.
    :class:`TeamError` names ``player``, the Pokémon's place and the value that could not be read.
    """
    if isinstance(source, Team):
        return source
    if isinstance(source, Sequence) and not isinstance(source, str):
        entries = enumerate(source, 1)
        return Team(tuple(_from_entry(entry, f"{player}, Pokémon {place}", generation) for place, entry in entries))
    sets = enumerate(read_sets(source, player), 1)
    return Team(tuple(_from_text(entry, f"{player}, Pokémon {place}", generation) for place, entry in sets))


def parse_teams(text: str, generation: int) -> list[Team]:
    """Read many teams: export texts each under a ``=== … ===`` line, or packed teams one a line.

    Players are named ``team 1``, ``team 2``, … in errors.
    """
    return [parse_team(part, generation, f"team {place}") for place, part in enumerate(split_teams(text), 1)]


def _from_entry(entry: Any, where: str, generation: int) -> PokemonSet:
    return entry if isinstance(entry, PokemonSet) else _from_text(parse_mapping(entry, where), where, generation)


def _from_text(entry: TextSet, where: str, generation: int) -> PokemonSet:
    # A name without a letter is no name: so much is left of it when a client packs it.
    unnamed = is_blank(entry.species) and not is_blank(entry.name)
    member = PokemonSet(
        species=entry.name if unnamed else entry.species,
        moves=entry.moves,
        level=MAX_LEVEL if entry.level is None else entry.level,
        item="" if is_blank(entry.item) else entry.item,
        ability="" if is_blank(entry.ability) else entry.ability,
        nature="" if is_blank(entry.nature) else entry.nature,
        gender=entry.gender.strip(),
        happiness=whole_number(entry.happiness, where, "happiness") if entry.happiness else MAX_HAPPINESS,
        ivs=_FULL_IVS if entry.ivs is None else _six(entry.ivs),
        evs=_NO_EVS if entry.evs is None else _six(entry.evs),
        hidden_power=entry.hidden_power,
        nickname="" if entry.name == entry.species else entry.name,
    )
    try:
        return _settled(member, generation)
    except UnknownNameError:
        return member  # which `teams_validate` tells of, with all else that is wrong


def _six(values: Mapping[str, int]) -> Stats:
    hp, attack, defense, special_attack, special_defense, speed = (values[stat] for stat in STATS)
    return hp, attack, defense, special_attack, special_defense, speed


def _settled(member: PokemonSet, generation: int) -> PokemonSet:
    """The set with the forme, ability and individual values that it has in a battle."""
    tables = load_tables(generation)
    species = number("species", member.species, generation)
    item = number("item", member.item, generation) if member.item else 0
    forme = int(tables.items.forced_forme[item])
    if tables.species.battle_only[species]:
        species = int(tables.species.changes_from[species])
    elif forme and tables.species.base[forme] == species:
        species = forme
    member = dataclasses.replace(member, species=name_of("species", species, generation))
    if not member.ability or member.ability in _ABILITY_SLOTS:
        ability = int(tables.species.abilities[species, int(member.ability or "0")])
        member = dataclasses.replace(member, ability=name_of("ability", ability, generation) or member.ability)
    kind = named_hidden_power(member, generation)
    if kind and generation < 7 and member.ivs == _FULL_IVS:
        ivs = dict(zip(STATS, map(int, tables.types.hidden_power_ivs[kind]), strict=True))
        member = dataclasses.replace(member, ivs=_six(ivs))
    return member
