"""Volatile conditions with a beginning of their own: what they ask, what they draw, what they remember.

Source: ``addVolatile`` in sim/pokemon.js; ``onStart``, ``onRestart``, ``durationCallback`` of data/moves.js and
data/mods/gen4.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.modern.data import ability_id, among, condition_id, move_flag, move_id
from pokejax.modern.locks import pp_of
from pokejax.modern.state import ACT_MOVE, DEF, SLP, SPD, has
from pokejax.modern.view import View, number_of

PLAIN = ("curse", "destinybond", "grudge", "rage", "mudsport", "watersport", "gastroacid")
"""A bit, and no more."""
ONE_TURN = ("endure", "magiccoat", "snatch")
STARTED_HERE = (
    *PLAIN, *ONE_TURN, "encore", "disable", "charge", "nightmare", "perishsong", "stockpile", "uproar", "imprison",
    "embargo", "healblock", "powertrick", "bide",
)  # fmt: skip


def more_volatiles(view: View, condition: jax.Array, when: jax.Array, own: jax.Array) -> tuple[View, jax.Array]:
    """``addVolatile`` on the foe of these conditions: the view, and bool whether it took."""
    foe = view.foe
    took = jnp.bool_(False)

    def meant(name: str) -> jax.Array:
        return when & (condition == condition_id(name))

    for name in PLAIN:
        this = meant(name) & ~has(foe, name)
        view, took = view.put_foe(name, this), took | this
    # An ability that Gastro Acid takes away ends: a Cloud Nine's weather changes.
    ends = meant("gastroacid") & ~has(foe, "gastroacid")
    clouds = ends & among(foe.ability, [ability_id("cloudnine"), ability_id("airlock")])
    view = view.update_tie(clouds).on_foe(clouds, ability_ending=2)
    view = view.drop_foe("unburden", ends & (foe.ability == ability_id("unburden")))
    for name in ONE_TURN:
        this = meant(name) & ~has(foe, name)
        view, took = view.put_foe(name, this, duration=1), took | this

    known, pp = pp_of(foe, foe.last_move)
    this = meant("encore") & ~has(foe, "encore")
    view, roll = view.draw(5, this)
    this = this & known & (pp > 0) & ~move_flag(foe.last_move, "failencore")
    view, took = view.put_foe("encore", this, duration=roll + 4, move=foe.last_move), took | this
    hunts = this & (foe.last_move == move_id("pursuit")) & ~has(foe, "pursuit")
    view = view.put_foe("pursuit", hunts, duration=1, source=number_of(view, False))

    this = meant("disable") & ~has(foe, "disable")
    view, roll = view.draw(4, this)
    waits = (view.foe_side.act == ACT_MOVE) & ~foe.fainted
    this = this & known & (pp > 0)
    turns = roll + 4 + jnp.where(waits, 0, 1)
    view, took = view.put_foe("disable", this, duration=turns, move=foe.last_move), took | this

    this = meant("charge")
    view, took = view.put_foe("charge", this), took | this
    this = meant("nightmare") & ~has(foe, "nightmare") & (foe.status == SLP)
    view, took = view.put_foe("nightmare", this), took | this
    this = meant("perishsong") & ~has(foe, "perishsong")
    view, took = view.put_foe("perishsong", this, duration=4), took | this
    this = meant("imprison") & ~has(foe, "imprison")
    view, took = view.put_foe("imprison", this, source=number_of(view, False)), took | this

    this = meant("stockpile") & (foe.data["stockpile.layers"] < 3)
    places = jnp.arange(7)
    up = jnp.minimum(foe.boosts + jnp.where((places == DEF) | (places == SPD), 1, 0), 6)
    view = view.put_foe("stockpile", this, layers=foe.data["stockpile.layers"] + 1).on_foe(this, boosts=up)
    took = took | this

    this = meant("uproar") & ~has(foe, "uproar")
    view, roll = view.draw(4, this)
    view, took = view.put_foe("uproar", this, duration=roll + 3), took | this
    for name in ("embargo", "healblock"):
        this = meant(name) & ~has(foe, name)
        view, took = view.put_foe(name, this, duration=5), took | this
    took = took | meant("healblock")  # 'Restart' of Heal Block is a success
    this = meant("bide") & ~has(foe, "bide")
    view, took = view.put_foe("bide", this, duration=3), took | this

    this = meant("powertrick")
    on = this & ~has(foe, "powertrick")
    stats = foe.stats
    swapped = jnp.concatenate([stats[1:2], stats[0:1], stats[2:]])
    view = view.on_foe(this, stats=swapped).put_foe("powertrick", on).drop_foe("powertrick", this & ~on)
    del own
    return view, took | this
