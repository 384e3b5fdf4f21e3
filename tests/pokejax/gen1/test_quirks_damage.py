"""The damage formula: critical hits, large stats, screens, caps, fixed amounts, several hits."""

from __future__ import annotations

import pytest
from by_hand import base_damage, rolls
from scenario import BRN, PAR, Stage, mon

MISS = 255


@pytest.mark.parametrize(("roll", "critical"), [(64, True), (65, False)])
def test_critical_rate_is_half_the_base_speed(stage: Stage, roll: int, critical: bool) -> None:
    # Jolteon's base Speed 130: ⌊130 / 2⌋ = 65 of 256. Attack 228 against Defense 228, Normal power 40.
    battle = stage.find(
        mon("Jolteon", "Pound"),
        mon("Snorlax"),
        ["Pound / Splash"],
        lambda r: [r.peek(0) < 255, r.peek(0, skip=1) == roll],
    )
    expected = base_damage(40, 228, 228, level=200 if critical else 100)
    assert battle.lost("p2.hp", 1) in rolls(expected)
    assert battle.lost("p2.hp", 1) == expected * (battle.peek(0, 39, skip=2) + 217) // 255


@pytest.mark.parametrize(("roll", "critical"), [(15, True), (16, False)])
def test_focus_energy_quarters_the_critical_rate(stage: Stage, roll: int, critical: bool) -> None:
    # ⌊⌊⌊130 / 2⌋ / 2⌋ / 2⌋ = 16
    battle = stage.find(
        mon("Jolteon", "Pound", "Focus Energy"),
        mon("Snorlax"),
        ["Focus Energy / Splash", "Pound / Splash"],
        lambda r: [r.peek(1) < 255, r.peek(1, skip=1) == roll],
    )
    assert battle("p1.focusenergy", 1) == 1
    assert battle.lost("p2.hp", 2) in rolls(base_damage(40, 228, 228, level=200 if critical else 100))


@pytest.mark.parametrize(("species", "roll", "critical"), [("Jolteon", 254, True), ("Jolteon", 255, False)])
def test_high_critical_moves_stop_at_255(stage: Stage, species: str, roll: int, critical: bool) -> None:
    battle = stage.find(
        mon(species, "Slash"),
        mon("Snorlax"),
        ["Slash / Splash"],
        lambda r: [r.peek(0) < 255, r.peek(0, skip=1) == roll],
    )
    assert battle.lost("p2.hp", 1) in rolls(base_damage(70, 228, 228, level=200 if critical else 100))


@pytest.mark.parametrize(("roll", "critical"), [(23, True), (24, False)])
def test_transformed_keeps_the_critical_rate_and_critical_stats_of_its_own_species(
    stage: Stage, roll: int, critical: bool
) -> None:
    # Ditto's base Speed 48 gives 24. A plain hit uses Jolteon's Attack 228, a critical one Ditto's own 194.
    battle = stage.find(
        mon("Ditto", "Transform"),
        mon("Jolteon", "Pound", "Splash"),
        ["Transform / Splash", "Pound / Splash"],
        # Speeds are equal now: who goes first, then two events, each one draw, before Ditto's accuracy.
        lambda r: [
            r("p1.transformed", 1) == 1,
            r("p2.hp", 2) < 333,
            r.peek(1, 2) == 0,
            r.peek(1, skip=3) < 255,
            r.peek(1, skip=4) == roll,
        ],
    )
    expected = base_damage(40, 194, 218, level=200) if critical else base_damage(40, 228, 218)
    assert battle.lost("p2.hp", 2) in rolls(expected)


def test_critical_hits_ignore_stages_and_screens(stage: Stage) -> None:
    battle = stage.find(
        mon("Snorlax", "Splash", "Strength", "Swords Dance"),
        mon("Electrode", "Growl", "Reflect", "Barrier", "Splash"),
        ["Swords Dance / Reflect", "Splash / Barrier", "Strength / Splash"],
        lambda r: [r.peek(2) < 255, r.peek(2, skip=1) < 15],
    )
    assert battle("p1.atk.modified_stat", 2) == 636 and battle("p2.def.modified_stat", 2) == 476
    # 318 Attack against 238 Defense, quartered since 318 ≥ 256; same type.
    expected = base_damage(80, 318 // 4, 238 // 4, level=200, stab=True)
    assert battle.lost("p2.hp", 3) in rolls(expected)


def test_critical_hits_ignore_burn(stage: Stage) -> None:
    battle = stage.find(
        mon("Raticate", "Splash", "Strength"),
        mon("Magmar", "Fire Blast", "Splash"),
        ["Splash / Fire Blast", "Strength / Splash"],
        lambda r: [r("p1.status", 1) == BRN, r("p1.hp", 1) > 60, r.peek(1) < 255, r.peek(1, skip=1) < 48],
    )
    assert battle("p1.atk.modified_stat", 1) == 260 // 2
    assert battle.lost("p2.hp", 2) in rolls(base_damage(80, 260 // 4, 212 // 4, level=200, stab=True))


def test_both_stats_are_quartered_when_one_is_256_or_more(stage: Stage) -> None:
    # Attack 198 and Defense 338: 49 and 84, not 198 and 338.
    battle = stage.find(
        mon("Alakazam", "Seismic Toss", "Karate Chop"),
        mon("Rhydon"),
        ["Karate Chop / Splash"],
        lambda r: [r.peek(0) < 255, r.peek(0, skip=1) == 255],
    )
    assert battle.lost("p2.hp", 1) in rolls(base_damage(50, 198 // 4, 338 // 4, types="-"))


def test_reflected_defense_of_1024_rolls_over(stage: Stage) -> None:
    # Cloyster: 458 Defense, 916 after Acid Armor, 1832 behind Reflect; 1832 / 4 = 458 keeps its low byte, 202.
    battle = stage.find(
        mon("Snorlax", "Splash", "Strength"),
        mon("Cloyster", "Acid Armor", "Reflect", "Splash"),
        ["Splash / Acid Armor", "Splash / Reflect", "Strength / Splash"],
        lambda r: [r.peek(2) < 255, r.peek(2, skip=1) >= 15],
    )
    assert battle("p2.def.modified_stat", 2) == 916
    assert battle.lost("p2.hp", 3) in rolls(base_damage(80, 318 // 4, 458 & 255, stab=True))


def test_defense_that_rolls_over_to_nothing_counts_as_one(stage: Stage) -> None:
    # Onix with 342 Defense: 513 after Harden, 1026 behind Reflect, ⌊1026 / 4⌋ = 256, whose low byte is 0.
    onix = mon("Onix", "Harden", "Reflect", "Splash", ivs=(30, 30, 16, 30, 30), evs=(252, 252, 4, 252, 252))
    battle = stage.find(
        mon("Machop", "Splash", "Pound", level=20),
        onix,
        ["Splash / Harden", "Splash / Reflect", "Pound / Splash"],
        lambda r: [r("p2.def.modified_stat", 2) == 513, r.peek(2) < 255, r.peek(2, skip=1) >= 17],
    )
    attack = battle("p1.atk.modified_stat", 2)
    assert attack < 256
    assert battle.lost("p2.hp", 3) in rolls(base_damage(40, attack // 4, 1, level=20, types="-"))


@pytest.mark.parametrize(("screen", "move", "stat"), [("Reflect", "Pound", "def"), ("Light Screen", "Surf", "spd")])
def test_screens_double_the_defending_stat(stage: Stage, screen: str, move: str, stat: str) -> None:
    battle = stage.find(
        mon("Alakazam", "Splash", "Pound", "Surf"),
        mon("Jolteon", screen, "Splash"),
        [f"Splash / {screen}", f"{move} / Splash"],
        lambda r: [r.peek(1) < 255, r.peek(1, skip=1) >= 200],
    )
    attack, defense, power = (198, 218, 40) if stat == "def" else (368, 318, 95)
    assert battle.lost("p2.hp", 2) in rolls(base_damage(power, attack // 4, 2 * defense // 4))


def test_self_destruction_halves_defense(stage: Stage) -> None:
    # Golem 318 Attack, Cloyster 458 Defense: 79 against ⌊114 / 2⌋.
    battle = stage.find(
        [mon("Golem", "Explosion"), mon("Onix")],
        mon("Cloyster"),
        ["Explosion / Splash"],
        lambda r: [r.peek(0) < 255, r.peek(0, skip=1) == 255],
    )
    assert battle("p1.hp", 1) == 0
    assert base_damage(170, 79, 57) == 199
    assert battle("last_damage", 1) in rolls(199)


def test_damage_is_capped_before_same_type_bonus(stage: Stage) -> None:
    # Against a Substitute the uncapped amount is remembered: 999 + 499, then the random factor.
    battle = stage.find(
        mon("Snorlax", "Swords Dance", "Explosion"),
        mon("Chansey", "Substitute", "Splash"),
        ["Swords Dance / Substitute", "Explosion / Splash"],
        lambda r: [r.peek(1) < 255, r.peek(1, skip=1) >= 15],
    )
    assert base_damage(170, 159, 13, stab=True) == 1498
    assert battle("last_damage", 2) in rolls(1498)


def test_damage_of_one_is_not_varied(stage: Stage) -> None:
    # 2 · 35 · 6 / 438 / 50 = 0, + 2, halved by Rock: no random factor is drawn.
    battle = stage.find(
        mon("Chansey", "Tackle", level=1), mon("Golem"), ["Tackle / Splash"], lambda r: r("p2.hp", 1) == 362
    )
    assert battle.lost("p2.hp", 1) == 1
    assert battle.draws(1) == 2


def test_damage_can_be_nothing(stage: Stage) -> None:
    # 2, 3 with the same-type bonus, 1 after Fire, 0 after Flying.
    battle = stage.find(
        mon("Tangela", "Vine Whip", level=1), mon("Charizard"), ["Vine Whip / Splash"], lambda r: r.peek(0) < 255
    )
    assert battle.lost("p2.hp", 1) == 0
    assert battle("last_damage", 1) == 0
    assert battle.draws(1) == 2


def test_type_factors_are_floored_one_by_one(stage: Stage) -> None:
    # Water against Rhydon (Ground, Rock): twice doubled.
    battle = stage.find(
        mon("Starmie", "Bubble"),
        mon("Rhydon"),
        ["Bubble / Splash"],
        lambda r: [r.peek(0) < 255, r.peek(0, skip=1) >= 57, r("p2.hp", 1) > 0],
    )
    assert battle.lost("p2.hp", 1) in rolls(base_damage(20, 298 // 4, 188 // 4, stab=True, types="++"))


@pytest.mark.parametrize(
    ("move", "target", "amount"),
    [
        ("Seismic Toss", "Gengar", 77),
        ("Night Shade", "Snorlax", 77),
        ("Sonic Boom", "Gengar", 20),
        ("Dragon Rage", "Snorlax", 40),
        ("Super Fang", "Gengar", 323 // 2),
    ],
)
def test_fixed_damage_knows_no_types(stage: Stage, move: str, target: str, amount: int) -> None:
    battle = stage.find(
        mon("Mew", move, level=77), mon(target), [f"{move} / Splash"], lambda r: r("last_damage", 1) > 0
    )
    assert battle.lost("p2.hp", 1) == amount
    assert battle.draws(1) == 1


def test_psywave_draws_up_to_one_and_a_half_levels(stage: Stage) -> None:
    # random(1, 76) at level 51: ⌊76.5⌋ is excluded.
    battle = stage.find(
        mon("Mew", "Psywave", level=51), mon("Snorlax"), ["Psywave / Splash"], lambda r: r("last_damage", 1) == 75
    )
    assert battle.lost("p2.hp", 1) == 75 == 1 + battle.peek(0, 75, skip=1)


def test_psywave_fails_at_level_one(stage: Stage) -> None:
    battle = stage.find(mon("Mew", "Psywave", level=1), mon("Slowpoke"), ["Psywave / -"], lambda r: r.peek(0) < 200)
    assert battle.lost("p2.hp", 1) == 0 and battle.draws(1) == 1


@pytest.mark.parametrize(("move", "divisor"), [("Double-Edge", 4), ("Submission", 4), ("Struggle", 2)])
def test_recoil_is_a_share_of_the_damage_done(stage: Stage, move: str, divisor: int) -> None:
    battle = stage.find(mon("Jolteon", move), mon("Snorlax"), [f"{move} / Splash"], lambda r: r("p2.hp", 1) < 523)
    assert battle.lost("p1.hp", 1) == battle.lost("p2.hp", 1) // divisor > 0


def test_recoil_counts_no_more_than_the_hp_that_was_left(stage: Stage) -> None:
    battle = stage.find(
        mon("Snorlax", "Double-Edge"),
        [mon("Diglett", level=1), mon("Onix")],
        ["Double-Edge / Splash"],
        lambda r: r("p2.hp", 1) == 0,
    )
    hp = battle("p2.hp", 0)
    assert battle("last_damage", 1) == hp
    assert battle.lost("p1.hp", 1) == hp // 4 == 3


def test_drain_heals_half_and_leaves_that_as_last_damage(stage: Stage) -> None:
    battle = stage.find(
        mon("Tangela", "Mega Drain"),
        mon("Alakazam", "Seismic Toss"),
        ["Mega Drain / Seismic Toss"],
        lambda r: [r("p1.hp", 1) > 233],
    )
    dealt = battle.lost("p2.hp", 1)
    assert battle("p1.hp", 1) == 333 - 100 + dealt // 2
    assert battle("last_damage", 1) == dealt // 2


@pytest.mark.parametrize(("sampled", "hits"), [(0, 2), (3, 3), (6, 4), (7, 5)])
def test_several_hits_repeat_the_first(stage: Stage, sampled: int, hits: int) -> None:
    battle = stage.find(
        mon("Jolteon", "Pin Missile"),
        mon("Snorlax"),
        ["Pin Missile / Splash"],
        lambda r: [r.peek(0) < 216, r.peek(0, 8, skip=1) == sampled],
    )
    assert battle.lost("p2.hp", 1) == hits * battle("last_damage", 1)
    assert battle.draws(1) == 4  # accuracy, number of hits, critical hit, random factor


def test_fixed_numbers_of_hits_draw_no_number(stage: Stage) -> None:
    battle = stage.find(mon("Mew", "Double Kick"), mon("Snorlax"), ["Double Kick / Splash"], lambda r: r.peek(0) < 255)
    assert battle.lost("p2.hp", 1) == 2 * battle("last_damage", 1)
    assert battle.draws(1) == 3


def test_only_the_last_of_several_hits_can_poison(stage: Stage) -> None:
    battle = stage.find(
        mon("Beedrill", "Twineedle"), mon("Snorlax"), ["Twineedle / Splash"], lambda r: r("p2.status", 1) == 5
    )
    # accuracy, critical hit, random factor, one secondary roll, the clauses' tie
    assert battle.draws(1) == 5


def test_paralysis_is_not_read_by_critical_hits_either(stage: Stage) -> None:
    """The critical rate uses base Speed, whatever paralysis did to Speed."""
    battle = stage.find(
        mon("Jolteon", "Splash", "Pound"),
        mon("Chansey", "Thunder Wave", "Splash"),
        ["Splash / Thunder Wave", "Pound / Splash"],
        lambda r: [r("p1.status", 1) == PAR, r.peek(1) >= 63, r.peek(1, skip=1) < 255, r.peek(1, skip=2) == 64],
    )
    assert battle.lost("p2.hp", 2) in rolls(base_damage(40, 228, 108, level=200))
