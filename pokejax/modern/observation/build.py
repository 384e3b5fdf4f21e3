"""Both players' observations of a packed battle. `spec` says what each field means."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common.arrays import sorted_four
from pokejax.modern.choices import usable_moves
from pokejax.modern.data import move_id
from pokejax.modern.locks import locked_move
from pokejax.modern.observation.memory import LIGHTS, Memory, held_items, own_pp
from pokejax.modern.observation.spec import VOLATILES, Observation
from pokejax.modern.state import (
    CLEAR,
    HAZARDS,
    REQUEST_MOVE,
    REQUEST_SWITCH,
    SCREENS,
    SLP,
    TEAM_SIZE,
    TOX,
    Active,
    Battle,
    has,
)
from pokejax.modern.view import has_own_ability

_UNKNOWN_KEY = np.int32((1 << 30) - 1)
_PP_BITS = 7
_LENGTHS = {"mist": 5, "safeguard": 5, "luckychant": 5, "tailwind": 3}


def observe(battle: Battle, memory: Memory, legal: jax.Array) -> Observation:
    """Leaves ``[2, …]``, one row for each player; ``battle`` packed, ``legal`` bool[2, 11] (`choices.legal_masks`)."""
    mons = [side.active[0] for side in battle.sides]
    slot = jnp.stack([mon.slot for mon in mons])
    active = jnp.arange(TEAM_SIZE, dtype=jnp.int8)[None] == slot[:, None]

    def team(name: str, own: str | None = None) -> jax.Array:
        """[2, 6, …]: a column of the parties, with the active ones' own values."""
        column = jnp.stack([getattr(party, name) for party in battle.parties])
        if own is None:
            return column
        values = jnp.stack([getattr(mon, own) for mon in mons]).astype(column.dtype)
        return jnp.where(active.reshape(*active.shape, *(1,) * (column.ndim - 2)), values[:, None], column)

    def of_active(value: Any) -> jax.Array:
        """[2, 2, …]: for each player its own active Pokémon's value, then the foe's."""
        return _both(jnp.stack([value(mon) for mon in mons]))

    species, level, gender = team("species", "base_species"), team("level"), team("gender")
    hp, max_hp = team("hp", "hp"), team("max_hp", "max_hp")
    status = jnp.where(hp > 0, team("status", "status"), 0).astype(jnp.uint8)
    shown = memory.shown
    slept = jnp.where(status == SLP, shown.slept.reshape(2, TEAM_SIZE), 0).astype(jnp.uint8)
    items, abilities = held_items(battle), team("ability", "base_ability")
    known_items = memory.items | _bits(shown.items)
    known_abilities = _bits(shown.abilities)
    appeared = shown.appeared.reshape(2, TEAM_SIZE)
    moves, pp = team("moves", "base_moves"), own_pp(battle)

    seen_moves, seen_pp = _known_moves(moves, pp, memory.moves)
    table = [
        species, level, gender, jnp.where(known_items, items, 0), known_items, jnp.where(known_abilities, abilities, 0),
        hp_percent(hp, max_hp), status, slept, active,
    ]  # fmt: skip
    rows = _by_appearance(appeared, table, seen_moves, seen_pp)
    foe = dict(
        zip(("species", "level", "gender", "item", "item_known", "ability", "percent", "status", "slept", "active",
             "moves", "pp"), (row[::-1] for row in rows), strict=True)
    )  # fmt: skip

    known = jnp.stack([mon.transformed | mon.virtual for mon in mons]) | jnp.any(
        active[..., None] & memory.moves, axis=1
    )
    field_moves = jnp.stack([mon.moves for mon in mons])
    field_pp = jnp.stack([mon.pp for mon in mons])
    their_moves, their_pp = _known_moves(field_moves, field_pp, known)

    asked = battle.field.request == REQUEST_MOVE
    must = battle.field.request == REQUEST_SWITCH
    leaves = must & (jnp.stack([mon.switch_flag for mon in mons]) > 0)
    request = jnp.where(asked, REQUEST_MOVE, jnp.where(leaves, REQUEST_SWITCH, 0))
    locked = jnp.stack([locked_move(mon) for mon in mons])
    helpless = ~jnp.stack([jnp.any(usable_moves(mon)) for mon in mons])
    forced = jnp.where(locked != 0, locked, jnp.where(helpless, move_id("struggle"), 0))
    bench = (species != 0) & (hp > 0) & ~active
    can_switch = jnp.any(bench, axis=1)
    trap = jnp.stack([mon.trapped for mon in mons])
    trapped = asked & (trap == 1) & ((locked != 0) | can_switch)
    doubtful = asked & (locked == 0) & can_switch & (trap != 1) & jnp.stack([mon.maybe_trapped for mon in mons])
    unaware = asked & (trap == 2) & (locked == 0)
    hidden = jnp.stack([(mon.disabled == 2) & (mon.moves != 0) & (mon.pp > 0) for mon in mons])
    offered = jnp.concatenate(
        [bench & unaware[:, None], hidden & asked & (locked == 0)[:, None], jnp.zeros((2, 1), bool)], axis=1
    )
    field = battle.field
    weather = field.weather.astype(jnp.uint8)
    return Observation(
        own_species=species,
        own_level=level.astype(jnp.uint8),
        own_gender=gender.astype(jnp.uint8),
        own_item=items,
        own_ability=abilities.astype(jnp.uint8),
        own_hp=hp,
        own_max_hp=max_hp,
        own_stats=team("stats"),
        own_status=status,
        own_slept=slept,
        own_active=active,
        own_moves=moves,
        own_pp=pp.astype(jnp.uint8),
        own_happiness=team("happiness"),
        own_hidden_power_type=team("hidden_power_type").astype(jnp.uint8),
        own_hidden_power=team("hidden_power").astype(jnp.uint8),
        own_seen=appeared > 0,
        own_seen_moves=memory.moves,
        own_seen_item=known_items,
        own_seen_ability=known_abilities,
        foe_species=foe["species"].astype(jnp.int16),
        foe_level=foe["level"].astype(jnp.uint8),
        foe_gender=foe["gender"].astype(jnp.uint8),
        foe_item=foe["item"].astype(jnp.int16),
        foe_item_known=foe["item_known"].astype(jnp.bool_),
        foe_ability=foe["ability"].astype(jnp.uint8),
        foe_hp_percent=foe["percent"].astype(jnp.uint8),
        foe_status=foe["status"].astype(jnp.uint8),
        foe_slept=foe["slept"].astype(jnp.uint8),
        foe_active=foe["active"].astype(jnp.bool_),
        foe_moves=foe["moves"].astype(jnp.int16),
        foe_pp=foe["pp"].astype(jnp.uint8),
        foe_team_size=jnp.sum(species != 0, axis=-1, dtype=jnp.uint8)[::-1],
        species=of_active(lambda mon: mon.species),
        ability=_abilities_now(mons, jnp.any(active & known_abilities, axis=1), shown.borrowed),
        types=of_active(lambda mon: jnp.stack([mon.type1, mon.type2])).astype(jnp.uint8),
        moves=jnp.stack([field_moves, their_moves[::-1]], axis=1).astype(jnp.int16),
        pp=jnp.stack([field_pp.astype(jnp.uint8), their_pp[::-1].astype(jnp.uint8)], axis=1),
        boosts=of_active(lambda mon: mon.boosts),
        volatiles=of_active(lambda mon: jnp.stack([has(mon, name) for name in VOLATILES])),
        transformed=of_active(lambda mon: mon.transformed),
        toxic_counter=of_active(lambda mon: jnp.where((mon.status == TOX) & (mon.hp > 0), mon.toxic_stage, 0)).astype(
            jnp.uint8
        ),
        last_move=of_active(lambda mon: mon.last_move_used),
        disabled_move=of_active(lambda mon: _number(mon, "disable", "move")),
        encored_move=of_active(lambda mon: _number(mon, "encore", "move")),
        charging_move=of_active(lambda mon: _number(mon, "twoturnmove", "move")),
        perish_count=of_active(lambda mon: _number(mon, "perishsong", "duration")).astype(jnp.uint8),
        stockpile=of_active(lambda mon: _number(mon, "stockpile", "layers")).astype(jnp.uint8),
        screens=_both(_screens(battle, memory)),
        hazards=_both(jnp.stack([jnp.stack([getattr(s, name) for name in HAZARDS]) for s in battle.sides])).astype(
            jnp.uint8
        ),
        wish=_both(jnp.stack([side.wish > 0 for side in battle.sides])),
        future_move=_both(
            jnp.stack([jnp.where(side.future_move > 0, side.future_move_move, 0) for side in battle.sides])
        ),
        request=_both(request.astype(jnp.uint8)),
        weather=_for_both(weather),
        weather_turns=_for_both(jnp.where(weather == CLEAR, 0, shown.weather_turns + 1).astype(jnp.uint8)),
        weather_lasts=_for_both((weather != CLEAR) & (field.weather_duration == 0)),
        trick_room=_for_both(field.trickroom.astype(jnp.uint8)),
        gravity=_for_both(field.gravity.astype(jnp.uint8)),
        turn=_for_both(field.turn),
        forced_move=jnp.where(asked, forced, 0).astype(jnp.int16),
        trapped=trapped,
        maybe_trapped=doubtful,
        legal_actions=legal | offered,
    )


def hp_percent(hp: jax.Array, max_hp: jax.Array) -> jax.Array:
    """uint8: HP as the opponent is shown it: ``getHealth`` in sim/pokemon.js under the HP Percentage Mod."""
    most = jnp.maximum(max_hp, 1).astype(jnp.int32)
    percent = (100 * hp.astype(jnp.int32) + most - 1) // most
    return jnp.where((percent == 100) & (hp < max_hp), 99, percent).astype(jnp.uint8)


def _abilities_now(mons: list[Active], own_known: jax.Array, borrowed: jax.Array) -> jax.Array:
    """uint8[2, 2]: abilities of the active as each knows them. ``own_known``: bool[2]; ``borrowed``: `Shown`'s."""
    ability = jnp.stack([mon.ability for mon in mons]).astype(jnp.uint8)
    own = jnp.stack([has_own_ability(mon) for mon in mons])
    other = ((borrowed >> jnp.arange(2, dtype=borrowed.dtype)) & 1) == 1
    mine = jnp.where(own | other, ability, 0)
    theirs = jnp.where(jnp.where(own, own_known, other), ability, 0)
    return jnp.stack([mine, theirs[::-1]], axis=1)


def _number(mon: Active, name: str, key: str) -> jax.Array:
    return jnp.where(has(mon, name), mon.data[f"{name}.{key}"], 0).astype(jnp.int16)


def _screens(battle: Battle, memory: Memory) -> jax.Array:
    """uint8[2, 6]: the turn in which each stands; of those of one length worked out from what is left of it."""
    rows = []
    for n, side in enumerate(battle.sides):
        turns = []
        for name in SCREENS:
            left = getattr(side, name)
            stands = memory.lights[n, LIGHTS.index(name)] if name in LIGHTS else _LENGTHS[name] - left
            turns.append(jnp.where(left > 0, stands + 1, 0).astype(jnp.uint8))
        rows.append(jnp.stack(turns))
    return jnp.stack(rows)


def _bits(mask: jax.Array) -> jax.Array:
    """bool[2, 6] of a word with a bit for each Pokémon."""
    return (((mask.astype(jnp.int32) >> jnp.arange(2 * TEAM_SIZE)) & 1) == 1).reshape(2, TEAM_SIZE)


def _known_moves(moves: jax.Array, pp: jax.Array, known: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The known ones of moves [..., 4] in ascending order, then zeros; and their PP."""
    keys = (moves.astype(jnp.int32) << _PP_BITS) + pp.astype(jnp.int32)
    keys = jnp.where(known & (moves != 0), keys, _UNKNOWN_KEY)
    keys = sorted_four(keys)
    keys = jnp.where(keys == _UNKNOWN_KEY, 0, keys)
    return keys >> _PP_BITS, keys & ((1 << _PP_BITS) - 1)


def _by_appearance(appeared: jax.Array, rows: list[jax.Array], moves: jax.Array, pp: jax.Array) -> list[jax.Array]:
    """Each of ``rows`` [2, 6], and moves and PP [2, 6, 4], in int32 in the order of appearance; zeros if unseen."""
    table = jnp.concatenate([jnp.stack([row.astype(jnp.int32) for row in rows], axis=-1), moves, pp], axis=-1)
    # [side, place in the order, Pokémon]
    chosen = appeared[:, None, :] == (1 + jnp.arange(TEAM_SIZE, dtype=appeared.dtype))[None, :, None]
    table = jnp.sum(jnp.where(chosen[..., None], table[:, None], 0), axis=2, dtype=jnp.int32)
    count = len(rows)
    return [*(table[..., i] for i in range(count)), table[..., count : count + 4], table[..., count + 4 :]]


def _both(by_side: jax.Array) -> jax.Array:
    """[2, 2, …]: for each player its own side's value, then the foe's."""
    return jnp.stack([by_side, by_side[::-1]], axis=1)


def _for_both(value: jax.Array) -> jax.Array:
    return jnp.broadcast_to(value, (2,))
