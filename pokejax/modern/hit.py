"""The hits of a move on the foe, or on its own user: damage, effects, secondary effects, and what answers them.

Source: ``hitStepMoveHitLoop``, ``spreadMoveHit``, ``runMoveEffects``, ``selfDrops``, ``secondaries`` in
sim/battle-actions.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv import struct
from jaxenv.control import maybe
from pokejax.common.arrays import quotient, take
from pokejax.common.storage import update
from pokejax.modern.conditions import add_volatile, boost, set_status, synchronize
from pokejax.modern.damage import fixed, formula
from pokejax.modern.data import MoveData, condition_id, type_id
from pokejax.modern.own_effects import own_effect
from pokejax.modern.power import has_power, move_type
from pokejax.modern.rules import Rules
from pokejax.modern.state import FRZ, NOTHING, SLP, drop, has, put
from pokejax.modern.updates import update_event
from pokejax.modern.view import View, ability_is, item_is, number_of
from pokejax.modern.vitals import cure, faint_messages, healed, hurt


@struct.dataclass
class Hits(struct.Node):
    """State of the loop of hits."""

    hit: jax.Array
    """Hits begun."""
    most: jax.Array
    goes_on: jax.Array
    total: jax.Array
    """Damage of all hits."""
    last: jax.Array
    """Damage of the last hit."""
    numbered: jax.Array
    """The last hit did damage, be it 0, to the target itself."""
    reached: jax.Array
    """The last hit met the target, not its Substitute."""
    worked: jax.Array
    """Some hit did something."""


def _strike(
    view: View, data: MoveData, move: jax.Array, when: jax.Array
) -> tuple[View, jax.Array, jax.Array, jax.Array]:
    """Damage of one hit before it is dealt: number, whether there is one, and whether it was critical."""
    is_fixed, amount = fixed(view, data, move)
    type_ = move_type(view.user, data, move)
    by_formula = when & ~is_fixed & has_power(data, move)
    view, blow = formula(view, view.user, view.foe, data, move, type_, by_formula)
    marks = by_formula & item_is(view.user, "lifeorb") & ~has(view.foe, "substitute") & (view.user.hp > 0)
    view = view.put_user("lifeorb", marks)
    damage = jnp.where(is_fixed, amount, blow.damage)
    return view, damage, when & (is_fixed | by_formula), by_formula & blow.critical


def _on_substitute(view: View, data: MoveData, damage: jax.Array, when: jax.Array, move: jax.Array) -> View:
    """The foe's Substitute takes the damage."""
    left = view.foe.data["substitute.hp"]
    damage = jnp.minimum(damage, left)
    broken = when & (damage >= left)
    foe = put(view.foe, "substitute", when & ~broken, hp=left - damage)
    foe = drop(foe, "substitute", broken)
    foe = put(foe, "substitutebroken", broken & (foe.hp > 0), move=move)
    view = view.replace(foe=foe)
    view = _recoil(view, data, damage, when & (damage > 0))
    drains = when & (data.drain[0] > 0)
    share = quotient(damage * data.drain[0] + data.drain[1] - 1, jnp.maximum(data.drain[1], 1))
    return _drain(view, share, drains & (share > 0))


def _drain(view: View, amount: jax.Array, when: jax.Array) -> View:
    amount = jnp.where(item_is(view.user, "bigroot"), quotient(amount * 13, 10), amount)
    sour = when & ability_is(view.foe, "liquidooze")
    user = hurt(view.user, amount, sour)
    view = view.show_ability(False, sour & (view.user.hp > 0) & ~ability_is(view.user, "magicguard"))
    return view.replace(user=healed(user, amount, when & ~sour & (user.hp < user.max_hp)))


def _recoil(view: View, data: MoveData, damage: jax.Array, when: jax.Array) -> View:
    share = quotient(damage * data.recoil[0], jnp.maximum(data.recoil[1], 1))
    kept = ability_is(view.user, "rockhead")
    user = hurt(view.user, share, when & (data.recoil[0] > 0) & ~kept)
    return view.replace(user=user)


def _effects(
    view: View, data: MoveData, move: jax.Array, rules: Rules, when: jax.Array, reached: jax.Array, own: jax.Array
) -> tuple[View, jax.Array]:
    """Primary effects, those on the user itself, and secondary effects: four parts of one loop.

    ``reached``: the target is there, and no Substitute took the hit. ``own``: the user is the target. Returns the view
    and bool: the primary effects did something, or there were none.
    """
    parts = 4

    def part(i: jax.Array, state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, worked = state
        first, selfish = i == 0, i == 1
        k = jnp.maximum(i - 2, 0)
        later = i >= 2
        # A move for something that does not take ends there.
        here = when & (first | worked) & jnp.where(later, k < data.secondaries, True)
        self_boosts = jnp.any(data.self_boosts != 0)
        chance = take(data.chances, k)
        # Shield Dust takes away what would befall its holder; nothing is rolled for that.
        for_user = jnp.any(take(data.secondary_self_boosts, k) != 0)
        here = here & ~(later & ability_is(view.foe, "shielddust") & ~for_user & ~own)
        view, roll = view.draw(100, here & (later | (selfish & self_boosts)))
        chance = jnp.where(ability_is(view.user, "serenegrace"), chance * 2, chance)
        here = here & (~later | (roll < chance))

        stages = jnp.where(later, take(data.secondary_boosts, k), jnp.where(first, data.boosts, 0))
        status = jnp.where(later, take(data.secondary_status, k), jnp.where(first, data.status, NOTHING))
        volatile = jnp.where(later, take(data.secondary_volatile, k), jnp.where(first, data.volatile, 0))
        mine = jnp.where(later, take(data.secondary_self_boosts, k), jnp.where(selfish, data.self_boosts, 0))
        on_user = jnp.where(selfish, data.self_volatile, jnp.where(first & own, data.volatile, 0))
        mine = jnp.where(first & own, data.boosts, mine)
        on_foe = here & reached & ~own

        does = jnp.any(jnp.where(first & own, mine, stages) != 0)
        view, boosted = boost(view, stages, on_foe & jnp.any(stages != 0), False, named=data.secondaries == 0)
        view, took = set_status(view, status, on_foe & (status != NOTHING), False, rules.clauses, named=first)
        view = synchronize(view, took, status, jnp.bool_(False), rules.clauses)
        ends = first & (status != NOTHING) & ~took
        view, added = add_volatile(view, volatile, on_foe & (volatile != 0) & ~ends, False, move)
        calm = first & on_foe & (volatile == condition_id("confusion")) & ability_is(view.foe, "owntempo")
        view = view.show_ability(False, calm)

        back = view.swapped()
        back, raised = boost(back, mine, here & jnp.any(mine != 0), True)
        back, put_on = add_volatile(back, on_user, here & (on_user != 0), True, move)
        view = back.swapped()
        tried = does | (status != NOTHING) | (volatile != 0)
        good = boosted | took | added | (own & (raised | put_on))
        worked = jnp.where(first, ~tried | good, worked)
        return view, worked

    return lax.fori_loop(0, parts, part, (view, jnp.bool_(True)))


def _answers(view: View, data: MoveData, rules: Rules, move: jax.Array, damage: jax.Array, when: jax.Array) -> View:
    """'DamagingHit': the foe's ability, and the thawing of a frozen foe by fire."""
    touches = when & data.flag("contact") & (damage > 0)
    foe = view.foe
    kinds = ability_is(foe, "static", "poisonpoint", "flamebody", "effectspore")
    view, roll = view.draw(10, touches & kinds)
    caught = touches & kinds & (roll < 3)
    spore = caught & ability_is(foe, "effectspore")
    view, which = view.draw(3, spore)
    status = jnp.where(ability_is(foe, "static"), 2, jnp.where(ability_is(foe, "poisonpoint"), 5, 1))
    status = jnp.where(spore, jnp.where(which == 0, SLP, jnp.where(which == 1, 2, 5)), status)
    back, took = set_status(view.swapped(), status, caught, False, rules.clauses)
    back = synchronize(back, took, status, jnp.bool_(False), rules.clauses)
    view = back.swapped().show_ability(False, took)
    rough = touches & ability_is(foe, "roughskin")
    view = view.show_ability(False, rough & (view.user.hp > 0) & ~ability_is(view.user, "magicguard"))
    view = view.replace(user=hurt(view.user, quotient(view.user.max_hp, 8), rough))
    fiery = move_type(view.user, data, move) == type_id("Fire")
    thaws = when & (view.foe.status == FRZ) & fiery & ~data.is_status
    return view.replace(foe=cure(view.foe, thaws))


def _one_hit(
    view: View, data: MoveData, move: jax.Array, rules: Rules, hits: Hits, own: jax.Array
) -> tuple[View, Hits]:
    go = hits.goes_on
    screen = go & ~own & has(view.foe, "substitute") & ~data.flag("bypasssub")
    view, damage, numbered, _critical = _strike(view, data, move, go & ~own)
    # A move without damage fails on a Substitute, yet counts as having hit.
    blocked = screen & ~numbered
    view = maybe(
        screen & numbered, lambda v: _on_substitute(v, data, damage, screen & numbered, move), view, masked=True
    )
    reached = go & ~screen
    lands = numbered & reached
    dealt = jnp.minimum(damage, view.foe.hp)
    view = view.replace(foe=hurt(view.foe, damage, lands, indirect=False))
    share = jnp.maximum(quotient(dealt * data.drain[0], jnp.maximum(data.drain[1], 1)), 1)
    view = _drain(view, share, lands & (data.drain[0] > 0) & (dealt > 0))

    heals = go & own & (data.heal[0] > 0)
    full = heals & (view.user.hp >= view.user.max_hp)
    part = quotient(view.user.max_hp * data.heal[0], jnp.maximum(data.heal[1], 1))
    view = view.replace(user=healed(view.user, part, heals & ~full))
    blocked = blocked | full
    view, worked = _effects(view, data, move, rules, go & ~blocked, reached, own)
    view, special, did = own_effect(view, data, move, rules, go & ~blocked & (reached | own), own)
    # One effect that did something is enough; a function that did nothing counts as nothing.
    has_table = jnp.any(data.boosts != 0) | (data.status != NOTHING) | (data.volatile != 0)
    worked = jnp.where(special, jnp.where(has_table, worked | did, did), worked)
    worked = worked | numbered
    view = _answers(view, data, rules, move, dealt, lands)
    met = (worked | blocked) & ~full
    hits = hits.replace(
        total=hits.total + jnp.where(lands, dealt, 0),
        last=jnp.where(go, jnp.where(lands, dealt, 0), hits.last),
        numbered=jnp.where(go, lands, hits.numbered),
        reached=jnp.where(go, reached & met, hits.reached),
        worked=hits.worked | (go & met),
        hit=hits.hit + jnp.where(go, 1, 0),
    )
    view = update_event(view, go & met)
    over = ~met | (view.user.hp <= 0) | (view.foe.hp <= 0) | (view.user.status == SLP)
    return view, hits.replace(goes_on=go & ~over & (hits.hit < hits.most))


def hit_loop(view: View, data: MoveData, move: jax.Array, rules: Rules, when: jax.Array) -> tuple[View, jax.Array]:
    """All hits where ``when``, and what follows them: the view, and bool whether the move did something."""
    own = data.hits_self
    fewest, most = data.hits[0], data.hits[1]
    varies = when & (fewest == 2) & (most == 5)
    linked = ability_is(view.user, "skilllink")
    view, roll = view.draw(8, varies & ~linked)
    drawn = jnp.where(roll < 3, 2, jnp.where(roll < 6, 3, jnp.where(roll == 6, 4, 5)))
    count = jnp.where(varies, jnp.where(linked, 5, drawn), jnp.maximum(most, 1))
    zero, no = jnp.int32(0), jnp.bool_(False)
    hits = Hits(
        hit=zero, most=count, goes_on=when, total=zero, last=zero, numbered=no, reached=no, worked=no
    )  # fmt: skip

    def body(state: tuple[View, Hits]) -> tuple[View, Hits]:
        view, hits = state
        return _one_hit(view, data, move, rules, hits, own)

    view, hits = lax.while_loop(lambda state: state[1].goes_on, body, (view, hits))
    worked = hits.worked & when
    view = _fall(view, worked)
    view = _recoil(view, data, hits.total, worked & (hits.total > 0))
    quarter = jnp.maximum(quotient(view.user.max_hp, 4), 1)
    struggles = worked & data.flag("struggle_recoil") & (hits.total > 0)
    user = view.user
    left = jnp.maximum(user.hp - quarter, 0)
    view = view.on_user(struggles & (user.hp > 0), hp=left)
    view = attacked(view, move, hits.last, hits.numbered, worked & hits.reached & ~own)
    view = update_event(view, worked)
    return view, worked


def _fall(view: View, when: jax.Array) -> View:
    """``faintMessages`` right after the hits: the battle is judged only if the user has no HP left, or on a chain."""
    foe_falls = when & (view.foe.hp <= 0) & ~view.foe.fainted
    user_falls = when & (view.user.hp <= 0) & ~view.user.fainted

    def fall(view: View) -> View:
        return faint_messages(view, user_falls)

    return maybe(foe_falls | user_falls, fall, view)


def attacked(view: View, move: jax.Array, damage: jax.Array, counts: jax.Array, when: jax.Array) -> View:
    """``gotAttacked``: the foe remembers the attack. Of older ones it keeps what a rule can still read."""

    def remember(view: View) -> View:
        foe = view.foe
        source = jnp.append(foe.attack_source, 0)
        there = source != 0
        count = jnp.sum(there, dtype=jnp.int32)
        place = jnp.arange(4) == count

        def with_new(old: jax.Array, value: jax.Array) -> jax.Array:
            return jnp.where(place, value, jnp.append(old, jnp.zeros(1, old.dtype)))

        columns = {
            "attack_source": with_new(foe.attack_source, number_of(view, True)),
            "attack_damage": with_new(foe.attack_damage, jnp.where(counts, damage, 0)),
            "attack_move": with_new(foe.attack_move, move),
            "attack_this_turn": with_new(foe.attack_this_turn, jnp.bool_(True)),
            "attack_counts": with_new(foe.attack_counts, counts),
        }
        return view.replace(foe=update(foe, when, **keep_attacks(columns)))

    return maybe(when, remember, view, masked=True)


def keep_attacks(columns: dict[str, jax.Array]) -> dict[str, jax.Array]:
    """The attacks that matter, packed to the front, three of them: this turn's, the last, the last that did damage."""
    there = columns["attack_source"] != 0
    size = there.shape[0]
    places = jnp.arange(size)
    last = jnp.max(jnp.where(there, places, -1))
    damaging = jnp.max(jnp.where(there & columns["attack_counts"], places, -1))
    keep = there & (columns["attack_this_turn"] | (places == last) | (places == damaging))
    rank = jnp.cumsum(keep.astype(jnp.int32))
    surplus = jnp.maximum(rank[-1] - 3, 0)
    packed = {}
    for name, values in columns.items():
        entries = []
        for k in range(3):
            chosen = keep & (rank == k + 1 + surplus)
            if values.dtype == jnp.bool_:
                entries.append(jnp.any(chosen & values))
            else:
                entries.append(jnp.sum(jnp.where(chosen, values, 0), dtype=jnp.int32))
        packed[name] = jnp.stack(entries)
    return packed
