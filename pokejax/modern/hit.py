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
from pokejax.modern.accuracy import check_accuracy
from pokejax.modern.answers import answers, hit_event
from pokejax.modern.conditions import add_volatile, boost, set_status, synchronize
from pokejax.modern.crash import crash
from pokejax.modern.damage import Blow, formula
from pokejax.modern.data import MoveData, condition_id, move_id
from pokejax.modern.fixed_damage import fixed
from pokejax.modern.gates import own_try_hit
from pokejax.modern.own_effects import own_effect
from pokejax.modern.party import bench
from pokejax.modern.power import has_power, rising
from pokejax.modern.reach import immune_to
from pokejax.modern.rules import Rules
from pokejax.modern.state import BRN, FRZ, NOTHING, PAR, SLP, drop, has, put
from pokejax.modern.survive import surviving
from pokejax.modern.thrown import thrown_secondary
from pokejax.modern.two_turns import use_item
from pokejax.modern.updates import update_event
from pokejax.modern.view import View, ability_is, item_is, number_of
from pokejax.modern.vitals import cure, faint_messages, healed, hurt
from pokejax.modern.wounds import wounded


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
    crashes: jax.Array
    """The user suffers (`crash`) if no hit does anything: one more calculation follows."""


def strike(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> tuple[View, Blow]:
    """Damage of one hit by the formula, before it is dealt; the Life Orb marks its holder."""
    view, blow = formula(view, view.user, view.foe, data, move, data.type, when)
    marks = when & item_is(view.user, "lifeorb") & ~has(view.foe, "substitute") & (view.user.hp > 0)
    return view.put_user("lifeorb", marks), blow


def _strike(
    view: View, data: MoveData, move: jax.Array, when: jax.Array, first: jax.Array, falls: jax.Array
) -> tuple[View, jax.Array, jax.Array, Blow]:
    """Damage of one hit before it is dealt: number, whether there is one, and how it came about.

    ``falls``: there is no hit, and a jump kick's user suffers instead.
    """
    view, is_fixed, amount = fixed(view, data, move, when)
    by_formula = when & ~is_fixed & has_power(data, move)
    view, data = rising(view, data, move, by_formula, first)
    safe = immune_to(view, data)
    view, blow = strike(view, data, move, by_formula | (falls & ~safe))
    view = crash(view, falls, safe, blow.damage)
    damage = jnp.where(is_fixed, amount, blow.damage)
    blow = blow.replace(critical=by_formula & blow.critical, effectiveness=jnp.where(by_formula, blow.effectiveness, 0))
    return view, damage, when & (is_fixed | by_formula), blow


def _on_substitute(
    view: View, data: MoveData, damage: jax.Array, when: jax.Array, move: jax.Array, critical: jax.Array
) -> View:
    """The foe's Substitute takes the damage."""
    left = view.foe.data["substitute.hp"]
    damage = jnp.minimum(damage, left)
    broken = when & (damage >= left)
    foe = put(view.foe, "substitute", when & ~broken, hp=left - damage)
    foe = drop(foe, "substitute", broken)
    foe = put(foe, "substitutebroken", broken & (foe.hp > 0), move=move)
    view = view.replace(foe=foe)
    view = _recoil(view, data, damage, when & (damage > 0))
    angry = when & critical & ability_is(view.foe, "angerpoint") & (view.foe.hp > 0)
    view = view.show_ability(False, angry).on_foe(angry, boosts=jnp.where(jnp.arange(7) == 0, 6, view.foe.boosts))
    drains = when & (data.drain[0] > 0)
    share = quotient(damage * data.drain[0] + data.drain[1] - 1, jnp.maximum(data.drain[1], 1))
    return _drain(view, share, drains & (share > 0), move)


def _drain(view: View, amount: jax.Array, when: jax.Array, move: jax.Array) -> View:
    """The user gains what it drained. Liquid Ooze turns that to damage, but not from Dream Eater."""
    amount = jnp.where(item_is(view.user, "bigroot"), quotient(amount * 13, 10), amount)
    sour = when & ability_is(view.foe, "liquidooze") & (move != move_id("dreameater"))
    view = view.show_ability(False, sour & (view.user.hp > 0) & ~ability_is(view.user, "magicguard"))
    view = wounded(view, amount, sour)
    user = view.user
    return view.replace(user=healed(user, amount, when & ~sour & (user.hp < user.max_hp)))


def _recoil(view: View, data: MoveData, damage: jax.Array, when: jax.Array) -> View:
    share = quotient(damage * data.recoil[0], jnp.maximum(data.recoil[1], 1))
    kept = ability_is(view.user, "rockhead")
    return wounded(view, share, when & (data.recoil[0] > 0) & ~kept)


def _effects(
    view: View,
    data: MoveData,
    move: jax.Array,
    rules: Rules,
    when: jax.Array,
    reached: jax.Array,
    own: jax.Array,
    blow: Blow,
    lands: jax.Array,
) -> tuple[View, jax.Array]:
    """Primary effects, those on the user itself, and secondary effects: four parts of one loop.

    ``reached``: the target is there, and no Substitute took the hit. ``own``: the user is the target. ``lands``: the
    hit did damage, be it 0. Returns the view and bool: the primary effects did something, or there were none.
    """
    parts = 4

    def part(i: jax.Array, state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, worked = state
        first, selfish = i == 0, i == 1
        k = jnp.maximum(i - 2, 0)
        later = i >= 2
        # A move for something that does not take ends there.
        throws = (i == 2) & (move == move_id("fling"))
        tossed_status, tossed = thrown_secondary(view.user.item)
        throws = throws & ((tossed_status > 0) | (tossed > 0))
        here = when & (first | worked) & jnp.where(later, (k < data.secondaries) | throws, True)
        self_boosts = jnp.any(data.self_boosts != 0)
        chance = jnp.where(throws, 100, take(data.chances, k))
        # Shield Dust takes away what would befall its holder; nothing is rolled for that.
        for_user = jnp.any(take(data.secondary_self_boosts, k) != 0)
        here = here & ~(later & ability_is(view.foe, "shielddust") & ~for_user & ~own)
        view, roll = view.draw(100, here & (later | (selfish & self_boosts)))
        chance = jnp.where(ability_is(view.user, "serenegrace"), chance * 2, chance)
        here = here & (~later | (roll < chance))

        stages = jnp.where(later, take(data.secondary_boosts, k), jnp.where(first, data.boosts, 0))
        status = jnp.where(later, take(data.secondary_status, k), jnp.where(first, data.status, NOTHING))
        three = later & (k == 0) & (move == move_id("triattack"))
        view, which = view.draw(3, here & three & reached & (view.foe.hp > 0))
        status = jnp.where(three, jnp.where(which == 0, BRN, jnp.where(which == 1, PAR, FRZ)), status)
        volatile = jnp.where(later, take(data.secondary_volatile, k), jnp.where(first, data.volatile, 0))
        status, volatile = jnp.where(throws, tossed_status, status), jnp.where(throws, tossed, volatile)
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
        moves_on = selfish & here & (move == move_id("psychoshift"))
        view = view.replace(user=drop(cure(view.user, moves_on), "nightmare", moves_on))
        drives = first & data.flag("force_switch") & ~own
        alone = ~jnp.any(bench(view.foe, view.foe_party))
        tried = does | (status != NOTHING) | (volatile != 0) | drives
        good = boosted | took | added | (own & (raised | put_on)) | (drives & ~alone)
        worked = jnp.where(first, ~tried | good, worked)

        acts = first & here & ~ends & (reached | own)
        view, special, did = own_effect(view, data, move, rules, acts, own)
        # One effect that did something is enough; a function that did nothing counts as nothing.
        worked = jnp.where(special, jnp.where(tried, (tried & good) | did, did), worked)
        view = hit_event(view, data, blow.critical, blow.effectiveness, acts & ~own)
        dies = acts & (data.self_destruct == 2)
        view = view.on_user(dies & (view.user.hp > 0), hp=0, switch_flag=0)
        return view, worked | lands

    view, worked = lax.fori_loop(0, parts, part, (view, jnp.bool_(True)))
    drags = when & worked & reached & ~own & data.flag("force_switch") & (view.foe.hp > 0) & (view.user.hp > 0)
    stays = ability_is(view.foe, "suctioncups") | has(view.foe, "ingrain") | ~jnp.any(bench(view.foe, view.foe_party))
    view = view.show_ability(
        False, drags & ability_is(view.foe, "suctioncups") & jnp.any(bench(view.foe, view.foe_party))
    )
    return view.on_foe(drags & ~stays, forced_out=True), worked


def _one_hit(
    view: View, data: MoveData, move: jax.Array, rules: Rules, hits: Hits, own: jax.Array
) -> tuple[View, Hits]:
    go = hits.goes_on
    falls = ~go & hits.crashes & ~hits.worked
    first = hits.hit == 0
    kicks = move == move_id("triplekick")
    data = data.replace(base_power=jnp.where(kicks, 10 * (hits.hit + 1), data.base_power))
    view, allowed = own_try_hit(view, data, move, go & first)
    # Each of Triple Kick's kicks can miss.
    again = go & ~first & data.flag("multi_accuracy")
    view, meets = check_accuracy(view, data, again)
    go = go & allowed & (meets | ~again)
    screen = go & ~own & has(view.foe, "substitute") & ~data.flag("bypasssub")
    view, damage, numbered, blow = _strike(view, data, move, go & ~own, first, falls)
    # A move without damage fails on a Substitute, yet counts as having hit.
    blocked = screen & ~numbered
    view = maybe(
        screen & numbered,
        lambda v: _on_substitute(v, data, damage, screen & numbered, move, blow.critical),
        view,
        masked=True,
    )
    reached = go & ~screen
    lands = numbered & reached
    view, damage = surviving(view, damage, move, lands)
    dealt = jnp.minimum(damage, view.foe.hp)
    view = view.replace(foe=hurt(view.foe, damage, lands & (damage > 0), indirect=False))
    share = jnp.maximum(quotient(dealt * data.drain[0], jnp.maximum(data.drain[1], 1)), 1)
    view = _drain(view, share, lands & (data.drain[0] > 0) & (dealt > 0), move)

    heals = go & own & (data.heal[0] > 0)
    full = heals & (view.user.hp >= view.user.max_hp)
    part = quotient(view.user.max_hp * data.heal[0], jnp.maximum(data.heal[1], 1))
    view = view.replace(user=healed(view.user, part, heals & ~full))
    # Present may heal its target.
    gives = reached & ~own & (data.heal[0] > 0)
    well = gives & (view.foe.hp >= view.foe.max_hp)
    view = view.replace(foe=healed(view.foe, view.foe.max_hp >> 2, gives & ~well))
    full = full | well
    view, worked = _effects(view, data, move, rules, go & ~blocked & ~full, reached, own, blow, lands)
    worked = worked | numbered
    met = go & (worked | blocked) & ~full
    view = answers(view, data, rules, move, dealt, lands)
    hits = hits.replace(
        total=hits.total + jnp.where(lands, dealt, 0),
        last=jnp.where(go, jnp.where(lands, dealt, 0), hits.last),
        numbered=jnp.where(go, lands, hits.numbered),
        reached=jnp.where(go, reached & met, hits.reached),
        worked=hits.worked | (go & met),
        hit=hits.hit + jnp.where(go, 1, 0),
    )
    calls = view.calls != 0
    view = update_event(view, go & met & ~calls)
    over = ~met | (view.user.hp <= 0) | (view.foe.hp <= 0) | (view.user.status == SLP)
    return view, hits.replace(goes_on=go & ~over & (hits.hit < hits.most), crashes=hits.crashes & ~falls)


def hit_loop(
    view: View, data: MoveData, move: jax.Array, rules: Rules, when: jax.Array, crashes: jax.Array
) -> tuple[View, jax.Array]:
    """All hits where ``when``, and what follows them: the view, and bool whether the move did something.

    ``crashes``: the user suffers if it did not, be it that there was no hit at all.
    """
    own = data.hits_self
    fewest, most = data.hits[0], data.hits[1]
    varies = when & (fewest == 2) & (most == 5)
    linked = ability_is(view.user, "skilllink")
    view, roll = view.draw(8, varies & ~linked)
    drawn = jnp.where(roll < 3, 2, jnp.where(roll < 6, 3, jnp.where(roll == 6, 4, 5)))
    count = jnp.where(varies, jnp.where(linked, 5, drawn), jnp.maximum(most, 1))
    zero, no = jnp.int32(0), jnp.bool_(False)
    hits = Hits(
        hit=zero, most=count, goes_on=when, total=zero, last=zero, numbered=no, reached=no, worked=no,
        crashes=crashes,
    )  # fmt: skip

    def body(state: tuple[View, Hits]) -> tuple[View, Hits]:
        view, hits = state
        return _one_hit(view, data, move, rules, hits, own)

    view, hits = lax.while_loop(_more_hits, body, (view, hits))
    worked = hits.worked & when
    over = worked & (view.calls == 0)
    view = _fall(view, over)
    view = _recoil(view, data, hits.total, over & (hits.total > 0))
    quarter = jnp.maximum(quotient(view.user.max_hp, 4), 1)
    struggles = over & data.flag("struggle_recoil") & (hits.total > 0)
    user = view.user
    left = jnp.maximum(user.hp - quarter, 0)
    view = view.on_user(struggles & (user.hp > 0), hp=left)
    view = attacked(view, move, hits.last, hits.numbered, over & hits.reached & ~own)
    view = update_event(view, over)
    # 'AfterMoveSecondary' of the target, then 'AfterMoveSecondarySelf'.
    sash = over & has(view.foe, "focussash") & ~own
    back = use_item(view.swapped(), sash & (view.foe.data["focussash.activated"] == 1) & (view.foe.hp > 0))
    view = back.swapped().drop_foe("focussash", sash)
    bell = over & item_is(view.user, "shellbell") & (hits.total > 0) & ~view.user.forced_out
    part = quotient(hits.total, 8)
    bell = bell & (view.user.hp > 0) & (view.user.hp < view.user.max_hp)
    view = view.show_item(True, bell)
    return view.replace(user=healed(view.user, part, bell)), worked


def _more_hits(state: tuple[View, Hits]) -> jax.Array:
    hits = state[1]
    return hits.goes_on | (hits.crashes & ~hits.worked)


def settle_hits(view: View, when: jax.Array, falls: jax.Array) -> View:
    """The end of the hit of a move that used another one, once that is over. ``falls``: faints come before it."""
    return update_event(_fall(view, when & falls), when)


def _fall(view: View, when: jax.Array) -> View:
    """``faintMessages`` right after the hits: the battle is judged only if the user has no HP left, or on a chain."""
    foe_falls = when & (view.foe.hp <= 0) & ~view.foe.fainted
    user_falls = when & (view.user.hp <= 0) & ~view.user.fainted

    def fall(view: View) -> View:
        drawn_along = foe_falls & has(view.foe, "destinybond") & (view.user.hp > 0)
        view = view.on_user(drawn_along, hp=0, switch_flag=0)
        bears = foe_falls & has(view.foe, "grudge") & ~view.user.fainted & (view.user.last_move != 0)
        pp = jnp.where(view.user.moves == view.user.last_move, 0, view.user.pp)
        view = view.on_user(bears, pp=pp)
        return faint_messages(view, user_falls | drawn_along)

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
