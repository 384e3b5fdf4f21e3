"""Substitute: its price, what it stops, what it lets through, and who pays when it breaks."""

from __future__ import annotations

import pytest
from by_hand import confusion_damage
from scenario import FINE, PAR, PSN, SLP, Stage, mon


def test_costs_a_quarter_and_has_one_hp_more(stage: Stage) -> None:
    battle = stage.find(mon("Jolteon", "Substitute"), mon("Chansey"), ["Substitute / Splash"])
    assert battle.lost("p1.hp", 1) == 333 // 4
    assert battle("p1.substitute_hp", 1) == 333 // 4 + 1


def test_exactly_a_quarter_is_enough_and_fatal(stage: Stage) -> None:
    # Mew with 400 HP: 2 · 100 + 27 + 63 + 110 needs IV 26 and EV 4 · 64; IV 28 and EV 248 give 200 + 28 + 62 + 110.
    mew = mon("Mew", "Splash", "Substitute", ivs=(28, 30, 30, 30, 30), evs=(248, 252, 252, 252, 252))
    battle = stage.find(
        [mew, mon("Onix")],
        mon("Jolteon", "Seismic Toss", "Splash"),
        ["Splash / Seismic Toss"] * 3 + ["Substitute / Splash"],
        lambda r: r("p1.hp", 3) == 100,
    )
    assert battle("p1.hp", 0) == 400
    assert battle("p1.hp", 4) == 0


def test_a_quarter_is_not_rounded_down(stage: Stage) -> None:
    # 403 / 4 = 100.75: with 100 HP left Substitute is refused, though it would cost 100.
    battle = stage.find(
        mon("Mew", "Splash", "Substitute"),
        mon("Jolteon", "Seismic Toss", "Sonic Boom", "Splash", level=81),
        ["Splash / Seismic Toss"] * 3 + ["Splash / Sonic Boom"] * 3 + ["Substitute / Splash"],
        lambda r: r("p1.hp", 6) == 403 - 3 * 81 - 3 * 20,
    )
    assert battle("p1.hp", 6) == battle("p1.hp", 7) == 100
    assert battle("p1.substitute_hp", 7) == 0
    healthy = stage.find(
        mon("Mew", "Splash", "Substitute"),
        mon("Jolteon", "Seismic Toss", "Splash"),
        ["Splash / Seismic Toss"] * 3 + ["Substitute / Splash"],
        lambda r: r("p1.hp", 3) == 103,
    )
    assert healthy("p1.hp", 4) == 3 and healthy("p1.substitute_hp", 4) == 101


@pytest.mark.parametrize("move", ["Growl", "Toxic", "Poison Gas", "Confuse Ray", "Screech"])
def test_stops_poison_drops_and_confusion(stage: Stage, move: str) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute"), mon("Chansey", move), [f"Substitute / {move}"], lambda r: r.peek(0) < 100
    )
    assert battle("p1.status", 1) == FINE and battle("p1.confusion", 1) == 0
    assert battle("p1.atk.boost", 1) == battle("p1.def.boost", 1) == 0


@pytest.mark.parametrize(("move", "status"), [("Thunder Wave", PAR), ("Sing", SLP), ("Glare", PAR)])
def test_lets_sleep_and_paralysis_through(stage: Stage, move: str, status: int) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute"), mon("Chansey", move), [f"Substitute / {move}"], lambda r: r("p1.status", 1) > 0
    )
    assert battle("p1.status", 1) == status and battle("p1.substitute_hp", 1) == 84


@pytest.mark.parametrize(("move", "field"), [("Leech Seed", "leechseed"), ("Disable", "disable")])
def test_lets_leech_seed_and_disable_through(stage: Stage, move: str, field: str) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute"), mon("Chansey", move), [f"Substitute / {move}"], lambda r: r(f"p1.{field}", 1) == 1
    )
    assert battle("p1.substitute_hp", 1) == 84


def test_stops_secondary_statuses(stage: Stage) -> None:
    battle = stage.find(
        mon("Starmie", "Substitute"),
        mon("Chansey", "Body Slam"),
        ["Substitute / Body Slam"],
        lambda r: [r("p1.substitute_hp", 1) > 0, r("p1.substitute_hp", 1) < 80, r.peek(0, skip=3) < 77],
    )
    assert battle("p1.status", 1) == FINE and battle.draws(1) == 3


def test_confusion_as_a_secondary_effect_passes_a_substitute_that_stands(stage: Stage) -> None:
    battle = stage.find(
        mon("Starmie", "Substitute"),
        mon("Chansey", "Psybeam"),
        ["Substitute / Psybeam"],
        lambda r: [r("p1.substitute_hp", 1) > 0, r("p1.confusion", 1) == 1],
    )
    # accuracy, critical hit, random factor, the secondary roll, the length
    assert battle.draws(1) == 5


def test_confusion_does_not_pass_a_substitute_that_breaks(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute"),
        mon("Alakazam", "Psybeam"),
        ["Substitute / Psybeam"],
        lambda r: [r("p1.sub_fainted", 1) == 1, r.peek(0, skip=3) < 25],
    )
    assert battle("p1.confusion", 1) == 0 and battle.draws(1) == 3


def test_damage_beyond_it_is_lost(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute"),
        mon("Golem", "Earthquake"),
        ["Substitute / Earthquake"],
        lambda r: r("p1.sub_fainted", 1) == 1,
    )
    assert battle("p1.hp", 1) == 333 - 83
    assert battle("last_damage", 1) > 84  # uncapped


def test_several_hits_stop_when_it_breaks(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute", "Splash"),
        mon("Mew", "Double Kick", "Fury Swipes"),
        ["Substitute / Fury Swipes", "Splash / Fury Swipes"],
        lambda r: [
            r("p1.substitute_hp", 1) > 0,
            r("p1.substitute_hp", 1) < 30,
            r("p1.sub_fainted", 2) == 1,
            r.peek(1, 8, skip=1) == 7,
        ],
    )
    assert battle("p1.hp", 2) == battle("p1.hp", 1)


def test_drain_and_recoil_work_on_it_unless_it_breaks(stage: Stage) -> None:
    drained = stage.find(
        mon("Jolteon", "Substitute", "Seismic Toss"),
        mon("Tangela", "Splash", "Absorb"),
        ["Seismic Toss / Splash", "Substitute / Absorb"],
        lambda r: [r("p2.hp", 1) == 233, r("p1.substitute_hp", 2) > 0, r("p1.substitute_hp", 2) < 84],
    )
    dealt = 84 - drained("p1.substitute_hp", 2)
    assert drained("p2.hp", 2) == 233 + dealt // 2 and drained("last_damage", 2) == dealt // 2
    broken = stage.find(
        mon("Jolteon", "Substitute"),
        mon("Snorlax", "Double-Edge"),
        ["Substitute / Double-Edge"],
        lambda r: r("p1.sub_fainted", 1) == 1,
    )
    assert broken("p2.hp", 1) == 523


def test_confusion_damage_goes_to_the_opponents_substitute(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Substitute", "Splash"),
        mon("Jolteon", "Substitute", "Supersonic", "Splash"),
        ["Substitute / Supersonic", "Splash / Substitute", "Substitute / Splash"],
        lambda r: [
            r("p1.confusion", 1) == 1,
            r("p1.substitute_hp", 1) > 0,
            r("p2.substitute_hp", 2) < 84,
            r("p2.substitute_hp", 2) > 0,
        ],
    )
    damage = confusion_damage(108, 108)
    assert battle("p2.substitute_hp", 2) == 84 - damage
    assert battle("p1.hp", 2) == 703 - 175 and battle("p1.substitute_hp", 2) == 176
    assert battle("last_damage", 2) == damage


def test_confusion_damage_vanishes_if_the_opponent_has_no_substitute(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Substitute", "Splash"),
        mon("Jolteon", "Supersonic", "Splash"),
        ["Substitute / Supersonic", "Splash / Splash"],
        lambda r: [r("p1.confusion", 1) == 1, r("p1.substitute_hp", 1) > 0, r("last_damage", 2) > 0],
    )
    assert battle("p1.hp", 2) == 703 - 175 and battle("p1.substitute_hp", 2) == 176
    assert battle("p2.hp", 2) == 333


@pytest.mark.parametrize("move", ["Jump Kick", "High Jump Kick"])
def test_crash_damage_goes_to_the_opponents_substitute(stage: Stage, move: str) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute", move),
        mon("Chansey", "Substitute", "Splash"),
        ["Substitute / Substitute", f"{move} / Splash"],
        lambda r: [r("p2.substitute_hp", 1) == 176, r("p2.substitute_hp", 2) == 175],
    )
    assert battle("p1.hp", 2) == 333 - 83 and battle("p1.substitute_hp", 2) == 84
    bare = stage.find(mon("Jolteon", move), mon("Chansey"), [f"{move} / Splash"], lambda r: [r("p2.hp", 1) == 703])
    assert bare("p1.hp", 1) == 332 and bare("last_damage", 1) == 1


def test_breaking_a_substitute_saves_whoever_explodes(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute"),
        mon("Golem", "Explosion"),
        ["Substitute / Explosion"],
        lambda r: r("p1.sub_fainted", 1) == 1,
    )
    assert battle("p2.hp", 1) == 363
    assert battle("p1.hp", 1) == 333 - 83


def test_a_substitute_that_stands_costs_the_exploding_its_life(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute"),
        [mon("Koffing", "Self-Destruct", level=5), mon("Onix")],
        ["Substitute / Self-Destruct"],
        lambda r: [r("p1.substitute_hp", 1) > 0, r("p1.substitute_hp", 1) < 84],
    )
    assert battle("p2.hp", 1) == 0


def test_a_substitute_broken_before_lets_metronome_explode_without_dying(stage: Stage) -> None:
    # 'subFainted' stays until a chosen move aims at its owner. Metronome aims at its own user, so Explosion called
    # by it finds the flag of the turn before and spares the user.
    battle = stage.find(
        mon("Jolteon", "Substitute", "Growl"),
        [mon("Golem", "Earthquake", "Metronome"), mon("Onix")],
        ["Substitute / Earthquake", "Growl / Metronome"],
        lambda r: [
            r("p1.sub_fainted", 1) == 1,
            (r("p2.last_selected_move", 2) == 153) | (r("p2.last_selected_move", 2) == 120),
            r("p1.hp", 2) < 250,
        ],
        batches=40,
    )
    assert battle("p2.hp", 2) == 363
    assert battle("p1.hp", 2) < 250


def test_a_substitute_broken_before_cuts_metronomes_several_hits_to_one(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute", "Growl"),
        mon("Golem", "Earthquake", "Metronome"),
        ["Substitute / Earthquake", "Growl / Metronome"],
        # Pin Missile, Fury Attack, Barrage, Fury Swipes, Comet Punch, Double Slap, Spike Cannon
        lambda r: [
            r("p1.sub_fainted", 1) == 1,
            sum(r("p2.last_selected_move", 2) == move for move in (42, 31, 140, 154, 4, 3, 131)) > 0,
            r("p1.hp", 2) < 250,
            r("p1.sub_fainted", 2) == 1,
        ],
        batches=40,
    )
    assert battle.lost("p1.hp", 2) == battle("last_damage", 2)


def test_making_one_frees_from_a_trap(stage: Stage) -> None:
    # Possible on the turn after the trap has ended in secret, or when slower; here 'partiallytrapped' is simply absent.
    battle = stage.find(
        mon("Chansey", "Wrap"),
        mon("Jolteon", "Substitute"),
        ["Wrap / Substitute"],
        lambda r: r("p2.partiallytrapped", 1) == 1,
    )
    assert battle("p2.substitute_hp", 1) <= 84 and battle("p1.partialtrappinglock", 1) == 1


def test_there_can_be_only_one(stage: Stage) -> None:
    battle = stage.find(mon("Jolteon", "Substitute"), mon("Chansey"), ["Substitute / Splash"] * 2)
    assert battle("p1.hp", 2) == battle("p1.hp", 1) == 333 - 83


def test_poison_bites_its_owner(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute", "Splash"),
        mon("Chansey", "Poison Gas", "Splash"),
        ["Splash / Poison Gas", "Substitute / Splash"],
        lambda r: r("p1.status", 1) == PSN,
    )
    assert battle("p1.hp", 2) == 333 - 83 - 20 and battle("p1.substitute_hp", 2) == 84


def test_a_one_hit_knock_out_counts_65535_against_it(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Substitute", "Splash"),
        mon("Jolteon", "Splash", "Horn Drill"),
        ["Substitute / Splash", "Splash / Horn Drill"],
        lambda r: r("p1.substitute_hp", 2) == 0,
    )
    assert battle("last_damage", 2) == 65535 and battle("p1.hp", 2) == 703 - 175


def test_bide_stores_what_a_one_hit_knock_out_would_have_done(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Substitute", "Bide"),
        [mon("Jolteon", "Splash", "Horn Drill"), mon("Onix")],
        ["Substitute / Splash", "Bide / Splash", "- / Horn Drill", "- / Splash"],
        lambda r: [r("p1.bide_time", 2) == 2, r("p1.substitute_hp", 3) == 0, r("p2.hp", 4) == 0],
    )
    assert battle("p1.bide_damage", 3) == 65535


def test_super_fang_takes_half_of_its_owners_hp(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Substitute"),
        mon("Raticate", "Super Fang"),
        ["Substitute / Super Fang"],
        lambda r: r("last_damage", 1) > 0,
    )
    assert battle("last_damage", 1) == (333 - 83) // 2 and battle("p1.sub_fainted", 1) == 1
