"""The state of one battle: two sides with their active Pokémon, two parties, the field, the generator.

Between switches the active Pokémon's own numbers live in its `Active` and are written back to the `Party` when it
leaves. Inside the rules everything is an int32 or bool scalar or a tiny array; `pack` narrows to the dtypes declared
here for storage. Names in quotes are Showdown's.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct
from pokejax.common.engine import ONGOING as ONGOING
from pokejax.common.engine import P1_WINS as P1_WINS
from pokejax.common.engine import P2_WINS as P2_WINS
from pokejax.common.engine import TIE as TIE
from pokejax.common.rng import Rng
from pokejax.common.storage import declared_bytes, empty, narrow, stored, widen
from pokejax.modern import volatiles

TEAM_SIZE = 6
MOVE_SLOTS = 4
ATTACKS = 3
ATK, DEF, SPA, SPD, SPE, ACCURACY, EVASION = range(7)
NOTHING, BRN, PAR, SLP, FRZ, PSN, TOX = range(7)
CLEAR, RAIN, SUN, SAND, HAIL = range(5)
REQUEST_NONE, REQUEST_MOVE, REQUEST_SWITCH = range(3)
UNDEFINED, NULL, FALSE, TRUE = range(4)
"""Showdown's results of a move ('moveThisTurnResult')."""
SOURCE_NONE, SOURCE_ALLY, SOURCE_FOE = range(3)
ACT_NONE, ACT_MOVE, ACT_SWITCH, ACT_REPLACE = range(4)
"""Kinds of a side's queued action; the last is 'instaswitch'."""
HAZARDS = ("spikes", "toxicspikes", "stealthrock")
SCREENS = ("reflect", "lightscreen", "mist", "safeguard", "luckychant", "tailwind")


@struct.dataclass
class Active(struct.Node):
    """A Pokémon on the field."""

    # Its own, copied from its row of the party.
    slot: jax.Array = stored(np.int8)
    level: jax.Array = stored(np.int8)
    gender: jax.Array = stored(np.int8)
    base_species: jax.Array = stored(np.int16)
    max_hp: jax.Array = stored(np.int16)
    hp: jax.Array = stored(np.int16)
    fainted: jax.Array = stored(np.bool_)
    """'fainted': not before `faintMessages`, so that it can have no HP left and not be fainted yet."""
    status: jax.Array = stored(np.int8)
    """Kept while fainted until it leaves: its handlers still tie in the residual."""
    sleep_time: jax.Array = stored(np.int8)
    toxic_stage: jax.Array = stored(np.int8)
    status_source: jax.Array = stored(np.int8)
    item: jax.Array = stored(np.int16)
    last_item: jax.Array = stored(np.int16)
    knocked_off: jax.Array = stored(np.bool_)
    base_ability: jax.Array = stored(np.int16)
    forme_regresses: jax.Array = stored(np.bool_)
    base_moves: jax.Array = stored(np.int16, MOVE_SLOTS)
    base_pp: jax.Array = stored(np.int8, MOVE_SLOTS)
    """Stale where the slot is no copy: `pp` holds the truth then."""
    happiness: jax.Array = stored(np.uint8)

    # What leaving the field clears.
    species: jax.Array = stored(np.int16)
    type1: jax.Array = stored(np.int8)
    type2: jax.Array = stored(np.int8)
    stats: jax.Array = stored(np.int16, 5)
    """'storedStats': atk, def, spa, spd, spe."""
    boosts: jax.Array = stored(np.int8, 7)
    ability: jax.Array = stored(np.int16)
    ability_counter: jax.Array = stored(np.int8)
    ability_ending: jax.Array = stored(np.int8)
    ability_seek: jax.Array = stored(np.int8)
    ability_gluttony: jax.Array = stored(np.int8)
    """These three: 0 never set, 1 false, 2 true."""
    transformed: jax.Array = stored(np.bool_)
    known_type: jax.Array = stored(np.bool_)
    hidden_power_type: jax.Array = stored(np.int8)
    hidden_power: jax.Array = stored(np.int8)
    moves: jax.Array = stored(np.int16, MOVE_SLOTS)
    pp: jax.Array = stored(np.int8, MOVE_SLOTS)
    max_pp: jax.Array = stored(np.int8, MOVE_SLOTS)
    virtual: jax.Array = stored(np.bool_, MOVE_SLOTS)
    disabled: jax.Array = stored(np.int8, MOVE_SLOTS)
    """0 no, 1 yes, 2 hidden from its player; worked out at the end of a turn."""
    used: jax.Array = stored(np.bool_, MOVE_SLOTS)
    last_move: jax.Array = stored(np.int16)
    last_move_used: jax.Array = stored(np.int16)
    last_move_used_type: jax.Array = stored(np.int8)
    result_this_turn: jax.Array = stored(np.int8)
    result_last_turn: jax.Array = stored(np.int8)
    hurt_this_turn: jax.Array = stored(np.int16)
    """HP left by the last blow, and 1; 0: none this turn."""
    stayed_a_turn: jax.Array = stored(np.bool_)
    has_moved: jax.Array = stored(np.bool_)
    newly_switched: jax.Array = stored(np.bool_)
    used_item: jax.Array = stored(np.bool_)
    trapped: jax.Array = stored(np.int8)
    maybe_trapped: jax.Array = stored(np.bool_)
    maybe_disabled: jax.Array = stored(np.bool_)
    maybe_locked: jax.Array = stored(np.bool_)
    switch_flag: jax.Array = stored(np.int16)
    """0 no, 1 yes, 1 + the move that makes it leave."""
    forced_out: jax.Array = stored(np.bool_)
    """'forceSwitchFlag': within an action only."""
    skips_switch_out: jax.Array = stored(np.bool_)
    speed: jax.Array = stored(np.int16)
    """'pokemon.speed', cached; negative in a Trick Room."""
    attack_source: jax.Array = stored(np.int8, ATTACKS)
    attack_damage: jax.Array = stored(np.int16, ATTACKS)
    attack_move: jax.Array = stored(np.int16, ATTACKS)
    attack_this_turn: jax.Array = stored(np.bool_, ATTACKS)
    attack_counts: jax.Array = stored(np.bool_, ATTACKS)
    """Attacks suffered, oldest first, as far as a rule can still read them; source 0 ends."""
    flags: tuple[jax.Array, ...] = struct.field(default=())
    """Presence of volatile conditions, uint32 words (`volatiles.bit`)."""
    data: dict[str, jax.Array] = struct.field(default_factory=dict)
    """Their numbers, by name; 0 where the condition is absent."""


@struct.dataclass
class Side(struct.Node):
    """Conditions that stay when a Pokémon leaves, and the side's place in the turn. It has n Pokémon on the field."""

    active: tuple[Active, ...]
    left: jax.Array = stored(np.int8)
    """'pokemonLeft'."""
    reflect: jax.Array = stored(np.int8)
    lightscreen: jax.Array = stored(np.int8)
    mist: jax.Array = stored(np.int8)
    safeguard: jax.Array = stored(np.int8)
    luckychant: jax.Array = stored(np.int8)
    tailwind: jax.Array = stored(np.int8)
    spikes: jax.Array = stored(np.int8)
    toxicspikes: jax.Array = stored(np.int8)
    stealthrock: jax.Array = stored(np.int8)
    spikes_order: jax.Array = stored(np.int8)
    toxicspikes_order: jax.Array = stored(np.int8)
    stealthrock_order: jax.Array = stored(np.int8)
    """Place in the order in which they were set, from 1; 0 absent."""
    wish: jax.Array = stored(np.int8)
    wish_source: jax.Array = stored(np.int8)
    future_move: jax.Array = stored(np.int8)
    future_move_lands: jax.Array = stored(np.int16)
    future_move_source: jax.Array = stored(np.int8)
    future_move_move: jax.Array = stored(np.int16)
    future_move_damage: jax.Array = stored(np.int16)
    healingwish: jax.Array = stored(np.int8)
    lunardance: jax.Array = stored(np.int8)

    # The queue.
    act: jax.Array = stored(np.int8)
    """The queued action: `ACT_NONE` and so on."""
    act_move: jax.Array = stored(np.int16)
    act_slot: jax.Array = stored(np.int8)
    """The Pokémon that comes in, a place of the team."""
    act_order: jax.Array = stored(np.int16)
    act_priority: jax.Array = stored(np.int8)
    """In tenths."""
    act_fraction: jax.Array = stored(np.int8)
    act_speed: jax.Array = stored(np.int16)
    act_target: jax.Array = stored(np.int8)
    """'targetLoc': 1 the foe, -1 itself."""
    act_aimed_at: jax.Array = stored(np.int8)
    """'originalTarget', as a record counts Pokémon."""
    act_copies: jax.Array = stored(np.int16)
    """A replacement: the move that made the Pokémon leave, 0 none."""
    act_event: jax.Array = stored(np.bool_)
    """A Quick Claw or a Custap Berry will bring the queued move forward ('event'); a tenth of priority before it."""
    entering: jax.Array = stored(np.bool_)
    """'runSwitch' is queued."""


@struct.dataclass
class Party(struct.Node):
    """A side's six Pokémon in the order of the team, in storage dtypes. The active one's row is stale."""

    species: jax.Array = stored(np.int16, TEAM_SIZE)
    level: jax.Array = stored(np.int8, TEAM_SIZE)
    gender: jax.Array = stored(np.int8, TEAM_SIZE)
    ability: jax.Array = stored(np.int16, TEAM_SIZE)
    item: jax.Array = stored(np.int16, TEAM_SIZE)
    last_item: jax.Array = stored(np.int16, TEAM_SIZE)
    knocked_off: jax.Array = stored(np.bool_, TEAM_SIZE)
    forme_regresses: jax.Array = stored(np.bool_, TEAM_SIZE)
    max_hp: jax.Array = stored(np.int16, TEAM_SIZE)
    hp: jax.Array = stored(np.int16, TEAM_SIZE)
    stats: jax.Array = stored(np.int16, TEAM_SIZE, 5)
    status: jax.Array = stored(np.int8, TEAM_SIZE)
    sleep_time: jax.Array = stored(np.int8, TEAM_SIZE)
    toxic_stage: jax.Array = stored(np.int8, TEAM_SIZE)
    status_source: jax.Array = stored(np.int8, TEAM_SIZE)
    moves: jax.Array = stored(np.int16, TEAM_SIZE, MOVE_SLOTS)
    pp: jax.Array = stored(np.int8, TEAM_SIZE, MOVE_SLOTS)
    max_pp: jax.Array = stored(np.int8, TEAM_SIZE, MOVE_SLOTS)
    happiness: jax.Array = stored(np.uint8, TEAM_SIZE)
    hidden_power_type: jax.Array = stored(np.int8, TEAM_SIZE)
    hidden_power: jax.Array = stored(np.int8, TEAM_SIZE)
    position: jax.Array = stored(np.int8, TEAM_SIZE)
    """Place in Showdown's ``side.pokemon``, which swaps with each switch; 0 is the active one."""


@struct.dataclass
class Field(struct.Node):
    """Numbers that belong to neither side."""

    weather: jax.Array = stored(np.int8)
    weather_duration: jax.Array = stored(np.int8)
    """0: for ever."""
    trickroom: jax.Array = stored(np.int8)
    gravity: jax.Array = stored(np.int8)
    last_move: jax.Array = stored(np.int16)
    """'battle.lastMove'."""
    turn: jax.Array = stored(np.int16)
    first: jax.Array = stored(np.int8)
    """The side whose queued action comes first, of two."""
    first_in: jax.Array = stored(np.int8)
    """The side whose 'runSwitch' comes first, of two."""
    residual: jax.Array = stored(np.bool_)
    """The residual is still to come in this turn."""
    request: jax.Array = stored(np.int8)
    result: jax.Array = stored(np.int8)


@struct.dataclass
class Battle(struct.Node):
    """A whole battle at a decision point."""

    rng: Rng
    field: Field
    sides: tuple[Side, Side]
    parties: tuple[Party, Party]
    shown: Any = None
    """`shown.Shown` in the rules' dtypes while somebody observes the battle."""


def has(mon: Active, name: str) -> jax.Array:
    """The volatile condition is present."""
    word, mask = volatiles.bit(name)
    return (mon.flags[word] & np.uint32(mask)) != 0


def has_any(mon: Active, *names: str) -> jax.Array:
    """Any of the volatile conditions is present."""
    masks = [0] * volatiles.WORDS
    for name in names:
        word, mask = volatiles.bit(name)
        masks[word] |= mask
    found = jnp.bool_(False)
    for word, mask in enumerate(masks):
        if mask:
            found = found | ((mon.flags[word] & np.uint32(mask)) != 0)
    return found


def put(mon: Active, name: str, when: jax.Array | bool = True, **numbers: Any) -> Active:
    """The condition present where ``when``, with these numbers; numbers not named stay."""
    word, mask = volatiles.bit(name)
    flags = list(mon.flags)
    flags[word] = jnp.where(when, flags[word] | np.uint32(mask), flags[word])
    data = dict(mon.data)
    for key, value in numbers.items():
        old = data[f"{name}.{key}"]
        data[f"{name}.{key}"] = jnp.where(when, jnp.asarray(value, old.dtype), old)
    return mon.replace(flags=tuple(flags), data=data)


def drop(mon: Active, name: str, when: jax.Array | bool = True) -> Active:
    """The condition gone where ``when``, its numbers 0."""
    word, mask = volatiles.bit(name)
    flags = list(mon.flags)
    flags[word] = jnp.where(when, flags[word] & np.uint32(~mask & 0xFFFFFFFF), flags[word])
    data = dict(mon.data)
    for key in volatiles.KEYS[name]:
        data[f"{name}.{key}"] = jnp.where(when, 0, data[f"{name}.{key}"])
    return mon.replace(flags=tuple(flags), data=data)


def no_volatiles() -> dict[str, Any]:
    """Fields of an `Active` without any volatile condition, in the rules' dtypes."""
    zero = jnp.int32(0)
    return {"flags": (jnp.uint32(0),) * volatiles.WORDS, "data": dict.fromkeys(volatiles.DTYPES, zero)}


def _narrow_active(mon: Active) -> Active:
    data = {name: jnp.asarray(value, volatiles.DTYPES[name]) for name, value in mon.data.items()}
    return narrow(mon).replace(data=data)


def _widen_active(mon: Active) -> Active:
    return widen(mon).replace(data={name: value.astype(jnp.int32) for name, value in mon.data.items()})


def pack(battle: Battle) -> Battle:
    """The battle in storage dtypes."""
    sides = tuple(narrow(s).replace(active=tuple(_narrow_active(mon) for mon in s.active)) for s in battle.sides)
    return battle.replace(field=narrow(battle.field), sides=sides)


def unpack(battle: Battle) -> Battle:
    """The battle in the rules' dtypes: int32, and bool for flags; parties stay narrow."""
    sides = tuple(widen(s).replace(active=tuple(_widen_active(mon) for mon in s.active)) for s in battle.sides)
    return battle.replace(field=widen(battle.field), sides=sides)


def empty_active() -> Active:
    """A place on the field with nobody in it."""
    return empty(Active, **no_volatiles())


def empty_side(actives: int = 1) -> Side:
    """A side with ``actives`` empty places."""
    return empty(Side, active=tuple(empty_active() for _ in range(actives)))


@functools.cache
def packed_bytes(actives: int = 1) -> int:
    """Bytes of one packed battle with so many Pokémon of a side on the field."""

    volatile = 4 * volatiles.WORDS + sum(np.dtype(dtype).itemsize for dtype in volatiles.DTYPES.values())
    of_side = declared_bytes(Side) + declared_bytes(Party) + actives * (declared_bytes(Active) + volatile)
    return 2 * of_side + declared_bytes(Field) + 8
