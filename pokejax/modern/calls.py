"""Moves that use another move: which one.

Source: the ``onHit`` handlers of Sleep Talk, Copycat, Mirror Move, Assist, Metronome and Nature Power, and the
``onTryHit`` of Me First, in data/moves.js and data/mods/gen4/moves.js.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.control import maybe
from pokejax.modern.data import among, move_data, move_flag, move_id, tables
from pokejax.modern.state import ACT_MOVE, has
from pokejax.modern.view import View, number_of

CALLERS = ("sleeptalk", "copycat", "mirrormove", "assist", "naturepower", "mefirst", "metronome")
"""Moves that are written here."""
_NO_MIRROR = (
    "acupressure", "aromatherapy", "assist", "chatter", "copycat", "counter", "curse", "doomdesire", "feint",
    "focuspunch", "futuresight", "gravity", "hail", "haze", "healbell", "helpinghand", "lightscreen", "luckychant",
    "magiccoat", "mefirst", "metronome", "mimic", "mirrorcoat", "mirrormove", "mist", "mudsport", "naturepower",
    "perishsong", "psychup", "raindance", "reflect", "roleplay", "safeguard", "sandstorm", "sketch", "sleeptalk",
    "snatch", "spikes", "spitup", "stealthrock", "struggle", "sunnyday", "tailwind", "toxicspikes", "transform",
    "watersport",
)  # fmt: skip


@functools.cache
def _metronome() -> np.ndarray:
    return tables().metronome.astype(np.int32)


def is_caller(move: jax.Array) -> jax.Array:
    """bool: the move uses another one."""
    return among(move, [move_id(name) for name in CALLERS])


def _flags(moves: jax.Array, *names: str) -> jax.Array:
    """bool[n]: a flag of each of some moves."""
    rows = []
    for k in range(moves.shape[0]):
        found = jnp.bool_(False)
        for name in names:
            found = found | move_flag(moves[k], name)
        rows.append(found)
    return jnp.stack(rows)


def _sampled(view: View, moves: jax.Array, fit: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """One of the moves that fit, by a draw; 0 if none does."""
    count = jnp.sum(fit, dtype=jnp.int32)
    view, roll = view.draw(jnp.maximum(count, 1), when & (count > 0))
    place = jnp.cumsum(fit.astype(jnp.int32)) - 1
    chosen = jnp.sum(jnp.where(fit & (place == roll), moves, 0), dtype=jnp.int32)
    return view, jnp.where(when & (count > 0), chosen, 0)


def called_move(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array, jax.Array]:
    """The view, the move that ``move`` uses (0 none), and bool whether using none is a failure."""
    user, foe = view.user, view.foe

    def one(name: str) -> jax.Array:
        return when & (move == move_id(name))

    barred = has(user, "healblock")
    heavy = view.field.gravity > 0

    def fits(moves: jax.Array) -> jax.Array:
        return ~(heavy & _flags(moves, "gravity")) & ~(barred & _flags(moves, "heal"))

    known = user.moves
    view, found = _sampled(view, known, (known != 0) & ~_flags(known, "nosleeptalk", "charge"), one("sleeptalk"))

    last = view.field.last_move
    fine = (last != 0) & fits(last[None])[0] & ~move_flag(last, "failcopycat")
    found = jnp.where(one("copycat"), jnp.where(fine, last, 0), found)

    hit_by, source = jnp.int32(0), jnp.int32(0)
    for k in range(user.attack_source.shape[0]):
        there = user.attack_source[k] != 0
        hit_by = jnp.where(there, user.attack_move[k], hit_by)
        source = jnp.where(there, user.attack_source[k], source)
    fine = (source == number_of(view, False)) & (foe.last_move != 0) & (hit_by != 0)
    fine = fine & ~among(hit_by, [move_id(name) for name in _NO_MIRROR]) & jnp.any(foe.moves == hit_by)
    found = jnp.where(one("mirrormove"), jnp.where(fine, hit_by, 0), found)

    found = jnp.where(one("naturepower"), move_id("triattack"), found)

    theirs = view.foe_side.act_move
    attack = move_data(theirs)
    fine = (view.foe_side.act == ACT_MOVE) & ~foe.fainted & ~has(foe, "mustrecharge")
    fine = fine & ~attack.is_status & ~move_flag(theirs, "failmefirst")
    found = jnp.where(one("mefirst"), jnp.where(fine, theirs, 0), found)
    view = view.put_user("mefirst", one("mefirst") & fine)

    party = view.user_party
    rows = []
    for place in range(party.position.shape[0]):
        here = (party.position == place) & (jnp.arange(6) != user.slot) & (party.species != 0)
        rows.append(jnp.sum(jnp.where(here[:, None], party.moves.astype(jnp.int32), 0), axis=0))
    theirs = jnp.concatenate(rows)

    def assist(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, found = state
        view, other = _sampled(view, theirs, (theirs != 0) & fits(theirs) & ~_flags(theirs, "noassist"), one("assist"))
        return view, jnp.where(one("assist"), other, found)

    view, found = maybe(one("assist"), assist, (view, found), masked=True)

    def metronome(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, found = state
        table = _metronome()
        listed = jnp.asarray(table)
        known_already = jnp.any(listed[:, None] == user.moves[None, :], axis=1)
        flags = tables().moves
        fit = ~known_already & ~(heavy & jnp.asarray(flags.flag("gravity")[table]))
        fit = fit & ~(barred & jnp.asarray(flags.flag("heal")[table]))
        view, other = _sampled(view, listed, fit, one("metronome"))
        return view, jnp.where(one("metronome"), other, found)

    view, found = maybe(one("metronome"), metronome, (view, found), masked=True)
    fails = (found == 0) & ~(one("copycat") & (last == 0))
    return view, found, when & fails


def call(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The move's effect: the view with the called move in ``calls``, and bool whether it did something."""
    view, found, fails = called_move(view, move, when)
    view = view.replace(calls=jnp.where(when & (found != 0), found, view.calls))
    return view, ~fails & (move != move_id("mefirst"))
