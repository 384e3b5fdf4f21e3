"""Export text: a block of lines for each Pokémon. Source: ``parseExportedTeamLine`` in sim/teams.js."""

from __future__ import annotations

import dataclasses
import re
import warnings
from typing import Any

from pokejax.common.team_text import STATS, TeamError, TeamWarning, TextSet, is_blank, stat_id, whole_number

_FIELDS = ("Trait", "Ability", "Shiny", "Level", "Happiness", "Pokeball", "Hidden Power", "Tera Type", "Gigantamax",
           "EVs", "IVs")  # fmt: skip
"""Lines that Showdown reads. It asks for the exact word, a colon and a blank."""


def parse_export(text: str, player: str) -> list[TextSet]:
    """The sets of one team. A blank line or ``---`` ends a Pokémon; lines that begin with ``===`` are passed over."""
    blocks: list[list[str]] = [[]]
    for line in map(str.strip, text.split("\n")):
        if line in ("", "---"):
            blocks.append([])
        elif not line.startswith("==="):
            blocks[-1].append(line)
    full = [block for block in blocks if block]
    return [_parse_set(block, f"{player}, Pokémon {place}") for place, block in enumerate(full, 1)]


def _parse_set(lines: list[str], where: str) -> TextSet:
    entry = _first_line(lines[0], where)
    values: dict[str, Any] = {}
    moves = []
    for line in lines[1:]:
        if line.startswith(("-", "~")):
            moves.append(line[2:] if line[1:2] == " " else line[1:])
        else:
            values |= _field(line, where)
    if "Frustration" in moves and "happiness" not in values:
        values["happiness"] = "0"
    # A slot without a letter is empty; where the line holds no name at all, nothing is lost.
    return dataclasses.replace(entry, moves=tuple(move for move in moves if not is_blank(move)), **values)


def _first_line(line: str, where: str) -> TextSet:
    """``Nickname (Species) (F) @ Item``; all but the species may be missing."""
    line, _, item = line.partition(" @ ")
    item = item.partition(" @ ")[0]
    gender = ""
    for letter in "MF":
        if line.endswith(f" ({letter})"):
            gender, line = letter, line[:-4]
    name, species = "", line
    if line.endswith(")") and "(" in line:
        name, species, *more = line[:-1].split("(")
        if more:
            # Showdown takes what stands between the first two parentheses for the species.
            raise TeamError([f"{where}: cannot read {line!r}; a nickname has no parentheses"])
    if re.sub(r"[^a-z0-9]", "", item.lower()) == "noitem":
        item = ""
    return TextSet(species=species.strip(), moves=(), name=name.strip(), item=item.strip(), gender=gender)


def _field(line: str, where: str) -> dict[str, Any]:
    """The key and value of a line that is neither the first nor a move."""
    key, colon, value = line.partition(": ")
    if colon:
        match key:
            case "Level":
                return {"level": whole_number(value, where, "level")}
            case "EVs":
                return {"evs": _stats(value, 0, where, "EV")}
            case "IVs":
                return {"ivs": _stats(value, 31, where, "IV")}
            case "Ability" | "Trait":
                return {"ability": value}
            case "Shiny":
                return {"shiny": value == "Yes"}
            case "Happiness":
                return {"happiness": value}
            case "Hidden Power":
                return {"hidden_power": value}
            case "Gigantamax":
                return {"gigantamax": value == "Yes"}
    if nature := re.match(r"([A-Za-z]+) [Nn]ature", line):
        return {"nature": nature.group(1)}
    meant, colon, value = line.partition(":")
    if not colon:
        raise TeamError([f"{where}: cannot read the line {line!r}; a move starts with '- '"])
    for field in _FIELDS:
        if meant.strip().lower() == field.lower() and key != field and value:
            raise TeamError([f"{where}: cannot read the line {line!r}; write '{field}: …', as Showdown does"])
    return {}


def _stats(text: str, default: int, where: str, what: str) -> dict[str, int]:
    """``252 HP / 4 Atk``; what is not named gets ``default``."""
    values = dict.fromkeys(STATS, default)
    for part in filter(str.strip, text.split("/")):
        number, _, rest = part.strip().partition(" ")
        name = rest.partition(" ")[0]
        stat = stat_id(name)
        if stat is None:
            known = "HP, Atk, Def, Spc (or SpA), Spe"
            message = f"{where}: {what}s of {name!r} are passed over, as Showdown does; the stats are {known}"
            warnings.warn(message, TeamWarning, stacklevel=2)
            continue
        # parseInt reads the digits that lead: "252+" is a nature's mark in some exports.
        digits = re.match(r"[+-]?\d+", number)
        values[stat] = whole_number(digits.group() if digits else number, where, what)
    return values
