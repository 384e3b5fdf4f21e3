"""Hyper Beam: when the user has to recharge, and what takes the recharge away."""

from __future__ import annotations

import pytest
from scenario import Stage, mon


def test_the_user_recharges_and_has_no_other_choice(stage: Stage) -> None:
    battle = stage.find(
        [mon("Jolteon", "Hyper Beam"), mon("Onix")],
        mon("Chansey"),
        ["Hyper Beam / Splash", "switch 1 / Splash"],
        lambda r: r("p2.hp", 1) < 703,
    )
    assert battle("p1.mustrecharge", 1) == 1
    assert battle("p1.legal", 1) == 1 << 6
    assert battle("p1.mustrecharge", 2) == 0 and battle("p1.active", 2) == 0
    assert battle.draws(2) == 0


def test_no_recharge_after_a_miss(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Hyper Beam"), mon("Chansey"), ["Hyper Beam / Splash"], lambda r: r("p2.hp", 1) == 703
    )
    assert battle("p1.mustrecharge", 1) == 0


def test_no_recharge_after_a_knock_out(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Hyper Beam"),
        [mon("Pidgey", level=5), mon("Onix")],
        ["Hyper Beam / Splash"],
        lambda r: r("p2.hp", 1) == 0,
    )
    assert battle("p1.mustrecharge", 1) == 0


def test_no_recharge_after_breaking_a_substitute(stage: Stage) -> None:
    battle = stage.find(
        mon("Snorlax", "Splash", "Hyper Beam"),
        mon("Jolteon", "Substitute", "Splash"),
        ["Splash / Substitute", "Hyper Beam / Splash"],
        lambda r: r("p2.substitute_hp", 2) == 0,
    )
    assert battle("p2.substitute_hp", 1) == 333 // 4 + 1
    assert battle("p2.sub_fainted", 2) == 1
    assert battle("p1.mustrecharge", 2) == 0


def test_recharge_after_a_hit_on_a_substitute_that_stands(stage: Stage) -> None:
    battle = stage.find(
        mon("Alakazam", "Splash", "Hyper Beam", level=50),
        mon("Jolteon", "Substitute", "Splash"),
        ["Splash / Substitute", "Hyper Beam / Splash"],
        lambda r: [r("p2.substitute_hp", 2) > 0, r("p2.substitute_hp", 2) < 84],
    )
    assert battle("p1.mustrecharge", 2) == 1


def test_flinching_takes_the_recharge_away(stage: Stage) -> None:
    battle = stage.find(
        mon("Chansey", "Hyper Beam", "Seismic Toss"),
        mon("Jolteon", "Splash", "Headbutt"),
        ["Hyper Beam / Splash", "- / Headbutt", "Seismic Toss / Splash"],
        lambda r: [r("p1.mustrecharge", 1) == 1, r("p1.mustrecharge", 2) == 0, r.peek(1, skip=3) < 77],
    )
    assert battle("p2.hp", 2) == battle("p2.hp", 1)
    assert battle("p1.legal", 2) & 0b11_0000_0000 == 0 and battle("p1.legal", 2) & 0b1100_0000 == 0b1100_0000


@pytest.mark.parametrize("hits", [True, False])
def test_a_trapping_move_takes_the_recharge_away_hit_or_miss(stage: Stage, hits: bool) -> None:
    battle = stage.find(
        mon("Chansey", "Hyper Beam", "Seismic Toss"),
        mon("Jolteon", "Splash", "Wrap"),
        ["Hyper Beam / Splash", "- / Wrap"],
        lambda r: [
            r("p1.mustrecharge", 1) == 1,
            (r("p1.hp", 2) < r("p1.hp", 1)) == hits,
            hits | (r("p2.hp", 2) < r("p2.hp", 1)),
        ],
    )
    if hits:
        assert battle("p1.mustrecharge", 2) == 0 and battle("p1.partiallytrapped", 2) == 1
        assert battle("p1.pp0", 2) == battle("p1.pp0", 1)
    else:
        # The action that was to be the recharge is now just Hyper Beam again.
        assert battle("p1.pp0", 2) == battle("p1.pp0", 1) - 1
        assert battle("p2.hp", 2) < battle("p2.hp", 1)
