"""Counter and what it looks at: the last damage, the last moves, the last selections; which moves keep the damage."""

from __future__ import annotations

import pytest
from scenario import FINE, FRZ, PAR, SLP, Stage, mon

COUNTER, POUND, SPLASH, FISSURE = 68, 1, 150, 90


@pytest.mark.parametrize(
    ("move", "works"), [("Pound", True), ("Double Kick", True), ("Swift", True), ("Surf", False), ("Razor Leaf", False)]
)
def test_counters_normal_and_fighting_moves_only(stage: Stage, move: str, works: bool) -> None:
    battle = stage.find(
        mon("Chansey", "Counter"),
        mon("Mew", move),
        [f"Counter / {move}"],
        lambda r: [r("p1.hp", 1) < 703, (r("p2.hp", 1) < 403) == works],
    )
    single = battle.lost("p1.hp", 1) // (2 if move == "Double Kick" else 1)
    assert battle.lost("p2.hp", 1) == (min(2 * single, 403) if works else 0)


def test_seismic_toss_counts_as_a_fighting_move_with_power(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Counter"),
        mon("Mew", "Seismic Toss"),
        ["Counter / Seismic Toss"],
        lambda r: r("p2.hp", 1) < 403,
    )
    assert battle.lost("p2.hp", 1) == 200


def test_counter_cannot_be_countered(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Counter", "Pound"),
        mon("Mew", "Pound", "Counter"),
        ["Pound / Pound", "Counter / Counter"],
        lambda r: [r("last_damage", 1) > 0, r.peek(1) < 255, r.peek(1, skip=1) < 255],
    )
    assert battle("p1.hp", 2) == battle("p1.hp", 1)
    assert battle("p2.hp", 2) == battle("p2.hp", 1)


def test_counter_returns_its_users_own_damage_to_a_foe_that_could_not_move(stage: Stage) -> None:
    # Last damage: Alakazam's own Psychic. Last move of the foe: Pound, since paralysis kept it from moving after that.
    battle = stage.find(
        mon("Alakazam", "Thunder Wave", "Surf", "Counter"),
        mon("Jolteon", "Pound", "Splash"),
        ["Thunder Wave / Pound", "Surf / Pound", "Counter / Pound"],
        lambda r: [
            r("p2.status", 1) == PAR,
            r("last_damage", 2) == r.lost("p2.hp", 2),
            r("p1.hp", 2) == r("p1.hp", 1),
            r("p2.last_enemy_move", 2) == POUND,
            r("p2.hp", 3) < r("p2.hp", 2),
            r("p1.hp", 3) == r("p1.hp", 2),
        ],
    )
    assert battle.lost("p2.hp", 3) == min(2 * battle.lost("p2.hp", 2), battle("p2.hp", 2))


def test_counter_acts_on_damage_of_an_earlier_turn(stage: Stage) -> None:
    # Chansey is slower; the foe switches, which changes neither its last move nor the last damage.
    battle = stage.find(
        mon("Chansey", "Counter", "Splash"),
        [mon("Mew", "Pound"), mon("Snorlax", "Splash")],
        ["Splash / Pound", "Counter / switch 1"],
        lambda r: [r("last_damage", 1) > 0, r("p2.hp", 2) < 523],
    )
    assert battle.lost("p1.hp", 1) * 2 == 523 - battle("p2.hp", 2)


def test_counter_fails_against_the_nameless_move(stage: Stage) -> None:
    # Shown as Fissure, a Normal move; but what is remembered is of the type ??? and has 102 base power.
    battle = stage.find(
        mon("Mew", "Ice Beam", "Ember", "Counter"),
        [mon("Jynx"), mon("Chansey", "Splash", "Pound")],
        ["Ice Beam / switch 1", "Ember / -", "Counter / Splash"],
        lambda r: [
            r("p2.status", 1) == FRZ,
            r("p2.status", 2) == FINE,
            r("p2.last_selected_move", 1) == 167,
            r("p1.hp", 2) < 403,
            r.peek(2) < 255,
        ],
    )
    assert battle("p2.last_enemy_move", 2) == FISSURE and battle("p2.last_enemy_move_type", 2) == 16
    assert battle("last_damage", 2) == battle.lost("p1.hp", 2) > 0
    assert battle.lost("p2.hp", 3) == 0


def test_desync_the_last_used_move_decides_not_the_last_chosen(stage: Stage) -> None:
    # Electrode chose Pound but was fully paralysed: its own side's last move is Pound, the foe's view is Splash.
    battle = stage.find(
        mon("Alakazam", "Thunder Wave", "Seismic Toss", "Counter"),
        mon("Electrode", "Splash", "Pound"),
        ["Thunder Wave / Splash", "Seismic Toss / Splash", "Counter / Pound"],
        lambda r: [
            r("p2.status", 1) == PAR,
            r("last_damage", 2) == 100,
            r.peek(2) < 255,
            r("p1.hp", 3) == 313,
            r("p2.last_move", 3) == POUND,
            r("p2.last_enemy_move", 3) == SPLASH,
        ],
    )
    assert battle.lost("p2.hp", 3) == 0


def test_desync_a_sleeper_that_switched_in_with_counter_in_its_first_slot(stage: Stage) -> None:
    # Asleep, Slowbro "fights"; what Alakazam's side believes it selected is its first move, Counter.
    battle = stage.find(
        mon("Alakazam", "Hypnosis", "Seismic Toss", "Splash", "Counter"),
        [mon("Slowbro", "Counter", "Splash"), mon("Mew", "Pound")],
        [
            "Hypnosis / -",
            "Splash / switch 1",
            "Splash / Pound",
            "Splash / switch 0",
            "Counter / -",
        ],
        lambda r: [
            r("p2.team.0.status", 1) == SLP,
            r("p2.team.0.status_time", 1) >= 2,
            r("last_damage", 3) > 0,
            r.peek(4) < 255,
        ],
    )
    assert battle("p2.last_selected_move", 5) == POUND
    assert battle("p2.last_enemy_selected_move", 5) == COUNTER
    assert battle("last_damage", 4) > 0 and battle.lost("p2.hp", 5) == 0


KEEPERS = (
    "Confuse Ray", "Conversion", "Focus Energy", "Glare", "Haze", "Leech Seed", "Light Screen", "Mimic",
    "Mist", "Poison Gas", "Poison Powder", "Recover", "Reflect", "Rest", "Soft-Boiled", "Splash", "Stun Spore",
    "Substitute", "Supersonic", "Teleport", "Thunder Wave", "Toxic", "Transform",
)  # fmt: skip


@pytest.mark.parametrize("move", KEEPERS)
def test_moves_that_keep_the_last_damage(stage: Stage, move: str) -> None:
    battle = stage.find(
        mon("Jolteon", "Seismic Toss"),
        mon("Chansey", move),
        [f"Seismic Toss / {move}"],
        lambda r: [r("last_damage", 1) == 100, r.peek(0) < 255, r.peek(0, skip=1) < 140],
    )
    assert battle("last_damage", 1) == 100


def test_a_counter_that_fails_keeps_the_last_damage(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Sonic Boom", "Dragon Rage"),
        mon("Chansey", "Counter"),
        ["Dragon Rage / Counter"],
        lambda r: [r("p2.hp", 1) == 663, r.peek(0, skip=1) < 255],
    )
    assert battle("last_damage", 1) == 40 and battle("p1.hp", 1) == 333


@pytest.mark.parametrize("move", ["Swords Dance", "Growl", "Sing", "Disable", "Bide", "Roar", "Agility", "Sharpen"])
def test_other_status_moves_forget_the_last_damage(stage: Stage, move: str) -> None:
    battle = stage.find(
        mon("Jolteon", "Seismic Toss"),
        mon("Chansey", move),
        [f"Seismic Toss / {move}"],
        lambda r: r("p2.hp", 1) == 603,
    )
    assert battle("last_damage", 1) == 0


def test_a_miss_forgets_the_last_damage_even_of_a_keeper(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Seismic Toss"),
        mon("Chansey", "Supersonic"),
        ["Seismic Toss / Supersonic"],
        lambda r: [r("p2.hp", 1) == 603, r.peek(0, skip=1) >= 140],
    )
    assert battle("last_damage", 1) == 0


@pytest.mark.parametrize("move", ["Recover", "Soft-Boiled", "Rest"])
@pytest.mark.parametrize("missing", [255, 511, 256])
def test_healing_fails_when_255_or_511_hp_are_missing(stage: Stage, move: str, missing: int) -> None:
    # Night Shade by levels: 3 · 85 = 255, 7 · 73 = 511, 4 · 64 = 256.
    level, times = {255: (85, 3), 511: (73, 7), 256: (64, 4)}[missing]
    battle = stage.find(
        mon("Chansey", "Splash", move),
        mon("Mew", "Seismic Toss", "Splash", level=level),
        ["Splash / Seismic Toss"] * times + [f"{move} / Splash"],
        lambda r: r("p1.hp", times) == 703 - missing,
    )
    before = 703 - missing
    healed = 703 if move == "Rest" else min(before + 351, 703)
    assert battle("p1.hp", times + 1) == (healed if missing == 256 else before)


def test_healing_works_with_255_missing_from_a_whole_byte(stage: Stage) -> None:
    # Snorlax with 511 HP (IV 18): at 256 HP 255 are missing, but 256 % 256 = 0.
    battle = stage.find(
        mon("Snorlax", "Splash", "Recover", ivs=(18, 30, 30, 30, 30)),
        mon("Mew", "Seismic Toss", "Splash", level=85),
        ["Splash / Seismic Toss"] * 3 + ["Recover / Splash"],
        lambda r: r("p1.hp", 3) == 256,
    )
    assert battle("p1.hp", 0) == 511
    assert battle("p1.hp", 4) == 511
