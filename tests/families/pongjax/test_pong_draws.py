"""PongJAX's own serves: level 3d passes for both ids, and finds every mutant of the draws."""

from __future__ import annotations

from pathlib import Path

import pytest
from pong_runs import need_reference

from families.pongjax.verify.draws import REPEATS, ROUNDS, Draws
from families.pongjax.verify.mutants import DRAWS
from verification.levels.context import Plan
from verification.mutants.rewrite import load_mutated
from verification.registry import load_plugin
from verification.runner import Run, execute
from verification.statistics.laws import check_draws

LANES = 4096


@pytest.fixture(scope="module", autouse=True)
def compiled_reference() -> None:
    need_reference()


@pytest.mark.parametrize("env", ["pongjax/puffer_pong", "pongjax/puffer_pong_continuous"])
def test_level_3d_passes(env: str, tmp_path: Path, commit_seed: int) -> None:
    run = execute(Run(load_plugin(env), Plan(levels=("L3d",), seed=commit_seed, failures=tmp_path)))
    (result,) = run.results
    assert (result.id, result.verdict, result.notes) == ("L3d/draws", "pass", []), result.findings
    assert {label.rpartition(", frame skip ")[0] for label in result.stats["labels"]} == {
        f"serve after {name}" for name in ROUNDS
    }
    assert result.cases == 16384 * REPEATS * 2 * len(ROUNDS)


def test_draws_of_every_mutant_of_the_draws_are_alarming() -> None:
    """Level 3d, with fewer lanes than a run's; the original raises no alarm."""
    copies = load_mutated(DRAWS, ("pongjax",))
    draws = Draws(False, copies.module("pongjax.env").PufferPong, copies.switch.jit)
    found = {}
    for mutant in (None, *DRAWS):
        copies.switch.select(mutant.id if mutant else 0)
        sample = draws(1, LANES)
        report = check_draws(sample.laws, sample.values)
        found[mutant.id if mutant else ""] = bool(report.alarms)
        if mutant is None:
            assert not report.not_tested and len(report.tests) > 100
    assert {mutant.expected for mutant in DRAWS} == {"L3d"} and "G4" in found and "X2" in found
    assert found == {name: bool(name) for name in found}
