"""Changes that bring one boundary into a state. See changes.py."""

from __future__ import annotations

from families.pokejax_gen1.verify.changes import (
    BRN,
    FINE,
    FRZ,
    PAR,
    PSN,
    SLP,
    STATS,
    TOX,
    Side,
    State,
    apply_stage,
    change,
)
from pokejax.gen1.choices import FIRST_MOVE
from pokejax.gen1.move_ids import Move


@change
def hp(state: State, side: Side) -> None:
    most = side.max_hp
    quarter, sixteenth = most // 4, max(most // 16, 1)
    low = (1, 2, 3, sixteenth, sixteenth + 1, quarter - 1, quarter, quarter + 1, -(-most // 4), most // 2)
    value = state.pick(*low, most - 511, most - 256, most - 255, most - 254, most - 1, most)
    side.own("hp", min(max(value, 1), most))


@change
def pp(state: State, side: Side) -> None:
    for k in side.slots:
        side.set_pp(k, state.pick(0, 1, 63, side[f"active.move{k}.pp"]))


@change
def no_pp(state: State, side: Side) -> None:
    for k in side.slots:
        side.set_pp(k, 0)


@change
def poison(state: State, side: Side) -> None:
    side.set_status(PSN)


@change
def burn(state: State, side: Side) -> None:
    side.set_status(BRN)
    _weaken(state, side, "atk", 2)


@change
def paralysis(state: State, side: Side) -> None:
    side.set_status(PAR)
    _weaken(state, side, "spe", 4)


def _weaken(state: State, side: Side, stat: str, divisor: int) -> None:
    # None: a later change of stage forgets the drop; twice: a foe's boosting move applies it once more.
    for _ in range(state.pick(0, 1, 1, 2)):
        value = side[f"active.{stat}.modified_stat"]
        side[f"active.{stat}.modified_stat"] = max(value // divisor, 1)


@change
def sleep(state: State, side: Side) -> None:
    # Falling asleep ends a recharge turn. One Pokémon a side at most is put to sleep by the foe; Rest lasts two turns.
    side["active.volatile.mustrecharge"] = 0
    by_foe = all(side[f"team.{k}.status"] != SLP or side[f"team.{k}.status_source"] == 1 for k in side.bench)
    side.set_status(SLP)
    rests = not by_foe or state.rng.random() < 0.25
    side.own("status_source", 1 if rests else 2)
    side.own("status_time", state.pick(1, 2) if rests else state.pick(1, 2, 7, state.below(1, 7)))


@change
def freeze(state: State, side: Side) -> bool:
    # One frozen Pokémon a side at most.
    if any(side[f"team.{k}.status"] == FRZ for k in side.bench):
        return False
    side.set_status(FRZ)
    return True


@change
def healthy(state: State, side: Side) -> None:
    side.set_status(FINE)


@change
def toxic(state: State, side: Side) -> None:
    # Bad poison always has a counter; the counter outlives it through Rest.
    side.set_status(state.pick(TOX, TOX, PSN, BRN, FINE))
    side["active.volatile.residualdmg"] = 1
    side["active.residual_counter"] = state.pick(0, 1, 2, 14, 15, 16, 17)


@change
def stages(state: State, side: Side) -> None:
    # Special is one stat: spa and spd go together.
    chosen = {stat: state.pick(-6, -5, -1, 0, 1, 5, 6) for stat in ("atk", "def", "spa", "spe")}
    chosen["spd"] = chosen["spa"]
    for stat in STATS:
        side[f"active.{stat}.boost"] = chosen[stat]
        side[f"active.{stat}.modified_stat"] = apply_stage(side[f"active.{stat}.stored_stat"], chosen[stat])
    side["active.accuracy_boost"], side["active.evasion_boost"] = state.below(-6, 6), state.below(-6, 6)


@change
def stats_at_limits(state: State, side: Side) -> None:
    # A stage moved while its stat is at 1 or 999 steps back: every stage can stand beside either.
    for stat in (state.pick(0, 1, 2, 4), state.pick(0, 1, 2, 4)):
        value = state.pick(1, 2, 3, 255, 256, 998, 999)
        stage = state.below(-6, 6)
        for name in ("spa", "spd") if stat == 2 else (STATS[stat],):
            side[f"active.{name}.modified_stat"], side[f"active.{name}.boost"] = value, stage


@change
def speed_tie(state: State, side: Side) -> None:
    for field in ("stored_stat", "modified_stat", "boost"):
        side[f"active.spe.{field}"] = side.foe[f"active.spe.{field}"]


@change
def confusion(state: State, side: Side) -> None:
    side["active.volatile.confusion"] = 1
    side["active.confusion_time"] = state.below(1, 5)


@change
def substitute(state: State, side: Side) -> None:
    quarter = side.max_hp // 4
    side["active.volatile.substitute"] = 1
    side["active.substitute_hp"] = max(min(state.pick(1, 2, quarter // 2, quarter, quarter + 1), quarter + 1), 1)


@change
def substitute_broke(state: State, side: Side) -> None:
    # No Substitute stands where one has just broken; the flag stays with a Pokémon on the bench.
    side["active.volatile.substitute"] = side["active.substitute_hp"] = 0
    side["active.sub_fainted"] = 1
    side.own("sub_fainted", 1)
    for k in side.bench:
        side[f"team.{k}.sub_fainted"] = state.pick(0, 1)


@change
def disable(state: State, side: Side) -> None:
    slot = state.pick(*side.slots)
    side["active.volatile.disable"] = 1
    side["active.disable_slot"], side["active.disable_move"] = slot, side[f"active.move{slot}.move"]
    side["active.disable_time"] = state.pick(1, 2, 8, state.below(1, 8))


@change
def screens(state: State, side: Side) -> None:
    for name in ("reflect", "lightscreen"):
        side[f"active.volatile.{name}"] = state.pick(0, 1, 1)


@change
def mist_and_focus_energy(state: State, side: Side) -> None:
    for name in ("mist", "focusenergy"):
        side[f"active.volatile.{name}"] = state.pick(0, 1, 1)


@change
def leech_seed(state: State, side: Side) -> None:
    side["active.volatile.leechseed"] = 1


@change
def transform(state: State, side: Side) -> bool:
    foe = side.foe
    if not foe.stands:
        return False
    for field in ("species", "type1", "type2", "accuracy_boost", "evasion_boost"):
        side[f"active.{field}"] = foe[f"active.{field}"]
    for stat in STATS:
        for field in ("boost", "stored_stat", "modified_stat"):
            side[f"active.{stat}.{field}"] = foe[f"active.{stat}.{field}"]
    side["active.transformed"] = 1
    for k in range(4):
        move = foe[f"active.move{k}.move"]
        side[f"active.move{k}.move"], side[f"active.move{k}.virtual"] = move, int(move > 0)
        side[f"active.move{k}.pp"] = state.pick(5, 5, 1, 0, 63) if move else 0
    _keep_slot(side)
    return True


def _keep_slot(side: Side) -> None:
    # Showdown throws where the slot last selected is no longer there.
    if side["last_selected_move_slot"] not in side.slots:
        side["last_selected_move_slot"] = 0


@change
def mimic(state: State, side: Side) -> None:
    slot = state.pick(*side.slots)
    side[f"active.move{slot}.move"], side[f"active.move{slot}.virtual"] = state.any_move, 1
    state.wanted[side.n] = FIRST_MOVE + slot


@change
def any_move(state: State, side: Side) -> bool:
    # A Pokémon knows a move once; a copied slot hides its own move.
    known = [int(move) for move in state.teams[side.n, side.slot, 2:6]]
    slot, move = state.pick(*[k for k in range(4) if known[k]]), state.any_move
    if move in known or side["active.transformed"] or side[f"active.move{slot}.virtual"]:
        return False
    state.teams[side.n, side.slot, 2 + slot] = move
    side[f"active.move{slot}.move"] = move
    if side["active.disable_slot"] == slot:
        side["active.disable_move"] = move
    side.set_pp(slot, state.pick(1, 5, 63))
    state.wanted[side.n] = FIRST_MOVE + slot
    return True


@change
def conversion(state: State, side: Side) -> None:
    for field in ("type1", "type2"):
        side[f"active.{field}"] = side.foe[f"active.{field}"]


@change
def last_damage(state: State, side: Side) -> None:
    state["last_damage"] = state.pick(0, 1, 2, state.below(1, 400), 703, 999, 32768, 65535)


@change
def last_moves(state: State, side: Side) -> None:
    # What Counter, Mirror Move and Metronome's memory look at; a locked Pokémon's selected move is not touched.
    side.remember("last_move", state.pick(0, Move.COUNTER, state.any_move, state.any_move, Move.STRUGGLE))
    side.remember("last_enemy_move", state.pick(0, Move.COUNTER, state.any_move, state.any_move, Move.STRUGGLE))
    side["active.last_move"] = state.pick(
        0, Move.MIRRORMOVE, Move.METRONOME, state.any_move, state.any_move, Move.STRUGGLE
    )
    side["last_enemy_selected_move"] = state.pick(Move.COUNTER, Move.CANNOTMOVE, state.any_move, Move.STRUGGLE)


@change
def last_slot(state: State, side: Side) -> None:
    side["last_selected_move_slot"] = state.pick(*side.slots)


@change
def turn(state: State, side: Side) -> None:
    state["turn"] = state.pick(1, 2, 99, 100, 101, 255, 256, 998, 999, 1000)


@change
def fainted_bench(state: State, side: Side) -> bool:
    return _faint(side, [k for k in side.bench if state.rng.random() < 0.5])


@change
def last_standing(state: State, side: Side) -> bool:
    return _faint(side, side.bench)


def _faint(side: Side, fallen: list[int]) -> bool:
    # Whoever must replace a fainted Pokémon has one to send.
    if not fallen or (side["request"] == 2 and len(fallen) == len(side.bench)):
        return False
    for k in fallen:
        side[f"team.{k}.hp"] = 0
        side.set_status(FINE, k)
    return True


@change
def bench_status(state: State, side: Side) -> bool:
    if not side.bench:
        return False
    k = state.pick(*side.bench)
    others = [side[f"team.{i}.status"] for i in range(6) if i != k and side[f"team.{i}.hp"] > 0]
    status = state.pick(BRN, PAR, PSN, TOX, SLP, SLP, FRZ, FRZ)
    if status in (SLP, FRZ) and status in others:
        return False
    side.set_status(status, k)
    if status == SLP:
        rests = state.rng.random() < 0.25
        side[f"team.{k}.status_source"] = 1 if rests else 2
        side[f"team.{k}.status_time"] = state.pick(1, 2) if rests else state.below(1, 7)
    side[f"team.{k}.hp"] = state.pick(1, side[f"team.{k}.hp"], side[f"team.{k}.hp"])
    return True


@change
def bench_pp(state: State, side: Side) -> bool:
    if not side.bench:
        return False
    k = state.pick(*side.bench)
    for m in range(4):
        if state.teams[side.n, k, 2 + m]:
            side[f"team.{k}.pp{m}"] = state.pick(0, 0, 1, 63)
    return True


@change
def stuck(state: State, side: Side) -> None:
    # For the Endless Battle Clause: every Pokémon of both sides fainted, frozen or without PP. More than one frozen is
    # out of reach under the Freeze Clause, but it is the Endless Battle Clause that is asked here.
    for each in (side, side.foe):
        for k in each.bench:
            if state.rng.random() < 0.5 and each["request"] != 2:
                _faint(each, [k])
            elif state.rng.random() < 0.7:
                each.set_status(FRZ, k)
            else:
                for m in range(4):
                    each[f"team.{k}.pp{m}"] = 0
        if each.stands and state.rng.random() < 0.6:
            each.set_status(FRZ)
        elif each.stands:
            for k in each.slots:
                each.set_pp(k, 0)
