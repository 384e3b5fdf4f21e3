"""Wrap, Bind, Clamp and Fire Spin: durations, fixed damage, what each player is told, PP underflow."""

from __future__ import annotations

import pytest
from scenario import SLP, Stage, mon

CANNOTMOVE = 166
WRAP = 35
MOVES = 0b11_1100_0000
FIRST = 1 << 6


@pytest.mark.parametrize(("sampled", "turns"), [(0, 2), (2, 2), (3, 3), (5, 3), (6, 4), (7, 5)])
def test_durations(stage: Stage, sampled: int, turns: int) -> None:
    battle = stage.find(
        mon("Jolteon", "Wrap", "Splash"),
        mon("Chansey", "Seismic Toss"),
        ["Wrap / -"] * turns,
        # accuracy, critical hit, random factor, then the sample of eight
        lambda r: [r.peek(0) < 216, r.peek(0, 8, skip=3) == sampled],
    )
    assert battle.draws(1) == 4
    assert battle("p1.trapping_total", 1) == turns
    damage = battle("last_damage", 1)
    assert [battle.lost("p2.hp", step) for step in range(1, turns + 1)] == [damage] * turns
    assert battle.series("p1.trapping_duration") == [0, *range(turns - 1, 0, -1), 0]
    assert battle("p1.hp") == 333  # Chansey never moved
    assert battle("p1.pp0") == 31  # one PP for all of it


def test_continuing_makes_no_roll(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Wrap"), mon("Chansey"), ["Wrap / -", "Wrap / -"], lambda r: r("p1.trapping_total", 1) == 5
    )
    assert battle.draws(2) == 0


def test_the_trapped_player_may_only_fight_or_switch(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Wrap"),
        [mon("Chansey", "Splash", "Seismic Toss"), mon("Onix")],
        ["Wrap / Splash", "- / -"],
        lambda r: [r("p1.trapping_total", 1) == 3],
    )
    assert battle("p2.maybe_locked", 1) == 0
    assert battle("p2.legal", 1) == FIRST | 1 << 1
    assert battle("p2.last_selected_move", 2) == CANNOTMOVE


def test_the_trapper_is_locked_openly_first_and_secretly_later(stage: Stage) -> None:
    battle = stage.find(
        [mon("Jolteon", "Wrap", "Splash"), mon("Onix")],
        [mon("Chansey", "Splash"), mon("Onix")],
        ["Wrap / -"] * 4,
        lambda r: r("p1.trapping_total", 1) == 5,
    )
    # Durations left 4, 3, 2, 1: from the second turn on both players see their whole move list.
    assert [battle("p1.legal", step) & MOVES for step in (1, 2, 3, 4)] == [FIRST, 3 * FIRST, 3 * FIRST, 3 * FIRST]
    assert [battle("p1.maybe_locked", step) for step in (1, 2, 3, 4)] == [0, 1, 1, 1]
    assert [battle("p2.partially_trapped_maybe_locked", step) for step in (1, 2, 3, 4)] == [0, 1, 1, 1]


def test_a_move_chosen_while_secretly_locked_is_not_used(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Wrap", "Splash"),
        mon("Chansey", "Splash", "Seismic Toss"),
        ["Wrap / -", "Wrap / -", "Splash / Seismic Toss"],
        lambda r: r("p1.trapping_total", 1) == 5,
    )
    assert battle.lost("p2.hp", 3) == battle("p1.trapping_damage", 1)
    assert battle("p1.hp", 3) == 333
    assert battle("p2.last_selected_move", 3) == CANNOTMOVE


def test_nobody_is_told_that_the_trap_has_ended(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Wrap", "Splash"),
        mon("Chansey", "Splash", "Seismic Toss"),
        ["Wrap / -", "Wrap / -", "Splash / Seismic Toss", "Splash / Splash"],
        lambda r: r("p1.trapping_total", 1) == 2,
    )
    assert battle("p1.partialtrappinglock", 2) == 0 and battle("p2.partiallytrapped", 2) == 0
    assert battle("p1.fakepartiallytrapped", 2) == battle("p2.fakepartiallytrapped", 2) == 1
    assert battle("p1.maybe_locked", 2) == battle("p2.maybe_locked", 2) == 1
    assert battle("p1.hp", 3) == 233  # the move chosen was used: nothing held Chansey any more
    assert battle("p1.fakepartiallytrapped", 4) == 0


def test_after_the_longest_trap_everybody_knows(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Wrap", "Splash"), mon("Chansey"), ["Wrap / -"] * 5, lambda r: r("p1.trapping_total", 1) == 5
    )
    assert battle("p1.fakepartiallytrapped", 5) == battle("p2.fakepartiallytrapped", 5) == 0
    assert battle("p1.maybe_locked", 5) == battle("p2.maybe_locked", 5) == 0


def test_a_ghost_is_trapped_without_damage(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Wrap"),
        mon("Gengar", "Night Shade"),
        ["Wrap / -", "Wrap / -"],
        lambda r: [r("p2.partiallytrapped", 1) == 1, r("p1.trapping_total", 1) >= 3],
    )
    assert battle("p2.hp", 2) == 323 and battle("p1.hp", 2) == 333
    assert battle("p1.trapping_damage", 1) == 0
    assert battle("p2.partiallytrapped", 2) == 1


def test_a_trapping_move_that_misses_traps_nobody(stage: Stage) -> None:
    battle = stage.find(mon("Jolteon", "Wrap"), mon("Chansey"), ["Wrap / -"], lambda r: r.peek(0) >= 216)
    assert battle("p1.partialtrappinglock", 1) == 0 and battle("p2.partiallytrapped", 1) == 0


def test_a_switch_by_the_target_restarts_the_trap_on_the_newcomer(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Wrap", "Splash"),
        [mon("Chansey"), mon("Slowbro")],
        ["Wrap / -", "- / switch 1"],
        lambda r: [r("p1.trapping_total", 1) == 3, r("p2.active", 2) == 1, r("p2.hp", 2) < 393],
    )
    # The move repeats by itself; it pays PP again and draws everything anew.
    assert battle("p1.pp0", 1) == 31 and battle("p1.pp0", 2) == 30
    assert battle("p2.partiallytrapped", 2) == 1
    assert battle.draws(2) >= 3


def test_pp_underflow_to_63(stage: Stage) -> None:
    # Clamp has 16 PP; the last one pays for a trap from which Chansey then switches: Clamp goes on without PP.
    turns = 42
    battle = stage.find(
        mon("Tentacool", "Clamp", "Splash", level=4),
        [mon("Chansey"), mon("Snorlax")],
        ["Clamp / -"] * turns + ["- / switch 1"],
        lambda r: [
            r("p1.pp0", turns) == 0,
            r("p1.trapping_duration", turns) >= 1,
            r("p2.partiallytrapped", turns) == 1,
            r("p2.active", turns + 1) == 1,
            r("p1.pp0", turns + 1) == 63,
        ],
    )
    assert battle("p1.pp0", turns) == 0 and battle("p1.pp0", turns + 1) == 63


def test_a_substitute_frees_nobody_but_stops_no_trap(stage: Stage) -> None:
    """A Substitute takes the trap's damage; its owner is held all the same."""
    battle = stage.find(
        mon("Chansey", "Wrap"),
        mon("Jolteon", "Substitute", "Splash"),
        ["Wrap / Substitute", "Wrap / Splash"],
        lambda r: [r("p1.trapping_total", 1) >= 3, r("p2.substitute_hp", 1) > 40],
    )
    damage = battle("p1.trapping_damage", 1)
    assert battle("p2.hp", 2) == 333 - 83
    assert battle("p2.substitute_hp", 1) == 84 - damage
    assert battle("p2.partiallytrapped", 1) == 1
    assert battle("p2.substitute_hp", 2) == 84 - 2 * damage


def test_metronome_may_trap_and_then_rolls_metronome_at_a_newcomer(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Metronome"),
        [mon("Chansey"), mon("Slowbro")],
        ["Metronome / -", "- / switch 1"],
        lambda r: [r("p1.trapping_duration", 1) >= 2, r("p2.active", 2) == 1],
    )
    assert battle("p1.last_selected_move", 1) in (20, 35, 83, 128)
    # The second Metronome pays PP again and samples again.
    assert battle("p1.pp0", 2) == battle("p1.pp0", 1) - 1


def test_a_sleeping_newcomer_does_not_count_its_sleep_while_trapped_memory_lasts(stage: Stage) -> None:
    # 'cannotmove' stays selected: switching to a sleeping Pokémon leaves its counter alone.
    battle = stage.find(
        mon("Jolteon", "Wrap", "Spore", "Splash"),
        [mon("Chansey"), mon("Snorlax")],
        ["Spore / -", "Splash / switch 1", "Wrap / -", "Wrap / -", "Splash / switch 0", "Splash / -", "Splash / -"],
        lambda r: [
            r("p2.team.0.status", 1) == SLP,
            r("p2.team.0.status_time", 1) == 6,
            r("p1.trapping_total", 3) == 2,
            r("p2.last_selected_move", 5) == CANNOTMOVE,
            r("p2.active", 5) == 0,
        ],
    )
    assert battle("p2.sleep", 5) == battle("p2.sleep", 7) == 6


def test_full_paralysis_ends_the_trap(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Wrap", "Splash"),
        mon("Electrode", "Thunder Wave", "Splash"),
        ["Splash / Thunder Wave", "Wrap / Splash", "- / -"],
        lambda r: [
            r("p1.status", 1) == 2,
            r("p1.trapping_total", 2) >= 3,
            r.peek(2) < 63,
        ],
    )
    # Electrode, faster, could not move that turn: the trap's first half outlives the lock until the turn ends.
    assert battle("p1.partialtrappinglock", 3) == 0 and battle("p2.partiallytrapped", 3) == 0
    assert battle.lost("p2.hp", 3) == 0


def test_hurting_oneself_in_confusion_ends_the_trap(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Wrap", "Splash"),
        mon("Electrode", "Supersonic", "Splash"),
        ["Splash / Supersonic", "Wrap / Splash", "- / -"],
        lambda r: [r("p1.confusion_time", 1) >= 2, r("p1.trapping_total", 2) >= 3, r("p1.hp", 3) < r("p1.hp", 2)],
    )
    assert battle("p1.partialtrappinglock", 3) == 0 and battle("p2.partiallytrapped", 3) == 0


def test_a_trapper_that_switches_sets_its_target_free(stage: Stage) -> None:
    battle = stage.find(
        [mon("Jolteon", "Wrap"), mon("Onix")],
        mon("Chansey"),
        ["Wrap / -", "switch 1 / -"],
        lambda r: r("p1.trapping_total", 1) >= 3,
    )
    assert battle("p2.partiallytrapped", 1) == 1 and battle("p2.partiallytrapped", 2) == 0
    assert battle("p2.last_selected_move", 2) == CANNOTMOVE  # too late for this turn
