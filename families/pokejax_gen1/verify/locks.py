"""Changes after which a Pokémon's move is decided already, or it cannot move. See changes.py."""

from __future__ import annotations

from families.pokejax_gen1.verify.boundaries import freeze
from families.pokejax_gen1.verify.changes import (
    FINE,
    SLP,
    THAWING_MOVES,
    THRASHING_MOVES,
    TRAPPING_MOVES,
    TWO_TURN_MOVES,
    Side,
    State,
    change,
)
from pokejax.gen1.move_ids import Move


@change
def flinch(state: State, side: Side) -> None:
    # Kept from a turn that a faint cut short. Flinching ends a recharge turn.
    side["active.volatile.flinch"] = 1
    side["active.volatile.mustrecharge"] = 0


@change
def recharge(state: State, side: Side) -> None:
    # Sleep, flinching and being trapped would each have ended it.
    if side[f"team.{side.slot}.status"] == SLP:
        side.set_status(FINE)
    side["active.volatile.flinch"] = 0
    side.foe.let_go()
    side.lock("mustrecharge", state.move("Hyper Beam"))


@change
def bide(state: State, side: Side) -> None:
    side.lock("bide", Move.BIDE)
    side["active.bide_time"] = state.below(1, 3)
    side["active.bide_damage"] = state.pick(0, 1, 2, state.below(0, 300), 999, 65535)


@change
def rage(state: State, side: Side) -> None:
    side.lock("rage", Move.RAGE)
    side["active.rage_accuracy"] = state.pick(1, 2, 63, 254, 255, state.below(1, 255))


@change
def thrash(state: State, side: Side) -> None:
    move = state.move(*THRASHING_MOVES)
    side.lock("lockedmove", move)
    side["active.locked_move"], side["active.locked_time"] = move, state.below(1, 3)
    side["active.locked_accuracy"] = state.pick(1, 2, 63, 254, 255, state.below(1, 255))


@change
def two_turn_move(state: State, side: Side) -> None:
    move = state.move(*TWO_TURN_MOVES)
    side.lock("twoturnmove", move)
    side["active.two_turn_move"] = move
    side["active.volatile.invulnerability"] = int(move in (Move.FLY, Move.DIG))


@change
def stale_invulnerability(state: State, side: Side) -> None:
    # Full paralysis ends Dig or Fly and leaves its user out of reach.
    side.unlock()
    side["active.volatile.invulnerability"] = 1


@change
def soft_lock(state: State, side: Side) -> None:
    # Haze cured the sleep or freeze of a Pokémon whose move was decided.
    locks = (recharge, bide, rage, thrash, two_turn_move)
    locks[state.below(0, len(locks) - 1)](state, side)
    side["last_selected_move"] = side["last_enemy_selected_move"] = Move.CANNOTMOVE


@change
def nameless_move(state: State, side: Side) -> bool:
    # A frozen Pokémon thawed before its side ever selected a move uses Showdown's `nomove`.
    foe = side.foe
    if not foe.stands or not freeze(state, side):
        return False
    side.unlock()
    side["last_selected_move"] = Move.NOMOVE
    side["last_enemy_selected_move"] = state.pick(Move.NOMOVE, side["active.move0.move"])
    side.remember(("last_move", "last_enemy_move")[state.below(0, 1)], Move.NOMOVE)
    foe.use(state.move(*THAWING_MOVES))
    return True


@change
def trapping(state: State, side: Side) -> bool:
    # The caught one is alive, recharges no more and is not trapping back; its players are told nothing from the second
    # turn on. A decision point comes after one turn at least, and before the last one is over.
    foe = side.foe
    if not foe.stands:
        return False
    foe.let_go()
    foe["active.volatile.mustrecharge"] = 0
    move = state.move(*TRAPPING_MOVES)
    side.lock("partialtrappinglock", move)
    total = state.below(2, 5)
    left = state.below(1, total - 1)
    side["active.trapping_move"], side["active.trapping_total"], side["active.trapping_duration"] = move, total, left
    side["active.trapping_damage"] = state.pick(0, 1, state.below(0, 99), 999)
    foe["active.volatile.partiallytrapped"] = 1
    foe["active.partially_trapped_duration"] = state.pick(1, 1, 1, 2)
    foe["active.partially_trapped_maybe_locked"] = int(total - left > 1)
    _sprung(side, 0)
    return True


@change
def sprung_trap(state: State, side: Side) -> bool:
    # Both sides pretend, or neither.
    if not side.foe.stands:
        return False
    side.let_go()
    side.foe.let_go()
    _sprung(side, 1)
    return True


def _sprung(side: Side, turns: int) -> None:
    for each in (side, side.foe):
        each["active.volatile.fakepartiallytrapped"] = int(turns > 0)
        each["active.fake_trapped_duration"] = turns
