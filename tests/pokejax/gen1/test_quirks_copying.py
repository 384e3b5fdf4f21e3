"""Mimic, Transform, Conversion, Metronome, Mirror Move, and Haze against the helpless."""

from __future__ import annotations

import pytest
from scenario import FINE, FRZ, PSN, SLP, TOX, Stage, mon

POUND, CANNOTMOVE, SOLAR_BEAM, METRONOME = 1, 166, 76, 118


def test_mimic_copies_a_random_move_and_keeps_pp(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Splash", "Mimic"),
        mon("Chansey", "Seismic Toss", "Pound", "Growl"),
        ["Mimic / Growl", "Pound / Growl"],
        lambda r: [r("p1.move1.move", 1) == POUND, r("p2.hp", 2) < 703],
    )
    # random(3) = 1
    assert battle.peek(0, 3, skip=1) == 1
    assert battle("p1.move1.virtual", 1) == 1
    assert battle("p1.move1.pp", 1) == 15 and battle("p1.pp1", 1) == 15
    # The base slot pays too.
    assert battle("p1.move1.pp", 2) == 14 and battle("p1.pp1", 2) == 14


def test_mimicked_moves_are_forgotten_on_switching(stage: Stage) -> None:
    battle = stage.find(
        [mon("Jolteon", "Mimic"), mon("Onix")],
        mon("Chansey", "Splash"),
        ["Mimic / Splash", "switch 1 / Splash", "switch 0 / Splash"],
        lambda r: r("p1.move0.move", 1) == 150,
    )
    assert battle("p1.move0.move", 3) == 102 and battle("p1.move0.virtual", 3) == 0


def test_transform_copies_stats_stages_types_and_moves_with_5_pp(stage: Stage) -> None:
    battle = stage.find(
        mon("Ditto", "Transform"),
        mon("Jolteon", "Agility", "Pound", "Thunder Wave"),
        ["Transform / Agility"],
        lambda r: r("p1.transformed", 1) == 1,
    )
    assert [battle(f"p1.move{k}.pp", 1) for k in range(4)] == [5, 5, 5, 0]
    assert battle("p1.spe.boost", 1) == 2 and battle("p1.spe.modified_stat", 1) == 716
    assert battle("p1.spe.stored_stat", 1) == 358
    assert battle("p1.hp", 1) == 299 and battle("p1.species", 1) == 135
    assert battle("p1.pp0", 1) == 15  # its own Transform's


def test_transform_takes_modified_stats_as_they_are(stage: Stage) -> None:
    battle = stage.find(
        mon("Ditto", "Thunder Wave", "Transform"),
        mon("Jolteon"),
        ["Thunder Wave / Splash", "Transform / Splash"],
        lambda r: r("p1.transformed", 2) == 1,
    )
    assert battle("p1.spe.modified_stat", 2) == 89 and battle("p1.status", 2) == FINE


def test_transform_caches_a_speed_of_its_own_that_decides_ties(stage: Stage) -> None:
    # Slow Ditto (IV and EV 0) keeps its spread: Chansey's species with it gives 2 · 50 + 5 = 105, cached until the
    # residual refreshes it. Transform comes last in the turn, so one event still sees 105 against 198.
    slow = mon("Ditto", "Transform", ivs=(30, 30, 30, 30, 0), evs=(252, 252, 252, 252, 0))
    battle = stage.find(slow, mon("Chansey"), ["Transform / Splash", "Splash / Splash"])
    assert battle("p1.spe.modified_stat", 1) == 198
    assert battle.draws(1) == 1  # the residual's tie alone, with speeds refreshed
    twin = stage.find(mon("Mew", "Transform"), mon("Chansey"), ["Transform / Splash"])
    # Mew as Chansey has 2 · 50 + 30 + 63 + 5 = 198 by its own values too: the event after Transform ties as well.
    # Mew is the faster: so does the event after Chansey's move.
    assert twin.draws(1) == 3


def test_conversion_copies_types(stage: Stage) -> None:
    battle = stage.find(mon("Porygon", "Conversion"), mon("Gengar"), ["Conversion / Splash"])
    assert battle("p1.type1", 1) == battle("p2.type1", 1) and battle("p1.type2", 1) == battle("p2.type2", 1)


@pytest.mark.parametrize("move", ["Roar", "Whirlwind", "Teleport", "Splash"])
def test_moves_that_do_nothing(stage: Stage, move: str) -> None:
    battle = stage.find([mon("Jolteon", move), mon("Onix")], [mon("Chansey"), mon("Onix")], [f"{move} / Splash"])
    assert battle("p1.active", 1) == battle("p2.active", 1) == 0
    assert battle("p2.hp", 1) == 703


def test_metronome_samples_163_moves(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Metronome"), mon("Chansey"), ["Metronome / Splash"], lambda r: r.peek(0, 163) == 0
    )
    assert battle("p1.last_selected_move", 1) == POUND


def test_metronome_never_calls_itself_or_struggle(stage: Stage) -> None:
    from pokejax.gen1.dex import load_dex

    called = load_dex().metronome_list.tolist()
    assert called == [move for move in range(1, 165) if move != METRONOME]
    assert len(called) == 163


def test_metronome_refunds_two_turn_moves_until_they_are_released(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Metronome"),
        mon("Chansey"),
        ["Metronome / Splash", "- / Splash"],
        lambda r: r("p1.two_turn_move", 1) == SOLAR_BEAM,
    )
    assert battle.series("p1.pp0") == [16, 16, 15]


def test_transformed_metronome_gains_base_pp(stage: Stage) -> None:
    battle = stage.find(
        mon("Ditto", "Transform"),
        mon("Chansey", "Metronome", "Splash"),
        ["Transform / Splash", "Metronome / Splash"],
        lambda r: [r("p1.transformed", 1) == 1, r("p1.move0.pp", 2) == 4, r("p1.last_selected_move", 2) == 33],
    )
    # Ditto's own Transform: 16, minus one, plus one.
    assert battle.series("p1.pp0") == [16, 15, 16]


def test_mirror_move_repeats_the_foes_last_move(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Mirror Move"),
        mon("Jolteon", "Seismic Toss"),
        ["Mirror Move / Seismic Toss"],
        lambda r: [r("p1.hp", 1) == 603, r("p2.hp", 1) == 233],
    )
    assert battle("p1.last_selected_move", 1) == 69
    assert battle("p1.active.last_move", 1) == 69


def test_mirror_move_fails_without_a_move_to_repeat(stage: Stage) -> None:
    battle = stage.find(mon("Jolteon", "Mirror Move"), mon("Chansey"), ["Mirror Move / Splash"])
    assert battle.draws(1) == 0 and battle("p1.active.last_move", 1) == 119


def test_mirror_move_refunds_two_turn_moves(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Splash", "Mirror Move"),
        mon("Chansey", "Solar Beam", "Splash"),
        ["Splash / Solar Beam", "Splash / -", "Mirror Move / Splash", "- / Splash"],
        lambda r: r("p1.two_turn_move", 3) == SOLAR_BEAM,
    )
    assert battle.series("p1.pp1") == [32, 32, 32, 32, 31]


def test_mirror_moves_at_each_other_end(stage: Stage) -> None:
    battle = stage.find(mon("Jolteon", "Mirror Move"), mon("Chansey", "Mirror Move"), ["Mirror Move / Mirror Move"] * 2)
    assert battle("p2.hp") == 703 and battle("p1.hp") == 333


def test_haze_cures_the_foe_and_takes_its_turn_if_it_was_helpless(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Hypnosis", "Haze"),
        mon("Chansey", "Seismic Toss"),
        ["Hypnosis / -", "Haze / -", "Splash / Seismic Toss"],
        lambda r: [r("p2.status", 1) == SLP, r("p2.sleep", 1) >= 2, r("p1.hp", 3) == 233],
    )
    assert battle("p2.status", 2) == FINE
    assert battle("p2.last_selected_move", 2) == battle("p2.last_enemy_selected_move", 2) == CANNOTMOVE
    assert battle("p1.hp", 2) == 333  # awake, but 'cannotmove' stood in the queue


def test_haze_thaws(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Ice Beam", "Haze"),
        mon("Chansey", "Seismic Toss"),
        ["Ice Beam / -", "Haze / -"],
        lambda r: r("p2.status", 1) == FRZ,
    )
    assert battle("p2.status", 2) == FINE


def test_haze_turns_its_users_bad_poison_into_poison_for_one_draw(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Splash", "Haze"),
        mon("Chansey", "Toxic", "Splash"),
        ["Splash / Toxic", "Splash / Splash", "Haze / Splash"],
        lambda r: r("p1.status", 1) == TOX,
    )
    assert battle("p1.status", 3) == PSN and battle.draws(3) == 1
    assert battle("p1.residualdmg", 3) == 0
    # The counter is gone: one sixteenth.
    assert battle.lost("p1.hp", 3) == 333 // 16


def test_haze_on_a_charging_sleeper_locks_it_for_ever(stage: Stage) -> None:
    # Cured by Haze in the middle of Solar Beam: locked into 'cannotmove'.
    battle = stage.find(
        mon("Jolteon", "Spore", "Haze", "Splash"),
        [mon("Chansey", "Solar Beam"), mon("Onix")],
        ["Splash / Solar Beam", "Spore / -", "Haze / -", "Splash / -", "Splash / -"],
        lambda r: [r("p2.two_turn_move", 1) == SOLAR_BEAM, r("p2.status", 2) == SLP],
    )
    assert battle("p2.two_turn_move", 5) == SOLAR_BEAM
    assert battle("p2.last_selected_move", 5) == CANNOTMOVE
    assert battle("p1.hp", 5) == 333
    assert battle("p2.legal", 5) == 1 << 6
