"""Judge a team: structure in every format, and what Showdown's validator asks for in the others.

Source: sim/team-validator.js, ``validateSet``, ``validateStats``, ``checkCanLearn``; data/rulesets.js for the clauses.
"""

from __future__ import annotations

from collections.abc import Iterator

from pokejax.common import formats
from pokejax.common.team_mappings import hp_dv
from pokejax.common.team_text import MAX_NAME, TeamError, clean_name, utf16_length
from pokejax.gen1.dex import (
    MAX_MOVE,
    STATS,
    UnknownNameError,
    is_gen1_item,
    load_dex,
    move_number,
    species_number,
    species_of_name,
)
from pokejax.gen1.teams import MAX_EV, MAX_IV, MAX_LEVEL, MOVE_SLOTS, TEAM_SIZE, PokemonSet, Stats, Team

_OF_LATER_GENERATIONS = (508, 510)
"""Sums of EVs that the rules of later generations lead to."""
_ADD_ONE = "add 1 to one of them, which changes no stat, if it is meant so"


def validate_team(team: Team, format_id: str = formats.DEFAULT_LEGALITY, player: str = "team") -> Team:
    """Return ``team`` if the format allows it, else raise :class:`TeamError` with every problem found.

    Each problem names the player, the Pokémon's place, the value and what is allowed. By the format's legality:

    * "structure": names, numbers and sizes that exist.
    * "obtainable": also levels, moves and their combinations, DVs and names that Gen 1 can have.
    * "gen1ou": also OU's bans, Species and Nickname Clause, and EVs that look forgotten or meant for another game.
    """
    legality = formats.find(format_id).legality
    problems: list[str] = []
    if not team.sets:
        problems.append(f"{player}: the team is empty; a team has 1 to {TEAM_SIZE} Pokémon")
    for place, member in enumerate(team, 1):
        where = f"{player}, Pokémon {place} ({member.species})"
        if place > TEAM_SIZE:
            problems.append(f"{where}: a team has at most {TEAM_SIZE} Pokémon")
            continue
        problems += [f"{where}: {problem}" for problem in _structure(member)]
    if not problems and legality != "structure":
        members = [(f"{player}, Pokémon {place} ({member.species})", member) for place, member in enumerate(team, 1)]
        problems += [f"{where}: {problem}" for where, member in members for problem in _obtainable(member)]
        if legality == "gen1ou":
            problems += [f"{where}: {problem}" for where, member in members for problem in _ou(member)]
            problems += _clauses(members)
    if problems:
        raise TeamError(problems)
    return team


def _structure(member: PokemonSet) -> list[str]:
    problems = []
    try:
        species_number(member.species)
    except UnknownNameError as error:
        problems.append(str(error))
    if not member.moves:
        problems.append(f"no moves; a Pokémon has 1 to {MOVE_SLOTS}")
    if len(member.moves) > MOVE_SLOTS:
        problems.append(f"{len(member.moves)} moves ({', '.join(member.moves)}); a Pokémon has at most {MOVE_SLOTS}")
    seen: set[int] = set()
    for move in member.moves:
        try:
            number = move_number(move)
        except UnknownNameError as error:
            problems.append(str(error))
            continue
        if number == MAX_MOVE:
            problems.append("Struggle is not a move that a Pokémon can know; choose another")
        if number in seen:
            problems.append(f"the move {move} twice; the moves of a Pokémon differ")
        seen.add(number)
    if not 1 <= member.level <= MAX_LEVEL:
        problems.append(f"level {member.level}; allowed are 1 to {MAX_LEVEL}")
    problems += _range(member.ivs, MAX_IV, "IV") + _range(member.evs, MAX_EV, "EV (stat experience)")
    if member.item and not is_gen1_item(member.item):
        problems.append(f"holds {member.item!r}; Gen 1 has no items to hold")
    problems += [f"has {thing}, which Gen 1 does not have; leave it out" for thing in member.later]
    return problems


def _range(values: Stats, highest: int, what: str) -> list[str]:
    return [
        f"{stat} {what} {value}; allowed are 0 to {highest}"
        for stat, value in zip(STATS, values, strict=True)
        if not 0 <= value <= highest
    ]


def _obtainable(member: PokemonSet) -> Iterator[str]:
    """Faults that no Pokémon of Gen 1 may have."""
    dex = load_dex()
    species = species_number(member.species)
    lowest = dex.species.lowest_level[species]
    if member.level < lowest:
        yield f"level {member.level}; in Gen 1 it is had from level {lowest} on"
    yield from _moves(species, member)
    hp, attack, defense, special, speed = (iv // 2 for iv in member.ivs)
    expected = hp_dv({"atk": attack, "def": defense, "spa": special, "spe": speed})
    if hp != expected:
        yield f"HP DV {hp}, but its other DVs give it HP DV {expected}; set the HP IV to {2 * expected}"
    length = utf16_length(member.nickname)
    if length > MAX_NAME:
        yield f"the nickname {member.nickname!r} has {length} characters; allowed are {MAX_NAME}"


def _moves(species: int, member: PokemonSet) -> Iterator[str]:
    dex = load_dex()
    levels = dex.species.learn_level[species]
    known = {move_number(move): move for move in member.moves}
    for number, move in known.items():
        if not levels[number]:
            can = ", ".join(dex.moves.name[: len(levels)][levels > 0])
            yield f"cannot know {move} in Gen 1; it can know {can}"
        elif member.level < levels[number]:
            yield f"cannot know {move} at level {member.level} in Gen 1; it learns it at level {levels[number]}"
    for owner, first, second in dex.exclusive_moves.tolist():
        if owner == species and first in known and second in known:
            yield f"cannot know both {known[first]} and {known[second]} in Gen 1"


def _ou(member: PokemonSet) -> Iterator[str]:
    """Faults that gen1ou forbids a Pokémon beyond those."""
    dex = load_dex()
    if species_number(member.species) in dex.ou_banned_species:
        yield f"is Uber; gen1ou bans {_names(dex.species.name, dex.ou_banned_species)}"
    for move in member.moves:
        if move_number(move) in dex.ou_banned_moves:
            yield f"{move} is banned; gen1ou bans {_names(dex.moves.name, dex.ou_banned_moves)}"
    # Special counts twice, as Special Attack and as Special Defense.
    total = sum(member.evs) + member.evs[STATS.index("spc")]
    if total == 0 and member.level > 1:
        yield f"all EVs are 0, which Showdown takes for forgotten; {_ADD_ONE}"
    if total in _OF_LATER_GENERATIONS:
        yield f"the EVs come to {total}, the limit of later generations, which Gen 1 does not have; {_ADD_ONE}"
    if member.level == 50 and total % 4 == 0:
        yield f"level 50, as other games ask for, with EVs that come to {total}, which 4 divides; {_ADD_ONE}"


def _clauses(members: list[tuple[str, PokemonSet]]) -> Iterator[str]:
    """Faults that gen1ou forbids a team: Species Clause and Nickname Clause."""
    dex = load_dex()
    species_seen: dict[int, int] = {}
    names_seen: dict[str, int] = {}
    for place, (where, member) in enumerate(members, 1):
        species = species_number(member.species)
        if species in species_seen:
            yield f"{where}: also Pokémon {species_seen[species]}; the Species Clause allows each species once"
        species_seen.setdefault(species, place)
        name = clean_name(member.nickname)
        named = species_of_name(name)
        if not name or named == species:
            continue
        if named is not None:
            proper = dex.species.name[species]
            yield f"{where}: the nickname {name!r} is another species' name; a {proper} may not bear it"
        elif name in names_seen:
            yield f"{where}: the nickname {name!r} is also Pokémon {names_seen[name]}'s; nicknames must differ"
        names_seen.setdefault(name, place)


def _names(names, numbers) -> str:
    return ", ".join(str(names[number]) for number in numbers)
