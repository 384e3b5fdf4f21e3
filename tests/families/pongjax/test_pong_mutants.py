"""Pong's catalogue of seeded bugs: every one has its place, and some are killed here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pong_runs import need_reference

from families.pongjax.verify.mutants import mutants
from verification.levels.context import Plan
from verification.mutants.measure import measure
from verification.mutants.rewrite import find_points
from verification.registry import load_plugin

NUMBERED = {"G1", "G2", "G3", "G5", "G6", "G7", "G8", "X6", "X8", "X9", "X10", "X12"}
KILLED = (
    "G1",
    "touch-above",
    "G7",
    "X6",
    "stale-computed",
    "level-double",
    "reward-added",
    "serve-sides",
    "signs-only",
    "truncated-late",
    "truncation-ends",
    "last-point-for-nothing",
    "final-observation-next",
    "chance-higher",
    "chance-lower",
)


@pytest.fixture(scope="module", autouse=True)
def compiled_reference() -> None:
    need_reference()


@pytest.mark.parametrize("continuous", [False, True])
def test_the_catalogue_is_wide_and_every_point_is_found(continuous: bool) -> None:
    catalogue = mutants(continuous)
    per_module = Counter(mutant.module for mutant in catalogue)
    assert (
        set(find_points(catalogue))
        == set(per_module)
        == {
            "pongjax.env",
            "pongjax.frame",
            "pongjax.game",
            "pongjax.observation",
            "jaxenv.autoreset",
        }
    )
    assert len(catalogue) >= 30
    assert {mutant.id for mutant in catalogue} >= NUMBERED | ({"X14"} if continuous else set())
    modules = set(load_plugin("pongjax/puffer_pong").state.modules)
    for mutant in catalogue:
        assert mutant.owner and set(mutant.owner) <= modules, mutant.id
        assert mutant.expected == "L1" and mutant.changes and not mutant.changes.endswith("."), mutant.id


def test_some_of_them_are_killed_and_nothing_else_is_reported(tmp_path: Path) -> None:
    plugin = load_plugin("pongjax/puffer_pong_continuous")
    plan = Plan(levels=("L1", "L2"), injected=16384, interactions=256, episodes=4, seed=3, failures=tmp_path)
    plugin = plugin.configured({"steps": "1"})
    found = measure(plugin, plan, alarms=4, only=KILLED)
    killed = {row["id"]: row["killed_by"] for row in found["rows"]}
    assert set(killed) == set(KILLED) and all(by["L1"] for by in killed.values()), killed
    assert found["false_alarms"] == 0 and found["false_alarm_verdict"] == "pass"
    assert found["localisation"]["top3"] >= 0.8 and found["median_shrunk_steps"] == 1
