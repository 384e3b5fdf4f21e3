"""The plugin of Gen 1: its declarations, every level on a few cases, and that what is declared is really shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from families.pokejax_gen1.verify import laws
from families.pokejax_gen1.verify.behaviours import behaviours, declared
from families.pokejax_gen1.verify.fields import BEHAVIOUR_SOURCES, MODULES, SOURCES
from families.pokejax_gen1.verify.jobs import case_of, job_of
from families.pokejax_gen1.verify.mutants import MUTANTS
from families.pokejax_gen1.verify.sides import PokejaxEnv, ShowdownEnv
from references.protocol import Batched, Restorable, Rollable
from references.showdown.client import BattleJob
from verification import batches, cases
from verification.cases import Case
from verification.levels import meetings
from verification.levels.context import Context, Plan
from verification.levels.pairs import compared_paths
from verification.registry import load_plugin
from verification.runner import Run, execute

ENV = "pokejax/gen1randombattle"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    failures = tmp_path_factory.mktemp("failures")
    return Plan(levels=("L1", "L2", "L3", "L3d"), injected=1024, interactions=64, episodes=6, seed=5, failures=failures)


@pytest.fixture(scope="module")
def run(small: Plan) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meetings, "_ROUNDS", 2)  # of search, each of which takes seconds
        return execute(Run(load_plugin(ENV), small))


def test_every_level_passes_on_fresh_cases(run: Run) -> None:
    found = {result.id: (result.verdict, result.reason, result.findings[:1]) for result in run.results}
    assert run.verdict == "pass", found
    assert set(found) == {
        "L1/injected",
        "L1/properties",
        "L2/pairs",
        "L2/meetings",
        "L2/scripts",
        "L2/relations",
        "L2/state-machine",
        "L3/lockstep",
        "L3d/draws",
    }


def test_relations_apply_to_most_cases(run: Run) -> None:
    stats = next(result.stats for result in run.results if result.id == "L2/relations")
    assert stats["the sides changed"] > 32 and stats["the teams in another order"] > 16


def test_coverage_names_what_was_shown(run: Run) -> None:
    assert run.coverage is not None
    assert run.coverage["declared"] == len(declared()) == len(set(declared()))
    assert run.coverage["exercised"] > 180 and not set(run.coverage["counts"]) - set(declared())


def test_places_named_exist() -> None:
    root = Path(__file__).parents[3]
    places = {place for group in (*SOURCES.values(), *BEHAVIOUR_SOURCES.values()) for place in group}
    missing = [place for place in places if not (root / (place.replace(".", "/") + ".py")).exists()]
    assert not missing
    assert {mutant.module for mutant in MUTANTS} - places <= {"pokejax.common.rng", "pokejax.gen1.view"}
    assert set(SOURCES) == set(MODULES)


def test_both_sides_have_the_capabilities_that_the_levels_use() -> None:
    for env in (ShowdownEnv("gen1ou"), PokejaxEnv("gen1ou")):
        assert isinstance(env, Restorable) and isinstance(env, Batched) and isinstance(env, Rollable)


def test_a_battle_rolled_out_equals_showdowns_own() -> None:
    plugin = load_plugin(ENV)
    assert plugin.play.trace is not None
    context = Context(plugin, Plan())
    try:
        episodes = list(plugin.play.trace(np.random.default_rng(3), 6))
        candidate = context.candidate
        assert isinstance(candidate, PokejaxEnv)
        asked = [e.options for e in episodes], [e.actions for e in episodes]
        again = ShowdownEnv.rollout(context.reference, *asked)  # type: ignore[arg-type]
        for episode, ours, theirs in zip(episodes, candidate.rollout(*asked), again, strict=True):
            states = ours.states
            assert not theirs.stopped and not context.table.compare(
                compared_paths(context), episode.states, theirs.states
            )
            assert batches.size(states) == batches.size(episode.states) == batches.size(episode.actions) + 1
            assert not context.table.compare(compared_paths(context), episode.states, states)
    finally:
        context.close()


def test_cases_and_battles_are_the_same_thing() -> None:
    teams = np.zeros((2, 6, 16), np.uint16)
    teams[:, 0, :6] = (25, 100, 85, 98, 86, 104)
    job = BattleJob("gen1ou", (1, 2), teams, np.array([[6, 7], [8, 9]], np.uint8))
    again = job_of(cases.from_json(case_of("pokejax/gen1ou", job, 2).to_json(), "here"))
    assert (again.format, again.seed, again.actions.tolist()) == (job.format, job.seed, job.actions.tolist())
    assert np.array_equal(again.teams, teams)
    with pytest.raises(ValueError, match="snapshot"):
        job_of(Case("pokejax/gen1ou", (), {"turn": np.int32(1)}))


def test_a_wrong_rule_is_found_shrunk_to_one_step_and_localised(small: Plan) -> None:
    """Poison that takes nothing: made by changing what the candidate answers."""

    class NoPoison(PokejaxEnv):
        def step_many(self, snapshots, actions):
            after = dict(super().step_many(snapshots, actions))
            for agent in ("p1", "p2"):
                for k in range(6):
                    same = (snapshots[f"{agent}.active"] == k) & (after[f"{agent}.active"] == k)
                    poisoned = same & (snapshots[f"{agent}.team.{k}.status"] == 5)
                    hp = f"{agent}.team.{k}.hp"
                    after[hp] = np.where(poisoned & (after[hp] > 0), snapshots[hp], after[hp])
            return after

        def step(self, actions):
            one = {agent: np.asarray(action)[None] for agent, action in actions.items()}
            self._now = dict(self.step_many(self._now, one))

    plugin = load_plugin(ENV).between(candidate=lambda: NoPoison("gen1randombattle"))
    found = execute(Run(plugin, replace(small, levels=("L1",), injected=1024, shrink=1))).results[0]
    assert found.verdict == "fail"
    first = found.findings[0]
    assert first.shrunk_steps == 1 and first.first_field.endswith(".hp")
    assert any(place == "pokejax.gen1.after_move" for place, _ in first.suspects[:3]), first.suspects
    shrunk = cases.load(Path(first.file))
    assert shrunk.snapshot is not None and "state fields" in first.case["shrunk"][-1]


def test_laws_see_what_breaks_them() -> None:
    plugin = load_plugin(ENV)
    assert plugin.play.mine is not None
    context = Context(plugin, Plan())
    try:
        before = plugin.play.mine(np.random.default_rng(1), 64)
        rng = np.random.default_rng(2)
        actions = batches.random_actions(rng, batches.legal_many(context.candidate, before))
        after = batches.step_many(context.candidate, before, actions)
    finally:
        context.close()
    broken = {
        "p1.team.0.hp": 9999,
        "p1.team.0.pp0": 64,
        "p2.active.atk.boost": 7,
        "p1.legal": 0,
        "turn": 5000,
    }
    for law in laws.PROPERTIES:
        assert law.holds(before, actions, after).all(), law.name
    for (path, value), law in zip(broken.items(), laws.PROPERTIES, strict=False):
        wrong = {**after, path: np.full_like(after[path], value)}
        assert not law.holds(before, actions, wrong).any(), (law.name, path)
    shown = behaviours(before, actions, after)
    assert all(len(present) == 64 for present in shown.values())
