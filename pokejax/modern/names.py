"""Numbers of names as people write them, by generation."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import functools
import re
from typing import Literal

from pokejax.common.team_text import TextSet
from pokejax.modern.tables import Tables, load_tables

Kind = Literal["species", "move", "ability", "item", "nature", "type"]


class UnknownNameError(ValueError):
    """A name that the generation does not have. The message suggests close ones."""


def to_id(text: str) -> str:
    """The reference's ``toID``: lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def number(kind: Kind, text: str, generation: int) -> int:
    """Row of an entry by name, id or alias; :class:`UnknownNameError` with close matches otherwise.

    "Hidden Power Fire" is the move Hidden Power: see :func:`hidden_power_type`.
    """
    known = _numbers(kind, generation)
    wanted = to_id(text)
    if kind == "species" and wanted == "nidoran":
        # The one name that only differs by a sign: get in sim/dex-species.js.
        wanted += {"♀": "f", "♂": "m"}.get(text.strip()[-1], "")
    if kind == "move" and hidden_power_type(text, generation):
        return load_tables(generation).hidden_power
    found = known.get(wanted) or _spelled(kind, generation).get(wanted)
    if found:
        return found
    close = [name_of(kind, known[match], generation) for match in difflib.get_close_matches(wanted, known, n=3)]
    hint = f"; did you mean {' or '.join(close)}?" if close else f"; there are {len(known)} (see load_tables())"
    raise UnknownNameError(f"unknown Gen {generation} {kind} {text!r}{hint}")


def name_of(kind: Kind, row: int, generation: int) -> str:
    """Name of a row; empty for row 0."""
    tables = load_tables(generation)
    return str(tables.types.name[row] if kind == "type" else _table(kind, tables).name[row])


def spell(entry: TextSet, generation: int) -> TextSet:
    """The set with the display name of each species, move, item, ability and nature; unknown names stay as they are."""

    def name(kind: Kind, text: str) -> str:
        if kind == "move" and hidden_power_type(text, generation):
            return f"Hidden Power {name_of('type', hidden_power_type(text, generation), generation)}"
        with contextlib.suppress(UnknownNameError):
            return name_of(kind, number(kind, text, generation), generation)
        return text

    return dataclasses.replace(
        entry,
        species=name("species", entry.species),
        moves=tuple(name("move", move) for move in entry.moves),
        item=name("item", entry.item) if entry.item else "",
        ability=name("ability", entry.ability) if entry.ability else "",
        nature=name("nature", entry.nature) if entry.nature else "",
    )


def hidden_power_type(text: str, generation: int) -> int:
    """Code of the type that "Hidden Power [Fire]" or "hpfire" names; 0 for another move, and for none named."""
    return _hidden_powers(generation).get(to_id(text), 0)


@functools.cache
def _numbers(kind: Kind, generation: int) -> dict[str, int]:
    tables = load_tables(generation)
    if kind == "type":
        return {to_id(str(name)): code for code, name in enumerate(tables.types.name) if to_id(str(name))}
    known = {str(name): row for row, name in enumerate(_table(kind, tables).id) if row}
    if kind == "move":
        del known["recharge"]
        known["hiddenpower"] = tables.hidden_power
    return known


@functools.cache
def _spelled(kind: Kind, generation: int) -> dict[str, int]:
    spellings = load_tables(generation).spellings
    if kind in ("nature", "type"):
        return {}
    rows = zip(getattr(spellings, f"{kind}_id"), getattr(spellings, kind), strict=True)
    return {str(name): int(row) for name, row in rows}


@functools.cache
def _hidden_powers(generation: int) -> dict[str, int]:
    spellings = load_tables(generation).spellings
    return {str(n): int(code) for n, code in zip(spellings.hidden_power_id, spellings.hidden_power, strict=True)}


def _table(kind: Kind, tables: Tables):
    return {
        "species": tables.species,
        "move": tables.moves,
        "ability": tables.abilities,
        "item": tables.items,
        "nature": tables.natures,
    }[kind]
