"""Teams as lists of mappings: JSON, and what a program writes. Source: ``Teams.import`` in sim/teams.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pokejax.common.team_text import STATS, TeamError, TextSet, clean_name, is_blank, stat_id, whole_number


def parse_mappings(source: Sequence[Any], player: str) -> list[TextSet]:
    """The sets of one team; every entry is a mapping or a `TextSet`."""
    return [parse_mapping(entry, f"{player}, Pokémon {place}") for place, entry in enumerate(source, 1)]


def parse_mapping(entry: Any, where: str) -> TextSet:
    """One set; ``where`` begins its errors."""
    if isinstance(entry, TextSet):
        return entry
    if not isinstance(entry, Mapping):
        raise TeamError([f"{where}: {entry!r} is not a set; expected a mapping with 'species' and 'moves'"])
    species = entry.get("species") or entry.get("name")
    moves = entry.get("moves", ())
    if (
        not isinstance(species, str)
        or not isinstance(moves, Sequence)
        or isinstance(moves, str)
        or not all(isinstance(move, str) for move in moves)
    ):
        raise TeamError([f"{where}: {dict(entry)!r} needs 'species' (text) and 'moves' (a list of texts)"])
    # Showdown cleans the names of JSON before it counts their letters.
    name = clean_name(str(entry.get("name") or ""))
    texts = {key: str(entry.get(key) or "") for key in ("item", "ability", "nature", "gender")}
    level = entry.get("level")
    return TextSet(
        species=species,
        name=name,
        moves=tuple(move for move in moves if not is_blank(move)),
        level=None if level is None else whole_number(level, where, "level"),
        evs=_given(entry, "evs", 0, where, "EV"),
        ivs=_ivs(entry, where),
        shiny=bool(entry.get("shiny")),
        hidden_power=str(entry.get("hpType") or ""),
        happiness="" if entry.get("happiness") is None else str(entry["happiness"]),
        gigantamax=bool(entry.get("gigantamax")),
        **texts,
    )


def _given(entry: Mapping[str, Any], key: str, default: int, where: str, what: str) -> dict[str, int] | None:
    """None for no values at all: Showdown's import does not know these from none given."""
    return None if entry.get(key) is None or entry[key] == {} else _stats(entry[key], default, where, what)


def _stats(values: Any, default: int, where: str, what: str) -> dict[str, int]:
    if not isinstance(values, Mapping):
        raise TeamError([f"{where}: {what}s are {values!r}; expected a mapping of stats to numbers"])
    result = dict.fromkeys(STATS, default)
    for name, value in values.items():
        stat = stat_id(str(name)) if name != "Spd" else None  # in a text it would be Speed
        if stat is None:
            raise TeamError([f"{where}: {what} of unknown stat {name!r}; the stats are hp, atk, def, spa (spc), spe"])
        if isinstance(value, str):
            raise TeamError([f"{where}: {name} {what} is {value!r}; expected a whole number"])
        result[stat] = whole_number(value, where, what)
    return result


def _ivs(entry: Mapping[str, Any], where: str) -> dict[str, int] | None:
    """Individual values, or those that the DVs of the first two generations come to: twice as much."""
    if entry.get("dvs") is None:
        return _given(entry, "ivs", 31, where, "IV")
    dvs = _stats(entry["dvs"], 15, where, "DV")
    for stat, value in dvs.items():
        if not 0 <= value <= 15:
            raise TeamError([f"{where}: {stat} DV {value}; allowed are 0 to 15"])
    if "hp" not in {stat_id(str(name)) for name in entry["dvs"]}:
        dvs["hp"] = hp_dv(dvs)
    return {stat: 2 * value for stat, value in dvs.items()}


def hp_dv(dvs: Mapping[str, int]) -> int:
    """The HP DV that the other DVs give on the cartridge: their lowest bits."""
    return dvs["atk"] % 2 * 8 + dvs["def"] % 2 * 4 + dvs["spe"] % 2 * 2 + dvs["spa"] % 2
