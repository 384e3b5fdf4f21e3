"""A move's own conditions for being used at all: 'Try', 'PrepareHit', and its 'TryHit'.

Source: the ``onTry``, ``onPrepareHit`` and ``onTryHit`` handlers of data/moves.js and data/mods/gen4/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import lookup
from pokejax.common.storage import update
from pokejax.modern.conditions import status_immune
from pokejax.modern.data import MoveData, ability_id, among, item_id, move_data, move_id, tables
from pokejax.modern.party import bench
from pokejax.modern.state import ACT_MOVE, ACT_NONE, NOTHING, SLP, has
from pokejax.modern.view import View, ability_is
from pokejax.modern.vitals import cure

GATES = [
    "fakeout", "suckerpunch", "rest", "protect", "detect", "dreameater", "leechseed", "substitute", "yawn", "splash",
    "teleport", "endure", "endeavor", "feint", "lastresort", "snore", "sleeptalk", "counter", "mirrorcoat",
    "metalburst", "focuspunch", "attract", "captivate", "healingwish", "lunardance", "batonpass", "magnetrise",
    "followme", "helpinghand", "disable", "foresight", "odorsleuth", "miracleeye", "mindreader", "lockon", "stockpile",
    "spitup", "swallow", "brickbreak", "curse", "destinybond", "pursuit", "trick", "switcheroo", "imprison",
    "nightmare", "uproar", "gastroacid", "embargo", "psychoshift",
]  # fmt: skip
"""Moves that can fail by a check of their own, or do something before they hit."""


def _one(move: jax.Array, when: jax.Array, *names: str) -> jax.Array:
    return when & among(move, [move_id(name) for name in names])


def gate(
    view: View, data: MoveData, move: jax.Array, when: jax.Array, moved_before: jax.Array
) -> tuple[View, jax.Array]:
    """'Try' and 'PrepareHit': bool whether the move goes on."""
    del data
    user, foe = view.user, view.foe
    foe_acts = view.foe_side.act != ACT_NONE

    def one(*names: str) -> jax.Array:
        return _one(move, when, *names)

    fails = one("fakeout") & moved_before
    theirs = move_data(view.foe_side.act_move)
    attacks = (view.foe_side.act == ACT_MOVE) & ~foe.fainted & ~theirs.is_status & ~has(foe, "mustrecharge")
    fails = fails | (one("suckerpunch") & ~attacks)
    fails = fails | (one("endeavor") & (user.hp >= foe.hp))
    fails = fails | (one("feint") & ~has(foe, "protect"))
    fails = fails | (one("snore", "sleeptalk") & (user.status != SLP))
    fails = fails | (one("counter") & ~(has(user, "counter") & (user.data["counter.slot"] != 0)))
    fails = fails | (one("mirrorcoat") & ~(has(user, "mirrorcoat") & (user.data["mirrorcoat.slot"] != 0)))
    burst, _ = last_damage(view)
    fails = fails | (one("metalburst") & ~burst)
    fails = fails | (one("focuspunch") & has(user, "focuspunch") & (user.data["focuspunch.lostFocus"] != 0))
    knows = user.moves != 0
    mine = user.moves == move_id("lastresort")
    spent = jnp.all(~knows | mine | user.used)
    able = (jnp.sum(knows, dtype=jnp.int32) >= 2) & jnp.any(mine) & spent
    fails = fails | (one("lastresort") & ~able)
    fails = fails | (one("magnetrise") & (has(user, "ingrain") | (view.field.gravity > 0)))
    fails = fails | one("followme")
    fails = fails | (one("stockpile") & has(user, "stockpile") & (user.data["stockpile.layers"] >= 3))
    fails = fails | (one("spitup", "swallow") & ~has(user, "stockpile"))

    guards = one("protect", "detect", "endure")
    view, roll = view.draw(user.data["stall.counter"], guards & foe_acts & has(user, "stall"))
    unlucky = guards & foe_acts & has(user, "stall") & (roll != 0)
    view = view.drop_user("stall", unlucky)
    fails = fails | unlucky | (guards & ~foe_acts)
    view = view.drop_user("destinybond", one("destinybond"))
    return view, when & ~fails


def last_damage(view: View) -> tuple[jax.Array, jax.Array]:
    """``getLastDamagedBy``: bool whether it was in this turn, and its damage."""
    user = view.user
    counts = user.attack_counts & (user.attack_source != 0)
    this_turn, damage = jnp.bool_(False), jnp.int32(0)
    for k in range(user.attack_source.shape[0]):
        this_turn = jnp.where(counts[k], user.attack_this_turn[k], this_turn)
        damage = jnp.where(counts[k], user.attack_damage[k], damage)
    return this_turn, damage


def own_try_hit(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The move's own 'TryHit', the first thing of its first hit: bool whether the move goes on."""
    user, foe = view.user, view.foe

    def one(*names: str) -> jax.Array:
        return _one(move, when, *names)

    fails = one("teleport")
    awake = ability_is(user, "insomnia", "vitalspirit")
    view = view.show_ability(True, one("rest") & awake & (user.status != SLP) & (user.hp < user.max_hp))
    fails = fails | (one("rest") & ((user.status == SLP) | (user.hp == user.max_hp) | awake))
    # Rest cannot put to sleep one whom something else keeps awake.
    fails = fails | (one("rest") & status_immune(view.swapped(), jnp.int32(SLP)))
    small = (user.hp * 4 <= user.max_hp) | (user.max_hp == 1)
    fails = fails | (one("substitute") & (has(user, "substitute") | small))
    fails = fails | (one("sleeptalk") & (has(user, "choicelock") | has(user, "encore")))
    alone = ~jnp.any(bench(user, view.user_party))
    fails = fails | (one("healingwish", "lunardance", "batonpass") & alone)
    fails = fails | (one("disable") & ((foe.last_move == 0) | (foe.last_move == move_id("struggle"))))
    fails = fails | (one("foresight", "odorsleuth") & has(foe, "miracleeye"))
    fails = fails | (one("miracleeye") & has(foe, "foresight"))
    fails = fails | (one("mindreader", "lockon") & has(user, "lockon"))
    fails = fails | (one("curse") & ~data.hits_self & (data.volatile != 0) & has(foe, "curse"))
    shared = jnp.any((user.moves[:, None] == foe.moves[None, :]) & (user.moves[:, None] != 0))
    fails = fails | (one("imprison") & ~shared)

    column = tables().abilities.flag("cantsuppress")
    fails = fails | (one("gastroacid") & lookup(column, foe.ability))
    firm = (foe.ability == ability_id("multitype")) | (foe.item == item_id("griseousorb"))
    fails = fails | (one("embargo") & firm)
    fails = fails | (one("psychoshift") & (user.status == NOTHING))

    breaks = one("brickbreak")
    side = update(view.foe_side, breaks, reflect=0, lightscreen=0)
    view = view.replace(foe_side=side)
    roars = one("uproar")
    view = view.replace(user=cure(view.user, roars & (user.status == SLP)))
    view = view.replace(foe=cure(view.foe, roars & (view.foe.status == SLP)))
    return view, ~fails
