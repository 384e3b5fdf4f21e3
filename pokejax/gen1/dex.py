"""Gen 1 data: moves, species and the type chart, as numpy arrays.

The arrays are read from ``pokejax/data/gen1_dex.npz``, which ``python -m families.pokejax_gen1.tables``
writes from the reference package (``Dex.mod('gen1')``); a test compares every row with the package again. Nothing here
is typed by hand but the codes.

Row 0 of every table is "none". Loading happens on first use and is cached; arrays are read-only; no JAX is involved.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import importlib.resources
import re
from enum import IntEnum

import numpy as np

MAX_MOVE = 165
"""Number of the last real move (165 is Struggle)."""
MAX_SPECIES = 151

# Pseudo-moves, numbered after the real ones.
CANNOT_MOVE = 166
"""``cannotmove``: a Pokémon that was trapped, or cured by Haze, and selected nothing."""
NO_MOVE = 167
"""``nomove``: the nameless Fissure-like move of a thawed Pokémon that never selected one.

As a side's ``lastMove`` Showdown gives it Fissure's id with this row's base power and type."""
FIGHT = 168
"""``fight``: the choice of a Pokémon that is frozen, asleep or partially trapped."""

MULTIHIT_2_TO_5 = 255
"""Value of ``Moves.multihit`` for two to five hits."""
LEVEL_DAMAGE = 255
"""Value of ``Moves.fixed_damage`` for damage equal to the user's level."""

STATS = ("hp", "atk", "def", "spc", "spe")
"""Order of stats in every table and team array."""
BOOSTS = ("atk", "def", "spa", "spd", "spe", "accuracy", "evasion")
"""Order of boosts; Showdown keeps Special as spa and spd, always equal."""


class Type(IntEnum):
    """Types in the cartridge's order; ``UNTYPED`` is Showdown's ``???``."""

    NONE = 0
    NORMAL = 1
    FIGHTING = 2
    FLYING = 3
    POISON = 4
    GROUND = 5
    ROCK = 6
    BUG = 7
    GHOST = 8
    FIRE = 9
    WATER = 10
    GRASS = 11
    ELECTRIC = 12
    PSYCHIC = 13
    ICE = 14
    DRAGON = 15
    UNTYPED = 16


class Category(IntEnum):
    """Damage category as Showdown resolves it in Gen 1."""

    PHYSICAL = 0
    SPECIAL = 1
    STATUS = 2


class Status(IntEnum):
    """Non-volatile status, named by Showdown's ids."""

    NONE = 0
    BRN = 1
    PAR = 2
    SLP = 3
    FRZ = 4
    PSN = 5
    TOX = 6


class Volatile(IntEnum):
    """Volatile conditions, named by Showdown's ids."""

    NONE = 0
    BIDE = 1
    CONFUSION = 2
    DEFENSECURL = 3
    DISABLE = 4
    FAKEPARTIALLYTRAPPED = 5
    FLINCH = 6
    FOCUSENERGY = 7
    INVULNERABILITY = 8
    LEECHSEED = 9
    LIGHTSCREEN = 10
    LOCKEDMOVE = 11
    MINIMIZE = 12
    MIST = 13
    MUSTRECHARGE = 14
    PARTIALLYTRAPPED = 15
    PARTIALTRAPPINGLOCK = 16
    RAGE = 17
    REFLECT = 18
    RESIDUALDMG = 19
    SUBSTITUTE = 20
    TWOTURNMOVE = 21


@dataclasses.dataclass(frozen=True, eq=False)
class Moves:
    """Move table: arrays of 169 rows (none, moves 1–165, ``cannotmove``, ``nomove``, ``fight``).

    Integers are int16; strings are unicode arrays. No Gen 1 move heals by table, forces a switch, switches its user or
    always crits: the export refuses a property that this table does not carry.
    """

    id: np.ndarray
    """Showdown id; '' for none."""
    name: np.ndarray
    type: np.ndarray
    """:class:`Type`."""
    base_power: np.ndarray
    accuracy: np.ndarray
    """⌊accuracy · 255 / 100⌋, 1–255; 0 = never checked (Showdown's ``true``)."""
    pp: np.ndarray
    """PP without PP Ups (Transform copies ``min(5, pp)``)."""
    max_pp: np.ndarray
    """PP at the start of a battle: three PP Ups, but none for Struggle."""
    priority: np.ndarray
    category: np.ndarray
    """:class:`Category`."""
    crit_ratio: np.ndarray
    """1, or 2 for a high critical-hit ratio."""
    target_self: np.ndarray
    """bool: ``target === 'self'``."""
    target_choosable: np.ndarray
    """bool: a choice may name its target (``targetTypeChoices`` in sim/battle-actions.js)."""
    multihit: np.ndarray
    """0 one hit, n exactly n, ``MULTIHIT_2_TO_5``."""
    recoil: np.ndarray
    """[n, 2] numerator and denominator; 0/0 none."""
    drain: np.ndarray
    """[n, 2] numerator and denominator; 0/0 none."""
    secondary_chance_256: np.ndarray
    """⌈chance · 256 / 100⌉ of the secondary effect, 0 none. The engine subtracts 1 for confusion, as Showdown does."""
    secondary_status: np.ndarray
    """:class:`Status`."""
    secondary_boosts: np.ndarray
    """[n, 7] in ``BOOSTS`` order."""
    secondary_volatile: np.ndarray
    """:class:`Volatile`."""
    status: np.ndarray
    """Primary :class:`Status`."""
    volatile_status: np.ndarray
    """Primary :class:`Volatile` on the target."""
    boosts: np.ndarray
    """[n, 7] primary boosts of the target, in ``BOOSTS`` order."""
    self_volatile: np.ndarray
    """:class:`Volatile` on the user (``self.volatileStatus``)."""
    selfdestruct: np.ndarray
    """bool."""
    ohko: np.ndarray
    """bool."""
    fixed_damage: np.ndarray
    """0 none, n HP, ``LEVEL_DAMAGE``."""
    has_damage_callback: np.ndarray
    """bool: Counter, Psywave, Super Fang."""
    ignore_immunity: np.ndarray
    """bool, resolved (unset means ``category === 'Status'``)."""
    crash: np.ndarray
    """bool: a miss costs the user 1 HP (``onMoveFail``)."""
    two_turn: np.ndarray
    """bool: ``TWO_TURN_MOVES`` of data/mods/gen1/scripts.js."""
    keeps_last_damage: np.ndarray
    """bool: ``SKIP_LASTDAMAGE`` of data/mods/gen1/scripts.js."""
    metronome_callable: np.ndarray
    """bool: Metronome can call it."""


@dataclasses.dataclass(frozen=True, eq=False)
class Species:
    """Species table: arrays of 152 rows (none, then Pokédex numbers 1–151)."""

    id: np.ndarray
    """Showdown id, unicode; '' for none."""
    name: np.ndarray
    base_stats: np.ndarray
    """int16[152, 5] in ``STATS`` order."""
    types: np.ndarray
    """int16[152, 2] of :class:`Type`; the second is NONE for a single-typed species."""
    tier: np.ndarray
    """Showdown's Gen 1 tier, unicode ('OU', 'UU', 'Uber', …)."""
    learnset: np.ndarray
    """bool[152, 166]: the species can know the move (Showdown's ``getMovePool``)."""
    learn_level: np.ndarray
    """int16[152, 166]: the lowest level at which Showdown's validator lets the species know the move; 0 never."""
    lowest_level: np.ndarray
    """int16[152]: the lowest level at which Showdown's validator lets the species be."""


@dataclasses.dataclass(frozen=True, eq=False)
class Spellings:
    """Names beside the proper ones: what Showdown's import and validator take for a Gen 1 species, move or item.

    Aliases (old names, nicknames, romanised Japanese), and formes that the validator replaces.
    """

    species_id: np.ndarray
    """Showdown ids, unicode [n]."""
    species: np.ndarray
    """int16[n]: the species that each stands for."""
    move_id: np.ndarray
    move: np.ndarray
    item_id: np.ndarray
    """Items that exist in Gen 1, which a Pokémon cannot hold: Showdown takes them off it without a word."""
    name_id: np.ndarray
    """Lower-case names, unicode [m], of the species of all generations and their formes."""
    name: np.ndarray
    """int16[m]: the Gen 1 species that it is a forme of, or 0."""


@dataclasses.dataclass(frozen=True, eq=False)
class Dex:
    """All Gen 1 tables."""

    moves: Moves
    species: Species
    spellings: Spellings
    effectiveness: np.ndarray
    """int16[17, 17] by attacking and defending :class:`Type`: −1 resisted, 0, 1 super effective.

    Immunity is apart: a Ghost is 0 to Normal here, as in Showdown's ``getEffectiveness``."""
    immune: np.ndarray
    """bool[17, 17] by attacking and defending :class:`Type`."""
    metronome_list: np.ndarray
    """int16[163]: the moves Metronome samples from, in its order."""
    exclusive_moves: np.ndarray
    """int16[n, 3]: a species and two moves that it can know, but not both."""
    ou_banned_moves: np.ndarray
    """int16[n]: moves gen1ou bans by name or by clause (OHKO, evasion, Dig, Fly)."""
    ou_banned_species: np.ndarray
    """int16[n]."""
    version: str
    """Version of the reference package that the tables come from."""


def read_dex(arrays: dict[str, np.ndarray]) -> Dex:
    """A :class:`Dex` from the arrays of ``gen1_dex.npz``, keyed ``<table>/<field>`` and ``<field>``."""
    for array in arrays.values():
        array.setflags(write=False)

    def table(kind: type, prefix: str):
        return kind(**{field.name: arrays[f"{prefix}/{field.name}"] for field in dataclasses.fields(kind)})

    plain = ("effectiveness", "immune", "metronome_list", "exclusive_moves", "ou_banned_moves", "ou_banned_species")
    return Dex(
        moves=table(Moves, "moves"),
        species=table(Species, "species"),
        spellings=table(Spellings, "spellings"),
        version=str(arrays["version"]),
        **{name: arrays[name] for name in plain},
    )


@functools.cache
def load_dex() -> Dex:
    """The Gen 1 tables that ship with the package."""
    file = importlib.resources.files("pokejax") / "data" / "gen1_dex.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return read_dex({name: arrays[name] for name in arrays.files})


def to_id(text: str) -> str:
    """Showdown's ``toID``: lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


class UnknownNameError(ValueError):
    """A species or move name that Gen 1 does not have."""


@functools.cache
def _numbers(kind: str) -> dict[str, int]:
    ids = load_dex().moves.id[: MAX_MOVE + 1] if kind == "move" else load_dex().species.id
    return {str(name): number for number, name in enumerate(ids) if number}


@functools.cache
def _spelled(kind: str) -> dict[str, int]:
    table = load_dex().spellings
    ids, numbers = (table.move_id, table.move) if kind == "move" else (table.species_id, table.species)
    return {str(name): int(number) for name, number in zip(ids, numbers, strict=True)}


def _number(kind: str, text: str) -> int:
    numbers = _numbers(kind)
    wanted = to_id(text)
    if wanted == "nidoran" and kind == "species":
        # The one name that only differs by a sign: get in sim/dex-species.js.
        wanted += {"♀": "f", "♂": "m"}.get(text.strip()[-1], "")
    number = numbers.get(wanted) or _spelled(kind).get(wanted)
    if number:
        return number
    dex = load_dex()
    names = dex.moves.name if kind == "move" else dex.species.name
    close = [str(names[numbers[match]]) for match in difflib.get_close_matches(wanted, numbers, n=3)]
    hint = f"; did you mean {' or '.join(close)}?" if close else f"; Gen 1 has {len(numbers)} (see load_dex())"
    raise UnknownNameError(f"unknown Gen 1 {kind} {text!r}{hint}")


def move_number(text: str) -> int:
    """Number 1–165 of a move by name, id or alias; :class:`UnknownNameError` with close matches otherwise."""
    return _number("move", text)


def is_gen1_item(text: str) -> bool:
    """An item that Gen 1 has. No Pokémon holds it; Showdown takes it off without a word."""
    return to_id(text) in _items()


@functools.cache
def _items() -> frozenset[str]:
    return frozenset(map(str, load_dex().spellings.item_id))


def has_gigantamax(species: str) -> bool:
    """A species with a form of that name in Gen 8, for which Showdown puts the species itself."""
    number = _numbers("species").get(to_id(species)) or _spelled("species").get(to_id(species))
    return number is not None and f"{load_dex().species.id[number]}gmax" in _spelled("species")


def species_of_name(name: str) -> int | None:
    """The Gen 1 species that bears the name (or a forme of which does), 0 for a later one; None if nobody does."""
    return _bearers().get(name.lower())


@functools.cache
def _bearers() -> dict[str, int]:
    table = load_dex().spellings
    return {str(name): int(number) for name, number in zip(table.name_id, table.name, strict=True)}


def species_number(text: str) -> int:
    """Number 1–151 of a species by name, id or alias; :class:`UnknownNameError` with close matches otherwise."""
    return _number("species", text)
