"""Read teams in Showdown's formats: export text, packed text, and JSON-like lists of sets.

What a format leaves out takes the default of Showdown's validator: level 100, IVs 31, EVs 252 if none are given and 0
for the others if some are. (Packed text cannot tell all-zero EVs from none given: both read as 252, as there.)
Special is the Special Attack entry; the validator overwrites Special Defense with it, so that is not read. Nicknames,
abilities, natures, gender and the like do not exist in Gen 1 and are dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pokejax.common.team_text import HEADER as _HEADER
from pokejax.common.team_text import TeamError, is_packed, split_teams
from pokejax.gen1.dex import to_id
from pokejax.gen1.teams import PokemonSet, Stats, Team

_STAT_NAMES = {
    "hp": 0, "atk": 1, "attack": 1, "def": 2, "defense": 2, "spc": 3, "special": 3, "spa": 3, "specialattack": 3,
    "spatk": 3, "spd": None, "spdef": None, "specialdefense": None, "spe": 4, "speed": 4,
}  # fmt: skip
_FULL_EVS: Stats = (252, 252, 252, 252, 252)
_FULL_IVS: Stats = (31, 31, 31, 31, 31)


def parse_team(source: Any, player: str = "team") -> Team:
    """Read one team from export text, packed text, JSON text, a list of set mappings or a :class:`Team`.

    A mapping has ``species`` (or ``name``), ``moves``, and optionally ``level``, ``ivs`` or ``dvs``, and ``evs``.
    :class:`TeamError` names ``player``, the Pokémon's place and the value that could not be read.
    """
    if isinstance(source, Team):
        return source
    if isinstance(source, str):
        text = source.strip()
        if text.startswith("["):
            try:
                source = json.loads(text)
            except json.JSONDecodeError as error:
                raise TeamError([f"{player}: not valid JSON: {error}"]) from None
        elif is_packed(text):
            return _parse_packed(text, player)
        else:
            return _parse_export(_HEADER.sub("", text), player)
    if not isinstance(source, Sequence):
        kind = type(source).__name__
        raise TeamError([f"{player}: cannot read a team from {kind}; give text, a list of sets or a Team"])
    return Team(tuple(_from_mapping(entry, f"{player}, Pokémon {i}") for i, entry in enumerate(source, 1)))


def parse_teams(text: str) -> list[Team]:
    """Read many teams: export texts each under a ``=== … ===`` line, or packed teams one a line.

    Players are named ``team 1``, ``team 2``, … in errors.
    """
    parts = split_teams(text)
    return [parse_team(part, f"team {number}") for number, part in enumerate(parts, 1)]


def _number(text: Any, where: str, what: str) -> int:
    try:
        return int(text)
    except (TypeError, ValueError):
        raise TeamError([f"{where}: {what} is {text!r}; expected a whole number"]) from None


def _parse_export(text: str, player: str) -> Team:
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return Team(tuple(_export_set(block, f"{player}, Pokémon {i}") for i, block in enumerate(blocks, 1)))


def _export_set(block: str, where: str) -> PokemonSet:
    first, *rest = [line.strip() for line in block.strip().splitlines()]
    first, _, item = first.partition(" @ ")
    first = re.sub(r" \([MF]\)$", "", first.strip())
    named = re.match(r".*\(([^()]*)\)$", first)
    species = named.group(1) if named else first
    level, moves, ivs, evs = 100, [], _FULL_IVS, _FULL_EVS
    for line in rest:
        if line.startswith("Level:"):
            level = _number(line[6:].strip(), where, "level")
        elif line.startswith("EVs:"):
            evs = _export_stats(line[4:], 0, where, "EV")
        elif line.startswith("IVs:"):
            ivs = _export_stats(line[4:], 31, where, "IV")
        elif line.startswith(("-", "~")):
            moves.append(line[1:].strip())
        elif ":" not in line and not line.lower().endswith(" nature"):
            raise TeamError([f"{where}: cannot read the line {line!r}; a move starts with '- '"])
    return PokemonSet(species.strip(), tuple(moves), level, ivs, evs, item.strip())


def _export_stats(text: str, default: int, where: str, what: str) -> Stats:
    values: dict[str, int] = {}
    for part in text.split("/"):
        number, _, name = part.strip().partition(" ")
        values[name] = _number(number, where, what)
    return _five(values, default, where, what)


def _five(values: Mapping[str, Any], default: int, where: str, what: str) -> Stats:
    five = [default] * 5
    for name, value in values.items():
        if to_id(str(name)) not in _STAT_NAMES:
            raise TeamError([f"{where}: {what} of unknown stat {name!r}; the stats are HP, Atk, Def, Spc (SpA), Spe"])
        place = _STAT_NAMES[to_id(str(name))]
        if place is not None:
            five[place] = _number(value, where, what)
    hp, attack, defense, special, speed = five
    return hp, attack, defense, special, speed


def _parse_packed(text: str, player: str) -> Team:
    sets = []
    for i, entry in enumerate(text.strip().split("]"), 1):
        where = f"{player}, Pokémon {i}"
        fields = entry.split("|")
        if len(fields) < 12:
            raise TeamError([f"{where}: packed set {entry!r} has {len(fields)} fields separated by '|'; expected 12"])
        name, species, item, _, moves, _, evs, _, ivs, _, level, *_ = fields
        sets.append(
            PokemonSet(
                species=species or name,
                moves=tuple(move for move in moves.split(",") if move),
                level=_number(level, where, "level") if level else 100,
                ivs=_packed_stats(ivs, 31, where, "IV") if ivs else _FULL_IVS,
                evs=_packed_stats(evs, 0, where, "EV") if evs else _FULL_EVS,
                item=item,
            )
        )
    return Team(tuple(sets))


def _packed_stats(text: str, default: int, where: str, what: str) -> Stats:
    names = ("hp", "atk", "def", "spa", "spd", "spe")
    values = {name: value for name, value in zip(names, text.split(","), strict=False) if value}
    return _five(values, default, where, what)


def _from_mapping(entry: Any, where: str) -> PokemonSet:
    if isinstance(entry, PokemonSet):
        return entry
    if not isinstance(entry, Mapping):
        raise TeamError([f"{where}: {entry!r} is not a set; expected a mapping with 'species' and 'moves'"])
    species = entry.get("species") or entry.get("name")
    moves = entry.get("moves", ())
    if not isinstance(species, str) or isinstance(moves, str) or not all(isinstance(move, str) for move in moves):
        raise TeamError([f"{where}: {dict(entry)!r} needs 'species' (text) and 'moves' (a list of texts)"])
    evs = entry.get("evs")
    return PokemonSet(
        species=species,
        moves=tuple(moves),
        level=_number(entry.get("level", 100), where, "level"),
        ivs=_mapped_ivs(entry, where),
        evs=_FULL_EVS if evs is None else _five(evs, 0, where, "EV"),
        item=str(entry.get("item") or ""),
    )


def _mapped_ivs(entry: Mapping[str, Any], where: str) -> Stats:
    if entry.get("dvs") is None:
        return _FULL_IVS if entry.get("ivs") is None else _five(entry["ivs"], 31, where, "IV")
    dvs = _five(entry["dvs"], 15, where, "DV")
    for value in dvs:
        if not 0 <= value <= 15:
            raise TeamError([f"{where}: DV {value}; allowed are 0 to 15"])
    hp = dvs[0] if "hp" in {to_id(str(name)) for name in entry["dvs"]} else hp_dv(dvs)
    return 2 * hp, 2 * dvs[1], 2 * dvs[2], 2 * dvs[3], 2 * dvs[4]


def hp_dv(dvs: Stats) -> int:
    """The HP DV that the other four DVs give on the cartridge: their lowest bits."""
    _, attack, defense, special, speed = dvs
    return attack % 2 * 8 + defense % 2 * 4 + speed % 2 * 2 + special % 2
