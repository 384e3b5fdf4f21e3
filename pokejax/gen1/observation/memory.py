"""Memory of what each side has shown and the battle does not keep: appearances, moves, turns slept.

Worked out from the battle before and after a step, on packed battles (`state.pack`). So a move is not remembered if it
was only named by what was over within the step: a Disable of one attempt, a charge or a Mimic whose user then fainted.
`docs/verification.md` lists what else messages leave open, and what is done then.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv import struct
from pokejax.gen1.dex import Status
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import COPIED_ALL, MOVE_SLOTS, REQUEST_MOVE, TEAM_SIZE, Battle, Seat
from pokejax.gen1.stats import effective_speed

UNSEEN = TEAM_SIZE
"""In `Memory.appearance`: nobody has appeared in this place yet."""


@struct.dataclass
class Memory:
    """The leading axis is the side that was seen."""

    appearance: jax.Array
    """int8[2, 6]: team slots in order of their first ``|switch|``, then `UNSEEN`."""
    moves: jax.Array
    """bool[2, 6, 4], by team slot and move slot: the foe's player knows that the Pokémon has this move."""
    slept: jax.Array
    """uint8[2, 6], by team slot: ``|cant|…|slp`` since it fell asleep; 0 unless asleep."""


def first_memory() -> Memory:
    """Both leads have appeared; nothing else is known."""
    lead = jnp.arange(TEAM_SIZE, dtype=jnp.int8) == 0
    return Memory(
        appearance=jnp.broadcast_to(jnp.where(lead, 0, UNSEEN).astype(jnp.int8), (2, TEAM_SIZE)),
        moves=jnp.zeros((2, TEAM_SIZE, MOVE_SLOTS), jnp.bool_),
        slept=jnp.zeros((2, TEAM_SIZE), jnp.uint8),
    )


def remember(memory: Memory, before: Battle, after: Battle) -> Memory:
    """The memory after the step that led from ``before`` to ``after``."""
    appearance, moves, slept = [], [], []
    for side in range(2):
        was, now = before.seats[side], after.seats[side]
        foe_was, foe_now = before.seats[1 - side], after.seats[1 - side]
        active = jnp.arange(TEAM_SIZE, dtype=jnp.int8) == now.slot
        shown = _shown_moves(was, now, foe_was) | _copied_moves(was, now, foe_now)
        appearance.append(_appear(memory.appearance[side], now.slot))
        moves.append(memory.moves[side] | (active[:, None] & shown[None, :]))
        slept.append(jnp.where(active, _count_sleep(memory.slept[side], was, now, foe_now), memory.slept[side]))
    return Memory(appearance=jnp.stack(appearance), moves=jnp.stack(moves), slept=jnp.stack(slept))


def _appear(appearance: jax.Array, slot: jax.Array) -> jax.Array:
    known = jnp.any(appearance == slot)
    place = jnp.sum(appearance != UNSEEN, dtype=jnp.int32)
    new = ~known & (jnp.arange(TEAM_SIZE, dtype=jnp.int32) == place)
    return jnp.where(new, slot, appearance)


def _shown_moves(was: Seat, now: Seat, foe_was: Seat) -> jax.Array:
    """bool[4]: slots of the active Pokémon whose move was named in this step.

    A slot pays PP when its move is used, but a two-turn move only on its second turn, having been named on its first.
    The move of a thawed Pokémon, nameless or chosen for another one, pays too, from a slot that it may not belong to.
    """
    slots = jnp.arange(MOVE_SLOTS, dtype=jnp.int8)
    stayed = was.slot == now.slot
    thawed = (was.status == Status.FRZ) & (was.two_turn_move == 0)
    paid = stayed & ~was.transformed & (now.base_pp != was.base_pp) & (now.side_last_move != Move.NOMOVE)
    paid = paid & ~(thawed & (now.last_selected_move != was.moves)) & ~_belongs_to_another(was)
    charges = (now.two_turn_move > 0) & (now.last_selected_slot == slots)
    begun = jnp.where(was.two_turn_move > 0, ~_belongs_to_another(was), was.status != Status.FRZ)
    disabled = _disabled(was, now, foe_was)
    return paid | (((charges & begun) | disabled) & ~now.transformed)


def _disabled(was: Seat, now: Seat, foe_was: Seat) -> jax.Array:
    """bool[4]: the slot whose move Disable has named.

    It names a move, not a slot: where Mimic gave this Pokémon a copy of the move before, it may have been the copy. Of
    both in one step the faster one's came first; of equals nothing is made known.
    """
    slots = jnp.arange(MOVE_SLOTS, dtype=jnp.int8)
    disabled = (now.disable_turns > 0) & (now.disable_slot == slots) & ~now.virtual
    same = now.moves[:, None] == now.moves[None, :]
    held = jnp.any(was.virtual[None, :] & (now.moves[:, None] == was.moves[None, :]), axis=1) & (was.slot == now.slot)
    copied = jnp.any(now.virtual[None, :] & same, axis=1)
    after = (was.disable_turns == 0) & (effective_speed(foe_was) > effective_speed(was))
    return disabled & ~held & ~(copied & ~after)


def _belongs_to_another(was: Seat) -> jax.Array:
    """bool[4]: of who releases a two-turn move or traps a new foe, slots that hold another move and pay all the same.

    Metronome and Mirror Move, which call such a move, were named when they did. A new foe is met by Metronome itself.
    """
    renews = (was.trapping_move > 0) & (was.moves != Move.METRONOME)
    return ((was.two_turn_move > 0) | renews) & (was.last_selected_move != was.moves)


def _copied_moves(was: Seat, now: Seat, foe: Seat) -> jax.Array:
    """bool[4]: slots whose move the foe's player has just come to know by Mimic (named to all) or Transform (listed in
    its request)."""
    listed = foe.virtual & (foe.copied == COPIED_ALL)
    named = foe.virtual & (foe.copied == 1 + jnp.arange(MOVE_SLOTS, dtype=foe.copied.dtype))
    same = now.base_moves[:, None] == foe.moves[None, :]
    by_name, by_list = jnp.any(same & named[None, :], axis=1), jnp.any(same & listed[None, :], axis=1)
    # Mimic names a move, not a slot: it may have been the copy that this Pokémon has of the move by its own Mimic.
    # Who has fainted since is no copy any more, but was one when it was named.
    there = was.slot == now.slot
    held = jnp.where(there & (now.hp <= 0), was.virtual, now.virtual)
    moves = jnp.where(there & (now.hp <= 0), was.moves, now.moves)
    twice = jnp.any(held[None, :] & (now.base_moves[:, None] == moves[None, :]), axis=1)
    copy = now.virtual | now.transformed | (there & (was.virtual | was.transformed))
    return ((by_name & ~twice) | by_list) & ~copy & (now.base_moves != 0)


def _count_sleep(slept: jax.Array, was: Seat, now: Seat, foe: Seat) -> jax.Array:
    """uint8[6]: turns slept if it is the active Pokémon.

    The hidden counter falls by one for each turn slept. One that stood at 1 and stands at 1 after both have acted fell
    to 0: the Pokémon woke, and was put to sleep again by a slower foe. It stands still where nothing was selected, as
    after a switch out of a trap.
    """
    stayed = was.slot == now.slot
    was_asleep = stayed & (was.status == Status.SLP)
    both_acted = (was.request == REQUEST_MOVE) & (foe.hp > 0)
    fell = was.sleep_turns - now.sleep_turns
    selected = now.last_selected_move != Move.CANNOTMOVE
    woke = (fell < 0) | ((fell == 0) & (was.sleep_turns == 1) & both_acted & selected)
    count = jnp.where(was_asleep, jnp.where(woke, 0, slept + (fell == 1).astype(jnp.uint8)), slept)
    at_once = stayed & (was.status != Status.SLP) & both_acted & _slept_through_its_action(was, now)
    count = jnp.where(at_once, 1, count)
    return jnp.where((now.status == Status.SLP) & (now.hp > 0), count, 0).astype(jnp.uint8)


def _slept_through_its_action(was: Seat, now: Seat) -> jax.Array:
    """A Pokémon that fell asleep in this step did so before its action, which therefore was the first turn slept.

    Sleep forgets the last move. One that acted first has a last move, or else shows what stopped it: a charge begun, a
    turn of confusion, Disable or Bide gone by, or nothing selected.
    """
    unchanged = (was.two_turn_move == now.two_turn_move) & (was.confusion_turns == now.confusion_turns)
    unchanged = unchanged & (was.disable_turns == now.disable_turns) & (was.bide_turns == now.bide_turns)
    selected = now.last_selected_move != Move.CANNOTMOVE
    # Sleep ends a recharge: of one without a last move (a new foe stands there) nothing tells which came first.
    selected = selected & ~(was.must_recharge & (was.last_move == 0) & (was.status != Status.FRZ))
    return (now.last_move == 0) & ~now.slept_by_self & unchanged & selected
