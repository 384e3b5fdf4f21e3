"""States at every boundary: generated with what belongs to them, equal in both engines, sharp enough to find bugs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from families.pokejax_gen1.verify import cases
from families.pokejax_gen1.verify.cases import Injected, Snapshots
from families.pokejax_gen1.verify.changes import CHANGES, RECIPES
from families.pokejax_gen1.verify.noise import MOST_DRAWS, extreme_state, state_before
from families.pokejax_gen1.verify.plugin import make, mined
from families.pokejax_gen1.verify.sides import PokejaxEnv
from families.pokejax_gen1.verify.steps import Gen1Steps
from pokejax.common.rng import Rng, draw
from references.showdown import steps as reference
from references.showdown.gen1.fields import column
from references.showdown.lcg import state_of, step
from references.showdown.workers import WorkerPool
from verification.levels.context import Plan
from verification.results import CheckResult
from verification.runner import Run, execute

FORMAT = "gen1randombattle"
STEPS = 3000


@pytest.fixture(scope="module")
def candidate() -> Gen1Steps:
    return Gen1Steps()


@pytest.fixture(scope="module")
def snapshots(pool: WorkerPool, commit_seed: int) -> Snapshots:
    return mined(pool, FORMAT, np.random.default_rng(commit_seed), 2048)


@pytest.fixture(scope="module")
def injected(snapshots: Snapshots, candidate: Gen1Steps, commit_seed: int) -> Injected:
    rng = np.random.default_rng([commit_seed, 1])
    return cases.injected_states(rng, STEPS, snapshots, candidate.restore_many)


def level_1(pool: WorkerPool, folder: Path, wrong: Gen1Steps | None, seed: int, count: int) -> CheckResult:
    """Level 1 of the plugin on its own injected states, with another engine if one is given."""
    plugin = make(f"pokejax/{FORMAT}", shared=pool)
    if wrong is not None:
        plugin = plugin.between(candidate=lambda: PokejaxEnv(FORMAT, wrong))
    plan = Plan(levels=("L1",), injected=count, seed=seed, shrink=0, failures=folder)
    done = execute(Run(plugin, plan))
    return next(result for result in done.results if result.id == "L1/injected")


def test_injected_steps_are_equal(pool: WorkerPool, tmp_path: Path, commit_seed: int) -> None:
    found = level_1(pool, tmp_path, None, commit_seed, STEPS)
    assert found.verdict == "pass", found.findings[:3]
    assert found.cases == STEPS and found.stats["made_by"]["unchanged"] > 0


def test_every_change_is_made_and_some_states_are_left_as_played(injected: Injected) -> None:
    made = {name for names in injected.changes for name in names}
    assert made == set(CHANGES)
    assert set(RECIPES) < set(CHANGES)
    assert any(not names for names in injected.changes)
    assert max(map(len, injected.changes)) == 4


def test_actions_are_legal_and_recipes_are_followed(injected: Injected) -> None:
    legal = injected.records[:, [column("p1.legal"), column("p2.legal")]]
    chosen = injected.actions != cases.DEFAULT
    assert ((legal >> injected.actions) & 1 == 1)[chosen].all()
    asked = injected.records[:, [column("p1.request"), column("p2.request")]] != 0
    assert 0.03 < 1 - chosen[asked].mean() < 0.08 and chosen[~asked].all(), "who is asked may answer with nonsense"
    heals = [i for i, names in enumerate(injected.changes) if names and names[-1] == "substitute-at-boundary"]
    used = [
        injected.records[i, column(f"p{n + 1}.active.move{injected.actions[i, n] - 6}.move")] == 164
        for i in heals
        for n in range(2)
        if 6 <= injected.actions[i, n] < 10
    ]
    assert sum(used) > len(heals) // 3


def test_the_same_seed_gives_the_same_states(snapshots: Snapshots, candidate: Gen1Steps) -> None:
    first, again = (
        cases.injected_states(np.random.default_rng(5), 50, snapshots, candidate.restore_many) for _ in range(2)
    )
    np.testing.assert_array_equal(first.records, again.records)
    np.testing.assert_array_equal(first.actions, again.actions)
    assert first.changes == again.changes


def test_what_follows_from_a_state_is_derived_as_the_reference_records_it(snapshots: Snapshots) -> None:
    records = snapshots.records.copy()
    derived = [
        f"{side}.active.{name}"
        for side in ("p1", "p2")
        for name in ("trapped", "maybe_locked", *(f"move{k}.disabled" for k in range(4)))
    ]
    records[:, [column(name) for name in derived]] = 1
    cases.derive(records)
    np.testing.assert_array_equal(records, snapshots.records)


class Wrong(Gen1Steps):
    """Loses a PP more than it should."""

    def step_told(self, *args: np.ndarray) -> tuple[np.ndarray, Any]:
        after, outs = super().step_told(*args)
        after[:, column("p1.team.0.pp0")] -= 1
        return after, outs


def test_a_wrong_engine_is_found_with_field_and_change(pool: WorkerPool, tmp_path: Path) -> None:
    found = level_1(pool, tmp_path, Wrong(), 1, 128)
    assert found.divergences + found.stats.get("reference_threw", 0) == 128
    assert set(found.first_fields) == {"p1.team.0.pp0"}
    assert {name for one in found.findings for name in one.case["made by"].split("+")} <= {
        *CHANGES,
        cases.UNCHANGED,
        "played",
    }


def test_a_wrong_mask_is_found_before_the_step(snapshots: Snapshots, candidate: Gen1Steps, pool: WorkerPool) -> None:
    """Restoring gives back the mask that the rest of the record implies, in both."""
    teams, records = snapshots.teams[:1], snapshots.records[:1].copy()
    records[0, column("p1.legal")] ^= 1 << 10
    for again in (candidate.restore_many(teams, records), reference.restore_many(pool, FORMAT, teams, records).records):
        assert again[0, column("p1.legal")] == snapshots.records[0, column("p1.legal")]


@pytest.mark.parametrize("index", range(MOST_DRAWS))
@pytest.mark.parametrize("word", [0, 1, 0xFFFFFFFF, 0x19000000, 0x18FFFFFF])
def test_state_before_a_draw(index: int, word: int) -> None:
    state = state_of(*state_before(index, word, 0x1234_5678))
    for _ in range(index + 1):
        state = step(state)
    assert state == word << 32 | 0x1234_5678


def test_the_engine_draws_what_was_asked_for() -> None:
    high, low = state_before(1, 0x19000000)
    rng, _ = draw(Rng(hi=jnp.uint32(high), lo=jnp.uint32(low)), 256)
    assert int(draw(rng, 256)[1]) == 0x19


def test_extreme_states_have_a_draw_at_a_boundary() -> None:
    rng = np.random.default_rng(2)
    seen = set()
    for _ in range(200):
        state = state_of(*extreme_state(rng))
        for _ in range(MOST_DRAWS):
            state = step(state)
            seen.add(state >> 32)
    assert {0, 0xFFFFFFFF} <= seen
