"""Our environment beside its reference: every level passes, and every seeded bug is found."""

from __future__ import annotations

from pathlib import Path

from families.new.template.package.env import ID
from verification.levels.context import Plan
from verification.mutants.measure import measure
from verification.registry import load_plugin
from verification.runner import Run, execute

EXPECTED = {
    "L0/declaration",
    "L0/fresh-process",
    "L0/restore",
    "L0/batch",
    "L0/check-env",
    "L1/injected",
    "L1/properties",
    "L2/pairs",
    "L2/relations",
    "L2/state-machine",
    "L3/episodes",
    "L3d/draws",
}


def test_every_level_passes(tmp_path: Path) -> None:
    levels = ("L0", "L1", "L2", "L3", "L3d")
    plan = Plan(levels=levels, episodes=40, injected=2048, interactions=256, failures=tmp_path)
    done = execute(Run(load_plugin(ID), plan))
    assert not done.error and not done.interrupted, done.reason
    verdicts = {result.id: result.verdict for result in done.results}
    assert set(verdicts.values()) == {"pass"}, verdicts
    assert set(verdicts) >= EXPECTED


def test_every_seeded_bug_is_found(tmp_path: Path) -> None:
    plan = Plan(levels=("L1",), episodes=8, injected=4096, failures=tmp_path)
    found = measure(load_plugin(ID), plan, alarms=8)
    survivors = [row["id"] for row in found["rows"] if not row["killed_by"]["L1"]]
    assert len(found["rows"]) >= 15 and not survivors
    assert found["rate"] >= 0.95 and found["false_alarms"] == 0
