"""Losing and regaining HP, and what a Pokémon is when it enters, leaves or has fainted.

Source: ``spreadDamage``, ``heal``, ``faintMessages`` in sim/battle.js; ``clearVolatile`` in sim/pokemon.js.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from pokejax.common.arrays import take
from pokejax.common.storage import select, update
from pokejax.modern.data import ability_id, among, lookup, tables
from pokejax.modern.state import NOTHING, ONGOING, P1_WINS, P2_WINS, SPE, TIE, TOX, Active, Party, has, no_volatiles
from pokejax.modern.view import View, ability_is


def hurt(mon: Active, amount: jax.Array, when: jax.Array, *, indirect: bool = True) -> Active:
    """``damage``: at least 1 HP. ``indirect``: by no move, so that Magic Guard prevents it."""
    when = when & (mon.hp > 0)
    if indirect:
        when = when & ~ability_is(mon, "magicguard")
    left = jnp.maximum(mon.hp - jnp.maximum(amount, 1), 0)
    return update(mon, when, hp=left, hurt_this_turn=left + 1, switch_flag=jnp.where(left > 0, mon.switch_flag, 0))


def hurt_directly(mon: Active, amount: jax.Array, when: jax.Array) -> Active:
    """``directDamage``: nothing prevents it, and Assurance does not see it."""
    left = jnp.maximum(mon.hp - jnp.maximum(amount, 1), 0)
    when = when & (mon.hp > 0)
    return update(mon, when, hp=left, switch_flag=jnp.where(left > 0, mon.switch_flag, 0))


def healed(mon: Active, amount: jax.Array, when: jax.Array) -> Active:
    """``heal``: at least 1 HP, at most to the full."""
    more = jnp.minimum(mon.hp + jnp.maximum(amount, 1), mon.max_hp)
    return update(mon, when & (mon.hp > 0), hp=more)


def cure(mon: Active, when: jax.Array) -> Active:
    """The major status gone."""
    when = when & (mon.hp > 0)
    return update(mon, when, status=NOTHING, sleep_time=0, toxic_stage=0, status_source=0)


def _row(party: Party, slot: jax.Array, name: str) -> jax.Array:
    value = take(getattr(party, name), slot)
    return value if value.dtype == jnp.bool_ else value.astype(jnp.int32)


def _cleared(party: Party, slot: jax.Array, species: jax.Array) -> dict[str, Any]:
    """Fields that ``clearVolatile`` gives a value, but the switch flags and what moves it knows."""
    types = lookup(tables().species.types.astype("int32"), species)
    zero, no = jnp.int32(0), jnp.bool_(False)
    slots = jnp.zeros(4, jnp.int32)
    attacks = jnp.zeros(3, jnp.int32)
    return {
        "species": species, "type1": types[0], "type2": types[1], "stats": _row(party, slot, "stats"),
        "speed": _row(party, slot, "stats")[SPE],
        "boosts": jnp.zeros(7, jnp.int32), "transformed": no,
        "hidden_power_type": _row(party, slot, "hidden_power_type"), "hidden_power": _row(party, slot, "hidden_power"),
        "max_pp": _row(party, slot, "max_pp"), "virtual": slots != 0, "last_move": zero, "last_move_used": zero,
        "last_move_used_type": zero, "result_this_turn": zero, "result_last_turn": zero, "hurt_this_turn": zero,
        "newly_switched": jnp.bool_(True), "attack_source": attacks, "attack_damage": attacks,
        "attack_move": attacks, "attack_this_turn": attacks != 0, "attack_counts": attacks != 0,
    }  # fmt: skip


def entering(party: Party, slot: jax.Array) -> Active:
    """The Pokémon at a place of the team as it comes in, its ability and item not started yet."""
    zero, no = jnp.int32(0), jnp.bool_(False)
    row = {
        name: _row(party, slot, name)
        for name in ("level", "gender", "max_hp", "hp", "status", "sleep_time", "toxic_stage", "status_source",
                     "item", "last_item", "knocked_off", "forme_regresses", "happiness")
    }  # fmt: skip
    species, ability = _row(party, slot, "species"), _row(party, slot, "ability")
    moves, pp = _row(party, slot, "moves"), _row(party, slot, "pp")
    slots = jnp.zeros(4, jnp.int32)
    return Active(
        **row,
        **_cleared(party, slot, species),
        **no_volatiles(),
        slot=slot.astype(jnp.int32), base_species=species, fainted=no, base_ability=ability, ability=ability,
        base_moves=moves, base_pp=pp, moves=moves, pp=pp, ability_counter=zero, ability_ending=zero,
        ability_seek=zero, ability_gluttony=zero, known_type=jnp.bool_(True), disabled=slots, used=slots != 0,
        stayed_a_turn=no, has_moved=no, used_item=no, trapped=zero, maybe_trapped=no, maybe_disabled=no,
        maybe_locked=no, switch_flag=zero, forced_out=no, skips_switch_out=no,
    )  # fmt: skip


def stored(party: Party, mon: Active, when: jax.Array | bool = True) -> Party:
    """The party with its row of the active Pokémon written back."""
    place = (jnp.arange(6, dtype=jnp.int32) == mon.slot) & when
    gone = mon.hp == 0
    values = {
        "species": mon.base_species, "gender": mon.gender, "ability": mon.base_ability, "item": mon.item,
        "last_item": mon.last_item, "knocked_off": mon.knocked_off, "forme_regresses": mon.forme_regresses,
        "max_hp": mon.max_hp, "hp": mon.hp, "status": jnp.where(gone, NOTHING, mon.status),
        "sleep_time": jnp.where(gone, 0, mon.sleep_time), "toxic_stage": jnp.where(gone, 0, mon.toxic_stage),
        "status_source": jnp.where(gone, 0, mon.status_source),
    }  # fmt: skip
    rows = {
        name: jnp.where(place, value.astype(getattr(party, name).dtype), getattr(party, name))
        for name, value in values.items()
    }
    pp = jnp.where(mon.virtual, mon.base_pp, mon.pp).astype(party.pp.dtype)
    rows["pp"] = jnp.where(place[:, None], pp, party.pp)
    # Sketch's slot has the PP of its new move for good.
    most = jnp.where(mon.virtual, party.max_pp.astype(jnp.int32), mon.max_pp)
    rows["max_pp"] = jnp.where(place[:, None], most.astype(party.max_pp.dtype), party.max_pp)
    rows["moves"] = jnp.where(place[:, None], mon.base_moves.astype(party.moves.dtype), party.moves)
    return party.replace(**rows)


def collapse(view: View, falls: jax.Array) -> View:
    """Clear of the user, where ``falls``, what fainting clears; its status stays until it leaves."""
    user = view.user
    pp = jnp.where(user.virtual, user.base_pp, user.pp)
    values = _cleared(view.user_party, user.slot, user.base_species)
    clouds = among(user.ability, [ability_id("cloudnine"), ability_id("airlock")])
    ending = jnp.where(clouds, 2, user.ability_ending)
    rest = {
        "ability": user.base_ability,
        "ability_ending": ending,
        "moves": user.base_moves,
        "pp": pp,
        "fainted": True,
        "switch_flag": 0,
    }
    clean = update(user, True, **values, **rest).replace(**no_volatiles())
    return view.replace(user=select(falls, clean, user))


def _fall(view: View) -> View:
    falls = (view.user.hp <= 0) & ~view.user.fainted
    side = update(view.user_side, falls, left=view.user_side.left - 1)
    clouds = falls & among(view.user.ability, [ability_id("cloudnine"), ability_id("airlock")])
    view = view.update_tie(clouds)  # 'WeatherChange'
    view = view.drop_foe("trapped", falls & has(view.user, "trapper"))
    view = view.drop_foe("trapper", falls & has(view.user, "trapped"))
    return collapse(view.replace(user_side=side), falls)


def faint_messages(view: View, judge: jax.Array | bool = True) -> View:
    """Let those without HP faint; then, if ``judge``, the battle may be over."""
    view = lax.fori_loop(0, 2, lambda _, v: _fall(v).swapped(), view)
    lost, won = view.user_side.left <= 0, view.foe_side.left <= 0
    mine = jnp.where(view.second, P2_WINS, P1_WINS)
    theirs = jnp.where(view.second, P1_WINS, P2_WINS)
    result = jnp.where(lost, jnp.where(won, TIE, theirs), jnp.where(won, mine, ONGOING))
    going = view.field.result == ONGOING
    return view.on_field(going & judge & (result != ONGOING), result=result)


def toxic_reset(mon: Active, when: jax.Array) -> Active:
    """A badly poisoned Pokémon that enters starts to count again."""
    return update(mon, when & (mon.status == TOX), toxic_stage=0)
