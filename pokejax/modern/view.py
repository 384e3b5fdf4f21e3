"""The battle as the Pokémon that acts sees it: a user, a foe, their sides, and what its move has done so far."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import struct
from pokejax.common import rng as generator
from pokejax.common.arrays import lookup
from pokejax.common.rng import Rng
from pokejax.common.storage import select, update
from pokejax.modern.data import ability_id, among, item_id, tables, type_id
from pokejax.modern.shown import show_ability, show_borrowed, show_item
from pokejax.modern.state import CLEAR, Active, Battle, Field, Party, Side, drop, has, put


@struct.dataclass
class View(struct.Node):
    """``user`` and ``foe`` hold the truth while an action runs; the sides' ``active`` are stale then."""

    rng: Rng
    field: Field
    user: Active
    foe: Active
    user_side: Side
    foe_side: Side
    user_party: Party
    foe_party: Party
    second: jax.Array
    """The user is of p2."""
    calls: jax.Array
    """int32: the move that the move in progress has called, 0 none."""
    turns: jax.Array
    """bool: the foe is the one that uses it (Magic Coat, Snatch)."""
    bounced: jax.Array
    """bool: the move in progress was thrown back."""
    flees: jax.Array
    """bool: the foe is being called back, which Pursuit notices."""
    begins: jax.Array
    """int32: abilities that the move in progress gave, which are still to begin: bit 0 the foe's, bit 1 the user's."""
    shown: Any = None
    """`Battle.shown`."""

    def draw(self, n: int | jax.Array, when: jax.Array | bool = True) -> tuple[View, jax.Array]:
        """``random(n)``, consumed only if ``when``: the view after it, and an int32 in [0, n)."""
        rng, value = generator.draw(self.rng, n, when)
        return self.replace(rng=rng), value

    def on_user(self, when: jax.Array | bool = True, **values: Any) -> View:
        """The user's fields replaced where ``when``."""
        return self.replace(user=update(self.user, when, **values))

    def on_foe(self, when: jax.Array | bool = True, **values: Any) -> View:
        """The foe's fields replaced where ``when``."""
        return self.replace(foe=update(self.foe, when, **values))

    def put_user(self, name: str, when: jax.Array | bool = True, **numbers: Any) -> View:
        """A volatile condition on the user."""
        return self.replace(user=put(self.user, name, when, **numbers))

    def put_foe(self, name: str, when: jax.Array | bool = True, **numbers: Any) -> View:
        """A volatile condition on the foe."""
        return self.replace(foe=put(self.foe, name, when, **numbers))

    def drop_user(self, name: str, when: jax.Array | bool = True) -> View:
        """A volatile condition of the user removed."""
        return self.replace(user=drop(self.user, name, when))

    def drop_foe(self, name: str, when: jax.Array | bool = True) -> View:
        """A volatile condition of the foe removed."""
        return self.replace(foe=drop(self.foe, name, when))

    def on_field(self, when: jax.Array | bool = True, **values: Any) -> View:
        """The field's numbers replaced where ``when``."""
        return self.replace(field=update(self.field, when, **values))

    def swapped(self) -> View:
        """The same battle from the foe's place. Costs nothing."""
        return self.replace(
            user=self.foe,
            foe=self.user,
            user_side=self.foe_side,
            foe_side=self.user_side,
            user_party=self.foe_party,
            foe_party=self.user_party,
            second=~self.second,
        )

    def update_tie(self, when: jax.Array | bool = True) -> View:
        """``eachEvent``'s sort: one draw if both stand and their cached speeds are equal."""
        return self.draw(2, when & self.tied)[0]

    def show_item(self, user: bool, when: jax.Array) -> View:
        """The item of the user, or else the foe, is named."""
        if self.shown is None:
            return self
        return self.replace(shown=show_item(self.shown, number_of(self, user), when))

    def show_ability(self, user: bool, when: jax.Array) -> View:
        """The ability that the user, or else the foe, has now is named."""
        if self.shown is None:
            return self
        return self._knows(user, True, when)

    def knows_ability(self, user: bool) -> jax.Array:
        """bool: it is known which ability the user, or else the foe, has now."""
        if self.shown is None:
            return jnp.bool_(False)
        own = (self.shown.abilities >> (number_of(self, user) - 1)) & 1
        second = (self.second if user else ~self.second).astype(jnp.int32)
        return jnp.where(has_own_ability(self.user if user else self.foe), own, self.shown.borrowed >> second & 1) == 1

    def got_ability(self, user: bool, known: jax.Array | bool, when: jax.Array) -> View:
        """The user, or else the foe, has just got an ability, and it is ``known`` which."""
        if self.shown is None:
            return self
        return self._knows(user, known, when)

    def _knows(self, user: bool, known: jax.Array | bool, when: jax.Array) -> View:
        own = has_own_ability(self.user if user else self.foe)
        shown = show_ability(self.shown, number_of(self, user), when & own & known)
        second = self.second if user else ~self.second
        return self.replace(shown=show_borrowed(shown, second, known, when & ~own))

    @property
    def tied(self) -> jax.Array:
        """bool: both stand, with equal cached speeds."""
        return ~self.user.fainted & ~self.foe.fainted & (self.user.speed == self.foe.speed)


def open_view(battle: Battle, second: jax.Array | bool) -> View:
    """A view from the side ``second`` (a bool: p2); a Python bool costs nothing."""
    p1, p2 = battle.sides

    def pair(first: Any, other: Any) -> tuple[Any, Any]:
        return select(second, other, first), select(second, first, other)

    user, foe = pair(p1.active[0], p2.active[0])
    user_side, foe_side = pair(p1, p2)
    user_party, foe_party = pair(*battle.parties)
    return View(
        rng=battle.rng, field=battle.field, user=user, foe=foe, user_side=user_side, foe_side=foe_side,
        user_party=user_party, foe_party=foe_party, second=jnp.asarray(second), calls=jnp.int32(0),
        turns=jnp.bool_(False), bounced=jnp.bool_(False), flees=jnp.bool_(False), begins=jnp.int32(0),
        shown=battle.shown,
    )  # fmt: skip


def close_view(view: View, second: bool | None = None) -> Battle:
    """The battle again. ``second``: the side whose view it is, where that is known while tracing."""
    known = view.second if second is None else second
    user_side = view.user_side.replace(active=(view.user,))
    foe_side = view.foe_side.replace(active=(view.foe,))

    def pair(user: Any, foe: Any) -> tuple[Any, Any]:
        return select(known, foe, user), select(known, user, foe)

    return Battle(
        rng=view.rng, field=view.field, sides=pair(user_side, foe_side),
        parties=pair(view.user_party, view.foe_party), shown=view.shown,
    )  # fmt: skip


def has_own_ability(mon: Active) -> jax.Array:
    """bool: its ability is its own, not one that a move or Trace gave it."""
    return (mon.ability == mon.base_ability) & ~mon.transformed


def ability_is(mon: Active, *names: str) -> jax.Array:
    """``hasAbility``, and what a handler of the ability needs: one of these, and nothing suppresses it.

    Gastro Acid suppresses every ability but Multitype, Mold Breaker those that can be broken, while its holder moves.
    """
    breakable = tables().abilities.flag("breakable")
    soft = [ability_id(name) for name in names if breakable[ability_id(name)]]
    firm = [ability_id(name) for name in names if not breakable[ability_id(name)]]
    found = jnp.bool_(False)
    if soft:
        found = among(mon.ability, soft) & ~has(mon, "moldbroken")
    if firm:
        found = found | among(mon.ability, firm)
    return found if names == ("multitype",) else found & ~has(mon, "gastroacid")


def ignores_item(mon: Active) -> jax.Array:
    """``ignoringItem``: Embargo, or Klutz and an item that it does not spare."""
    spared = lookup(tables().items.ignores_klutz, mon.item)
    return has(mon, "embargo") | (ability_is(mon, "klutz") & ~spared)


def item_is(mon: Active, *names: str) -> jax.Array:
    """``hasItem``: one of these items, and nothing suppresses it."""
    return among(mon.item, [item_id(name) for name in names]) & ~ignores_item(mon)


def weather_of(view: View) -> jax.Array:
    """int32: 'effectiveWeather': none while a Cloud Nine or an Air Lock is on the field."""
    return weather_now(view.field, view.user, view.foe)


def weather_now(field: Field, one: Active, other: Active) -> jax.Array:
    """`weather_of` of two Pokémon on the field."""

    def clears(mon: Active) -> jax.Array:
        return ability_is(mon, "cloudnine", "airlock") & ~mon.fainted & (mon.ability_ending != 2)

    return jnp.where(clears(one) | clears(other), CLEAR, field.weather)


def types_of(mon: Active) -> tuple[jax.Array, jax.Array]:
    """Both types as they count now ('getTypes'): Roost takes Flying away for the turn."""
    flying, unknown = type_id("Flying"), type_id("???")
    roosts = has(mon, "roost")
    one, two = mon.type1, mon.type2
    bare = jnp.where(two == 0, unknown, two)
    first = jnp.where(roosts & (one == flying), bare, one)
    second = jnp.where(roosts & ((one == flying) | (two == flying)), 0, two)
    return first, second


def type_is(mon: Active, type_: int | jax.Array) -> jax.Array:
    """``hasType``."""
    first, second = types_of(mon)
    return (first == type_) | (second == type_)


def number_of(view: View, user: bool) -> jax.Array:
    """The user or the foe as a record counts Pokémon: 1 to 6 p1's team, 7 to 12 p2's."""
    mon = view.user if user else view.foe
    second = view.second if user else ~view.second
    return mon.slot + jnp.where(second, 7, 1)


def field_now(field: Field, one: Active, other: Active) -> Field:
    """The field with the weather that counts."""
    return field.replace(weather=weather_now(field, one, other))
