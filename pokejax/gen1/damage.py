"""The Gen 1 damage formula with its critical hits, overflows and fixed amounts.

Source: data/mods/gen1/scripts.js ``getDamage``; the callbacks of Counter, Psywave and Super Fang in
data/mods/gen1/moves.js.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.control import maybe
from pokejax.common.arrays import lookup, quotient
from pokejax.gen1 import dex
from pokejax.gen1.dex import Category, Type, Volatile
from pokejax.gen1.move_data import MoveData, move_data
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import ATK, DEF, SPC, Seat
from pokejax.gen1.status import has_type
from pokejax.gen1.view import View

OHKO_DAMAGE = 65535
_STRONG, _WEAK, _IMMUNE = 1, 2, 3


@functools.cache
def _chart() -> np.ndarray:
    """uint32[17]: by attacking type, two bits for each defending type 0–15."""
    table = dex.load_dex()
    code = np.where(table.effectiveness > 0, _STRONG, np.where(table.effectiveness < 0, _WEAK, 0))
    code = np.where(table.immune, _IMMUNE, code).astype(np.uint32)
    if code[:, Type.UNTYPED].any() or code[:, Type.NONE].any():
        raise ValueError("gen1_dex.npz: a Pokémon of type ??? or none is not neutral to everything")
    return (code[:, :16] << (2 * np.arange(16, dtype=np.uint32))).sum(axis=1, dtype=np.uint32)


def _matchup(move_type: jax.Array, seat: Seat) -> tuple[jax.Array, jax.Array]:
    """Chart codes of ``move_type`` against both of the seat's types."""
    row = lookup(_chart(), move_type)

    def code(type_: jax.Array) -> jax.Array:
        return (row >> (2 * type_).astype(jnp.uint32)) & np.uint32(3)

    return code(seat.type1), code(seat.type2)


def is_immune(move_type: jax.Array, seat: Seat) -> jax.Array:
    """The seat's types make it immune to attacks of ``move_type``."""
    first, second = _matchup(move_type, seat)
    return (first == _IMMUNE) | (second == _IMMUNE)


def critical_rate(user: Seat, high_critical: jax.Array) -> jax.Array:
    """Chances in 256 of a critical hit: from the Speed of the set's own species, even when transformed."""
    base = base_speed(user.base_species) >> 1
    rate = jnp.where(user.focus_energy, base >> 1, jnp.clip(base * 2, 1, 255))
    return jnp.where(high_critical, jnp.clip(rate * 4, 1, 255), rate >> 1)


def base_speed(species: jax.Array) -> jax.Array:
    """The species' base Speed."""
    return lookup(_base_speeds(), species)


@functools.cache
def _base_speeds() -> np.ndarray:
    return dex.load_dex().species.base_stats[:, dex.STATS.index("spe")].astype(np.int32)


def base_damage(user: Seat, foe: Seat, data: MoveData, critical: jax.Array) -> jax.Array:
    """Damage before the random factor, at least 0."""
    special = data.category == Category.SPECIAL
    screened = jnp.where(special, foe.light_screen, foe.reflect)
    attack = jnp.where(special, user.modified[SPC], user.modified[ATK])
    defense = jnp.where(special, foe.modified[SPC], foe.modified[DEF]) * jnp.where(screened, 2, 1)
    attack = jnp.where(critical, jnp.where(special, user.base_stats[SPC], user.base_stats[ATK]), attack)
    defense = jnp.where(critical, jnp.where(special, foe.base_stats[SPC], foe.base_stats[DEF]), defense)
    level = jnp.where(critical, user.level * 2, user.level) & 255

    # Both stats are quartered, and kept to a byte, as soon as one does not fit in a byte.
    large = (attack >= 256) | (defense >= 256)
    attack = jnp.where(large, jnp.maximum((attack >> 2) & 255, 1), attack)
    defense = jnp.where(large, jnp.maximum((defense >> 2) & 255, 1), defense)
    defense = jnp.where(data.selfdestruct & ~special, jnp.maximum(defense >> 1, 1), defense)

    damage = quotient((quotient(level * 2, 5) + 2) * data.power * attack, defense)
    damage = jnp.minimum(quotient(damage, 50), 997) + 2
    same_type = has_type(user, data.type) & (data.type != Type.UNTYPED)
    damage = jnp.where(same_type, damage + (damage >> 1), damage)
    for code in _matchup(data.type, foe):
        damage = jnp.where(code == _STRONG, damage * 2, jnp.where(code == _WEAK, damage >> 1, damage))
    return damage


def _by_formula(view: View, data: MoveData, when: jax.Array) -> tuple[View, jax.Array]:
    rate = critical_rate(view.user, data.high_critical)
    view, critical = view.chance(rate, when & (rate > 0))
    damage = base_damage(view.user, view.foe, data, critical)
    varies = when & (damage > 1)
    view, roll = view.draw(39, varies)
    return view, jnp.where(varies, quotient(damage * (roll + 217), 255), damage)


def is_counterable(move: jax.Array) -> jax.Array:
    """A Normal or Fighting move with base power; ``move`` as stored in `Seat.side_last_enemy_move`, 0 for none."""
    data = move_data(move)
    return ((data.type == Type.NORMAL) | (data.type == Type.FIGHTING)) & (data.power > 0)


def _counter(view: View) -> jax.Array:
    """2 × the last damage dealt by anyone, or −1: what the foe selected and used decides, not what hit."""
    foe = view.foe
    works = (foe.last_enemy_selected_move != Move.COUNTER) & is_counterable(foe.side_last_enemy_move)
    return jnp.where(works & (view.last_damage > 0), 2 * view.last_damage, -1)


def move_damage(view: View, data: MoveData, when: jax.Array) -> tuple[View, jax.Array]:
    """``getDamage`` of the user's move against the foe, where ``when``: draws what it draws, returns HP to take.

    −1 stands for Showdown's ``false`` (the move fails), 0 for no damage. Not capped by the foe's HP.
    """
    user, foe = view.user, view.foe
    traps = data.self_volatile == Volatile.PARTIALTRAPPINGLOCK
    ghost = traps & (data.type == Type.NORMAL) & has_type(foe, Type.GHOST)
    repeats = user.trapping_move > 0
    fixed = data.fixed_damage > 0
    rare = (view.move == Move.PSYWAVE) | (view.move == Move.COUNTER)
    callback = rare | (view.move == Move.SUPERFANG)
    formula = when & ~(data.ohko | callback | fixed | ghost | repeats)
    view, damage = _by_formula(view, data, formula)
    damage = jnp.where(repeats, user.trapping_damage, damage)
    damage = jnp.where(ghost, 0, damage)
    damage = jnp.where(fixed, jnp.where(data.fixed_damage == dex.LEVEL_DAMAGE, user.level, data.fixed_damage), damage)
    damage = jnp.where(view.move == Move.SUPERFANG, jnp.maximum(foe.hp >> 1, 1), damage)
    damage = jnp.where(data.ohko, OHKO_DAMAGE, damage)

    def special(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, damage = state
        # Level 1 (and 0, 171) has no number to draw from: the cartridge would hang, Showdown fails.
        psywave = when & (view.move == Move.PSYWAVE)
        span = view.user.level + (view.user.level >> 1)
        works = psywave & ((span & 255) >= 2)
        view, amount = view.draw(span - 1, works)
        damage = jnp.where(psywave, jnp.where(works, amount + 1, -1), damage)
        return view, jnp.where(when & (view.move == Move.COUNTER), _counter(view), damage)

    return maybe(when & rare, special, (view, damage), masked=True)
