"""Texts of teams, as people write and paste them, read into sets as Pokémon Showdown's own import reads them.

Three forms, for all generations: export text (`team_export`), packed text, one line a team (`team_packed`), and JSON.
Source: ``Teams.import`` and ``Teams.unpack`` in sim/teams.js. Nothing is judged here: a generation does that.

Showdown drops without a word what it cannot read. Here such a text is refused where a typing error could lose a move or
a number, and a :class:`TeamWarning` tells what is passed over as Showdown passes over it.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

STATS: tuple[str, ...] = ("hp", "atk", "def", "spa", "spd", "spe")
"""Showdown's ids of the six stats."""

HEADER = re.compile(r"^===.*===\s*$", re.MULTILINE)
"""A line that begins another team in an export of many."""

_STAT_NAMES = {
    "hitpoints": "hp", "attack": "atk", "defense": "def", "specialattack": "spa", "spatk": "spa", "spattack": "spa",
    "specialatk": "spa", "special": "spa", "spc": "spa", "specialdefense": "spd", "spdef": "spd", "spdefense": "spd",
    "specialdef": "spd", "speed": "spe",
}  # fmt: skip
"""``reverseCache`` in sim/dex-data.js."""


MAX_NAME = 18
"""Characters of the longest nickname."""

_STACKED_MARKS = (
    "[\u0300-\u036f\u0483-\u0489\u0610-\u0615\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{3,}"
    "|[\u239b-\u23b9]"
)


class TeamError(ValueError):
    """A team that cannot be read or is not allowed. ``problems`` holds one sentence each."""

    def __init__(self, problems: Sequence[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class TeamWarning(UserWarning):
    """A part of a team's text that Showdown passes over, and so do we."""


@dataclasses.dataclass(frozen=True)
class TextSet:
    """One Pokémon as a text gives it: Showdown's ``PokemonSet``. Names are as written; None is "not given"."""

    species: str
    moves: tuple[str, ...]
    name: str = ""
    """Nickname; empty for none."""
    item: str = ""
    ability: str = ""
    nature: str = ""
    gender: str = ""
    level: int | None = None
    evs: Mapping[str, int] | None = None
    """By `STATS`. A text that gives some gives 0 for the others."""
    ivs: Mapping[str, int] | None = None
    """By `STATS`. A text that gives some gives 31 for the others."""
    shiny: bool = False
    hidden_power: str = ""
    """The type that a line of its own gives it."""
    happiness: str = ""
    """As written; empty for none."""
    gigantamax: bool = False


def read_sets(source: Any, player: str = "team") -> list[TextSet]:
    """The sets of one team: export text, packed text, JSON text, or a list of set mappings.

    A mapping has ``species`` (or ``name``), ``moves``, and optionally Showdown's other fields.
    :class:`TeamError` names ``player``, the Pokémon's place and the value that could not be read.
    """
    from pokejax.common.team_export import parse_export
    from pokejax.common.team_mappings import parse_mappings
    from pokejax.common.team_packed import parse_packed

    if isinstance(source, str):
        text = _without_marks(source).strip()
        found = _json(text, player)
        if found is None:
            return parse_packed(text, player) if is_packed(text) else parse_export(text, player)
        source = found
    if not isinstance(source, Sequence):
        kind = type(source).__name__
        raise TeamError([f"{player}: cannot read a team from {kind}; give text, a list of sets or a Team"])
    return parse_mappings(source, player)


def _json(text: str, player: str) -> Any:
    """The value of JSON text; None for other texts, which may begin with a nickname in brackets."""
    if not text.startswith("["):
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if text[1:].lstrip()[:1] in ("{", '"'):
            raise TeamError([f"{player}: not valid JSON: {error}"]) from None
        return None


def _without_marks(text: str) -> str:
    """Text without byte-order marks, which files that were put together may hold anywhere."""
    return text.replace("\ufeff", "")


def split_teams(text: str) -> list[str]:
    """The teams of a text: exports each under a ``=== … ===`` line, or packed teams one a line."""
    text = _without_marks(text)
    if HEADER.search(text):
        before, *parts = HEADER.split(text)
        return [before, *parts] if before.strip() else parts
    lines = [line for line in text.splitlines() if line.strip()]
    return lines if lines and all(is_packed(line) for line in lines) else [text] if lines else []


def is_packed(text: str) -> bool:
    """A team in one line of fields separated by ``|``."""
    return "|" in text and "\n" not in text.strip()


def read_file(path: Path) -> str:
    """The text of a file of teams, in UTF-8 with or without a byte-order mark.

    :class:`TeamError` for another encoding, with the file and the remedy, and for a file that cannot be opened.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TeamError([f"{path}: cannot be read: {error.strerror}; give a file of teams that can"]) from error
    remedy = "save it as UTF-8 (in Windows' Notepad: Save as, Encoding, UTF-8) and try again"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:200]:
        raise TeamError([f"{path}: is UTF-16 text; {remedy}"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise TeamError([f"{path}: line {line}: byte 0x{data[error.start]:02x} is not UTF-8; {remedy}"]) from None


def stat_id(name: str) -> str | None:
    """Showdown's id of a stat as a person writes it, or None (``DexStats.getID``).

    "Spd", in exactly these letters, is Speed; "SpD", "SPD" and "spd" are Special Defense.
    """
    if name == "Spd":
        return "spe"
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return plain if plain in STATS else _STAT_NAMES.get(plain)


def clean_name(name: str) -> str:
    """A nickname as Showdown shows it: ``getName`` in sim/dex.js."""
    name = re.sub(r"[|\s\[\],\u202e]+", " ", name).strip()
    if utf16_length(name) > MAX_NAME:
        name = name.encode("utf-16-le")[: 2 * MAX_NAME].decode("utf-16-le", "ignore").strip()
    return re.sub(_STACKED_MARKS, "", name)


def utf16_length(text: str) -> int:
    """Length as JavaScript counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def whole_number(text: Any, where: str, what: str) -> int:
    """The number that a value holds; :class:`TeamError` if it is none."""
    if isinstance(text, bool) or not re.fullmatch(r"[+-]?\d+", str(text).strip()):
        raise TeamError([f"{where}: {what} is {text!r}; expected a whole number"])
    return int(text)


def is_blank(name: str) -> bool:
    """A name without a letter or digit, which Showdown packs as nothing."""
    return not re.search(r"[A-Za-z0-9]", name)
