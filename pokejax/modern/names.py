"""Display names of what a team names: "Body Slam" for "bodyslam"."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

from pokejax.common.team_text import TextSet
from pokejax.modern.tables import GENERATIONS, load_tables


def spell(entry: TextSet) -> TextSet:
    """The set with the display name of each species, move, item, ability and nature; unknown names stay as they are."""
    return dataclasses.replace(
        entry,
        species=_spelled("species", entry.species),
        moves=tuple(_spelled("moves", move) for move in entry.moves),
        item=_spelled("items", entry.item),
        ability=_spelled("abilities", entry.ability),
        nature=_spelled("natures", entry.nature),
    )


def _spelled(table: str, name: str) -> str:
    key = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
    return _names(table).get(key, name)


@functools.cache
def _names(table: str) -> Mapping[str, str]:
    """Display names by id, of the newest generation with tables: an older one's are among them."""
    entries = getattr(load_tables(max(GENERATIONS)), table)
    return dict(zip(entries.id.tolist()[1:], entries.name.tolist()[1:], strict=True))
