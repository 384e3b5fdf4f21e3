"""A battle of the modern engine as the reference's record, and a battle made from a record.

The names are those of `references/showdown/modern/record.js`. Every number has a place in the state, but these, which
follow from the others: ``dragged_in`` (no rule of Generation 4 reads it, and it never outlives an action), the record's
``request``, ``ended`` and ``winner`` (`Field.request`, `Field.result`), and the queue (`Side.act…`, `Field.residual`).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.rng import Rng
from pokejax.common.storage import empty, update
from pokejax.modern import volatiles
from pokejax.modern.data import move_data
from pokejax.modern.state import (
    ACT_MOVE,
    ATTACKS,
    HAZARDS,
    MOVE_SLOTS,
    ONGOING,
    P1_WINS,
    P2_WINS,
    REQUEST_MOVE,
    SCREENS,
    TEAM_SIZE,
    TIE,
    Active,
    Battle,
    Field,
    Party,
    Side,
    empty_side,
    has,
    put,
)
from pokejax.modern.vitals import entering, stored

Numbers = dict[str, jax.Array]

STATS = ("atk", "def", "spa", "spd", "spe")
STAGES = (*STATS, "accuracy", "evasion")
_MEMBER = ("position", "gender", "species", "max_hp", "hp", "status", "sleep_time", "toxic_stage", "status_source",
           "item", "last_item", "knocked_off", "ability", "forme_regresses")  # fmt: skip
_PLAIN = ("species", "type1", "type2", "ability", "ability_counter", "ability_ending", "ability_seek",
          "ability_gluttony", "transformed", "known_type", "hidden_power_type", "hidden_power", "last_move",
          "last_move_used", "last_move_used_type", "stayed_a_turn", "has_moved", "newly_switched", "used_item",
          "switch_flag", "skips_switch_out", "speed")  # fmt: skip
_RENAMED = {"result_this_turn": "result_this_turn", "result_last_turn": "result_last_turn",
            "hurt_this_turn": "hurt_this_turn"}  # fmt: skip
_ASKED = ("trapped", "maybe_trapped", "maybe_disabled", "maybe_locked")
_SLOT = {"virtual": "virtual", "move": "moves", "pp": "pp", "max_pp": "max_pp", "disabled": "disabled", "used": "used"}
_ATTACK = ("source", "damage", "move", "this_turn", "counts")
_SLOT_CONDITIONS = ("wish", "wish_source", "future_move", "future_move_lands", "future_move_source",
                    "future_move_move", "future_move_damage", "healingwish", "lunardance")  # fmt: skip
_QUEUE = ("choice", "order", "priority", "fraction", "speed", "pokemon", "move", "move_priority", "target",
          "original_target", "custap")  # fmt: skip
QUEUED = 3
CHOICE_RESIDUAL, CHOICE_MOVE = 1, 2
ORDER_RESIDUAL = 300


def _party(name: str, party: Party) -> Numbers:
    fields: Numbers = {}
    for k in range(TEAM_SIZE):
        for key in _MEMBER:
            fields[f"{name}.team.{k}.{key}"] = getattr(party, key)[k]
        for m in range(MOVE_SLOTS):
            fields[f"{name}.team.{k}.move{m}"] = party.moves[k, m]
            fields[f"{name}.team.{k}.pp{m}"] = party.pp[k, m]
        # A team of fewer than six: its other members are all zeros.
        there = party.species[k] != 0
        own = [key for key in fields if key.startswith(f"{name}.team.{k}.")]
        fields |= {key: jnp.where(there, fields[key], 0) for key in own}
    return fields


def _active(name: str, mon: Active, moving: jax.Array) -> Numbers:
    fields: Numbers = {f"{name}.{key}": getattr(mon, key) for key in (*_PLAIN, *_RENAMED)}
    for k, stat in enumerate(STATS):
        fields[f"{name}.{stat}"] = mon.stats[k]
    for k, stat in enumerate(STAGES):
        fields[f"{name}.stage.{stat}"] = mon.boosts[k]
    for key in _ASKED:
        fields[f"{name}.{key}"] = jnp.where(moving, getattr(mon, key), 0)
    fields[f"{name}.dragged_in"] = jnp.int32(0)
    for k in range(MOVE_SLOTS):
        for key, field in _SLOT.items():
            fields[f"{name}.slot{k}.{key}"] = getattr(mon, field)[k]
        fields[f"{name}.slot{k}.disabled"] = jnp.where(moving, mon.disabled[k], 0)
        fields[f"{name}.slot{k}.used"] = mon.used[k] & ~mon.fainted
    for k in range(ATTACKS):
        for key in _ATTACK:
            fields[f"{name}.attack{k}.{key}"] = getattr(mon, f"attack_{key}")[k]
    for condition in volatiles.RECORDED:
        fields[f"{name}.volatile.{condition}"] = has(mon, condition)
        for key in volatiles.KEYS[condition]:
            fields[f"{name}.volatile.{condition}.{key}"] = mon.data[f"{condition}.{key}"]
    return fields


def _side(name: str, side: Side) -> Numbers:
    fields: Numbers = {f"{name}.{key}": getattr(side, key) for key in (*SCREENS, *HAZARDS)}
    fields |= {f"{name}.{key}_order": getattr(side, f"{key}_order") for key in HAZARDS}
    return fields | {f"{name}.slot.{key}": getattr(side, key) for key in _SLOT_CONDITIONS}


def _queue(battle: Battle) -> Numbers:
    """Two moves at most, then the residual."""
    p1, p2 = battle.sides
    first = battle.field.first
    waits = [side.act == ACT_MOVE for side in (p1, p2)]
    entries = []
    for n in (0, 1):
        # The one that comes first, then the other.
        second = jnp.where(first == 1, 1 - n, n) == 1
        here = jnp.where(second, waits[1], waits[0])

        def of(key: str, second: jax.Array = second, here: jax.Array = here) -> jax.Array:
            return jnp.where(here, jnp.where(second, getattr(p2, key), getattr(p1, key)), 0)

        slot = jnp.where(second, p2.active[0].slot + 7, p1.active[0].slot + 1)
        move = of("act_move")
        entries.append(
            {
                "choice": jnp.where(here, CHOICE_MOVE, 0), "order": of("act_order"), "priority": of("act_priority"),
                "fraction": of("act_fraction"), "speed": of("act_speed"), "pokemon": jnp.where(here, slot, 0),
                "move": move, "move_priority": jnp.where(here, move_data(move).priority, 0),
                "target": of("act_target"), "original_target": of("act_aimed_at"),
            }
        )  # fmt: skip
    residual = battle.field.residual
    zeros = dict.fromkeys(_QUEUE, jnp.int32(0))
    last = zeros | {
        "choice": jnp.where(residual, CHOICE_RESIDUAL, 0),
        "order": jnp.where(residual, ORDER_RESIDUAL, 0),
        "speed": jnp.where(residual, 1, 0),
    }
    entries = [zeros | entry for entry in entries] + [last]
    # Close up what is not there.
    fields: Numbers = {}
    for _ in range(2):
        for k in (0, 1):
            gap = entries[k]["choice"] == 0
            shifted = {key: jnp.where(gap, entries[k + 1][key], entries[k][key]) for key in _QUEUE}
            after = {key: jnp.where(gap, 0, entries[k + 1][key]) for key in _QUEUE}
            entries[k], entries[k + 1] = shifted, after
    for k in range(QUEUED):
        fields |= {f"queue{k}.{key}": entries[k][key] for key in _QUEUE}
    return fields


def named_fields(battle: Battle) -> Numbers:
    """Every number of the record, int32 scalars by name, of one battle in the rules' dtypes."""
    field, result = battle.field, battle.field.result
    moving = field.request == REQUEST_MOVE
    winner = jnp.where(result == P1_WINS, 1, jnp.where(result == P2_WINS, 2, 0))
    fields: Numbers = {
        "prng_hi": battle.rng.hi, "prng_lo": battle.rng.lo, "turn": field.turn, "request": field.request,
        "ended": result != ONGOING, "winner": winner, "last_move": field.last_move, "weather": field.weather,
        "weather_duration": field.weather_duration, "trickroom": field.trickroom, "gravity": field.gravity,
    }  # fmt: skip
    for n, (side, party) in enumerate(zip(battle.sides, battle.parties, strict=True)):
        name, mon = f"p{n + 1}", side.active[0]
        fields |= _party(name, stored(party, mon))
        fields[f"{name}.active"] = mon.slot
        fields |= _active(f"{name}.active", mon, moving)
        fields |= _side(name, side)
    fields |= _queue(battle)
    return {name: jnp.asarray(value).astype(jnp.int32) for name, value in fields.items()}


def from_record(fields: Numbers, parties: tuple[Party, Party]) -> Battle:
    """The battle that a record describes. ``parties``: as the battle starts with them, for what no record holds."""
    sides, rows = [], []
    for n, party in enumerate(parties):
        side, row = _side_from(fields, n, party)
        sides.append(side)
        rows.append(row)
    ended, winner = fields["ended"] == 1, fields["winner"]
    result = jnp.where(ended, jnp.where(winner == 1, P1_WINS, jnp.where(winner == 2, P2_WINS, TIE)), ONGOING)
    kinds = [fields[f"queue{k}.choice"] for k in range(QUEUED)]
    waiting = jnp.any(jnp.stack(kinds) == CHOICE_RESIDUAL)
    first = fields["queue0.pokemon"] > TEAM_SIZE
    field = update(
        empty(Field), True, result=result, residual=waiting, first=first.astype(jnp.int32),
        **{key: fields[key] for key in ("turn", "request", "last_move", "weather", "weather_duration", "trickroom",
                                        "gravity")},
    )  # fmt: skip
    rng = Rng(hi=fields["prng_hi"].astype(jnp.uint32), lo=fields["prng_lo"].astype(jnp.uint32))
    return Battle(rng=rng, field=field, sides=(sides[0], sides[1]), parties=(rows[0], rows[1]))


def _side_from(fields: Numbers, n: int, start: Party) -> tuple[Side, Party]:
    name = f"p{n + 1}"

    def column(key: str) -> jax.Array:
        return jnp.stack([fields[f"{name}.team.{k}.{key}"] for k in range(TEAM_SIZE)])

    def grid(key: str) -> jax.Array:
        slots = [column(f"{key}{m}") for m in range(MOVE_SLOTS)]
        return jnp.stack(slots, axis=1)

    values = {key: column(key) for key in _MEMBER} | {"moves": grid("move"), "pp": grid("pp")}
    there = start.species != 0
    values["position"] = jnp.where(there, values["position"], start.position)
    party = start.replace(**{key: value.astype(getattr(start, key).dtype) for key, value in values.items()})
    slot = fields[f"{name}.active"]
    mon = entering(party, slot)
    active = f"{name}.active"
    own = {key: fields[f"{active}.{key}"] for key in (*_PLAIN, *_RENAMED, *_ASKED)}
    slots = {
        field: jnp.stack([fields[f"{active}.slot{k}.{key}"] for k in range(MOVE_SLOTS)]) for key, field in _SLOT.items()
    }
    attacks = {
        f"attack_{key}": jnp.stack([fields[f"{active}.attack{k}.{key}"] for k in range(ATTACKS)]) for key in _ATTACK
    }
    stats = jnp.stack([fields[f"{active}.{stat}"] for stat in STATS])
    stages = jnp.stack([fields[f"{active}.stage.{stat}"] for stat in STAGES])
    mon = update(mon, True, **own, **slots, **attacks, stats=stats, boosts=stages, fainted=mon.hp <= 0)
    for condition in volatiles.RECORDED:
        present = fields[f"{active}.volatile.{condition}"] == 1
        numbers = {key: fields[f"{active}.volatile.{condition}.{key}"] for key in volatiles.KEYS[condition]}
        mon = put(mon, condition, present, **numbers)
    left = jnp.sum((party.species != 0) & (party.hp > 0), dtype=jnp.int32)
    side = update(
        empty_side().replace(active=(mon,)), True, left=left,
        **{key: fields[f"{name}.{key}"] for key in (*SCREENS, *HAZARDS)},
        **{f"{key}_order": fields[f"{name}.{key}_order"] for key in HAZARDS},
        **{key: fields[f"{name}.slot.{key}"] for key in _SLOT_CONDITIONS},
    )  # fmt: skip
    for k in range(QUEUED):
        mine = (fields[f"queue{k}.choice"] == CHOICE_MOVE) & (fields[f"queue{k}.pokemon"] == slot + 1 + TEAM_SIZE * n)
        side = update(
            side, mine, act=ACT_MOVE, act_move=fields[f"queue{k}.move"], act_order=fields[f"queue{k}.order"],
            act_priority=fields[f"queue{k}.priority"], act_fraction=fields[f"queue{k}.fraction"],
            act_speed=fields[f"queue{k}.speed"], act_target=fields[f"queue{k}.target"],
            act_aimed_at=fields[f"queue{k}.original_target"],
        )  # fmt: skip
    return side, party
