"""Answers to a hit: the target's and the user's abilities, items and conditions.

Source: the ``onHit``, ``onAfterHit`` and ``onDamagingHit`` handlers of data/mods/gen4 (moves, abilities, items,
conditions). In Generation 4 'AfterHit' comes before 'DamagingHit'.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import quotient
from pokejax.modern.conditions import add_attract, boost, set_status, synchronize
from pokejax.modern.data import MoveData, type_id
from pokejax.modern.rules import Rules
from pokejax.modern.state import ATK, FRZ, SLP, has, put
from pokejax.modern.taken_items import after_hit
from pokejax.modern.two_turns import use_item
from pokejax.modern.view import View, ability_is, item_is, type_is
from pokejax.modern.vitals import cure, healed
from pokejax.modern.wounds import wounded


def hit_event(view: View, data: MoveData, critical: jax.Array, effectiveness: jax.Array, when: jax.Array) -> View:
    """'Hit' of the foe, whom the move met itself: Rage, Focus Punch, Anger Point, Sticky Barb, Enigma Berry."""
    foe = view.foe
    attacks = when & ~data.is_status
    up = (jnp.arange(7) == ATK).astype(jnp.int32)
    view, _ = boost(view, up, attacks & has(foe, "rage"), True)
    view = view.replace(foe=put(view.foe, "focuspunch", attacks & has(foe, "focuspunch"), lostFocus=1))
    angry = when & critical & ability_is(foe, "angerpoint") & (foe.hp > 0)
    view, rises = boost(view, up * 12, angry, True)
    view = view.show_ability(False, rises)
    sticks = when & item_is(foe, "stickybarb") & (view.user.item == 0) & data.flag("contact") & (view.user.hp > 0)
    sticks = sticks & ~foe.knocked_off & ~view.user.knocked_off & (foe.hp > 0)
    view = view.on_user(sticks, item=foe.item).on_foe(sticks, item=0)
    back = view.swapped()
    solves = when & item_is(foe, "enigmaberry") & (effectiveness > 0) & (foe.hp > 0)
    quarter = quotient(foe.max_hp, 4)
    back = back.replace(user=healed(use_item(back, solves).user, quarter, solves & (foe.hp < foe.max_hp)))
    return back.swapped()


def answers(view: View, data: MoveData, rules: Rules, move: jax.Array, damage: jax.Array, when: jax.Array) -> View:
    """'AfterHit', if the user still stands, then 'DamagingHit': the foe's ability, its condition, fire on ice."""
    view = after_hit(view, move, when & (view.user.hp > 0))
    foe = view.foe
    touches = when & data.flag("contact") & (damage > 0)

    physical, special = when & data.is_physical, when & ~data.is_physical
    slot = jnp.where(view.second, 2, 1)
    for name, kind in (("counter", physical), ("mirrorcoat", special)):
        view = view.replace(foe=put(view.foe, name, kind & has(foe, name), damage=2 * damage, slot=slot))

    kinds = ability_is(foe, "static", "poisonpoint", "flamebody", "effectspore", "cutecharm")
    view, roll = view.draw(10, touches & kinds)
    caught = touches & kinds & (roll < 3)
    spore = caught & ability_is(foe, "effectspore")
    view, which = view.draw(3, spore)
    status = jnp.where(ability_is(foe, "static"), 2, jnp.where(ability_is(foe, "poisonpoint"), 5, 1))
    status = jnp.where(spore, jnp.where(which == 0, SLP, jnp.where(which == 1, 2, 5)), status)
    charmed = caught & ability_is(foe, "cutecharm")
    back, took = set_status(view.swapped(), status, caught & ~charmed, False, rules.clauses)
    back = synchronize(back, took, status, jnp.bool_(False), rules.clauses)
    back, fell = add_attract(back, charmed)
    view = back.swapped().show_ability(False, took | fell)
    rough = touches & ability_is(foe, "roughskin")
    view = view.show_ability(False, rough & (view.user.hp > 0) & ~ability_is(view.user, "magicguard"))
    view = wounded(view, quotient(view.user.max_hp, 8), rough)
    bursts = when & data.flag("contact") & ability_is(foe, "aftermath") & (foe.hp <= 0)
    bursts = bursts & ~ability_is(view.user, "damp")
    view = view.show_ability(False, bursts & (view.user.hp > 0) & ~ability_is(view.user, "magicguard"))
    view = wounded(view, quotient(view.user.max_hp, 4), bursts)

    type_ = data.type
    dyes = when & (damage > 0) & (view.foe.hp > 0) & ability_is(foe, "colorchange") & ~data.is_status
    dyes = dyes & (type_ != type_id("???")) & ~type_is(view.foe, type_)
    view = view.show_ability(False, dyes).on_foe(dyes, type1=type_, type2=0, known_type=True)

    for name, kind in (("jabocaberry", physical), ("rowapberry", special)):
        eats = kind & item_is(view.foe, name) & ~ability_is(view.user, "magicguard")
        view = use_item(view.swapped(), eats).swapped()
        view = wounded(view, quotient(view.user.max_hp, 8), eats)

    thaws = when & (view.foe.status == FRZ) & (type_ == type_id("Fire")) & ~data.is_status
    return view.replace(foe=cure(view.foe, thaws))
