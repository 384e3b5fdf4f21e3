"""Teams written as Showdown reads them: export text and packed text.

Source: ``Teams.export`` and ``Teams.pack`` in sim/teams.js.
What is written here is read back by `team_text.read_sets` as the same sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pokejax.common.team_text import STATS, TeamError, TextSet, clean_name

_NAMES = {"hp": "HP", "atk": "Atk", "def": "Def", "spa": "SpA", "spd": "SpD", "spe": "Spe"}
_FULL_IV, _FULL_LEVEL, _FULL_HAPPINESS = 31, 100, "255"


def export_team(sets: Sequence[TextSet]) -> str:
    """Export text: a block of lines for each Pokémon, with a blank line between two.

    `TeamError` for a nickname that the text could not hold.
    """
    return "\n".join(_block(entry, place) for place, entry in enumerate(sets, 1))


def export_teams(teams: Sequence[Sequence[TextSet]], names: Sequence[str], format_id: str) -> str:
    """Several teams, each under a line ``=== [format] name ===``, as Showdown's teambuilder backs them up."""
    parts = [f"=== [{format_id}] {name} ===\n\n{export_team(team)}" for team, name in zip(teams, names, strict=True)]
    return "\n\n".join(parts)


def pack_team(sets: Sequence[TextSet]) -> str:
    """Packed text, one line: what a server takes by ``/utm``."""
    return "]".join(_packed(entry, place) for place, entry in enumerate(sets, 1))


def _nickname(entry: TextSet, place: int) -> str:
    """The nickname; "" where it says no more than the species."""
    name = "" if _id(entry.name) == _id(entry.species) else entry.name
    if name != clean_name(name) or re.search(r"[()]| @ ", name):
        raise TeamError([f"Pokémon {place}: the nickname {name!r} cannot be written; leave out | [ ] , ( ) and ' @ '"])
    return name


def _block(entry: TextSet, place: int) -> str:
    name = _nickname(entry, place)
    first = f"{name} ({entry.species})" if name else entry.species
    first += f" ({entry.gender})" if entry.gender else ""
    first += f" @ {entry.item}" if entry.item else ""
    lines = [first]
    if entry.ability:
        lines.append(f"Ability: {entry.ability}")
    if entry.level not in (None, _FULL_LEVEL):
        lines.append(f"Level: {entry.level}")
    if entry.shiny:
        lines.append("Shiny: Yes")
    happiness = entry.happiness
    if not happiness and any(_id(move) == "frustration" for move in entry.moves):
        happiness = _FULL_HAPPINESS  # a text without the line means 0 where a set has Frustration
    if happiness:
        lines.append(f"Happiness: {happiness}")
    if entry.hidden_power:
        lines.append(f"Hidden Power: {entry.hidden_power}")
    if entry.gigantamax:
        lines.append("Gigantamax: Yes")
    if entry.evs is not None:
        # A text without the line means a format's default, so nothing but zeros is written out.
        lines.append(_values("EVs", entry.evs, 0) or "EVs: 0 HP")
    if entry.nature:
        lines.append(f"{entry.nature} Nature")
    if entry.ivs is not None and (line := _values("IVs", entry.ivs, _FULL_IV)):
        lines.append(line)
    lines += [f"- {move}" for move in entry.moves]
    return "\n".join(lines) + "\n"


def _values(what: str, values: Mapping[str, int], usual: int) -> str:
    told = [f"{values[stat]} {_NAMES[stat]}" for stat in STATS if values.get(stat, usual) != usual]
    return f"{what}: {' / '.join(told)}" if told else ""


def _packed(entry: TextSet, place: int) -> str:
    name = _nickname(entry, place)
    evs = ""
    if entry.evs is not None:
        given = [str(entry.evs.get(stat, 0) or "") for stat in STATS]
        evs = ",".join(given) if any(given) else "0"
    ivs = ""
    if entry.ivs is not None:
        differing = ["" if entry.ivs.get(stat, _FULL_IV) == _FULL_IV else str(entry.ivs[stat]) for stat in STATS]
        ivs = ",".join(differing) if any(differing) else ""
    level = "" if entry.level in (None, _FULL_LEVEL) else str(entry.level)
    more = ",".join([entry.happiness, entry.hidden_power, "", "G" if entry.gigantamax else ""]).rstrip(",")
    fields = [
        *(name or entry.species, entry.species if name else "", _id(entry.item), _id(entry.ability)),
        *(",".join(_id(move) for move in entry.moves), entry.nature, evs, entry.gender, ivs),
        *("S" if entry.shiny else "", level, more),
    ]
    return "|".join(fields)


def _id(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
