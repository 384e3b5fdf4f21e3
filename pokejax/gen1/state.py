"""The state of one Gen 1 battle: two seats (a side and its active Pokémon), two parties, the generator.

Between switches nothing but the seats changes: what the active Pokémon owns (HP, status, PP) lives in its `Seat` and is
written back to the `Party` when it leaves. Inside the rules the seats' numbers are int32 scalars or tiny arrays; `pack`
narrows them to the dtypes declared here for storage (`packed_bytes` a battle). Parties are always narrow.
"""

from __future__ import annotations

import functools

import jax
import numpy as np

from jaxenv import struct
from pokejax.common.engine import ONGOING as ONGOING
from pokejax.common.engine import P1_WINS as P1_WINS
from pokejax.common.engine import P2_WINS as P2_WINS
from pokejax.common.engine import TIE as TIE
from pokejax.common.rng import Rng
from pokejax.common.storage import declared_bytes, narrow, stored, widen

TEAM_SIZE = 6
MOVE_SLOTS = 4
# Order of the four battle stats in every `[4]` array; Special is Showdown's spa and spd, always equal in Gen 1.
ATK, DEF, SPC, SPE = range(4)

FAINTED = 7
"""Status code of a fainted active Pokémon, Showdown's ``fnt``; the others are `dex.Status`."""

COPIED_ALL = MOVE_SLOTS + 1
"""`Seat.copied` of a Pokémon that has used Transform."""

REQUEST_NONE, REQUEST_MOVE, REQUEST_SWITCH = range(3)


@struct.dataclass
class Seat(struct.Node):
    """One side and its active Pokémon. Names in quotes are Showdown's."""

    # The active Pokémon's own values, copied from its party row.
    slot: jax.Array = stored(np.int8)
    base_species: jax.Array = stored(np.uint8)
    level: jax.Array = stored(np.uint8)
    max_hp: jax.Array = stored(np.int16)
    base_stats: jax.Array = stored(np.int16, 4)
    """'baseStoredStats': what critical hits use."""
    speed_bonus: jax.Array = stored(np.uint8)
    """IV + ⌊EV/4⌋ of Speed, for the speed cached by Transform."""
    base_moves: jax.Array = stored(np.uint8, MOVE_SLOTS)
    base_pp: jax.Array = stored(np.uint8, MOVE_SLOTS)
    hp: jax.Array = stored(np.int16)
    status: jax.Array = stored(np.int8)
    sleep_turns: jax.Array = stored(np.int8)
    """'statusState.time'; 0 unless asleep. Wakes at 0 after the turn."""
    slept_by_self: jax.Array = stored(np.bool_)
    """Asleep by its own Rest: the Sleep Clause does not count it."""
    sub_fainted: jax.Array = stored(np.bool_)
    """'subFainted': its Substitute broke and it has not been targeted since."""

    # What switching out clears.
    species: jax.Array = stored(np.uint8)
    type1: jax.Array = stored(np.int8)
    type2: jax.Array = stored(np.int8)
    transformed: jax.Array = stored(np.bool_)
    moves: jax.Array = stored(np.uint8, MOVE_SLOTS)
    pp: jax.Array = stored(np.uint8, MOVE_SLOTS)
    virtual: jax.Array = stored(np.bool_, MOVE_SLOTS)
    """Slots made by Mimic or Transform, whose PP are not the base slot's."""
    copied: jax.Array = stored(np.int8)
    """In the step just played: 1 + the slot into which Mimic put a move, `COPIED_ALL` for Transform; else 0.

    No rule reads it. It is what the players were told, which the moves alone do not show where they stay the same.
    """
    stats: jax.Array = stored(np.int16, 4)
    """'storedStats': the base stats, or the copied ones when transformed."""
    modified: jax.Array = stored(np.int16, 4)
    """'modifiedStats': with stages, burn and paralysis, as stale as the cartridge keeps them."""
    boosts: jax.Array = stored(np.int8, 4)
    accuracy: jax.Array = stored(np.int8)
    evasion: jax.Array = stored(np.int8)
    last_move: jax.Array = stored(np.uint8)
    """'pokemon.lastMove', what Mirror Move copies; 0 none."""
    speed: jax.Array = stored(np.int16)
    """'pokemon.speed': cached, refreshed only where Showdown does; decides event ties."""

    # Volatile conditions. A counter that is 0 means the condition is absent.
    bide_turns: jax.Array = stored(np.int8)
    bide_damage: jax.Array = stored(np.int32)
    confusion_turns: jax.Array = stored(np.int8)
    disable_turns: jax.Array = stored(np.int8)
    disable_slot: jax.Array = stored(np.int8)
    disable_move: jax.Array = stored(np.uint8)
    locked_move: jax.Array = stored(np.uint8)
    """Thrash or Petal Dance in progress ('lockedmove')."""
    locked_turns: jax.Array = stored(np.int8)
    locked_accuracy: jax.Array = stored(np.int16)
    rage_accuracy: jax.Array = stored(np.int16)
    substitute_hp: jax.Array = stored(np.int16)
    toxic: jax.Array = stored(np.bool_)
    """'residualdmg' is present; its counter may be 0."""
    toxic_counter: jax.Array = stored(np.int16)
    trapping_move: jax.Array = stored(np.uint8)
    """'partialtrappinglock': the Pokémon is using Wrap, Bind, Clamp or Fire Spin."""
    trapping_turns: jax.Array = stored(np.int8)
    trapping_total: jax.Array = stored(np.int8)
    trapping_damage: jax.Array = stored(np.int32)
    trapped_turns: jax.Array = stored(np.int8)
    """'partiallytrapped': caught by the foe's trapping move."""
    trapped_maybe_locked: jax.Array = stored(np.bool_)
    fake_trapped_turns: jax.Array = stored(np.int8)
    """'fakepartiallytrapped': trapping ended this turn, which the players cannot know."""
    two_turn_move: jax.Array = stored(np.uint8)
    flinch: jax.Array = stored(np.bool_)
    focus_energy: jax.Array = stored(np.bool_)
    invulnerable: jax.Array = stored(np.bool_)
    leech_seed: jax.Array = stored(np.bool_)
    light_screen: jax.Array = stored(np.bool_)
    mist: jax.Array = stored(np.bool_)
    must_recharge: jax.Array = stored(np.bool_)
    reflect: jax.Array = stored(np.bool_)

    # The side.
    last_selected_move: jax.Array = stored(np.uint8)
    last_selected_slot: jax.Array = stored(np.int8)
    last_enemy_selected_move: jax.Array = stored(np.uint8)
    side_last_move: jax.Array = stored(np.uint8)
    """'side.lastMove'; `dex.NO_MOVE` for the nameless move, whose id Showdown gives as Fissure."""
    side_last_enemy_move: jax.Array = stored(np.uint8)
    pokemon_left: jax.Array = stored(np.int8)
    fainted_this_turn: jax.Array = stored(np.bool_)
    bench: jax.Array = stored(np.uint8)
    """`BENCH_*` bits about the other five, which change only when a Pokémon switches."""
    request: jax.Array = stored(np.int8)
    maybe_locked: jax.Array = stored(np.bool_)
    """'maybeLocked': the player is shown the whole move list though the move may be decided already."""
    queued: jax.Array = stored(np.int16)
    """The action in Showdown's queue: 0 none, 1 + slot a switch, `QUEUED_MOVE` + id a move."""


QUEUED_MOVE = 7


@struct.dataclass
class Party(struct.Node):
    """A side's six Pokémon in the order of the team, in storage dtypes.

    The active one's row is stale: its `Seat` holds the truth.
    """

    species: jax.Array = stored(np.uint8, TEAM_SIZE)
    """0: no such Pokémon."""
    level: jax.Array = stored(np.uint8, TEAM_SIZE)
    moves: jax.Array = stored(np.uint8, TEAM_SIZE, MOVE_SLOTS)
    max_hp: jax.Array = stored(np.int16, TEAM_SIZE)
    stats: jax.Array = stored(np.int16, TEAM_SIZE, 4)
    speed_bonus: jax.Array = stored(np.uint8, TEAM_SIZE)
    hp: jax.Array = stored(np.int16, TEAM_SIZE)
    status: jax.Array = stored(np.int8, TEAM_SIZE)
    sleep_turns: jax.Array = stored(np.int8, TEAM_SIZE)
    slept_by_self: jax.Array = stored(np.bool_, TEAM_SIZE)
    sub_fainted: jax.Array = stored(np.bool_, TEAM_SIZE)
    pp: jax.Array = stored(np.uint8, TEAM_SIZE, MOVE_SLOTS)
    position: jax.Array = stored(np.int8, TEAM_SIZE)
    """Place in Showdown's ``side.pokemon``, which swaps with each switch; 0 is the active one."""


@struct.dataclass
class Battle(struct.Node):
    """A whole battle at a decision point."""

    rng: Rng
    seats: tuple[Seat, Seat]
    parties: tuple[Party, Party]
    turn: jax.Array = stored(np.int16)
    last_damage: jax.Array = stored(np.int32)
    result: jax.Array = stored(np.int8)
    """`ONGOING`, `P1_WINS`, `P2_WINS` or `TIE`."""


def pack(battle: Battle) -> Battle:
    """The battle in storage dtypes (a few hundred bytes)."""
    return narrow(battle).replace(seats=tuple(narrow(seat) for seat in battle.seats))


def unpack(battle: Battle) -> Battle:
    """The battle in the rules' dtypes: int32, and bool for flags; parties stay narrow."""
    return widen(battle).replace(seats=tuple(widen(seat) for seat in battle.seats))


@functools.cache
def packed_bytes() -> int:
    """Bytes of one packed battle."""
    per_seat = declared_bytes(Seat)
    per_party = declared_bytes(Party)
    return 2 * (per_seat + per_party) + declared_bytes(Battle) + 8
