"""The course of a turn: order, faints, replacements, ties and what they draw, what the sides remember."""

from __future__ import annotations

import pytest
from scenario import FRZ, SLP, TOX, Stage, mon

FIRST = 1 << 6
FIGHT_MEMORY, CANNOTMOVE, NOMOVE = 168, 166, 167


def test_speed_ties_draw_four_times_at_the_start_and_six_in_an_idle_turn(stage: Stage) -> None:
    battle = stage.find(mon("Chansey"), mon("Chansey"), ["Splash / Splash"] * 3)
    assert [battle.draws(step) for step in range(4)] == [4, 6, 6, 6]


def test_different_speeds_draw_nothing(stage: Stage) -> None:
    battle = stage.find(mon("Chansey"), mon("Jolteon"), ["Splash / Splash"] * 2)
    assert [battle.draws(step) for step in range(3)] == [0, 0, 0]


def test_tied_switches_draw_for_their_order(stage: Stage) -> None:
    team = [mon("Chansey"), mon("Onix")]
    battle = stage.find(team, team, ["switch 1 / switch 1", "switch 0 / Splash"])
    # The order; two events before the turn; then after each switch and each runSwitch, with who stands there then.
    assert battle.draws(1) == 6
    assert battle("p1.active", 1) == battle("p2.active", 1) == 1


def test_priority_beats_speed_and_counter_is_last(stage: Stage) -> None:
    quick = stage.find(
        mon("Chansey", "Quick Attack"),
        [mon("Jolteon", "Pound", level=5), mon("Onix")],
        ["Quick Attack / Pound"],
        lambda r: r("p2.hp", 1) == 0,
    )
    assert quick("p1.hp", 1) == 703
    counter = stage.find(
        mon("Jolteon", "Counter"),
        mon("Chansey", "Seismic Toss"),
        ["Counter / Seismic Toss"],
        lambda r: r("p2.hp", 1) == 503,
    )
    assert counter("p1.hp", 1) == 233


def test_switches_come_before_moves(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Seismic Toss"),
        [mon("Chansey"), mon("Snorlax")],
        ["Seismic Toss / switch 1"],
        lambda r: r("last_damage", 1) == 100,
    )
    assert battle("p2.hp", 1) == 423 and battle("p2.team.0.hp", 1) == 703


def test_a_faint_ends_the_turn_for_everybody(stage: Stage) -> None:
    # Golem explodes and faints; Chansey, slower, loses its action, and its poison does not bite.
    battle = stage.find(
        [mon("Electrode", "Toxic", "Explosion"), mon("Onix")],
        mon("Cloyster", "Seismic Toss", "Splash"),
        ["Toxic / Splash", "Explosion / Seismic Toss", "switch 1 / -"],
        lambda r: [r("p2.status", 1) == TOX, r("p1.hp", 2) == 0, r("p2.hp", 2) > 0],
    )
    assert battle("p2.pp0", 2) == battle("p2.pp0", 0)
    assert battle("p2.residual_counter", 2) == battle("p2.residual_counter", 1) == 1
    assert battle("p1.request", 2) == 2 and battle("p2.request", 2) == 0
    assert battle("turn", 2) == battle("turn", 1) and battle("turn", 3) == battle("turn", 2) + 1


def test_a_trapping_lock_goes_with_its_target(stage: Stage) -> None:
    battle = stage.find(
        [mon("Jolteon", "Wrap"), mon("Onix")],
        [mon("Pidgey", level=4), mon("Chansey")],
        ["Wrap / -"],
        lambda r: r("p2.hp", 1) == 0,
    )
    assert battle("p1.partialtrappinglock", 1) == 0
    assert battle.draws(1) == 4  # the duration was drawn all the same


def test_both_may_faint_and_both_replace(stage: Stage) -> None:
    battle = stage.find(
        [mon("Electrode", "Explosion"), mon("Onix")],
        [mon("Jolteon"), mon("Slowbro")],
        ["Explosion / Splash", "switch 1 / switch 1"],
        lambda r: [r("p1.hp", 1) == 0, r("p2.hp", 1) == 0],
    )
    assert battle("p1.request", 1) == battle("p2.request", 1) == 2
    assert battle("p1.active", 2) == battle("p2.active", 2) == 1
    assert battle.draws(2) == 0


def test_two_replacements_of_equal_speed_tie(stage: Stage) -> None:
    battle = stage.find(
        [mon("Electrode", "Explosion"), mon("Onix")],
        [mon("Jolteon"), mon("Onix")],
        ["Explosion / Splash", "switch 1 / switch 1", "Splash / Splash"],
        lambda r: [r("p1.hp", 1) == 0, r("p2.hp", 1) == 0],
    )
    # The place of the second runSwitch, then the event after each of the three actions that find both Onix in place.
    assert battle.draws(2) == 4
    assert battle.draws(3) == 6


def test_the_last_two_fainting_together_tie(stage: Stage) -> None:
    battle = stage.find(
        mon("Electrode", "Explosion"), mon("Jolteon"), ["Explosion / Splash"], lambda r: r("p2.hp", 1) == 0
    )
    assert battle("ended", 1) == 1 and battle("winner", 1) == 0


@pytest.mark.parametrize("side", [1, 2])
def test_the_last_pokemon_standing_wins(stage: Stage, side: int) -> None:
    strong, weak = mon("Jolteon", "Seismic Toss"), mon("Pidgey", level=5)
    p1, p2 = (strong, weak) if side == 1 else (weak, strong)
    turn = "Seismic Toss / Splash" if side == 1 else "Splash / Seismic Toss"
    battle = stage.find(p1, p2, [turn], lambda r: r("ended", 1) == 1)
    assert battle("winner", 1) == side
    assert battle("p1.legal", 1) == battle("p2.legal", 1) == (1 << 11) - 1


def test_sides_remember_the_selection_across_switches(stage: Stage) -> None:
    battle = stage.find(
        [mon("Jolteon", "Splash", "Pound"), mon("Onix", "Tackle", "Growl")],
        mon("Chansey"),
        ["Pound / Splash", "switch 1 / Splash", "Growl / Splash"],
        lambda r: r("p2.hp", 1) < 703,
    )
    assert battle("p1.last_selected_move", 0) == NOMOVE
    assert battle("p1.last_selected_move", 1) == 1 and battle("p1.last_selected_move_slot", 1) == 1
    assert battle("p1.last_selected_move", 2) == 1 and battle("p1.last_selected_move_slot", 2) == 0
    assert battle("p1.last_selected_move", 3) == 45 and battle("p1.last_selected_move_slot", 3) == 1


def test_a_sleeper_that_wakes_after_switching_in_repeats_the_remembered_move(stage: Stage) -> None:
    # Selected last by the side: Onix's Bind. Haze wakes nobody here; the sleeper "fights" with that memory.
    battle = stage.find(
        mon("Jolteon", "Spore", "Splash"),
        [mon("Chansey", "Pound", "Splash"), mon("Onix", "Splash", "Bind")],
        ["Spore / -", "Splash / switch 1", "Splash / Bind", "Splash / switch 0", "Splash / -"],
        lambda r: [r("p2.team.0.status", 1) == SLP, r("p2.team.0.status_time", 1) >= 2],
    )
    assert battle("p2.legal", 4) & 0b11_1100_0000 == FIRST
    assert battle("p2.last_selected_move", 5) == 20  # Bind, which Chansey does not know
    assert battle("p2.last_enemy_selected_move", 5) == 1  # its foe's side believes in the slot: Pound


def test_a_thawed_pokemon_uses_the_remembered_move(stage: Stage) -> None:
    battle = stage.find(
        mon("Mew", "Ice Beam", "Ember", "Splash"),
        [mon("Chansey", "Pound", "Splash"), mon("Onix", "Splash", "Growl")],
        ["Ice Beam / Splash", "Splash / switch 1", "Splash / Growl", "Splash / switch 0", "Ember / -"],
        lambda r: [r("p2.team.0.status", 1) == FRZ, r("p2.team.0.status", 5) == 0, r("p1.atk.boost", 5) == -2],
    )
    # Thawed by the faster Mew, Chansey growls: its side's last selected move. The PP come from its own first slot.
    assert battle("p2.last_selected_move", 5) == 45
    assert battle("p2.pp0", 5) == battle("p2.pp0", 4) - 1


def test_residual_handlers_of_one_pokemon_tie_with_each_other(stage: Stage) -> None:
    # Jolteon wraps again while the last trap's end is still a secret: two handlers on each side, one draw each.
    battle = stage.find(
        mon("Jolteon", "Wrap"),
        mon("Chansey", "Splash"),
        ["Wrap / -", "Wrap / -", "Wrap / Splash"],
        lambda r: [r("p1.trapping_total", 1) == 2, r.peek(2) < 216, r("p1.partialtrappinglock", 3) == 1],
    )
    assert battle("p1.fakepartiallytrapped", 2) == battle("p2.fakepartiallytrapped", 2) == 1
    assert battle.draws(3) == 4 + 2


def test_residual_handlers_of_two_equally_fast_pokemon_tie_all_together(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Wrap"),
        mon("Chansey", "Splash"),
        ["Wrap / Splash"],
        lambda r: r("p1.trapping_total", 1) >= 3,
    )
    # An idle turn's 6, Wrap's accuracy, critical hit, factor and sample, and lock and trap: k − 1 = 1.
    assert battle.draws(1) == 6 + 4 + 1


def test_burn_or_poison_bites_a_replacement_unless_something_fainted_this_turn(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Toxic", "Splash", "Seismic Toss"),
        [mon("Chansey"), mon("Pidgey", level=5)],
        ["Toxic / -", "Splash / switch 1", "Seismic Toss / -", "- / switch 0"],
        lambda r: [r("p2.status", 1) == TOX, r("p2.hp", 3) == 0],
    )
    assert battle("p2.hp", 4) == battle("p2.team.0.hp", 2)


def test_a_turn_without_anything_is_turn_one_more(stage: Stage) -> None:
    battle = stage.find(mon("Jolteon"), mon("Chansey"), ["Splash / Splash"] * 4)
    assert battle.series("turn") == [1, 2, 3, 4, 5]
