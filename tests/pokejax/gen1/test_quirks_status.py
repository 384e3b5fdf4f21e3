"""Status: freeze, sleep, Rest, poison and its counter, burn, paralysis, confusion, flinching."""

from __future__ import annotations

import pytest
from by_hand import confusion_damage
from scenario import BRN, FINE, FRZ, PAR, PSN, SLP, TOX, Stage, mon

NOMOVE = 167


def test_freeze_lasts(stage: Stage) -> None:
    battle = stage.find(
        mon("Jynx", "Ice Beam", "Splash"),
        mon("Chansey", "Seismic Toss"),
        ["Ice Beam / -"] + ["Splash / -"] * 24,
        lambda r: r("p2.status", 1) == FRZ,
    )
    assert all(status == FRZ for status in battle.series("p2.status")[1:])
    assert battle("p1.hp") == battle("p1.hp", 1)
    assert battle("p2.legal", 20) == 1 << 6  # "Fight" alone


@pytest.mark.parametrize("move", ["Ember", "Flamethrower", "Fire Blast", "Fire Punch"])
def test_fire_thaws(stage: Stage, move: str) -> None:
    battle = stage.find(
        mon("Mew", "Ice Beam", move),
        mon("Chansey"),
        ["Ice Beam / Splash", f"{move} / -"],
        lambda r: [r("p2.status", 1) == FRZ, r("p2.hp", 2) < r("p2.hp", 1)],
    )
    assert battle("p2.status", 2) == FINE


def test_fire_spin_does_not_thaw(stage: Stage) -> None:
    battle = stage.find(
        mon("Mew", "Ice Beam", "Fire Spin"),
        mon("Chansey"),
        ["Ice Beam / Splash", "Fire Spin / -"],
        lambda r: [r("p2.status", 1) == FRZ, r("p2.hp", 2) < r("p2.hp", 1)],
    )
    assert battle("p2.status", 2) == FRZ


def test_a_pokemon_thawed_before_it_ever_chose_uses_the_nameless_move(stage: Stage) -> None:
    battle = stage.find(
        mon("Mew", "Ice Beam", "Ember"),
        [mon("Jynx"), mon("Chansey", "Splash", "Pound")],
        ["Ice Beam / switch 1", "Ember / -"],
        lambda r: [r("p2.status", 1) == FRZ, r("p2.status", 2) == FINE, r("p2.last_selected_move", 1) == NOMOVE],
    )
    # Fissure by name, but 102 base power and the type ???.
    assert battle("p2.last_enemy_move", 2) == 90
    assert battle("p2.last_enemy_move_base_power", 2) == 102
    assert battle("p2.last_enemy_move_type", 2) == 16
    assert battle("p2.pp0", 2) == battle("p2.pp0", 1) - 1


@pytest.mark.parametrize(
    ("move", "target"), [("Body Slam", "Snorlax"), ("Ember", "Magmar"), ("Ice Beam", "Jynx"), ("Thunder", "Jolteon")]
)
def test_no_burn_freeze_or_paralysis_for_a_target_of_the_moves_type(stage: Stage, move: str, target: str) -> None:
    battle = stage.find(
        mon("Mew", move),
        mon(target),
        [f"{move} / -"],
        lambda r: [r("p2.hp", 1) < r("p2.hp", 0), r.peek(0, skip=3) < 25],
    )
    assert battle("p2.status", 1) == FINE
    assert battle.draws(1) == 3  # no secondary roll


def test_a_secondary_status_costs_its_roll_and_the_clauses_tie(stage: Stage) -> None:
    battle = stage.find(
        mon("Mew", "Body Slam"), mon("Starmie"), ["Body Slam / Splash"], lambda r: r("p2.status", 1) == PAR
    )
    # accuracy, critical hit, random factor, secondary, tie; Starmie, the faster, had moved already
    assert battle.draws(1) == 5


def test_a_poison_type_costs_the_secondary_roll_but_no_tie(stage: Stage) -> None:
    battle = stage.find(
        mon("Mew", "Sludge"),
        mon("Arbok"),
        ["Sludge / Splash"],
        lambda r: [r("p2.hp", 1) < r("p2.hp", 0), r.peek(0, skip=3) < 103],
    )
    assert battle("p2.status", 1) == FINE and battle.draws(1) == 4


def test_a_secondary_status_on_another_status_costs_its_roll_only(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Toxic", "Body Slam"),
        mon("Starmie"),
        ["Toxic / Splash", "Body Slam / Splash"],
        lambda r: [r("p2.status", 1) == TOX, r.peek(1) < 255, r.peek(1, skip=3) < 77],
    )
    assert battle("p2.status", 2) == TOX and battle.draws(2) == 4


@pytest.mark.parametrize("turns", [1, 7])
def test_sleep_lasts_one_to_seven_turns_and_waking_takes_the_turn(stage: Stage, turns: int) -> None:
    battle = stage.find(
        mon("Jolteon", "Spore", "Splash"),
        mon("Chansey", "Seismic Toss"),
        ["Spore / -"] + ["Splash / -"] * turns,
        # Asleep with `turns` drawn, of which Chansey's own turn takes one at once.
        lambda r: [r.peek(0) < 255, r.peek(0, 7, skip=2) == turns - 1, r("p2.status", 1) == (0 if turns == 1 else SLP)],
    )
    assert battle.series("p2.sleep")[1 : turns + 1] == list(range(turns - 1, -1, -1))
    assert battle("p2.status", turns) == FINE
    assert battle("p1.hp", turns) == 333  # it woke without acting
    assert battle.lost("p1.hp", turns + 1) == 100


def test_sleep_costs_the_clauses_tie_and_its_length(stage: Stage) -> None:
    battle = stage.find(mon("Jolteon", "Spore"), mon("Chansey"), ["Spore / Splash"], lambda r: r("p2.sleep", 1) == 6)
    assert battle.draws(1) == 3  # accuracy, tie, random(1, 8)
    assert battle.peek(0, 7, skip=2) == 6


def test_rest_draws_a_length_of_sleep_that_it_does_not_use(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Rest", "Splash"),
        mon("Chansey", "Seismic Toss", "Splash"),
        ["Splash / Seismic Toss", "Rest / Splash", "- / Splash", "- / Splash", "Splash / Splash"],
        lambda r: r("p1.hp", 1) == 233,
    )
    assert battle.draws(2) == 2
    assert battle("p1.hp", 2) == 333
    assert battle.series("p1.sleep")[2:5] == [2, 1, 0]
    assert battle("p1.sleep_source", 2) == 1
    assert battle("p1.status", 4) == FINE


def test_rest_replaces_a_status_but_not_what_it_did_to_stats(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Splash", "Rest"),
        mon("Chansey", "Thunder Wave", "Seismic Toss"),
        ["Splash / Thunder Wave", "Splash / Seismic Toss", "Rest / Thunder Wave"],
        lambda r: [r("p1.status", 1) == PAR, r("p1.hp", 2) == 233, r("p1.status", 3) == SLP],
    )
    assert battle("p1.hp", 3) == 333
    assert battle("p1.spe.modified_stat", 3) == 89


def test_toxic_damage_grows_by_a_sixteenth_each_turn(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Toxic", "Splash"),
        mon("Chansey"),
        ["Toxic / Splash"] + ["Splash / Splash"] * 3,
        lambda r: r("p2.status", 1) == TOX,
    )
    assert [battle.lost("p2.hp", step) for step in range(1, 5)] == [43, 86, 129, 172]
    assert battle.series("p2.residual_counter") == [0, 1, 2, 3, 4]


def test_leech_seed_shares_the_toxic_counter(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Toxic", "Leech Seed", "Splash"),
        mon("Chansey", "Splash"),
        ["Toxic / Splash", "Leech Seed / Splash"],
        lambda r: [r("p2.status", 1) == TOX, r("p2.leechseed", 2) == 1],
    )
    # The second turn: 2 sixteenths of poison, then 3 of Leech Seed, 703 / 16 = 43 each.
    assert battle.lost("p2.hp", 2) == (2 + 3) * 43
    assert battle("p2.residual_counter", 2) == 3


def test_leech_seed_heals_the_full_amount_even_from_the_last_hp(stage: Stage) -> None:
    # 703 = 16 · 43 + 15: the seventeenth time 15 HP are left to take, and Jolteon gets 43 all the same.
    battle = stage.find(
        mon("Jolteon", "Leech Seed", "Splash"),
        [mon("Chansey", "Splash", "Seismic Toss"), mon("Onix")],
        ["Leech Seed / Splash"] + ["Splash / Splash"] * 15 + ["Splash / Seismic Toss"],
        lambda r: [r("p2.leechseed", 1) == 1, r("p1.hp", 17) < 333],
    )
    assert battle("p2.hp", 16) == 15 and battle("p2.hp", 17) == 0
    assert battle("p1.hp", 17) == 333 - 100 + 43


def test_rest_keeps_the_toxic_counter_which_burn_then_uses(stage: Stage) -> None:
    battle = stage.find(
        mon("Magmar", "Toxic", "Splash", "Fire Blast"),
        mon("Chansey", "Splash", "Rest"),
        ["Toxic / Splash", "Splash / Rest", "Splash / -", "Splash / -", "Fire Blast / Splash"],
        lambda r: [r("p2.status", 1) == TOX, r("p2.status", 2) == SLP, r("p2.status", 5) == BRN],
    )
    # Resting is asleep: no damage on that turn, but the counter stays.
    assert battle.series("p2.residual_counter") == [0, 1, 1, 1, 1, 2]
    assert battle.lost("p2.hp", 5) == battle("last_damage", 5) + 2 * 43


def test_switching_turns_bad_poison_into_poison_and_bites_at_once(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Toxic", "Splash"),
        [mon("Chansey"), mon("Onix")],
        ["Toxic / Splash", "Splash / Splash", "Splash / switch 1", "Splash / switch 0", "Splash / Splash"],
        lambda r: r("p2.status", 1) == TOX,
    )
    assert battle("p2.status", 4) == PSN
    assert battle("p2.team.0.hp", 3) - battle("p2.team.0.hp", 4) == 43
    assert battle.lost("p2.hp", 5) == 43
    assert battle("p2.residualdmg", 4) == 0


def test_poison_types_cannot_be_poisoned(stage: Stage) -> None:
    battle = stage.find(mon("Jolteon", "Toxic"), mon("Gengar"), ["Toxic / Splash"], lambda r: r.peek(0) < 200)
    assert battle("p2.status", 1) == FINE and battle.draws(1) <= 1


def test_poison_spares_whoever_has_just_won(stage: Stage) -> None:
    battle = stage.find(
        [mon("Jolteon", "Splash", "Seismic Toss"), mon("Onix")],
        [mon("Chansey", "Toxic", level=8), mon("Onix")],
        ["Splash / Toxic", "Seismic Toss / Splash"],
        lambda r: [r("p1.status", 1) == TOX, r("p2.hp", 2) == 0],
    )
    assert battle("p1.hp", 2) == battle("p1.hp", 1)
    assert battle("p1.residual_counter", 2) == battle("p1.residual_counter", 1)


def test_full_paralysis_is_63_of_256(stage: Stage) -> None:
    for roll, acts in ((62, False), (63, True)):
        battle = stage.find(
            mon("Jolteon", "Thunder Wave", "Splash"),
            mon("Starmie", "Splash", "Seismic Toss"),
            ["Thunder Wave / Splash", "Splash / Seismic Toss"],
            lambda r, roll=roll: [r("p2.status", 1) == PAR, r.peek(1) == roll, r.peek(1, skip=1) < 255],
        )
        assert (battle("p1.hp", 2) == 233) == acts


def test_confusion_lasts_two_to_five_attempts(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Confuse Ray", "Splash"),
        mon("Chansey", "Seismic Toss"),
        ["Confuse Ray / -"] + ["Splash / -"] * 4,
        lambda r: [r.peek(0) < 255, r.peek(0, 4, skip=1) == 3],
    )
    # Drawn 5; Chansey's own attempt of the turn takes the first.
    assert battle.series("p2.confusion_time")[1:] == [4, 3, 2, 1, 0]
    assert battle("p2.confusion", 4) == 1 and battle("p2.confusion", 5) == 0


def test_confusion_hurts_by_its_own_formula(stage: Stage) -> None:
    # Power 40, typeless, no critical hit, no random factor, no quartering.
    battle = stage.find(
        mon("Jolteon", "Confuse Ray"),
        mon("Rhydon"),
        ["Confuse Ray / Splash"],
        lambda r: [r("p2.confusion", 1) == 1, r("p2.hp", 1) < 413],
    )
    assert battle.lost("p2.hp", 1) == confusion_damage(358, 338) == battle("last_damage", 1)


def test_confusion_as_a_secondary_effect_is_one_less_in_256(stage: Stage) -> None:
    # ⌈10 · 256 / 100⌉ − 1 = 25
    for roll, confuses in ((24, 1), (25, 0)):
        battle = stage.find(
            mon("Alakazam", "Psybeam"),
            mon("Chansey"),
            ["Psybeam / Splash"],
            lambda r, roll=roll: [r.peek(0) < 255, r.peek(0, skip=3) == roll],
        )
        assert battle("p2.confusion", 1) == confuses


def test_flinch_lasts_for_the_turn(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Headbutt", "Splash"),
        mon("Chansey", "Seismic Toss"),
        ["Headbutt / Seismic Toss", "Splash / Seismic Toss"],
        lambda r: [r("p1.hp", 1) == 333, r("p2.hp", 1) < 703, r("p1.hp", 2) == 233, r.peek(0, skip=3) < 77],
    )
    assert battle("p2.flinch", 1) == 0 and battle("p1.hp", 2) == 233


def test_flinch_outlives_a_turn_cut_short_by_a_faint(stage: Stage) -> None:
    # Jolteon faints of poison right after it made Chansey flinch: no residual action takes the flinch away.
    battle = stage.find(
        [mon("Jolteon", "Splash", "Headbutt"), mon("Raichu", "Splash")],
        mon("Chansey", "Toxic", "Seismic Toss", "Splash"),
        [
            "Splash / Toxic",
            "Splash / Seismic Toss",
            "Splash / Seismic Toss",
            "Splash / Splash",
            "Headbutt / Seismic Toss",
            "switch 1 / -",
            "Splash / Seismic Toss",
        ],
        lambda r: [r("p1.status", 1) == TOX, r("p1.hp", 4) > 0, r("p1.hp", 5) == 0, r("p2.flinch", 5) == 1],
    )
    assert battle("p2.flinch", 6) == 1
    assert battle("p1.hp", 7) == battle("p1.hp", 6)  # Chansey flinched a turn later
    assert battle("p2.flinch", 7) == 0
