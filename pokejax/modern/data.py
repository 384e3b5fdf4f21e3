"""Columns that the rules read of the tables: numbers by name, and one row of whole numbers for a move."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct
from pokejax.common.arrays import lookup
from pokejax.modern.tables import Category, Tables, Target, load_tables


@functools.cache
def tables() -> Tables:
    """The tables of Generation 4."""
    return load_tables(4)


@functools.cache
def _places(table: str) -> dict[str, int]:
    ids = getattr(tables(), table).id
    return {str(name): place for place, name in reversed(list(enumerate(ids)))}


def move_id(name: str) -> int:
    """Number of a move; `KeyError` for a name that is none, as in the next ones."""
    if name == "hiddenpower":
        return tables().hidden_power
    return _places("moves")[name]


def ability_id(name: str) -> int:
    """Number of an ability."""
    return _places("abilities")[name]


def item_id(name: str) -> int:
    """Number of an item."""
    return _places("items")[name]


def species_id(name: str) -> int:
    """Number of a species."""
    return _places("species")[name]


def condition_id(name: str) -> int:
    """Number of a condition."""
    return _places("conditions")[name]


@functools.cache
def type_id(name: str) -> int:
    """Number of a type; '???' is the last one."""
    return list(tables().types.name).index(name)


def among(number: jax.Array, numbers: list[int]) -> jax.Array:
    """bool: ``number`` is one of ``numbers``, at least one."""
    found = number == numbers[0]
    for one in numbers[1:]:
        found = found | (number == one)
    return found


@functools.cache
def _immunity() -> np.ndarray:
    """int32[types]: by attacking type, a bit for each defending type that is immune."""
    immune = tables().types.immune
    return (immune.astype(np.int64) << np.arange(immune.shape[1])).sum(1).astype(np.int32)


@functools.cache
def _effectiveness() -> np.ndarray:
    """int32[types, 2]: by attacking type, bits of the defending types that are weak, and that resist."""
    table = tables().types.effectiveness
    shifts = np.arange(table.shape[1])
    weak, strong = ((table == sign).astype(np.int64) << shifts for sign in (1, -1))
    return np.stack([weak.sum(1), strong.sum(1)], 1).astype(np.int32)


def type_immune(attack: jax.Array, type1: jax.Array, type2: jax.Array) -> jax.Array:
    """bool: one of the defending types is immune; 0 and '???' never are."""
    row = lookup(_immunity(), attack)
    return (((row >> type1) | (row >> type2)) & 1) == 1


def type_modifier(attack: jax.Array, type1: jax.Array, type2: jax.Array) -> jax.Array:
    """int32: doublings (or halvings, if negative) of damage."""
    row = lookup(_effectiveness(), attack)

    def one(type_: jax.Array) -> jax.Array:
        return ((row[0] >> type_) & 1) - ((row[1] >> type_) & 1)

    return one(type1) + one(type2)


@functools.cache
def _safe(condition: str) -> int:
    """A bit for each type that is safe from a condition of the type chart."""
    types = tables().types
    column = list(types.condition_names).index(condition)
    return int((types.safe[:, column].astype(np.int64) << np.arange(len(types.name))).sum())


def safe_from(condition: str, type1: jax.Array, type2: jax.Array) -> jax.Array:
    """bool: one of the types is safe from the condition ("brn", "sandstorm")."""
    mask = jnp.int32(_safe(condition))
    return (((mask >> type1) | (mask >> type2)) & 1) == 1


@struct.dataclass
class MoveData(struct.Node):
    """A row of the move table in int32 and bool scalars; names as in `tables.Moves`."""

    type: jax.Array
    base_power: jax.Array
    accuracy: jax.Array
    priority: jax.Array
    category: jax.Array
    target: jax.Array
    crit_ratio: jax.Array
    fixed_damage: jax.Array
    status: jax.Array
    volatile: jax.Array
    side_condition: jax.Array
    slot_condition: jax.Array
    pseudo_weather: jax.Array
    weather: jax.Array
    self_volatile: jax.Array
    secondaries: jax.Array
    self_switch: jax.Array
    self_destruct: jax.Array
    hits: jax.Array
    """int32[2]."""
    drain: jax.Array
    recoil: jax.Array
    heal: jax.Array
    boosts: jax.Array
    """int32[7]."""
    self_boosts: jax.Array
    chances: jax.Array
    """int32[2]."""
    secondary_status: jax.Array
    secondary_volatile: jax.Array
    secondary_boosts: jax.Array
    """int32[2, 7]."""
    secondary_self_boosts: jax.Array
    flags: jax.Array
    """int32 bits of `_FLAGS`."""

    def flag(self, name: str) -> jax.Array:
        """bool: a flag of the reference, or a yes-or-no column."""
        return ((self.flags >> _FLAGS.index(name)) & 1) == 1

    @property
    def is_status(self) -> jax.Array:
        """bool."""
        return self.category == Category.STATUS

    @property
    def is_physical(self) -> jax.Array:
        """bool."""
        return self.category == Category.PHYSICAL

    @property
    def hits_self(self) -> jax.Array:
        """bool: the user is its target."""
        return among(self.target, [Target.SELF, Target.ADJACENTALLYORSELF, Target.ALLIES])

    @property
    def hits_field(self) -> jax.Array:
        """bool: a side or the whole field is its target ('tryMoveHit')."""
        return among(self.target, [Target.ALL, Target.FOESIDE, Target.ALLYSIDE, Target.ALLYTEAM])


_FLAGS = [
    "contact",
    "protect",
    "bypasssub",
    "sound",
    "punch",
    "heal",
    "defrost",
    "charge",
    "recharge",
    "gravity",
    "reflectable",
    "snatch",
    "mustpressure",
    "mirror",
    "has_self",
    "force_switch",
    "ohko",
    "ignore_immunity",
    "breaks_protect",
    "stalling",
    "sleep_usable",
    "multi_accuracy",
    "struggle_recoil",
    "crash",
]
_SCALARS = [
    "type",
    "base_power",
    "accuracy",
    "priority",
    "category",
    "target",
    "crit_ratio",
    "fixed_damage",
    "status",
    "volatile",
    "side_condition",
    "slot_condition",
    "pseudo_weather",
    "weather",
    "self_volatile",
    "secondaries",
    "self_switch",
    "self_destruct",
]
_VECTORS = {
    "hits": "multihit", "drain": "drain", "recoil": "recoil", "heal": "heal", "boosts": "boosts",
    "self_boosts": "self_boosts", "chances": "secondary_chance", "secondary_status": "secondary_status",
    "secondary_volatile": "secondary_volatile", "secondary_boosts": "secondary_boosts",
    "secondary_self_boosts": "secondary_self_boosts",
}  # fmt: skip


_YES_OR_NO = {
    "has_self", "force_switch", "ohko", "ignore_immunity", "breaks_protect", "stalling", "sleep_usable",
    "multi_accuracy", "struggle_recoil", "crash",
}  # fmt: skip
"""Those of `_FLAGS` that are columns of their own."""


@functools.cache
def _move_rows() -> tuple[np.ndarray, dict[str, tuple[int, tuple[int, ...]]]]:
    """int32[moves, columns], and where each field starts in a row, with its shape."""
    moves = tables().moves
    columns, places = [], {}
    width = 0

    def add(name: str, values: np.ndarray) -> None:
        nonlocal width
        places[name] = (width, values.shape[1:])
        flat = values.reshape(len(values), -1).astype(np.int32)
        columns.append(flat)
        width += flat.shape[1]

    for name in _SCALARS:
        add(name, getattr(moves, name))
    for name, column in _VECTORS.items():
        add(name, getattr(moves, column))
    bits = np.zeros(len(moves.id), np.int64)
    for place, name in enumerate(_FLAGS):
        own = name in _YES_OR_NO
        bits |= (getattr(moves, name) if own else moves.flag(name)).astype(np.int64) << place
    add("flags", bits)
    return np.concatenate(columns, 1), places


def move_data(move: jax.Array) -> MoveData:
    """The row of a move: one gather."""
    rows, places = _move_rows()
    row = lookup(rows, move)
    values = {}
    for name, (start, shape) in places.items():
        size = int(np.prod(shape, dtype=int))
        values[name] = row[start : start + size].reshape(shape)
    return MoveData(**values)


def move_column(name: str) -> np.ndarray:
    """One column of the move table."""
    return getattr(tables().moves, name)


def species_weight(species: jax.Array) -> jax.Array:
    """Hectograms."""
    return lookup(tables().species.weight.astype(np.int32), species)


@functools.cache
def flag_column(name: str) -> np.ndarray:
    """bool[moves]: the moves with a flag of the reference."""
    return tables().moves.flag(name)


def move_flag(move: jax.Array, name: str) -> jax.Array:
    """bool, of the shape of ``move``: a flag of the reference, looked up by the move's number."""
    return lookup(flag_column(name), move)
