"""Moves that lock their user: Thrash, Petal Dance, Rage, Bide, two-turn moves."""

from __future__ import annotations

import pytest
from by_hand import base_damage, rolls
from scenario import FINE, PAR, Stage, mon

FIRST = 1 << 6
BIDE, SKY_ATTACK = 117, 143


@pytest.mark.parametrize(("sampled", "turns"), [(0, 3), (1, 4)])
def test_thrash_lasts_three_or_four_turns_and_confuses(stage: Stage, sampled: int, turns: int) -> None:
    battle = stage.find(
        [mon("Jolteon", "Thrash"), mon("Onix")],
        [mon("Slowbro")],
        ["Thrash / Splash"] * turns,
        lambda r: [r.peek(0, 2) == sampled, r("p1.lockedmove", turns - 1) == 1, r("p2.hp", turns) > 0],
    )
    assert battle("p1.locked_time", 1) == turns - 1
    assert all(battle("p1.legal", step) == FIRST for step in range(1, turns))
    assert battle("p1.confusion", turns) == 1 and battle("p1.lockedmove", turns) == 0
    assert battle("p1.pp0", turns) == 31  # one PP for all of it


def test_thrash_carries_its_lowered_accuracy_over(stage: Stage) -> None:
    # 255 → 168 → 110 → 72: each turn multiplies what the turn before left.
    battle = stage.find(
        mon("Jolteon", "Splash", "Thrash"),
        mon("Slowbro", "Sand Attack", "Splash"),
        ["Splash / Sand Attack"] + ["Thrash / Splash"] * 3,
        lambda r: [r("p1.accuracy_boost", 1) == -1, r("p1.locked_time", 2) == 3],
    )
    assert [battle("p1.locked_accuracy", step) for step in (2, 3, 4)] == [168, 110, 72]


def test_thrash_replaces_a_confusion_that_is_there(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Thrash"),
        mon("Slowbro", "Splash", "Confuse Ray"),
        ["Thrash / Splash", "Thrash / Confuse Ray", "Thrash / Splash"],
        lambda r: [
            r("p1.locked_time", 1) == 2,
            r("p1.confusion_time", 2) == 2,
            r("p1.confusion_time", 3) == 5,
            r("p1.lockedmove", 2) == 1,
        ],
    )
    assert battle("p1.confusion_time", 3) == 5


def test_full_paralysis_ends_thrash_without_confusion(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Thrash"),
        mon("Slowbro", "Thunder Wave", "Splash"),
        ["Thrash / Thunder Wave", "Thrash / Splash"],
        lambda r: [r("p1.status", 1) == PAR, r("p1.lockedmove", 1) == 1, r("p1.lockedmove", 2) == 0],
    )
    assert battle("p1.confusion", 2) == 0


def test_rage_builds_with_every_hit_and_never_ends(stage: Stage) -> None:
    battle = stage.find(
        [mon("Jolteon", "Rage"), mon("Onix")],
        mon("Chansey", "Pound"),
        ["Rage / Pound"] * 4,
        lambda r: [r("p1.atk.boost", step) == step for step in range(1, 5)],
    )
    assert battle.series("p1.atk.modified_stat") == [228, 342, 456, 570, 684]
    assert battle("p1.legal", 4) == FIRST
    assert battle("p1.pp0", 4) == 31


def test_rage_builds_with_each_of_several_hits(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Rage"),
        mon("Chansey", "Fury Attack"),
        ["Rage / Fury Attack"],
        lambda r: [r("p1.rage", 1) == 1, r("p1.atk.boost", 1) == 5],
    )
    assert battle("p1.atk.boost", 1) == 5


def test_rage_carries_its_lowered_accuracy_over_down_to_one(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Rage"),
        mon("Chansey", "Sand Attack", "Splash"),
        ["Rage / Sand Attack"] + ["- / Splash"] * 15,
        lambda r: [r("p1.rage", 1) == 1, r("p1.accuracy_boost", 1) == -1],
    )
    expected = [255]
    for _ in range(15):
        expected.append(max(expected[-1] * 66 // 100, 1))
    assert expected[-1] == 1
    assert battle.series("p1.rage_accuracy")[1:] == expected


@pytest.mark.parametrize("move", ["Disable", "Explosion"])
def test_rage_builds_even_if_disable_or_explosion_misses(stage: Stage, move: str) -> None:
    battle = stage.find(
        mon("Jolteon", "Splash", "Rage"),
        [mon("Chansey", move, "Splash"), mon("Onix")],
        ["Rage / Splash", f"Rage / {move}"],
        lambda r: [
            r("p1.rage", 1) == 1,
            r("p1.hp", 2) == 333,
            r("p1.disable", 2) == 0,
            r("p1.atk.boost", 1) == 0,
            r("p2.hp", 1) < 703,
        ],
    )
    assert battle("p1.atk.boost", 2) == 1


def test_bide_returns_twice_what_it_stored(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Bide", "Splash"),
        mon("Chansey", "Seismic Toss"),
        ["Bide / Seismic Toss", "- / Seismic Toss", "- / Seismic Toss"],
        lambda r: [r("p1.bide_time", 1) == 2, r("p1.hp", 2) == 133, r("p1.bide", 3) == 0],
    )
    # Each of its turns adds the last damage of the battle: 100 and 100.
    assert battle.series("p1.bide_damage")[:3] == [0, 0, 100]
    assert battle.lost("p2.hp", 3) == 400
    assert battle.draws(3) == 1  # Seismic Toss's accuracy only


def test_bide_adds_the_same_damage_again_when_nothing_new_happens(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Bide"),
        mon("Chansey", "Seismic Toss", "Recover"),
        ["Bide / Seismic Toss", "- / Recover", "- / Recover"],
        lambda r: [r("p1.bide_time", 1) == 2, r("p1.hp", 1) == 233],
    )
    # Recover leaves the last damage as it is, so 100 counts twice; then Chansey recovers.
    assert battle("p2.hp", 3) == 703 - 400 + 351


def test_bide_hits_ghosts(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Bide"),
        mon("Gengar", "Night Shade"),
        ["Bide / Night Shade"] + ["- / Night Shade"] * 2,
        lambda r: [r("p1.bide_time", 1) == 2, r("p1.hp", 2) == 133],
    )
    assert battle("p2.hp", 3) == 0


def test_bide_fails_without_damage(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Bide"),
        mon("Chansey"),
        ["Bide / Splash"] + ["- / Splash"] * 2,
        lambda r: r("p1.bide_time", 1) == 2,
    )
    assert battle("p1.bide", 3) == 0 and battle("p2.hp", 3) == 703


def test_bide_allows_switching_and_is_shown_as_bide(stage: Stage) -> None:
    battle = stage.find([mon("Jolteon", "Splash", "Bide"), mon("Onix")], mon("Chansey"), ["Bide / Splash"])
    assert battle("p1.legal", 1) == FIRST | 1 << 1
    assert battle("p1.maybe_locked", 1) == 0


def test_disabling_bide_stops_it(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Bide"),
        mon("Chansey", "Splash", "Disable"),
        ["Bide / Disable", "- / Splash", "- / Splash"],
        lambda r: [r("p1.disable_move", 1) == BIDE, r("p1.bide_time", 1) == 3, r("p1.disable_time", 1) >= 4],
    )
    # It is not let on, and its time stands still.
    assert battle("p1.bide_time", 3) == 3
    assert battle("p1.disable_time", 3) == battle("p1.disable_time", 1) - 2
    assert battle.draws(2) == 1  # the two 'DisableMove' handlers tie


@pytest.mark.parametrize("move", ["Dig", "Fly", "Razor Wind", "Skull Bash", "Sky Attack", "Solar Beam"])
def test_two_turn_moves_pay_when_they_are_released(stage: Stage, move: str) -> None:
    battle = stage.find(
        [mon("Jolteon", move), mon("Onix")], mon("Chansey"), [f"{move} / Splash"] * 2, lambda r: r("p2.hp", 2) < 703
    )
    assert battle.draws(1) == 0
    assert battle("p1.legal", 1) == FIRST
    assert battle("p1.pp0", 0) == battle("p1.pp0", 1) == battle("p1.pp0", 2) + 1
    assert battle("p1.active.last_move", 1) == 0 and battle("p1.active.last_move", 2) == battle("p1.move0.move", 0)
    assert battle("p1.invulnerability", 1) == (move in ("Dig", "Fly"))


def test_being_disabled_while_charging_loses_the_charge(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Sky Attack"),
        mon("Chansey", "Disable", "Splash"),
        ["Sky Attack / Disable", "- / Splash"],
        lambda r: [r("p1.disable_time", 1) >= 2],
    )
    assert battle("p1.two_turn_move", 1) == SKY_ATTACK and battle("p1.two_turn_move", 2) == 0
    assert battle("p2.hp", 2) == 703


def test_struggle_is_forced_without_pp_or_by_disable(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Splash"),
        mon("Jolteon", "Disable", "Splash"),
        ["Splash / Disable", "- / Splash"],
        lambda r: [r("p1.disable_time", 1) >= 2, r.lost("p2.hp", 2) > 0, r.lost("p2.hp", 2) <= 33],
    )
    assert battle("p1.legal", 1) == FIRST
    assert battle("p1.last_selected_move", 2) == 165
    # Normal, 50 base power, recoil of a half.
    assert battle.lost("p2.hp", 2) in rolls(base_damage(50, 108, 218, stab=True))
    assert battle.lost("p1.hp", 2) == battle.lost("p2.hp", 2) // 2


def test_disable_counts_attempts_from_one_to_eight(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Splash", "Growl"),
        mon("Jolteon", "Disable", "Splash"),
        ["Splash / Disable"] + ["Growl / Splash"] * 8,
        lambda r: [r.peek(0, 2, skip=1) == 0, r.peek(0, 8, skip=2) == 7, r("p1.disable_time", 1) == 7],
    )
    # Drawn 8; the turn of its use takes one: it works before its target moves.
    assert battle.series("p1.disable_time")[1:] == [7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert battle("p1.move0.disabled", 1) == 1 and battle("p1.move0.disabled", 8) == 0
    assert battle("p1.pp0", 1) == battle("p1.pp0", 0)


def test_disable_spares_moves_without_pp(stage: Stage) -> None:
    # Transform leaves 5 PP a move; after five Pounds only Splash can be disabled.
    battle = stage.find(
        mon("Ditto", "Transform"),
        mon("Jolteon", "Splash", "Pound", "Disable"),
        ["Transform / Splash"] + ["Pound / Splash"] * 5 + ["- / Disable"],
        lambda r: [r("p1.move1.pp", 6) == 0, r("p1.disable", 7) == 1],
    )
    assert battle("p1.disable_slot", 7) in (0, 2)


def test_disable_fails_on_a_disabled_target(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Splash", "Pound"),
        mon("Jolteon", "Disable"),
        ["Splash / Disable", "Pound / Disable"],
        lambda r: [r("p1.disable_time", 1) >= 4, r.peek(1) < 140, r("p1.hp", 1) == 703],
    )
    assert battle("p1.disable_slot", 2) == battle("p1.disable_slot", 1)
    assert battle("p1.disable_time", 2) == battle("p1.disable_time", 1) - 1


def test_waking_needs_no_status_left(stage: Stage) -> None:
    """Confusion that ends lets its last attempt through."""
    battle = stage.find(
        mon("Jolteon", "Confuse Ray", "Splash"),
        mon("Chansey", "Seismic Toss"),
        ["Confuse Ray / -", "Splash / -"],
        lambda r: [r("p2.confusion_time", 1) == 1, r("p1.hp", 2) == r("p1.hp", 1) - 100],
    )
    assert battle("p2.confusion", 2) == 0 and battle("p2.status", 2) == FINE
    assert battle.draws(2) == 1
