"""Stages and modified stats: what burn and paralysis do to them, how often, and what forgets it."""

from __future__ import annotations

from scenario import BRN, PAR, Stage, mon


def test_burn_halves_attack_and_paralysis_quarters_speed_when_they_strike(stage: Stage) -> None:
    battle = stage.find(
        mon("Magmar", "Fire Blast", "Thunder Wave"),
        [mon("Chansey"), mon("Jolteon")],
        ["Fire Blast / Splash", "Thunder Wave / switch 1"],
        lambda r: [r("p2.status", 1) == BRN, r("p2.status", 2) == PAR],
    )
    assert battle("p2.atk.stored_stat", 1) == 108 and battle("p2.atk.modified_stat", 1) == 54
    assert battle("p2.spe.stored_stat", 2) == 358 and battle("p2.spe.modified_stat", 2) == 89


def test_a_boost_by_the_foe_weakens_a_paralysed_pokemon_again(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Thunder Wave", "Swords Dance", "Growl"),
        mon("Starmie"),
        ["Thunder Wave / Splash", "Swords Dance / Splash", "Growl / Splash"],
        lambda r: [r("p2.status", 1) == PAR, r("p2.atk.boost", 3) == -1],
    )
    speeds = [battle("p2.spe.modified_stat", step) for step in range(4)]
    assert speeds == [328, 82, 20, 5]


def test_a_boost_by_the_foe_halves_a_burned_attack_again(stage: Stage) -> None:
    battle = stage.find(
        mon("Magmar", "Fire Blast", "Agility"),
        mon("Chansey"),
        ["Fire Blast / Splash", "Agility / Splash", "Agility / Splash"],
        lambda r: r("p2.status", 1) == BRN,
    )
    assert battle.series("p2.atk.modified_stat") == [108, 54, 27, 13]


def test_a_boost_that_fails_weakens_nobody(stage: Stage) -> None:
    battle = stage.find(
        mon("Magmar", "Fire Blast", "Agility"),
        mon("Chansey"),
        ["Agility / Splash"] * 3 + ["Fire Blast / Splash", "Agility / Splash"],
        lambda r: r("p2.status", 4) == BRN,
    )
    assert battle("p1.spe.boost", 3) == 6
    assert battle("p2.atk.modified_stat", 4) == battle("p2.atk.modified_stat", 5) == 54


def test_own_boosts_forget_burn_and_paralysis(stage: Stage) -> None:
    burned = stage.find(
        mon("Magmar", "Fire Blast", "Splash"),
        mon("Snorlax", "Swords Dance"),
        ["Fire Blast / Swords Dance"],
        lambda r: [r("p2.status", 1) == BRN, r("p1.hp", 1) == 333],
    )
    assert burned("p2.atk.modified_stat", 1) == 2 * 318
    paralysed = stage.find(
        mon("Jolteon", "Thunder Wave"),
        mon("Starmie", "Agility"),
        ["Thunder Wave / Agility"],
        lambda r: [r("p2.status", 1) == PAR, r("p2.spe.boost", 1) == 2],
    )
    assert paralysed("p2.spe.modified_stat", 1) == 2 * 328


def test_a_secondary_drop_recalculates_one_stat_and_weakens_again(stage: Stage) -> None:
    # Aurora Beam lowers Attack (recalculated, then halved by burn); Psychic lowers Special (Attack halved once more).
    battle = stage.find(
        mon("Mew", "Fire Blast", "Aurora Beam", "Psychic"),
        mon("Chansey"),
        ["Fire Blast / Splash", "Aurora Beam / Splash", "Psychic / Splash"],
        lambda r: [r("p2.status", 1) == BRN, r("p2.atk.boost", 2) == -1, r("p2.spa.boost", 3) == -1],
    )
    # ⌊108 · 0.66⌋ = 71
    assert battle.series("p2.atk.modified_stat") == [108, 54, 71 // 2, 71 // 2 // 2]
    assert battle("p2.spa.modified_stat", 3) == battle("p2.spd.modified_stat", 3) == 308 * 66 // 100


def test_a_stat_at_999_takes_a_stage_back(stage: Stage) -> None:
    battle = stage.find(mon("Alakazam", "Amnesia"), mon("Chansey"), ["Amnesia / Splash"] * 4)
    assert battle.series("p1.spa.modified_stat") == [368, 736, 999, 999, 999]
    assert battle.series("p1.spa.boost") == [0, 2, 4, 5, 5]
    assert battle.series("p1.spd.boost") == [0, 2, 4, 5, 5]


def test_a_boost_refused_at_999_counts_as_failed(stage: Stage) -> None:
    battle = stage.find(
        mon("Alakazam", "Thunder Wave", "Amnesia"),
        mon("Chansey"),
        ["Amnesia / Splash", "Amnesia / Splash", "Thunder Wave / Splash", "Amnesia / Splash"],
        lambda r: r("p2.status", 3) == PAR,
    )
    assert battle("p1.spa.boost", 4) == 5
    assert battle("p2.spe.modified_stat", 4) == battle("p2.spe.modified_stat", 3) == 198 // 4


def test_a_stat_at_1_takes_a_stage_back(stage: Stage) -> None:
    # Level 1 Chansey: ⌊(10 + 93) / 100⌋ + 5 = 6 Attack: 3, 3, 2, 1 and no further.
    battle = stage.find(
        mon("Pidgey", "Growl", level=5),
        mon("Chansey", level=1),
        ["Growl / Splash"] * 6,
        lambda r: [r("p2.atk.boost", step) == -min(step, 4) for step in range(1, 7)],
    )
    assert battle.series("p2.atk.modified_stat") == [6, 3, 3, 2, 1, 1, 1]
    assert battle.series("p2.atk.boost") == [0, -1, -2, -3, -4, -4, -4]


def test_switching_forgets_stages_and_weakens_once(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Thunder Wave", "Swords Dance"),
        [mon("Starmie", "Splash"), mon("Chansey")],
        ["Thunder Wave / Splash", "Swords Dance / Splash", "Swords Dance / switch 1", "Thunder Wave / switch 0"],
        lambda r: [r("p2.status", 1) == PAR],
    )
    assert battle("p2.spe.modified_stat", 2) == 20
    assert battle("p2.spe.modified_stat", 4) == 82


def test_mist_blocks_moves_that_only_lower_stats(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Mist", "Splash"),
        mon("Mew", "Growl", "Aurora Beam"),
        ["Mist / Growl", "Splash / Aurora Beam"],
        lambda r: r("p1.atk.boost", 2) == -1,
    )
    assert battle("p1.mist", 1) == 1 and battle("p1.atk.boost", 1) == 0
    assert battle("p1.atk.boost", 2) == -1


def test_a_paralysed_pokemon_moves_later(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Thunderbolt", "Splash"),
        [mon("Chansey", "Thunder Wave", "Seismic Toss"), mon("Onix")],
        ["Splash / Thunder Wave", "Thunderbolt / Seismic Toss"],
        lambda r: [r("p1.status", 1) == PAR, r("p2.hp", 2) < 703, r("p1.hp", 2) == 233],
    )
    # The last damage is Thunderbolt's: Chansey went first.
    assert battle("last_damage", 2) == battle.lost("p2.hp", 2)


def test_haze_resets_both_sides(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Thunder Wave", "Focus Energy", "Haze", "Light Screen"),
        mon("Starmie", "Splash", "Mist", "Reflect", "Confuse Ray"),
        [
            "Thunder Wave / Reflect",
            "Focus Energy / Mist",
            "Light Screen / Confuse Ray",
            "Haze / Splash",
        ],
        lambda r: [
            r("p2.status", 1) == PAR,
            r("p2.mist", 2) == 1,
            r("p2.reflect", 2) == 1,
            r("p1.lightscreen", 3) == 1,
            r("p1.confusion_time", 3) > 1,
            r("p1.confusion", 4) == 0,
            r("p1.hp", 4) == 333,
        ],
    )
    for name in ("p1.focusenergy", "p1.lightscreen", "p1.confusion", "p2.mist", "p2.reflect"):
        assert battle(name, 3) == 1 and battle(name, 4) == 0
    assert battle("p2.status", 4) == 0
    assert battle("p2.spe.modified_stat", 4) == 328
