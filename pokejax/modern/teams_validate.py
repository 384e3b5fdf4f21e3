"""Judge a team: structure in every format, and what Showdown's validator asks for in the others.

Source: sim/team-validator.js, ``validateSet``, ``validateStats``, ``validateForme``; data/rulesets.js for the clauses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from pokejax.common import formats
from pokejax.common.team_text import TeamError
from pokejax.modern.legality import faults_of_format
from pokejax.modern.missing import MISSING
from pokejax.modern.names import Kind, UnknownNameError, name_of, number
from pokejax.modern.tables import STATS, Gender, load_tables
from pokejax.modern.teams import (
    MAX_EV,
    MAX_HAPPINESS,
    MAX_IV,
    MAX_LEVEL,
    MOVE_SLOTS,
    TEAM_SIZE,
    PokemonSet,
    Stats,
    Team,
    named_hidden_power,
)


def validate_team(
    team: Team, format_id: str, player: str = "team", missing: Mapping[str, frozenset[str]] = MISSING
) -> Team:
    """Return ``team`` if the format allows it, else raise :class:`TeamError` with every problem found.

    Each problem names the player, the Pokémon's place, the value and what is allowed. By the format's legality:

    * "structure": names, numbers and sizes that exist.
    * the id of a Showdown format: also its bans and clauses, and what players of the games can have
      (`pokejax.modern.legality`).

    ``missing``: ids of moves, abilities and items that the engine does not have, which every format refuses.
    """
    format = formats.find(format_id)
    problems: list[str] = []
    if not team.sets:
        problems.append(f"{player}: the team is empty; a team has 1 to {TEAM_SIZE} Pokémon")
    members = [(f"{player}, Pokémon {place} ({member.species})", member) for place, member in enumerate(team, 1)]
    problems += [f"{where}: a team has at most {TEAM_SIZE} Pokémon" for where, _ in members[TEAM_SIZE:]]
    for where, member in members[:TEAM_SIZE]:
        problems += [f"{where}: {problem}" for problem in _structure(member, format.generation)]
    if not problems:
        for where, member in members:
            problems += [f"{where}: {problem}" for problem in _unplayable(member, format.generation, missing)]
        if format.legality != "structure":
            problems += faults_of_format(members, format.legality, format.generation)
    if problems:
        raise TeamError(problems)
    return team


def _structure(member: PokemonSet, generation: int) -> Iterator[str]:
    named: tuple[tuple[Kind, str], ...] = (
        ("species", member.species),
        ("item", member.item),
        ("ability", member.ability),
        ("nature", member.nature),
    )
    rows = {}
    for kind, text in named:
        try:
            rows[kind] = number(kind, text, generation) if text or kind == "species" else 0
        except UnknownNameError as error:
            yield str(error)
    yield from _moves(member, generation)
    yield from _hidden_power(member, generation)
    if rows.get("species"):
        yield from _gender(member, rows["species"], generation)
    if not 1 <= member.level <= MAX_LEVEL:
        yield f"level {member.level}; allowed are 1 to {MAX_LEVEL}"
    if not 0 <= member.happiness <= MAX_HAPPINESS:
        yield f"happiness {member.happiness}; allowed are 0 to {MAX_HAPPINESS}"
    yield from _range(member.ivs, MAX_IV, "IV")
    yield from _range(member.evs, MAX_EV, "EV")


def _moves(member: PokemonSet, generation: int) -> Iterator[str]:
    if not member.moves:
        yield f"no moves; a Pokémon has 1 to {MOVE_SLOTS}"
    if len(member.moves) > MOVE_SLOTS:
        yield f"{len(member.moves)} moves ({', '.join(member.moves)}); a Pokémon has at most {MOVE_SLOTS}"
    seen: set[int] = set()
    for move in member.moves:
        try:
            row = number("move", move, generation)
        except UnknownNameError as error:
            yield str(error)
            continue
        if load_tables(generation).moves.id[row] == "struggle":
            yield "Struggle is not a move that a Pokémon can know; choose another"
        if row in seen:
            yield f"the move {move} twice; the moves of a Pokémon differ"
        seen.add(row)


def _hidden_power(member: PokemonSet, generation: int) -> Iterator[str]:
    types = load_tables(generation).types
    have = [name for name in types.name[1:] if name not in ("Normal", "???")]
    try:
        named = named_hidden_power(member, generation)
    except UnknownNameError:
        named = -1
    if named and (named < 0 or types.name[named] not in have):
        yield f"Hidden Power: {member.hidden_power}; allowed are {', '.join(have)}"
    by_move = named_hidden_power(PokemonSet("", member.moves), generation)
    if named > 0 and by_move and by_move != named:
        yield f"Hidden Power: {member.hidden_power}, but its move is Hidden Power {types.name[by_move]}; give one type"


def _gender(member: PokemonSet, species: int, generation: int) -> Iterator[str]:
    if member.gender not in ("", *(gender.name for gender in Gender if gender)):
        yield f"gender {member.gender!r}; allowed are M, F, N, or none"
    elif member.gender == "N" and not load_tables(generation).species.gender[species]:
        name = name_of("species", species, generation)
        yield f"gender N; {name} is M or F; leave it out to have it drawn"


def _range(values: Stats, highest: int, what: str) -> Iterator[str]:
    for stat, value in zip(STATS, values, strict=True):
        if not 0 <= value <= highest:
            yield f"{stat} {what} {value}; allowed are 0 to {highest}"


def _unplayable(member: PokemonSet, generation: int, missing: Mapping[str, frozenset[str]]) -> Iterator[str]:
    tables = load_tables(generation)
    brought: tuple[tuple[Kind, tuple[str, ...], np.ndarray], ...] = (
        ("move", member.moves, tables.moves.id),
        ("ability", (member.ability,), tables.abilities.id),
        ("item", (member.item,), tables.items.id),
    )
    for kind, texts, ids in brought:
        for text in filter(None, texts):
            row = number(kind, text, generation)
            if str(ids[row]) in missing[kind]:
                yield f"the {kind} {name_of(kind, row, generation)} is not in this engine yet; choose another"
