"""Data of a generation: moves, abilities, items, species, conditions, natures and types, as NumPy arrays.

The arrays are read from ``pokejax/data/gen4_dex.npz``, which ``python -m families.pokejax_modern.tables`` writes from
the reference package; a test compares every row with the package again. Nothing here is typed by hand but the codes.

Row 0 of every table is "none". The numbers of moves, abilities, items, species, types, statuses, weathers and genders
are those of the reference's records (``references/showdown/modern/codes.js``). They follow the Pokédex, but are not
its numbers, since formes have rows of their own. Loading happens on first use and is cached; arrays are read-only; no
JAX is involved. Integers are int16, yes and no are bool, names are unicode.

Rules that the reference writes as functions cannot be columns. ``handlers`` names them, entry by entry, and `Hooks`
says when each is called, so that an engine can refuse by name an effect that it does not have.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from pokejax.modern.entries import (
    BOOSTS,
    LEVEL_DAMAGE,
    MOST_SECONDARIES,
    STATS,
    Abilities,
    Category,
    Gender,
    Items,
    Moves,
    SelfDestruct,
    SelfSwitch,
    Species,
    Target,
)

__all__ = [
    "BOOSTS", "GENERATIONS", "LEVEL_DAMAGE", "MOST_SECONDARIES", "STATS", "Abilities", "Bans", "Category", "Conditions",
    "Gender", "Hooks", "Items", "Moves", "Natures", "SelfDestruct", "SelfSwitch", "Species", "Spellings", "Tables",
    "Target", "Types", "load_tables", "read_tables",
]  # fmt: skip

_Table = TypeVar("_Table")

GENERATIONS = (4,)
"""Generations whose tables ship with the package."""


@dataclasses.dataclass(frozen=True, eq=False)
class Conditions:
    """Condition table, n rows: none, then statuses, weathers, and conditions of a Pokémon, side, place or field by id.

    Their numbers are this table's own: the reference has none for them.
    """

    id: np.ndarray
    kind: np.ndarray
    """The reference's ``effectType``: 'Status', 'Weather' or 'Condition'."""
    duration: np.ndarray
    """Turns, unless a function says another number (``durationCallback`` in `handlers`); 0 where it has no end."""
    no_copy: np.ndarray
    """bool: Baton Pass leaves it behind."""
    counter_max: np.ndarray
    """The highest counter (of ``stall``), else 0."""
    handlers: np.ndarray
    """As `Moves.handlers`."""


@dataclasses.dataclass(frozen=True, eq=False)
class Natures:
    """Nature table, 26 rows: none, then the natures in the cartridge's order."""

    id: np.ndarray
    name: np.ndarray
    plus: np.ndarray
    """Index in ``STATS`` of the stat that it raises by a tenth; 0 (HP, which none touches) where it raises none."""
    minus: np.ndarray
    """Index in ``STATS`` of the stat that it lowers by a tenth; 0 as above."""


@dataclasses.dataclass(frozen=True, eq=False)
class Types:
    """Type chart, n rows: none, the types by code, then ``???``."""

    name: np.ndarray
    effectiveness: np.ndarray
    """[n, n] by attacking and defending type: −1 resisted, 0, 1 super effective. Immunity is apart."""
    immune: np.ndarray
    """bool[n, n] by attacking and defending type."""
    condition_names: np.ndarray
    """unicode[c]: conditions that some types are safe from, as the reference calls them ("sandstorm", "brn")."""
    safe: np.ndarray
    """bool[n, c]: the type is safe from the condition."""
    hidden_power_ivs: np.ndarray
    """[n, 6] individual values, in ``STATS`` order, that give Hidden Power the type; all 31 where nothing is said."""


@dataclasses.dataclass(frozen=True, eq=False)
class Hooks:
    """One row for each event that an entry answers. Values are the entry's own; the reference's defaults are 0."""

    kind: np.ndarray
    """Table of the entry, unicode: 'move', 'ability', 'item', 'species' or 'condition'."""
    number: np.ndarray
    """Row of the entry in that table."""
    event: np.ndarray
    """Name of the event, unicode: 'ModifyAtk', 'SourceModifyDamage', 'Residual', …"""
    order: np.ndarray
    """Place among handlers; 0 means last."""
    priority: np.ndarray
    sub_order: np.ndarray
    """0 means that of the entry's kind (``resolvePriority`` in sim/battle.js)."""


@dataclasses.dataclass(frozen=True, eq=False)
class Spellings:
    """Names beside the ids: the reference's aliases, and formes of another look alone. Each with the number meant."""

    species_id: np.ndarray
    species: np.ndarray
    move_id: np.ndarray
    move: np.ndarray
    ability_id: np.ndarray
    ability: np.ndarray
    item_id: np.ndarray
    item: np.ndarray
    hidden_power_id: np.ndarray
    """"hiddenpowerfire", "hpfire" and so on: Hidden Power with a type."""
    hidden_power: np.ndarray
    """Code of that type."""


@dataclasses.dataclass(frozen=True, eq=False)
class Bans:
    """Numbers of what a format forbids by name or by a clause for single moves.

    ``passing_…``: what no Pokémon may have that knows Baton Pass.
    """

    species: np.ndarray
    moves: np.ndarray
    abilities: np.ndarray
    items: np.ndarray
    passing_moves: np.ndarray
    passing_abilities: np.ndarray
    passing_items: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Tables:
    """All tables of a generation."""

    generation: int
    version: str
    """Version of the reference package that the tables come from."""
    moves: Moves
    abilities: Abilities
    items: Items
    species: Species
    conditions: Conditions
    natures: Natures
    types: Types
    hooks: Hooks
    spellings: Spellings
    bans: Mapping[str, Bans]
    """By format."""
    statuses: np.ndarray
    """unicode: ids by code ('', 'brn', 'par', 'slp', 'frz', 'psn', 'tox', 'fnt')."""
    weathers: np.ndarray
    """unicode: ids by code."""
    hidden_power: int
    """Number of Hidden Power in records and teams."""
    metronome: np.ndarray
    """int16[m]: the moves that Metronome samples from, in its order, before what bars some of them in a battle."""


def read_tables(arrays: dict[str, np.ndarray]) -> Tables:
    """Tables from the arrays of a table file, keyed ``<table>/<field>`` and ``<field>``."""
    for array in arrays.values():
        array.setflags(write=False)

    def table(name: str, kind: type[_Table]) -> _Table:
        columns: Any = dataclasses.fields(kind)  # pyright: ignore[reportArgumentType]
        return kind(**{column.name: arrays[f"{name}/{column.name}"] for column in columns})

    formats = {name.split("/")[1] for name in arrays if name.startswith("bans/")}
    return Tables(
        generation=int(arrays["generation"]),
        version=str(arrays["version"]),
        moves=table("moves", Moves),
        abilities=table("abilities", Abilities),
        items=table("items", Items),
        species=table("species", Species),
        conditions=table("conditions", Conditions),
        natures=table("natures", Natures),
        types=table("types", Types),
        hooks=table("hooks", Hooks),
        spellings=table("spellings", Spellings),
        bans={name: table(f"bans/{name}", Bans) for name in sorted(formats)},
        statuses=arrays["statuses"],
        weathers=arrays["weathers"],
        hidden_power=int(arrays["hidden_power"]),
        metronome=arrays["metronome"],
    )


@functools.cache
def load_tables(generation: int) -> Tables:
    """Tables of a generation of `GENERATIONS`; :class:`ValueError` for another one."""
    if generation not in GENERATIONS:
        raise ValueError(f"no tables of generation {generation}; there are those of {', '.join(map(str, GENERATIONS))}")
    file = importlib.resources.files("pokejax") / "data" / f"gen{generation}_dex.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return read_tables({name: arrays[name] for name in arrays.files})
