"""Accuracy: the 1/256 miss, stages with floors, what cannot miss, what is refused before the roll."""

from __future__ import annotations

import numpy as np
import pytest
from scenario import SLP, Stage, mon

from pokejax.gen1.dex import load_dex


def test_a_100_percent_move_misses_once_in_256(stage: Stage) -> None:
    battle = stage.find(mon("Snorlax", "Body Slam"), mon("Chansey"), ["Body Slam / -"], lambda r: r("p2.hp", 1) == 703)
    assert battle("p2.hp", 1) == 703
    assert battle.draws(1) == 1  # the accuracy roll alone; Splash draws nothing
    assert battle.peek(0) == 255


@pytest.mark.parametrize(("roll", "hits"), [(167, True), (168, False)])
def test_accuracy_stage_is_floored(stage: Stage, roll: int, hits: bool) -> None:
    # ⌊255 · 66 / 100⌋ = 168
    battle = stage.find(
        mon("Snorlax", "Splash", "Strength"),
        mon("Chansey", "Sand Attack", "Splash"),
        ["Splash / Sand Attack", "Strength / Splash"],
        lambda r: [r("p1.accuracy_boost", 1) == -1, r.peek(1) == roll],
    )
    assert (battle.lost("p2.hp", 2) > 0) == hits
    assert battle.draws(2) == (3 if hits else 1)


@pytest.mark.parametrize(("roll", "hits"), [(109, True), (110, False)])
def test_accuracy_and_evasion_are_applied_one_after_the_other(stage: Stage, roll: int, hits: bool) -> None:
    # ⌊⌊255 · 66 / 100⌋ · 66 / 100⌋ = ⌊168 · 0.66⌋ = 110
    battle = stage.find(
        mon("Snorlax", "Splash", "Strength"),
        mon("Chansey", "Sand Attack", "Double Team", "Splash"),
        ["Splash / Sand Attack", "Splash / Double Team", "Strength / Splash"],
        lambda r: [r("p1.accuracy_boost", 2) == -1, r("p2.evasion_boost", 2) == 1, r.peek(2) == roll],
    )
    assert (battle.lost("p2.hp", 3) > 0) == hits


def test_the_lowest_accuracy_of_a_certain_hit_is_15_of_256(stage: Stage) -> None:
    # ⌊⌊255 · 25 / 100⌋ · 25 / 100⌋ = ⌊63 / 4⌋
    turns = ["Splash / Sand Attack"] * 8 + ["Splash / Double Team"] * 6 + ["Strength / Splash"]
    battle = stage.find(
        mon("Snorlax", "Splash", "Strength"),
        mon("Chansey", "Sand Attack", "Double Team", "Splash"),
        turns,
        lambda r: [r("p1.accuracy_boost", 14) == -6, r("p2.evasion_boost", 14) == 6, r.peek(14) == 14],
    )
    assert battle.lost("p2.hp", 15) > 0


def test_no_move_at_its_user_rolls_accuracy() -> None:
    # tryMoveHit adds 1 to the accuracy of such moves; there is none with an accuracy.
    moves = load_dex().moves
    assert not np.any(np.asarray(moves.target_self, bool) & (np.asarray(moves.accuracy) > 0))


@pytest.mark.parametrize("move", ["Dig", "Fly"])
def test_invulnerable_to_all_but_swift(stage: Stage, move: str) -> None:
    battle = stage.find(
        mon("Jolteon", move),
        mon("Snorlax", "Body Slam", "Swift"),
        [f"{move} / Body Slam", f"{move} / -"],
        lambda r: r("p2.hp", 2) < 523,
    )
    assert battle("p1.invulnerability", 1) == 1 and battle("p1.two_turn_move", 1) > 0
    assert battle("p1.hp", 1) == 333
    assert battle.draws(1) == 0  # nothing is rolled against it
    assert battle("p1.invulnerability", 2) == 0
    swift = stage.find(mon("Jolteon", move), mon("Snorlax", "Swift"), [f"{move} / Swift"])
    assert swift("p1.hp", 1) < 333
    assert swift.draws(1) == 2  # critical hit and random factor: Swift has no accuracy to roll


def test_transform_reaches_the_invulnerable(stage: Stage) -> None:
    battle = stage.find(mon("Jolteon", "Fly"), mon("Ditto", "Transform"), ["Fly / Transform"])
    assert battle("p1.invulnerability", 1) == 1
    assert battle("p2.transformed", 1) == 1 and battle("p2.species", 1) == 135


def test_self_destruction_against_the_invulnerable_is_fatal_all_the_same(stage: Stage) -> None:
    battle = stage.find(
        [mon("Jolteon", "Fly"), mon("Pikachu")], [mon("Golem", "Explosion"), mon("Onix")], ["Fly / Explosion"]
    )
    assert battle("p1.hp", 1) == 333
    assert battle("p2.hp", 1) == 0
    assert battle.draws(1) == 0


def test_full_paralysis_leaves_fly_invulnerable_until_it_is_done_properly(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Fly", "Splash"),
        mon("Chansey", "Thunder Wave", "Splash", "Swift"),
        ["Splash / Thunder Wave", "Fly / Splash", "Fly / Splash", "Splash / Swift", "Splash / Splash"],
        lambda r: [r("p1.status", 1) == 2, r("p1.two_turn_move", 2) > 0, r.peek(2) < 63, r("p1.active", 3) == 0],
    )
    # Chansey is now faster; Jolteon cannot move on what should be its second turn.
    assert battle("p1.two_turn_move", 3) == 0
    assert battle("p1.invulnerability", 3) == 1
    assert battle("p1.invulnerability", 5) == 1
    assert battle("p1.legal", 3) & 0b11_0000_0000 == 0 and battle("p1.legal", 3) & 0b1100_0000 == 0b1100_0000


@pytest.mark.parametrize(
    ("attacker", "defender", "slower"), [("Rhydon", "Jolteon", True), ("Jolteon", "Rhydon", False)]
)
def test_ohko_moves_never_hit_the_faster(stage: Stage, attacker: str, defender: str, slower: int) -> None:
    battle = stage.find(
        mon(attacker, "Horn Drill"),
        [mon(defender), mon("Onix")],
        ["Horn Drill / Splash"],
        lambda r: True if slower else r("p2.hp", 1) == 0,
    )
    assert battle.draws(1) == (0 if slower else 1)
    assert battle("p2.hp", 1) == (333 if slower else 0)


def test_ohko_looks_at_modified_speed(stage: Stage) -> None:
    # Jolteon's 358 Speed becomes 89 by paralysis, less than Rhydon's 178.
    battle = stage.find(
        mon("Rhydon", "Stun Spore", "Horn Drill"),
        [mon("Jolteon"), mon("Onix")],
        ["Stun Spore / Splash", "Horn Drill / Splash"],
        lambda r: r("p2.hp", 2) == 0,
    )
    assert battle("p2.spe.modified_stat", 1) == 89
    assert battle("p2.hp", 2) == 0


def test_sleep_never_misses_a_recharging_target_and_replaces_its_status(stage: Stage) -> None:
    battle = stage.find(
        mon("Snorlax", "Hyper Beam"),
        mon("Jynx", "Stun Spore", "Sing"),
        ["Hyper Beam / Stun Spore", "Hyper Beam / Sing", "- / Splash"],
        lambda r: [r("p1.status", 1) == 2, r("p1.mustrecharge", 1) == 1, r.peek(1) >= 140],
    )
    # Sing has 55 %, 140 of 256: the next number would have missed, but it served the clauses' tie instead.
    assert battle("p1.status", 2) == SLP
    assert battle("p1.mustrecharge", 2) == 0
    assert battle("p1.spe.modified_stat", 2) == 158 // 4  # the stat remembers the paralysis


def test_immune_targets_cost_no_draw(stage: Stage) -> None:
    battle = stage.find(mon("Snorlax", "Body Slam"), mon("Gengar"), ["Body Slam / Splash"])
    assert battle("p2.hp", 1) == 323 and battle.draws(1) == 0


def test_dream_eater_needs_sleep_and_no_substitute(stage: Stage) -> None:
    awake = stage.find(mon("Hypno", "Dream Eater"), mon("Chansey"), ["Dream Eater / Splash"])
    assert awake.draws(1) == 0 and awake("p2.hp", 1) == 703
    shielded = stage.find(
        mon("Jynx", "Lovely Kiss", "Dream Eater"),
        mon("Alakazam", "Substitute"),
        ["Lovely Kiss / Substitute", "Dream Eater / -"],
        lambda r: [r("p2.status", 1) == SLP, r("p2.substitute_hp", 1) > 0, r("p2.sleep", 1) > 1],
    )
    assert shielded.draws(2) == 0 and shielded("p2.substitute_hp", 2) == 79


def test_leech_seed_fails_on_grass_types(stage: Stage) -> None:
    battle = stage.find(mon("Venusaur", "Leech Seed"), mon("Tangela"), ["Leech Seed / Splash"])
    assert battle("p2.leechseed", 1) == 0 and battle.draws(1) == 0


@pytest.mark.parametrize("move", ["Jump Kick", "High Jump Kick"])
def test_an_immune_target_makes_a_jumper_crash_for_one(stage: Stage, move: str) -> None:
    battle = stage.find(mon("Hitmonlee", move), mon("Gengar"), [f"{move} / Splash"])
    assert battle.lost("p1.hp", 1) == 1 and battle("last_damage", 1) == 1 and battle.draws(1) == 0
