"""Teams of Gen 1 from Showdown's formats: export text, packed text, and JSON-like lists of sets.

What a text leaves out takes the default of Showdown's validator: level 100, IVs 31, EVs 252 if none are given and 0
for the others if some are. (Packed text and JSON cannot tell all-zero EVs from none given: Showdown reads both as 252.
So do we in packed text, where nothing stands; zeros that are written stay zeros.)
Special is the Special Attack entry; the validator overwrites Special Defense with it, so that is not read. Abilities,
natures, gender and the like do not exist in Gen 1 and are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pokejax.common.team_mappings import parse_mapping
from pokejax.common.team_text import TextSet, is_blank, read_sets, split_teams
from pokejax.gen1.dex import has_gigantamax
from pokejax.gen1.teams import MAX_LEVEL, PokemonSet, Stats, Team

_FULL_EVS: Stats = (252, 252, 252, 252, 252)
_FULL_IVS: Stats = (31, 31, 31, 31, 31)


def parse_team(source: Any, player: str = "team") -> Team:
    """Read one team from export text, packed text, JSON text, a list of set mappings or a :class:`Team`.

    A mapping has ``species`` (or ``name``), ``moves``, and optionally ``level``, ``ivs`` or ``dvs``, and ``evs``.
    :class:`TeamError` names ``player``, the Pokémon's place and the value that could not be read.
    """
    if isinstance(source, Team):
        return source
    if isinstance(source, Sequence) and not isinstance(source, str):
        entries = enumerate(source, 1)
        return Team(tuple(_from_entry(entry, f"{player}, Pokémon {place}") for place, entry in entries))
    return Team(tuple(_from_text(entry) for entry in read_sets(source, player)))


def parse_teams(text: str) -> list[Team]:
    """Read many teams: export texts each under a ``=== … ===`` line, or packed teams one a line.

    Players are named ``team 1``, ``team 2``, … in errors.
    """
    return [parse_team(part, f"team {number}") for number, part in enumerate(split_teams(text), 1)]


def _from_entry(entry: Any, where: str) -> PokemonSet:
    return entry if isinstance(entry, PokemonSet) else _from_text(parse_mapping(entry, where))


def _from_text(entry: TextSet) -> PokemonSet:
    # A name without a letter is no name: so much is left of it when a client packs it.
    unnamed = is_blank(entry.species) and not is_blank(entry.name)
    return PokemonSet(
        species=entry.name if unnamed else entry.species,
        moves=entry.moves,
        level=MAX_LEVEL if entry.level is None else entry.level,
        ivs=_FULL_IVS if entry.ivs is None else _five(entry.ivs),
        evs=_FULL_EVS if entry.evs is None else _five(entry.evs),
        item="" if is_blank(entry.item) else entry.item,
        nickname="" if entry.name == entry.species else entry.name,
        later=tuple(_later(entry)),
    )


def _later(entry: TextSet) -> Iterator[str]:
    if entry.hidden_power:
        yield f"Hidden Power: {entry.hidden_power}"
    # Showdown's validator lets the species that have it in Gen 8 pass.
    if entry.gigantamax and not has_gigantamax(entry.species):
        yield "Gigantamax"


def _five(values: Mapping[str, int]) -> Stats:
    return values["hp"], values["atk"], values["def"], values["spa"], values["spe"]
