"""Accuracy: the 1/256 miss, stage multipliers with floors, what cannot miss, what is refused before the roll."""

from __future__ import annotations

from scenario import Stage, mon


def test_a_100_percent_move_misses_once_in_256(stage: Stage) -> None:
    battle = stage.find(
        mon("Snorlax", "Tackle", "Body Slam"),
        mon("Chansey"),
        ["Body Slam / Splash"],
        lambda r: r("p2.hp", 1) == 703,
    )
    assert battle("p2.hp", 0) == battle("p2.hp", 1) == 703
    # Only the accuracy roll was made (Splash draws nothing): 255 was drawn, and 255 < 255 is false.
    assert battle.draws(1) == 1
    assert (battle("prng_hi", 1) >> 24) & 0xFF == 0xFF
