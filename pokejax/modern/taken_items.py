"""Moves that take, give or destroy items, and items that begin to work.

Source: ``takeItem``, ``setItem`` in sim/pokemon.js; Trick, Switcheroo, Knock Off, Thief, Covet, Bug Bite, Pluck in
data/moves.js and data/mods/gen4/moves.js; the ``onTakeItem`` handlers of Sticky Hold, Multitype and of items.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.common.arrays import lookup
from pokejax.modern.data import among, item_id, move_id, tables
from pokejax.modern.state import Active, has
from pokejax.modern.two_turns import unburdens, use_item
from pokejax.modern.updates import eaten
from pokejax.modern.view import View, ability_is, ignores_item, item_is

TAKING = ("trick", "switcheroo", "bugbite", "pluck")
AFTER_HIT = ("knockoff", "thief", "covet")


def lets_take(mon: Active, move: jax.Array, by_foe: bool) -> jax.Array:
    """bool: 'TakeItem' of the holder does not object. ``by_foe``: it is taken, not given."""
    firm = ability_is(mon, "multitype") | (mon.item == item_id("griseousorb"))
    if by_foe:
        firm = firm | ability_is(mon, "stickyhold")
    letter = (mon.item == item_id("mail")) & ~among(move, [move_id(name) for name in AFTER_HIT])
    return ~firm & ~letter


def _may_move(item: jax.Array) -> jax.Array:
    """bool: 'TakeItem' of the item itself does not object to a new holder."""
    return ~among(item, [item_id("mail"), item_id("griseousorb")])


def white_herb(view: View, when: jax.Array) -> View:
    """The user's White Herb takes lowered stages away."""
    user = view.user
    lowered = jnp.any(user.boosts < 0)
    when = when & item_is(user, "whiteherb") & lowered & (user.hp > 0) & ~user.fainted
    return use_item(view.on_user(when, boosts=jnp.maximum(user.boosts, 0)), when)


def item_start(view: View, when: jax.Array) -> View:
    """The user's item begins to work ('Start'): Metronome counts, White Herb looks for lowered stages."""
    view = white_herb(view, when)
    counts = when & (view.user.item == item_id("metronome")) & ~has(view.user, "metronome")
    return view.put_user("metronome", counts, lastMove=0, numConsecutive=0)


def take_items(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """Effects on the target: the view, and bool whether the move did something."""
    swaps = when & among(move, [move_id("trick"), move_id("switcheroo")])
    mine, theirs = view.user.item, view.foe.item
    barred = view.user.knocked_off | view.foe.knocked_off
    fine = ~barred & ((mine != 0) | (theirs != 0))
    gives = (mine == 0) | (lets_take(view.user, move, False) & _may_move(mine))
    gets = (theirs == 0) | (lets_take(view.foe, move, True) & _may_move(theirs))
    # What loses its item begins Unburden, even where it gets it back.
    loses = swaps & ~barred & (theirs != 0) & lets_take(view.foe, move, True)
    view = view.put_foe("unburden", loses & unburdens(view.foe))
    loses = swaps & ~view.user.knocked_off & (mine != 0) & lets_take(view.user, move, False)
    view = view.put_user("unburden", loses & unburdens(view.user))
    done = swaps & fine & gives & gets
    view = view.show_item(True, done).show_item(False, done)
    view = view.on_user(done & (view.user.hp > 0), item=theirs).on_foe(done & (view.foe.hp > 0), item=mine)
    view = item_start(view, done & (view.user.hp > 0))
    view = item_start(view.swapped(), done & (view.foe.hp > 0)).swapped()

    bites = when & ~swaps & (view.user.hp > 0) & lookup(tables().items.berry, theirs) & ~barred
    view = view.show_ability(False, bites & ability_is(view.foe, "stickyhold"))
    bites = bites & lets_take(view.foe, move, True)
    view = view.put_foe("unburden", bites & unburdens(view.foe))
    view = view.show_item(False, bites).on_foe(bites, item=0)
    eats = bites & ~ignores_item(view.user)
    view = maybe(eats, lambda v: eaten(v, theirs, eats), view)
    return view, jnp.where(swaps, done, True)


def after_hit(view: View, move: jax.Array, when: jax.Array) -> View:
    """'AfterHit': Knock Off, Thief and Covet."""
    item = view.foe.item
    lets = lets_take(view.foe, move, True)
    knocks = when & (move == move_id("knockoff")) & (item != 0)
    steals = when & among(move, [move_id("thief"), move_id("covet")]) & (view.user.item == 0) & (item != 0)
    steals = steals & ~view.foe.knocked_off & ~view.user.knocked_off
    view = view.show_ability(False, (knocks | steals) & ability_is(view.foe, "stickyhold"))
    knocks, steals = knocks & lets, steals & lets & _may_move(item)
    view = view.show_item(False, knocks | steals).show_item(True, steals)
    view = view.put_foe("unburden", knocks & unburdens(view.foe))
    view = view.on_foe(knocks, item=0, knocked_off=True)
    view = view.put_foe("unburden", steals & unburdens(view.foe))
    view = view.on_user(steals, item=item).on_foe(steals, item=0)
    return item_start(view, steals)
