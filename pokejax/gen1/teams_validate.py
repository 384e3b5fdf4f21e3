"""Judge a team: structure in every format, legality in ``gen1ou``."""

from __future__ import annotations

from pokejax.common import formats
from pokejax.common.team_text import TeamError
from pokejax.gen1.dex import MAX_MOVE, STATS, UnknownNameError, load_dex, move_number, species_number
from pokejax.gen1.teams import MAX_EV, MAX_IV, MAX_LEVEL, MOVE_SLOTS, TEAM_SIZE, PokemonSet, Stats, Team
from pokejax.gen1.teams_parse import hp_dv


def validate_team(team: Team, format_id: str = "free", player: str = "team") -> Team:
    """Return ``team`` if the format allows it, else raise :class:`TeamError` with every problem found.

    Each problem names the player, the Pokémon's place, the value and what is allowed. ``gen1ou`` checks bans, clauses,
    DVs and that each species can know each move; combinations of moves that exclude each other and minimum levels of
    evolved species are left to Showdown's own validator.
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
    if not problems and legality == "gen1ou":
        problems = _ou(team, player)
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
            problems.append("Struggle is not a move that a Pokémon can know")
        if number in seen:
            problems.append(f"the move {move} twice; the moves of a Pokémon differ")
        seen.add(number)
    if not 1 <= member.level <= MAX_LEVEL:
        problems.append(f"level {member.level}; allowed are 1 to {MAX_LEVEL}")
    problems += _range(member.ivs, MAX_IV, "IV") + _range(member.evs, MAX_EV, "EV (stat experience)")
    if member.item:
        problems.append(f"holds {member.item!r}; Gen 1 has no items")
    return problems


def _range(values: Stats, highest: int, what: str) -> list[str]:
    return [
        f"{stat} {what} {value}; allowed are 0 to {highest}"
        for stat, value in zip(STATS, values, strict=True)
        if not 0 <= value <= highest
    ]


def _ou(team: Team, player: str) -> list[str]:
    dex = load_dex()
    problems = []
    seen: dict[int, int] = {}
    for place, member in enumerate(team, 1):
        where = f"{player}, Pokémon {place} ({member.species})"
        species = species_number(member.species)
        if species in dex.ou_banned_species:
            problems.append(f"{where}: is Uber; gen1ou bans {_names(dex.species.name, dex.ou_banned_species)}")
        if species in seen:
            problems.append(f"{where}: also Pokémon {seen[species]}; the Species Clause allows each species once")
        seen.setdefault(species, place)
        for move in member.moves:
            number = move_number(move)
            if number in dex.ou_banned_moves:
                problems.append(f"{where}: {move} is banned; gen1ou bans {_names(dex.moves.name, dex.ou_banned_moves)}")
            elif not dex.species.learnset[species, number]:
                learnable = ", ".join(dex.moves.name[: dex.species.learnset.shape[1]][dex.species.learnset[species]])
                problems.append(f"{where}: cannot know {move} in Gen 1; it can know {learnable}")
        attack, defense, special, speed = (iv // 2 for iv in member.ivs[1:])
        expected, given = hp_dv((0, attack, defense, special, speed)), member.ivs[0] // 2
        if given != expected:
            problems.append(
                f"{where}: HP DV {given}, but its other DVs give it HP DV {expected}; set the HP IV to {2 * expected}"
            )
    return problems


def _names(names, numbers) -> str:
    return ", ".join(str(names[number]) for number in numbers)
