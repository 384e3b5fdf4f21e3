"""``endTurn``: results and attacks of the turn become the last turn's; moves are barred, Pokémon trapped, for the next.

Source: sim/battle.js; the ``onDisableMove`` and ``onTrapPokemon`` handlers of data/mods/gen4.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from pokejax.common.arrays import lookup
from pokejax.common.storage import update
from pokejax.modern.conditions import grounded, is_choice
from pokejax.modern.data import ability_id, flag_column, move_column, move_id, tables, type_id
from pokejax.modern.hit import keep_attacks
from pokejax.modern.locks import locked_move
from pokejax.modern.state import ONGOING, REQUEST_MOVE, UNDEFINED, Battle, drop, has
from pokejax.modern.tables import Category
from pokejax.modern.view import View, ability_is, close_view, ignores_item, item_is, number_of, open_view, type_is

_TRAPPING = ("shadowtag", "arenatrap", "magnetpull")
TURN_LIMIT = 1000


@functools.cache
def _may_trap() -> np.ndarray:
    """int32[species]: bits of the trapping abilities that the species can have."""
    abilities = tables().species.abilities
    bits = np.zeros(len(abilities), np.int32)
    for place, name in enumerate(_TRAPPING):
        bits |= ((abilities == ability_id(name)).any(1).astype(np.int32)) << place
    return bits


@functools.cache
def _is_status() -> np.ndarray:
    return move_column("category") == Category.STATUS


def end_turn(battle: Battle) -> Battle:
    """The next decision point of a battle that goes on; where it is over it stays as it is."""
    going = battle.field.result == ONGOING
    field = update(battle.field, going, turn=battle.field.turn + 1)
    view = open_view(battle.replace(field=field), False)
    view = lax.fori_loop(0, 2, lambda _, v: _for_one(v, going).swapped(), view)
    view = view.on_field(going, request=REQUEST_MOVE)
    return close_view(view, False)


def _for_one(view: View, going: jax.Array) -> View:
    user = view.user
    later = going & (view.field.turn != 1)
    user = update(user, going, newly_switched=False, result_last_turn=user.result_this_turn, result_this_turn=UNDEFINED)
    user = update(user, later, used_item=False, hurt_this_turn=0)
    user, rng = _bar_moves(view.replace(user=user), going)
    view = view.replace(user=user, rng=rng)

    there = (user.attack_source == number_of(view, False)) & ~view.foe.fainted
    columns = {
        "attack_source": jnp.where(there, user.attack_source, 0),
        "attack_damage": user.attack_damage,
        "attack_move": user.attack_move,
        "attack_this_turn": jnp.zeros(3, bool),
        "attack_counts": user.attack_counts & there,
    }
    user = update(user, going, **keep_attacks(columns))
    view = view.replace(user=user)
    view = _trap(view, going)
    return view.on_user(going & ~view.user.fainted, stayed_a_turn=True)


def _bar_moves(view: View, going: jax.Array):
    user, foe = view.user, view.foe

    def each(column: np.ndarray) -> jax.Array:
        return jnp.stack([lookup(column, user.moves[k]) for k in range(4)])

    knows = jnp.any(user.moves == user.data["choicelock.move"])
    locked = has(user, "choicelock")
    user = drop(user, "choicelock", going & locked & ~(is_choice(user.item) & knows))
    barred = jnp.zeros(4, bool)
    chosen = has(user, "choicelock") & ~ignores_item(user)
    barred = barred | (chosen & (user.moves != user.data["choicelock.move"]))
    barred = barred | (has(user, "taunt") & each(_is_status()))
    repeated = (user.moves == user.last_move) & (user.last_move != 0) & (user.last_move != move_id("struggle"))
    barred = barred | (has(user, "torment") & repeated)
    barred = barred | (has(user, "disable") & (user.moves == user.data["disable.move"]))
    barred = barred | (has(user, "healblock") & each(flag_column("heal")))
    barred = barred | ((view.field.gravity > 0) & each(flag_column("gravity")))
    encored = has(user, "encore") & jnp.any(user.moves == user.data["encore.move"])
    barred = barred | (encored & (user.moves != user.data["encore.move"]))
    barred = barred & (user.moves != 0)
    shut = has(foe, "imprison") & ~foe.fainted
    shared = jnp.any(user.moves[:, None] == foe.moves[None, :], axis=1) & (user.moves != 0)
    kinds = [has(view.user, name) for name in ("choicelock", "taunt", "torment", "disable", "encore", "healblock")]
    count = sum(kind.astype(jnp.int32) for kind in kinds)
    for k in range(1, 5):
        view, _ = view.draw(2, going & (count > k))
    hidden = shut & shared & ~barred
    values = jnp.where(barred, 1, jnp.where(hidden, 2, 0))
    open_ = shut & (locked_move(user) == 0)
    return update(user, going, disabled=values, maybe_disabled=open_, maybe_locked=open_), view.rng


def _trap(view: View, going: jax.Array) -> View:
    user, foe = view.user, view.foe
    here = ~foe.fainted
    held = has(user, "ingrain") | has(user, "partiallytrapped") | has(user, "trapped")
    both = has(user, "ingrain").astype(jnp.int32) + has(user, "partiallytrapped") + has(user, "trapped")
    for k in range(1, 3):
        view, _ = view.draw(2, going & (both > k))
    on_ground = grounded(view.swapped())
    steel = type_is(user, type_id("Steel"))
    shadow = here & ability_is(foe, "shadowtag") & ~ability_is(user, "shadowtag")
    by_ability = shadow | (here & ability_is(foe, "arenatrap") & on_ground)
    by_ability = by_ability | (here & ability_is(foe, "magnetpull") & steel)
    trapped = jnp.where(held, 1, jnp.where(by_ability, 2, 0))
    bits = lookup(_may_trap(), foe.species)
    maybe_ = (((bits & 1) != 0) | (foe.ability == ability_id("shadowtag"))) & ~ability_is(user, "shadowtag")
    maybe_ = maybe_ | ((((bits & 2) != 0) | (foe.ability == ability_id("arenatrap"))) & on_ground)
    maybe_ = maybe_ | ((((bits & 4) != 0) | (foe.ability == ability_id("magnetpull"))) & steel)
    free = item_is(user, "shedshell")
    locked = locked_move(user) != 0
    trapped = jnp.where(locked, 1, jnp.where(free, 0, trapped))
    return view.on_user(going, trapped=trapped, maybe_trapped=maybe_ & here & ~locked)
