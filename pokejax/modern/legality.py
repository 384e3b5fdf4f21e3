"""Demands of a Showdown format on a team beyond names and sizes: what players of the games can have, bans and clauses.

Source: sim/team-validator.js, data/rulesets.js. Where a move comes from is asked move by move: two moves that a species
can know each, but not both (from two eggs, or from two events), are not found out. A test says how often that tells.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pokejax.common.team_text import MAX_NAME, clean_name, utf16_length
from pokejax.modern.names import UnknownNameError, name_of, number
from pokejax.modern.tables import Tables, load_tables
from pokejax.modern.teams import PokemonSet, hidden_power, named_hidden_power

MOST_EVS = 510
_ADD_ONE = "add 1 to one of them, which changes no stat, if it is meant so"
Members = list[tuple[str, PokemonSet]]
"""Each Pokémon with the words that begin its errors. Their names and numbers exist."""


def faults_of_format(members: Members, format_id: str, generation: int) -> list[str]:
    """Every fault that the Showdown format finds in a team; empty if it allows the team."""
    tables = load_tables(generation)
    faults = [
        f"{where}: {fault}"
        for where, member in members
        for find in (_banned, _species, _moves, _spread)
        for fault in find(member, format_id, tables)
    ]
    return [*faults, *_clauses(members, format_id, tables)]


def _banned(member: PokemonSet, format_id: str, tables: Tables) -> Iterator[str]:
    bans, generation = tables.bans[format_id], tables.generation
    if number("species", member.species, generation) in bans.species:
        yield f"{format_id} bans {member.species}"
    for move in member.moves:
        if number("move", move, generation) in bans.moves:
            names = ", ".join(tables.moves.name[bans.moves])
            yield f"{format_id} bans the move {move}; it bans {names}"
    if member.ability and number("ability", member.ability, generation) in bans.abilities:
        yield f"{format_id} bans the ability {member.ability}"
    if member.item and number("item", member.item, generation) in bans.items:
        names = ", ".join(tables.items.name[bans.items])
        yield f"{format_id} bans the item {member.item}; it bans {names}"


def _species(member: PokemonSet, format_id: str, tables: Tables) -> Iterator[str]:
    """Ability, forme and level that the species can have."""
    generation, table = tables.generation, tables.species
    species = number("species", member.species, generation)
    own = [row for row in table.abilities[species] if row]
    if member.ability and number("ability", member.ability, generation) not in own:
        names = " or ".join(name_of("ability", int(row), generation) for row in own)
        yield f"the ability {member.ability}; {member.species} has {names}"
    item = number("item", member.item, generation) if member.item else 0
    needed = int(table.required_item[species])
    if needed and item != needed:
        yield f"{member.species} needs to hold {name_of('item', needed, generation)}"
    if item and tables.items.id[item] == "griseousorb" and table.id[table.base[species]] != "giratina":
        yield f"holds {member.item}, which in Gen 4 only Giratina can hold"
    lowest = int(table.lowest_level[species])
    if member.level < lowest:
        yield f"level {member.level}; it is had from level {lowest} on"
    length = utf16_length(member.nickname)
    if length > MAX_NAME:
        yield f"the nickname {member.nickname!r} has {length} characters; allowed are {MAX_NAME}"


def _moves(member: PokemonSet, format_id: str, tables: Tables) -> Iterator[str]:
    generation, table = tables.generation, tables.species
    species = number("species", member.species, generation)
    ability = number("ability", member.ability, generation) if member.ability else 0
    slot = int(np.argmax(table.abilities[species] == ability)) if ability else 0
    levels = table.learn_level[species, slot]
    nature = number("nature", member.nature, generation) if member.nature else number("nature", "Serious", generation)
    for move in member.moves:
        row = number("move", move, generation)
        bound = table.learn_natures[(table.learn_natures[:, :3] == (species, slot, row)).all(1), 3]
        if not levels[row]:
            known = ", ".join(sorted(set(tables.moves.name[levels > 0])))
            yield f"cannot know {move}; it can know {known}"
        elif member.level < levels[row]:
            yield f"cannot know {move} at level {member.level}; it knows it from level {levels[row]} on"
        elif len(bound) and nature not in bound:
            names = " or ".join(tables.natures.name[bound])
            yield f"cannot know {move} with the nature {tables.natures.name[nature]}; an event gives it with {names}"


def _spread(member: PokemonSet, format_id: str, tables: Tables) -> Iterator[str]:
    """Effort values, and individual values that Hidden Power fits."""
    total = sum(member.evs)
    if total > MOST_EVS:
        yield f"the EVs come to {total}; allowed are {MOST_EVS}"
    if total == 0 and member.level > 1:
        yield f"all EVs are 0, which Showdown takes for forgotten; {_ADD_ONE}"
    if member.level == 50 and total % 4 == 0:
        yield f"level 50, as other games ask for, with EVs that come to {total}, which 4 divides; {_ADD_ONE}"
    named = named_hidden_power(member, tables.generation)
    if named and tables.generation < 7:
        given = int(hidden_power(np.array(member.ivs), tables.generation)[0])
        if given != named:
            wanted, have = (name_of("type", code, tables.generation) for code in (named, given))
            yield f"Hidden Power {wanted}, but its IVs give it Hidden Power {have}; leave the IVs out, or fit them"


def _clauses(members: Members, format_id: str, tables: Tables) -> Iterator[str]:
    """Species Clause, Nickname Clause and Baton Pass Stat Trap Clause."""
    generation = tables.generation
    seen: dict[int, int] = {}
    names: dict[str, int] = {}
    for place, (where, member) in enumerate(members, 1):
        species = number("species", member.species, generation)
        dex_number = int(tables.species.num[species])
        if dex_number in seen:
            yield f"{where}: also Pokémon {seen[dex_number]}; the Species Clause allows each species once"
        seen.setdefault(dex_number, place)
        yield from (f"{where}: {fault}" for fault in _nickname(member, species, place, names, tables))
        beside = _beside_baton_pass(member, format_id, tables)
        if beside:
            yield f"{where}: Baton Pass beside {', '.join(beside)}, which the Baton Pass Stat Trap Clause forbids"


def _beside_baton_pass(member: PokemonSet, format_id: str, tables: Tables) -> list[str]:
    """Names of what the set may not have because it knows Baton Pass."""
    generation, bans = tables.generation, tables.bans[format_id]
    moves = {number("move", move, generation) for move in member.moves}
    if "batonpass" not in tables.moves.id[list(moves)]:
        return []
    ability = number("ability", member.ability, generation) if member.ability else 0
    item = number("item", member.item, generation) if member.item else 0
    return [
        *(name_of("move", move, generation) for move in sorted(moves) if move in bans.passing_moves),
        *([member.ability] if ability in bans.passing_abilities else []),
        *([member.item] if item in bans.passing_items else []),
    ]


def _nickname(member: PokemonSet, species: int, place: int, names: dict[str, int], tables: Tables) -> Iterator[str]:
    name = clean_name(member.nickname)
    base = int(tables.species.base[species])
    if not name or name == tables.species.name[base]:
        return
    try:
        bearer = number("species", name, tables.generation)
        if tables.species.name[bearer].lower() != name.lower():
            bearer = 0
    except UnknownNameError:
        bearer = 0
    if bearer and tables.species.base[bearer] == base:
        return
    if bearer:
        yield f"the nickname {name!r} is another species' name; a {tables.species.name[base]} may not bear it"
    elif name in names:
        yield f"the nickname {name!r} is also Pokémon {names[name]}'s; nicknames must differ"
    names.setdefault(name, place)
