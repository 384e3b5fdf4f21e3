"""Setting major statuses, stages and volatile conditions on the foe; on the user by swapping the view.

Source: ``setStatus``, ``addVolatile`` in sim/pokemon.js; ``boost`` in sim/battle.js; the conditions of data/mods/gen4.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import quotient
from pokejax.common.storage import update
from pokejax.modern.data import ability_id, among, condition_id, item_id, safe_from, type_id
from pokejax.modern.shown import show_sleep
from pokejax.modern.state import (
    ACCURACY,
    ATK,
    BRN,
    FRZ,
    NOTHING,
    PAR,
    PSN,
    SLP,
    SOURCE_ALLY,
    SOURCE_FOE,
    SUN,
    TOX,
    Active,
    has,
)
from pokejax.modern.view import View, ability_is, item_is, number_of, type_is, types_of, weather_of
from pokejax.modern.volatile_starts import STARTED_HERE, more_volatiles

STARTED = [
    "confusion",
    "flinch",
    "partiallytrapped",
    "leechseed",
    "focusenergy",
    "mustrecharge",
    "protect",
    "stall",
    "substitute",
    "taunt",
    "defensecurl",
    "lockedmove",
    "roost",
    "ingrain",
    "aquaring",
    "magnetrise",
    "torment",
    "yawn",
    "choicelock",
    "substitutebroken",
    "lifeorb",
    "flashfire",
    "foresight",
    "miracleeye",
    "attract",
    "minimize",
    *STARTED_HERE,
]
"""Volatile conditions that the engine starts and ends."""


def status_immune(view: View, status: jax.Array) -> jax.Array:
    """bool: the foe's types, ability or the weather keep a status away."""
    foe = view.foe
    poison = (status == PSN) | (status == TOX)
    immune = (status == BRN) & safe_from("brn", *types_of(foe))
    immune = immune | (poison & safe_from("psn", *types_of(foe)))
    immune = immune | ((status == FRZ) & (safe_from("frz", *types_of(foe)) | (weather_of(view) == SUN)))
    immune = immune | ((status == FRZ) & ability_is(foe, "magmaarmor"))
    immune = immune | (poison & ability_is(foe, "immunity"))
    immune = immune | ((status == PAR) & ability_is(foe, "limber"))
    immune = immune | ((status == BRN) & ability_is(foe, "waterveil"))
    immune = immune | ((status == SLP) & ability_is(foe, "insomnia", "vitalspirit"))
    return immune | (ability_is(foe, "leafguard") & (weather_of(view) == SUN))


def set_status(
    view: View,
    status: jax.Array,
    when: jax.Array,
    own: jax.Array | bool,
    clauses: tuple[str, ...],
    named: jax.Array | bool = False,
) -> tuple[View, jax.Array]:
    """``trySetStatus`` on the foe: the view, and bool whether it took. ``own``: the foe itself is the source.

    ``named``: the status is what the move is for, so that an ability that keeps it away is named.
    """
    foe = view.foe
    tried = when & (foe.hp > 0) & (status != NOTHING) & (foe.status == NOTHING)
    ok = tried & ~status_immune(view, status)
    own = jnp.asarray(own)
    ok = ok & ((view.foe_side.safeguard == 0) | own)
    loud = has(foe, "uproar") | has(view.user, "uproar")
    view, _ = view.draw(2, ok & has(foe, "uproar") & has(view.user, "uproar") & (foe.speed == view.user.speed))
    ok = ok & ~((status == SLP) & loud)
    if "sleep" in clauses:
        asleep = (view.foe_party.status == SLP) & (view.foe_party.hp > 0)
        asleep = asleep & (view.foe_party.status_source != SOURCE_ALLY)
        asleep = asleep & (jnp.arange(6) != foe.slot)
        ok = ok & ~((status == SLP) & ~own & jnp.any(asleep))
    if view.shown is not None:
        kept = tried & named & ((view.foe_side.safeguard == 0) | own) & _keeps_away(foe, status)
        if "sleep" in clauses:
            kept = kept & ~((status == SLP) & ~own & jnp.any(asleep))
        view = view.show_ability(False, kept)
        sleeps = ok & (status == SLP)
        view = view.replace(shown=show_sleep(view.shown, number_of(view, False), sleeps, jnp.bool_(False)))
    view, time = view.draw(4, ok & (status == SLP))
    source = jnp.where(own, SOURCE_ALLY, SOURCE_FOE)
    sleep_time = jnp.where(status == SLP, time + 2, 0)
    view = view.on_foe(ok, status=status, sleep_time=sleep_time, toxic_stage=0, status_source=source)
    view = view.drop_foe("nightmare", ok & (status == SLP))
    view = view.drop_foe("bide", ok & ((status == SLP) | (status == FRZ)))
    return view, ok


def synchronize(view: View, took: jax.Array, status: jax.Array, own: jax.Array, clauses: tuple[str, ...]) -> View:
    """The foe's Synchronize hands the status that it has just got to the user."""
    passes = took & ability_is(view.foe, "synchronize") & ~own & (status != SLP) & (status != FRZ)
    handed = jnp.where(status == TOX, PSN, status)
    back, passed = set_status(view.swapped(), handed, passes, False, clauses)
    return back.swapped().show_ability(False, passed)


def _keeps_away(mon: Active, status: jax.Array) -> jax.Array:
    """bool: an ability that a message names keeps the status away, where the types do not."""
    poison = ((status == PSN) | (status == TOX)) & ~safe_from("psn", *types_of(mon))
    kept = (poison & ability_is(mon, "immunity")) | ((status == PAR) & ability_is(mon, "limber"))
    kept = kept | ((status == BRN) & ~safe_from("brn", *types_of(mon)) & ability_is(mon, "waterveil"))
    return kept | ((status == SLP) & ability_is(mon, "insomnia", "vitalspirit"))


def boost(
    view: View, stages: jax.Array, when: jax.Array, own: jax.Array | bool, named: jax.Array | bool = False
) -> tuple[View, jax.Array]:
    """``boost`` on the foe: bool whether any stage changed. ``stages``: int32[7]. ``own``: by the foe itself.

    ``named``: an ability that keeps a stage from falling is named.
    """
    foe = view.foe
    lowers = (stages < 0) & ~jnp.asarray(own)
    kept = (view.foe_side.mist > 0) | ability_is(foe, "clearbody", "whitesmoke")
    barred = jnp.full(7, False) | kept
    barred = barred.at[ATK].set(kept | ability_is(foe, "hypercutter"))
    barred = barred.at[ACCURACY].set(kept | ability_is(foe, "keeneye"))
    falls = lowers & barred & (foe.boosts > -6)
    view = view.show_ability(False, when & named & (foe.hp > 0) & (view.foe_side.mist == 0) & jnp.any(falls))
    stages = jnp.where(lowers & barred, 0, stages)
    after = jnp.clip(foe.boosts + stages, -6, 6)
    when = when & (foe.hp > 0)
    changed = when & jnp.any(after != foe.boosts)
    return view.on_foe(when, boosts=after), changed


def add_volatile(
    view: View, condition: jax.Array, when: jax.Array, own: jax.Array | bool, move: jax.Array
) -> tuple[View, jax.Array]:
    """``addVolatile`` on the foe: bool whether it took. ``condition``: its number. ``own``: the foe is the source."""
    when = when & (view.foe.hp > 0)
    own = jnp.asarray(own)
    foe = view.foe

    def starts(name: str) -> jax.Array:
        return when & (condition == condition_id(name)) & ~has(foe, name)

    took = jnp.bool_(False)
    guarded = (view.foe_side.safeguard > 0) & ~own

    this = starts("confusion") & ~guarded & ~ability_is(foe, "owntempo")
    view, time = view.draw(4, this)
    view, took = view.put_foe("confusion", this, time=time + 2), took | this

    this = starts("flinch") & ~ability_is(foe, "innerfocus") & ~has(foe, "focuspunch")
    view, took = view.put_foe("flinch", this, duration=1), took | this

    this = starts("partiallytrapped")
    grip = item_is(view.user, "gripclaw")
    view, time = view.draw(4, this & ~grip)
    duration = jnp.where(grip, 6, time + 3)
    view = view.put_foe(
        "partiallytrapped", this, duration=duration, boundDivisor=16, sourceEffect=move, source=number_of(view, True)
    )
    took = took | this

    this = starts("leechseed")
    slot = jnp.where(view.second, 2, 1)
    view, took = view.put_foe("leechseed", this, sourceSlot=slot), took | this

    for name in ("focusenergy", "ingrain", "aquaring", "foresight", "miracleeye", "torment"):
        this = starts(name)
        view, took = view.put_foe(name, this), took | this
    for name in ("minimize", "defensecurl"):  # 'Restart' does nothing and counts as nothing done
        view = view.put_foe(name, when & (condition == condition_id(name)))

    this = starts("mustrecharge")
    view, took = view.put_foe("mustrecharge", this, duration=2), took | this

    this = when & (condition == condition_id("lockedmove"))
    fresh = this & ~has(foe, "lockedmove")
    view, time = view.draw(2, fresh)
    view = view.put_foe("lockedmove", fresh, duration=2, trueDuration=time + 2, move=move)
    again = this & ~fresh & (foe.data["lockedmove.trueDuration"] >= 2)
    view, took = view.put_foe("lockedmove", again, duration=2), took | this

    this = starts("taunt")
    view, time = view.draw(3, this)
    view, took = view.put_foe("taunt", this, duration=time + 3), took | this

    this = starts("protect")
    view, took = view.put_foe("protect", this, duration=1), took | this

    this = starts("magnetrise") & ~has(foe, "ingrain") & (foe.ability != ability_id("levitate"))
    view, took = view.put_foe("magnetrise", this, duration=5), took | this

    this = starts("yawn") & (foe.status == NOTHING) & ~guarded
    view, took = view.put_foe("yawn", this, duration=2, source=number_of(view, True)), took | this

    view, this = add_attract(view, starts("attract"))
    took = took | this

    this = starts("roost")
    view, took = view.put_foe("roost", this, duration=1), took | this

    this = starts("substitute")
    quarter = quotient(foe.max_hp, 4)
    view, took = view.put_foe("substitute", this, hp=quarter), took | this
    view = view.drop_foe("partiallytrapped", this)
    view, more = more_volatiles(view, condition, when, own)
    return view, took | more


def add_attract(view: View, when: jax.Array) -> tuple[View, jax.Array]:
    """The foe falls in love with the user; a Destiny Knot lets the user do so too."""

    def falls(view: View, when: jax.Array) -> tuple[View, jax.Array]:
        foe, user = view.foe, view.user
        genders = (foe.gender + user.gender == 3) & (foe.gender != 0) & (user.gender != 0)
        this = when & (foe.hp > 0) & ~has(foe, "attract") & genders & ~ability_is(foe, "oblivious")
        return view.put_foe("attract", this, source=number_of(view, True)), this

    view, this = falls(view, when)
    back, also = falls(view.swapped(), this & item_is(view.foe, "destinyknot"))
    return back.show_item(True, also).swapped(), this


def grounded(view: View) -> jax.Array:
    """bool: 'isGrounded' of the foe."""
    foe = view.foe
    down = (view.field.gravity > 0) | has(foe, "ingrain") | item_is(foe, "ironball")
    up = type_is(foe, type_id("Flying")) | ability_is(foe, "levitate") | has(foe, "magnetrise")
    return down | ~up


def is_choice(mon_item: jax.Array) -> jax.Array:
    """bool: one of the three Choice items."""
    return among(mon_item, [item_id(name) for name in ("choiceband", "choicescarf", "choicespecs")])


def stop_locked_move(view: View, when: jax.Array) -> View:
    """The foe's Thrash ends, with confusion if its turns are over ('lockedmove' onEnd)."""
    tired = when & (view.foe.data["lockedmove.trueDuration"] <= 1)
    view = view.drop_foe("lockedmove", when)
    view, _ = add_confusion(view, tired)
    return view


def add_confusion(view: View, when: jax.Array) -> tuple[View, jax.Array]:
    """The foe confuses itself."""
    foe = view.foe
    this = when & (foe.hp > 0) & ~has(foe, "confusion") & ~ability_is(foe, "owntempo")
    view, time = view.draw(4, this)
    return view.put_foe("confusion", this, time=time + 2), this


def toxic_spikes_status(view: View) -> jax.Array:
    """int32: the status that the foe's entry onto Toxic Spikes gives."""
    return jnp.where(view.foe_side.toxicspikes >= 2, TOX, PSN)


def reset_side(side, name: str, when: jax.Array):
    """A hazard gone from a side, the order of the others closed up."""
    order = getattr(side, f"{name}_order")
    values = {name: 0, f"{name}_order": 0}
    side = update(side, when, **values)
    for other in ("spikes", "toxicspikes", "stealthrock"):
        if other != name:
            place = getattr(side, f"{other}_order")
            side = update(side, when & (order > 0) & (place > order), **{f"{other}_order": place - 1})
    return side
