"""Sleep Clause, Freeze Clause, the Endless Battle Clause and the turn limit."""

from __future__ import annotations

from scenario import FINE, FRZ, SLP, Stage, mon


def test_sleep_clause_stops_a_second_sleep_for_the_price_of_its_tie(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Spore", "Splash"),
        [mon("Chansey"), mon("Snorlax")],
        ["Spore / -", "Splash / switch 1", "Spore / Splash"],
        lambda r: [r("p2.team.0.status_time", 1) >= 1, r.peek(2) < 255],
    )
    assert battle("p2.team.0.status", 3) == SLP and battle("p2.team.1.status", 3) == FINE
    assert battle.draws(3) == 2  # accuracy and tie; no length


def test_sleep_clause_forgets_those_who_woke_or_fainted(stage: Stage) -> None:
    woken = stage.find(
        mon("Jolteon", "Spore", "Splash"),
        [mon("Chansey"), mon("Snorlax")],
        ["Spore / -", "Splash / -", "Splash / switch 1", "Spore / -"],
        lambda r: [r("p2.team.0.status_time", 1) == 1, r("p2.team.1.status", 4) == SLP],
    )
    assert woken("p2.team.0.status", 4) == FINE
    fainted = stage.find(
        mon("Jolteon", "Spore", "Seismic Toss"),
        [mon("Pidgey", level=5), mon("Snorlax")],
        ["Spore / -", "Seismic Toss / -", "- / switch 1", "Spore / -"],
        lambda r: [r("p2.team.0.status_time", 1) >= 2, r("p2.team.0.hp", 2) == 0, r("p2.team.1.status", 4) == SLP],
    )
    assert fainted("p2.team.1.status", 4) == SLP


def test_sleep_clause_does_not_count_rest(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Seismic Toss", "Spore"),
        [mon("Chansey", "Rest"), mon("Snorlax")],
        ["Seismic Toss / Rest", "Seismic Toss / switch 1", "Spore / -"],
        lambda r: [r("p2.team.0.status", 1) == SLP, r("p2.team.1.status", 3) == SLP],
    )
    assert battle("p2.team.0.status_source", 3) == 1 and battle("p2.team.1.status_source", 3) == 2


def test_rest_is_allowed_while_a_team_mate_sleeps(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Spore", "Seismic Toss"),
        [mon("Chansey"), mon("Snorlax", "Rest")],
        ["Spore / -", "Seismic Toss / switch 1", "Seismic Toss / Rest"],
        lambda r: [r("p2.team.0.status_time", 1) >= 1, r("p2.team.1.status", 3) == SLP],
    )
    assert battle("p2.team.0.status", 3) == battle("p2.team.1.status", 3) == SLP


def test_freeze_clause_stops_a_second_freeze(stage: Stage) -> None:
    battle = stage.find(
        mon("Jolteon", "Ice Beam", "Splash"),
        [mon("Chansey"), mon("Snorlax")],
        ["Ice Beam / -", "Splash / switch 1", "Ice Beam / Splash"],
        lambda r: [r("p2.team.0.status", 1) == FRZ, r.peek(2) < 255, r.peek(2, skip=3) < 26],
    )
    assert battle("p2.team.1.status", 3) == FINE
    # accuracy, critical hit, factor, secondary, tie
    assert battle.draws(3) == 5


def test_endless_battle_nothing_but_transform(stage: Stage) -> None:
    battle = stage.find(mon("Ditto", "Transform"), mon("Ditto", "Transform"), [])
    assert battle("ended", 0) == 1 and battle("winner", 0) == 0 and battle("turn", 0) == 1


def test_endless_battle_no_pp_against_ghosts(stage: Stage) -> None:
    battle = stage.find(mon("Gengar", "Rest"), mon("Haunter", "Rest"), ["Rest / Rest"] * 16)
    assert battle.series("p1.pp0") == list(range(16, -1, -1))
    assert battle.series("ended") == [0] * 16 + [1]
    assert battle("winner") == 0


def test_no_endless_battle_while_one_can_still_be_hit(stage: Stage) -> None:
    battle = stage.find(mon("Gengar", "Rest"), [mon("Haunter", "Rest"), mon("Onix", "Rest")], ["Rest / Rest"] * 17)
    assert battle("ended") == 0 and battle("p1.legal", 16) == 1 << 6


def test_endless_battle_everybody_frozen(stage: Stage) -> None:
    battle = stage.find(
        mon("Mew", "Ice Beam", "Splash"),
        [mon("Chansey"), mon("Electrode", "Ice Beam", "Explosion", level=6)],
        ["Ice Beam / Splash", "Splash / switch 1", "Splash / Ice Beam", "- / Explosion", "- / switch 0"],
        lambda r: [r("p2.team.0.status", 1) == FRZ, r("p1.status", 3) == FRZ, r("p2.hp", 4) == 0, r("p1.hp", 4) > 0],
    )
    assert battle("ended", 4) == 0
    assert battle("p1.status", 5) == battle("p2.status", 5) == FRZ
    assert battle("ended", 5) == 1 and battle("winner", 5) == 0


def test_endless_battle_frozen_ghost_against_no_pp(stage: Stage) -> None:
    battle = stage.find(
        mon("Gengar", "Splash"),
        mon("Chansey", "Ice Beam", level=2),
        ["Splash / Ice Beam"] * 16,
        lambda r: [r("p1.status", 8) == FRZ, r("p2.pp0", 16) == 0],
    )
    assert battle.series("ended") == [0] * 16 + [1]


def test_turn_1000_is_the_last(stage: Stage) -> None:
    team = [mon("Jolteon"), mon("Chansey")]
    turns = ["switch 1 / switch 1", "switch 0 / switch 0"] * 500
    battle = stage.find(team, [mon("Onix"), mon("Snorlax")], turns, keep=1)
    assert battle("turn", 999) == 1000 and battle("ended", 999) == 0
    assert battle("turn", 1000) == 1001 and battle("ended", 1000) == 1 and battle("winner", 1000) == 0
