"""The end of a turn: what weather, screens, statuses, volatile conditions, abilities and items do, class by class.

Source: ``fieldEvent('Residual')`` in sim/battle.js; the ``onResidual`` handlers of data/mods/gen4.

Who has no HP left counts as fainted at once; what fainting clears is cleared once, at the end.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv.control import maybe
from pokejax.common.arrays import quotient, take
from pokejax.common.storage import select, update
from pokejax.modern.conditions import add_confusion, set_status
from pokejax.modern.data import item_id, move_id, type_id
from pokejax.modern.locks import pp_of
from pokejax.modern.residual_order import LASTING, residual_order
from pokejax.modern.residual_weather import weather_upkeep
from pokejax.modern.rules import Rules
from pokejax.modern.state import (
    BRN,
    CLEAR,
    NOTHING,
    ONGOING,
    P1_WINS,
    P2_WINS,
    PSN,
    SLP,
    SPE,
    TIE,
    TOX,
    Battle,
    drop,
    has,
    put,
)
from pokejax.modern.stats import refresh_speed
from pokejax.modern.taken_items import white_herb
from pokejax.modern.view import View, ability_is, close_view, field_now, item_is, open_view, type_is
from pokejax.modern.vitals import collapse, cure, healed
from pokejax.modern.wounds import foe_wounded, wounded

Handler = Callable[[View, Rules, jax.Array], View]


def residual(battle: Battle, rules: Rules) -> Battle:
    """The residual, and the faints that it leaves."""
    field = field_now(battle.field, battle.sides[0].active[0], battle.sides[1].active[0])
    sides = tuple(side.replace(active=(refresh_speed(side.active[0], side, field),)) for side in battle.sides)
    battle = battle.replace(sides=sides)
    rng, first = residual_order(battle)
    view = open_view(battle.replace(rng=rng), False)
    down = (view.user.fainted, view.foe.fainted)
    for name in ("reflect", "lightscreen", "mist", "safeguard", "tailwind", "luckychant"):
        view = view.replace(user_side=_count(view.user_side, name), foe_side=_count(view.foe_side, name))

    view = _class_loop(view, rules, first)
    heavy = view.field.gravity
    view = view.on_field((view.field.result == ONGOING) & (heavy > 0), gravity=heavy - 1)
    room = view.field.trickroom
    view = view.on_field((view.field.result == ONGOING) & (room > 0), trickroom=room - 1)
    view = _both(view, _last)
    falls = tuple((mon.hp <= 0) & ~was for mon, was in zip((view.user, view.foe), down, strict=True))
    view = lax.fori_loop(0, 2, lambda k, v: collapse(v, jnp.where(k == 0, *falls)).swapped(), view)
    return close_view(view, False)


def _holds(view: View, name: str) -> jax.Array:
    """bool: the user has something of a class."""
    user = view.user
    if name == WEATHER:
        return view.field.weather != CLEAR
    if name == "wish":
        return view.user_side.wish > 0
    if name == "ability":
        return ability_is(user, "shedskin", "speedboost")
    if name == "slowstart":
        return ability_is(user, "slowstart")
    if name == "herb":
        return item_is(user, "whiteherb")
    if name == "item":
        return item_is(user, "leftovers", "blacksludge")
    if name == "status":
        return (user.status == BRN) | (user.status == PSN) | (user.status == TOX)
    if name == "baddreams":
        return ability_is(user, "baddreams")
    if name == "orb":
        return item_is(user, "flameorb", "toxicorb", "stickybarb")
    return has(user, name)


def _class_loop(view: View, rules: Rules, first: dict[str, jax.Array]) -> View:
    """The classes in order; of each, both holders in the order that the sort gave. The weather has one turn.

    One loop over classes and holders holds each handler once.
    """
    names = (HANDLED[0], WEATHER, *HANDLED[1:])
    order = jnp.stack([jnp.bool_(False) if name == WEATHER else first[name] for name in names])
    busy = [_holds(view, name) | _holds(view.swapped(), name) for name in names]
    present = jnp.stack(busy)

    def one(i: jax.Array, view: View) -> View:
        k, second_turn = i >> 1, (i & 1) == 1
        p2_first = take(order, k)
        flips = p2_first != second_turn

        def run(view: View) -> View:
            user, foe = select(flips, view.foe, view.user), select(flips, view.user, view.foe)
            mine, theirs = select(flips, view.foe_side, view.user_side), select(flips, view.user_side, view.foe_side)
            status = select(flips, view.foe_party, view.user_party), select(flips, view.user_party, view.foe_party)
            turned = view.replace(
                user=user,
                foe=foe,
                user_side=mine,
                foe_side=theirs,
                user_party=status[0],
                foe_party=status[1],
                second=view.second ^ flips,
            )
            blows = (k == names.index(WEATHER)) & ~second_turn
            turned = maybe(blows, weather_upkeep, turned)
            for place, name in enumerate(names):
                if name == WEATHER:
                    continue
                going = (turned.field.result == ONGOING) & (~turned.user.fainted | (name == "wish"))
                turned = _HANDLERS[name](turned, rules, going & (k == place) & _holds(turned, name))
            turned = _settle(turned)
            user, foe = select(flips, turned.foe, turned.user), select(flips, turned.user, turned.foe)
            mine = select(flips, turned.foe_side, turned.user_side)
            theirs = select(flips, turned.user_side, turned.foe_side)
            return turned.replace(
                user=user,
                foe=foe,
                user_side=mine,
                foe_side=theirs,
                user_party=view.user_party,
                foe_party=view.foe_party,
                second=view.second,
            )

        return maybe(take(present, k), run, view)

    return lax.fori_loop(0, 2 * len(names), one, view)


def _yawn(view: View, rules: Rules, when: jax.Array) -> View:
    over = when & (view.user.data["yawn.duration"] <= 1)
    return _give(view.replace(user=_ends(view.user, "yawn", when)), rules, jnp.int32(SLP), over, False)


def _orb(view: View, rules: Rules, when: jax.Array) -> View:
    user = view.user
    barb = when & item_is(user, "stickybarb")
    status = jnp.where(user.item == item_id("flameorb"), BRN, TOX)
    view = wounded(view, quotient(user.max_hp, 8), barb)
    before = view.user.status
    view = _give(view, rules, status, when & ~barb, True)
    harmed = barb & (user.hp > 0) & ~ability_is(user, "magicguard")
    return view.show_item(True, harmed | (when & (view.user.status != before)))


def _give(view: View, rules: Rules, status: jax.Array, when: jax.Array, own: bool) -> View:
    """The user gets a status."""
    back, _ = set_status(view.swapped(), status, when, own, rules.clauses)
    return back.swapped()


def _turn_of(name: str) -> Handler:
    def handler(view: View, rules: Rules, when: jax.Array) -> View:
        del rules
        return view.replace(user=_ends(view.user, name, when))

    return handler


def _count(side, name: str):
    turns = getattr(side, name)
    return update(side, True, **{name: jnp.maximum(turns - 1, 0)})


def _goes(view: View) -> jax.Array:
    return (view.field.result == ONGOING) & ~view.user.fainted


def _both(view: View, handler: Callable[[View], View]) -> View:
    """A handler whose order between the two makes no difference."""
    return lax.fori_loop(0, 2, lambda _, v: handler(v).swapped(), view)


def _ends(mon, name: str, when: jax.Array):
    """A turn of a condition's duration is over; with the last one it is gone."""
    left = mon.data[f"{name}.duration"] - 1
    when = when & has(mon, name) & (left >= 0)
    return drop(put(mon, name, when, duration=left), name, when & (left <= 0))


def _settle(view: View) -> View:
    """Pokémon without HP are out, and the battle may be over."""
    falls = (view.user.hp <= 0) & ~view.user.fainted
    other = (view.foe.hp <= 0) & ~view.foe.fainted
    view = view.on_user(falls, fainted=True).on_foe(other, fainted=True)
    mine = update(view.user_side, falls, left=view.user_side.left - 1)
    theirs = update(view.foe_side, other, left=view.foe_side.left - 1)
    lost, won = mine.left <= 0, theirs.left <= 0
    result = jnp.where(lost, jnp.where(won, TIE, P2_WINS), jnp.where(won, P1_WINS, ONGOING))
    flipped = jnp.where(result == P1_WINS, P2_WINS, jnp.where(result == P2_WINS, P1_WINS, result))
    result = jnp.where(view.second, flipped, result)
    view = view.replace(user_side=mine, foe_side=theirs)
    return view.on_field((view.field.result == ONGOING) & (falls | other), result=result)


def _wish(view: View, _rules: Rules, when: jax.Array) -> View:
    # The slot's condition runs for a fainted Pokémon too, which gets nothing.
    left = view.user_side.wish - 1
    arrives = when & (left <= 0)
    user = view.user
    view = view.replace(user=healed(user, user.max_hp >> 1, arrives & (user.hp < user.max_hp)))
    side = update(view.user_side, when, wish=left)
    return view.replace(user_side=update(side, arrives, wish=0, wish_source=0))


def _drink(view: View, _rules: Rules, when: jax.Array) -> View:
    user = view.user
    amount = quotient(user.max_hp, 16)
    amount = jnp.where(item_is(user, "bigroot"), quotient(jnp.maximum(amount, 1) * 13, 10), amount)
    return view.replace(user=healed(user, amount, when & (user.hp < user.max_hp)))


def _ability(view: View, _rules: Rules, when: jax.Array) -> View:
    user = view.user
    sheds = when & ability_is(user, "shedskin") & (user.status != NOTHING)
    view, roll = view.draw(100, sheds)
    view = view.replace(user=drop(cure(view.user, sheds & (roll < 33)), "nightmare", sheds & (roll < 33)))
    runs = when & ability_is(user, "speedboost") & user.stayed_a_turn
    view = view.show_ability(True, (sheds & (roll < 33)) | (runs & (user.boosts[SPE] < 6)))
    faster = jnp.minimum(user.boosts + (jnp.arange(7) == SPE).astype(jnp.int32), 6)
    return view.on_user(runs, boosts=faster)


def _leftovers(view: View, _rules: Rules, when: jax.Array) -> View:
    user = view.user
    sludge = item_is(user, "blacksludge")
    toxic = sludge & ~type_is(user, type_id("Poison"))
    harmed = toxic & (user.hp > 0) & ~ability_is(user, "magicguard")
    view = view.show_item(True, when & ((~toxic & (user.hp < user.max_hp)) | harmed))
    mon = healed(user, quotient(user.max_hp, 16), when & ~toxic & (user.hp < user.max_hp))
    return wounded(view.replace(user=mon), quotient(user.max_hp, 8), when & toxic)


def _leech_seed(view: View, _rules: Rules, when: jax.Array) -> View:
    user, foe = view.user, view.foe
    when = when & (foe.hp > 0) & ~foe.fainted
    amount = jnp.maximum(quotient(user.max_hp, 8), 1)
    view = wounded(view, amount, when)
    taken = jnp.minimum(amount, user.hp)
    when = when & ~ability_is(user, "magicguard")
    taken = jnp.where(item_is(foe, "bigroot"), quotient(taken * 13, 10), taken)
    sour = ability_is(user, "liquidooze")
    view = view.show_ability(True, when & sour & ~ability_is(foe, "magicguard"))
    view = view.replace(foe=healed(foe, taken, when & ~sour & (foe.hp < foe.max_hp)))
    return foe_wounded(view, taken, when & sour)


def _status(view: View, _rules: Rules, when: jax.Array) -> View:
    user = view.user
    stage = jnp.minimum(user.toxic_stage + 1, 15)
    bad = when & (user.status == TOX)
    view = view.on_user(bad, toxic_stage=stage)
    eighth = quotient(user.max_hp, 8)
    amount = jnp.where(bad, jnp.maximum(quotient(user.max_hp, 16), 1) * stage, eighth)
    burnt = user.status == BRN
    amount = jnp.where(burnt & ability_is(user, "heatproof"), jnp.maximum(eighth, 1) >> 1, amount)
    heals = when & ability_is(user, "poisonheal") & ~burnt
    view = view.show_ability(True, heals & (user.hp < user.max_hp))
    view = wounded(view, amount, when & ~heals)
    mon = view.user
    return view.replace(user=healed(mon, eighth, heals & (mon.hp < mon.max_hp)))


def _quarter(view: View, _rules: Rules, when: jax.Array) -> View:
    return wounded(view, quotient(view.user.max_hp, 4), when)


def _squeeze(view: View, _rules: Rules, when: jax.Array) -> View:
    user, foe = view.user, view.foe
    left = user.data["partiallytrapped.duration"] - 1
    number = foe.slot + jnp.where(view.second, 1, 7)
    gone = foe.fainted | (foe.hp <= 0) | ~foe.stayed_a_turn | (user.data["partiallytrapped.source"] != number)
    ends = when & ((left <= 0) | gone)
    mon = drop(put(user, "partiallytrapped", when, duration=left), "partiallytrapped", ends)
    divisor = jnp.maximum(user.data["partiallytrapped.boundDivisor"], 1)
    return wounded(view.replace(user=mon), quotient(user.max_hp, divisor), when & ~ends)


def _bad_dreams(view: View, _rules: Rules, when: jax.Array) -> View:
    foe = view.foe
    torments = when & (foe.status == SLP) & ~foe.fainted
    view = view.show_ability(True, torments & (foe.hp > 0) & ~ability_is(foe, "magicguard"))
    return foe_wounded(view, quotient(foe.max_hp, 8), torments)


def _last(view: View) -> View:
    """Conditions without an order: each loses a turn, Thrash may end in confusion."""
    when = _goes(view)
    user = view.user
    raging = when & has(user, "lockedmove")
    left = user.data["lockedmove.duration"] - 1
    true_left = user.data["lockedmove.trueDuration"]
    ends = raging & (left <= 0)
    sleeps = raging & ~ends & (user.status == SLP)
    mon = put(user, "lockedmove", raging & ~ends, duration=left, trueDuration=true_left - 1)
    mon = drop(mon, "lockedmove", ends | sleeps)
    back = view.replace(user=mon).swapped()
    back, _ = add_confusion(back, ends & (true_left <= 1))
    view = back.swapped()
    mon = view.user
    for name in LASTING:
        if name in ("lifeorb", "mefirst", "focussash"):
            mon = drop(mon, name, when)
        elif name == "twoturnmove":
            over = when & has(mon, name) & (mon.data["twoturnmove.duration"] <= 1)
            mon = _ends(mon, name, when)
            for charged in ("razorwind", "solarbeam", "skullbash", "skyattack"):
                mon = drop(mon, charged, over)
        elif name != "lockedmove":
            mon = _ends(mon, name, when)
    struggles = mon.last_move == move_id("struggle")
    for name in ("rollout", "iceball"):
        mon = drop(mon, name, when & struggles)
    side = view.user_side
    for name in ("healingwish", "lunardance"):
        side = update(side, True, **{name: 0})
    view = view.replace(user_side=side)
    lazy = when & ability_is(mon, "truant")
    # A turn of recharging takes the other idle turn with it.
    idles = has(mon, "truant")
    mon = put(drop(mon, "truant", lazy & idles), "truant", lazy & ~idles)
    return view.replace(user=mon)


def _encore(view: View, _rules: Rules, when: jax.Array) -> View:
    user = _ends(view.user, "encore", when)
    known, pp = pp_of(user, user.data["encore.move"])
    return view.replace(user=drop(user, "encore", when & has(user, "encore") & ~(known & (pp > 0))))


def _uproar(view: View, _rules: Rules, when: jax.Array) -> View:
    user = _ends(view.user, "uproar", when)
    return view.replace(user=drop(user, "uproar", when & (user.last_move == move_id("struggle"))))


def _perish(view: View, _rules: Rules, when: jax.Array) -> View:
    over = when & (view.user.data["perishsong.duration"] <= 1)
    view = view.replace(user=_ends(view.user, "perishsong", when))
    return view.on_user(over & (view.user.hp > 0), hp=0, switch_flag=0)


def _slow_start(view: View, _rules: Rules, when: jax.Array) -> View:
    counts = when & view.user.stayed_a_turn & (view.user.ability_counter > 0)
    return view.on_user(counts, ability_counter=view.user.ability_counter - 1)


_HANDLERS: dict[str, Handler] = {
    "wish": _wish,
    "ingrain": _drink,
    "aquaring": _drink,
    "ability": _ability,
    "item": _leftovers,
    "leechseed": _leech_seed,
    "status": _status,
    "nightmare": _quarter,
    "curse": _quarter,
    "partiallytrapped": _squeeze,
    "baddreams": _bad_dreams,
    "uproar": _uproar,
    "disable": _turn_of("disable"),
    "encore": _encore,
    "taunt": _turn_of("taunt"),
    "magnetrise": _turn_of("magnetrise"),
    "healblock": _turn_of("healblock"),
    "embargo": _turn_of("embargo"),
    "yawn": _yawn,
    "orb": _orb,
    "perishsong": _perish,
    "roost": _turn_of("roost"),
    "slowstart": _slow_start,
    "herb": lambda view, _rules, when: white_herb(view, when),
}
WEATHER = "weather"
"""The weather's place among the classes: after the first one."""
HANDLED = tuple(_HANDLERS)
"""Classes of `residual_order.CLASSES` that do something, in order; the first one comes before the weather."""
