"""The harness itself: it sees a difference, names a condition that nothing meets, and refuses unknown names."""

from __future__ import annotations

import numpy as np
import pytest
from scenario import LANES, SIDES, Stage, mon, resolve

from pokejax.gen1.teams import Team, team_array
from references.showdown.gen1.fields import column
from verification.cases import load


def _play(stage: Stage):
    teams = [team_array(Team((mon(species, "Pound", "Splash"),))) for species in ("Jolteon", "Chansey")]
    seeds = np.random.default_rng(1).integers(0, 1 << 32, (LANES, 2), dtype=np.uint32)
    wire = np.repeat(np.stack(teams)[None], LANES, axis=0)
    return stage.play(
        seeds, wire, lambda _, row: np.stack([resolve("Pound", row, side) for side in SIDES], axis=1), steps=3
    )


def test_one_wrong_field_is_found_and_saved(stage: Stage) -> None:
    played = _play(stage)
    played.records.rows[2, 5, column("p2.team.0.hp")] += 1
    before = set(stage.failures.glob("*.json"))
    with pytest.raises(AssertionError, match=r"differs: step 2\n(.*\n)*.* p2\.team\.0\.hp  expected \d+, actual \d+"):
        stage.confirm(played, 5)
    (saved,) = set(stage.failures.glob("*.json")) - before
    assert len(load(saved).actions) == 2


def test_equal_records_pass(stage: Stage) -> None:
    assert stage.confirm(_play(stage), 5)("turn") == 4


def test_a_condition_that_nothing_meets_is_counted_part_by_part(stage: Stage) -> None:
    with pytest.raises(AssertionError, match=rf"none of {LANES} seeds .*\[{LANES}, 0\]"):
        stage.find(mon("Chansey"), mon("Jolteon"), ["- / -"], lambda r: [True, r("turn") == 99], batches=1)


def test_unknown_names_are_refused(stage: Stage) -> None:
    with pytest.raises(KeyError, match=r"p1\.mood"):
        stage.find(mon("Chansey"), mon("Jolteon"), ["- / -"], lambda r: r("p1.mood") == 1, batches=1)
