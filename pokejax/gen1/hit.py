"""A damaging move that connects: hits, Substitutes, drain, recoil, what it does to its user, secondary effects.

Source: data/mods/gen1/scripts.js ``tryMoveHit`` and ``moveHit``; Substitute's ``onTryHit`` in data/mods/gen1/moves.js;
sim/battle.js ``spreadDamage``.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.common.arrays import quotient
from pokejax.common.storage import update
from pokejax.gen1.damage import move_damage
from pokejax.gen1.dex import Status, Volatile
from pokejax.gen1.move_data import MoveData
from pokejax.gen1.stats import attack_boost, boost_stat, weaken_by_status
from pokejax.gen1.status import cure, has_type, set_status_on_foe
from pokejax.gen1.view import View
from pokejax.gen1.volatiles import break_substitute, confuse_foe, flinch_foe, sample_two_to_five

_MAX_HITS = 5


def hit(view: View, data: MoveData, when: jax.Array) -> View:
    """Carry out a damaging move where ``when`` (it has passed its accuracy check)."""
    view, hits = _count_hits(view, data, when)
    view, damage = move_damage(view, data, when)
    view = view.fail(when & (damage < 0))
    when = when & (damage >= 0)

    # A multi-hit move repeats the first hit's damage. It stops when the Substitute or the foe is gone, or at once if
    # the foe's Substitute broke earlier in the turn and nothing has aimed at the foe since.
    limit = jnp.where((data.multihit > 0) & view.foe.sub_fainted, 1, hits)
    shielded = when & (view.foe.substitute_hp > 0)
    bare = when & ~shielded
    per_hit = jnp.where(shielded, damage, jnp.minimum(damage, view.foe.hp))
    endures = jnp.where(shielded, view.foe.substitute_hp, view.foe.hp)
    needed = quotient(endures + per_hit - 1, jnp.maximum(per_hit, 1))
    landed = jnp.where(per_hit > 0, jnp.minimum(limit, needed), limit)

    rages = bare & (view.foe.rage_accuracy > 0) & ~data.selfdestruct
    view, last = _damage_foe(view, per_hit, landed, bare)
    view = maybe(shielded, lambda v: _damage_substitute(v, per_hit, landed, shielded), view, masked=True)
    hurts = (bare | (shielded & ~view.broke_substitute)) & (last > 0)
    recoil = jnp.maximum(quotient(last, jnp.maximum(data.recoil_divisor, 1)), 1)
    view = view.on_user(hurts & (data.recoil_divisor > 0), hp=jnp.maximum(view.user.hp - recoil, 0))
    drains = data.drains & ((bare & (last > 0)) | (shielded & ~view.broke_substitute))
    drained = jnp.maximum(last >> 1, 1)
    view = view.set(drains, last_damage=drained)
    view = view.on_user(drains & (view.user.hp > 0), hp=jnp.minimum(view.user.hp + drained, view.user.max_hp))
    view = maybe(shielded & data.secondary_confusion, lambda v: _confuse_through(v, data, shielded), view, masked=True)
    view = maybe(rages, lambda v: _build_rage(v, landed, rages), view, masked=True)
    view = maybe(data.self_volatile > 0, lambda v: _affect_user(v, data, when, bare), view, masked=True)
    complete = bare & (landed == hits)
    return maybe(data.secondary_chance > 0, lambda v: _secondary(v, data, complete), view, masked=True)


def _count_hits(view: View, data: MoveData, when: jax.Array) -> tuple[View, jax.Array]:
    view, several = sample_two_to_five(view, when & (data.multihit == 5))
    return view, jnp.where(data.multihit == 5, several, jnp.maximum(data.multihit, 1))


def _damage_foe(view: View, per_hit: jax.Array, landed: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """Hits on the foe itself; returns the damage of the last one (of the first if a Substitute took them)."""
    before = view.foe.hp
    left = jnp.maximum(before - per_hit * landed, 0)
    last = jnp.where(when, jnp.minimum(per_hit, before - per_hit * (landed - 1)), per_hit)
    return view.on_foe(when, hp=left).set(when, last_damage=last), last


def _damage_substitute(view: View, per_hit: jax.Array, landed: jax.Array, when: jax.Array) -> View:
    foe, broke = break_substitute(view.foe, per_hit * landed, when)
    view = view.set(when, last_damage=per_hit)
    return view.replace(foe=foe, broke_substitute=view.broke_substitute | broke)


def _confuse_through(view: View, data: MoveData, shielded: jax.Array) -> View:
    """Confusion as a secondary effect passes a Substitute that stands."""
    tries = shielded & data.secondary_confusion & ~view.broke_substitute
    view, confuses = view.chance(data.secondary_chance, tries)
    return confuse_foe(view, confuses)


def _build_rage(view: View, landed: jax.Array, when: jax.Array) -> View:
    """Each hit that leaves a raging foe alive raises its Attack."""
    times = landed - (view.foe.hp == 0).astype(jnp.int32)
    foe = view.foe
    for hit_number in range(_MAX_HITS):
        # Every hit but a fatal last one finds the foe alive.
        foe = attack_boost(foe, when & (hit_number < times))
    return view.replace(foe=foe)


def _affect_user(view: View, data: MoveData, when: jax.Array, bare: jax.Array) -> View:
    """Recharge, Rage and the trapping lock. Breaking a Substitute spares the user all but the trapping lock."""
    lasts = when & ~view.broke_substitute & (view.user.hp > 0)
    view = view.on_user(lasts & (data.self_volatile == Volatile.MUSTRECHARGE), must_recharge=True)
    starts_rage = lasts & (data.self_volatile == Volatile.RAGE) & (view.user.rage_accuracy == 0)
    view = view.on_user(starts_rage, rage_accuracy=255)
    traps = when & (data.self_volatile == Volatile.PARTIALTRAPPINGLOCK)
    return maybe(traps, lambda v: _trap(v, traps, bare), view, masked=True)


def _trap(view: View, when: jax.Array, bare: jax.Array) -> View:
    """Catch the foe (again): 'partiallytrapped' for two turns, and the lock if it is the first hit."""
    alive = view.foe.hp > 0
    view = view.on_foe(when & bare & alive, trapped_turns=2)
    starts = when & (view.user.trapping_move == 0)
    view, turns = sample_two_to_five(view, starts)
    view = view.on_user(
        starts & alive,
        trapping_move=view.move,
        trapping_turns=turns,
        trapping_total=turns,
        trapping_damage=view.last_damage,
    )
    return view.on_foe(starts & alive, trapped_turns=2)


def _secondary(view: View, data: MoveData, when: jax.Array) -> View:
    foe = view.foe
    status = data.secondary_status
    shares_type = has_type(foe, data.type)
    spared = shares_type & ((status == Status.PAR) | (status == Status.BRN) | (status == Status.FRZ))
    tries = when & (data.secondary_chance > 0) & (foe.hp > 0) & ~spared
    view, works = view.chance(data.secondary_chance, tries)
    return maybe(works, lambda v: _apply_secondary(v, data, works), view, masked=True)


def _apply_secondary(view: View, data: MoveData, when: jax.Array) -> View:
    view, lowered = lower_foe(view, data.secondary_drop - 1, jnp.int32(-1), when & (data.secondary_drop > 0))
    view = view.replace(foe=weaken_by_status(view.foe, lowered))
    inflicts = when & (data.secondary_status > 0) & (view.foe.status == Status.NONE)
    view, took = set_status_on_foe(view, data.secondary_status, inflicts)
    view = view.replace(foe=weaken_by_status(view.foe, took))
    view = flinch_foe(view, when & data.secondary_flinch)
    return confuse_foe(view, when & data.secondary_confusion)


def lower_foe(view: View, stat: jax.Array, delta: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """Change a stage of the foe; returns whether it succeeded."""
    foe, changed = boost_stat(view.foe, stat, delta, when)
    return view.replace(foe=foe), changed


def thaw(view: View, data: MoveData) -> View:
    """A Fire move that can burn thaws a frozen foe, through a Substitute too (``onAfterMoveSecondary``)."""
    warms = view.proceeds & (data.secondary_status == Status.BRN) & (view.foe.status == Status.FRZ)
    return view.replace(foe=cure(view.foe, warms))


def explode(view: View, data: MoveData, reached: jax.Array) -> View:
    """The user of Selfdestruct or Explosion faints, hit or miss, unless the foe's Substitute broke."""
    return view.replace(user=update(view.user, reached & data.selfdestruct & ~view.foe.sub_fainted, hp=0))
