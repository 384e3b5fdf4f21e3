"""The generic levels on a small game: what is equal passes, every planted bug is found, localised and shrunk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_pair

from families import Family
from verification import cases, runner
from verification.cases import Case, CaseFileError
from verification.fields import FieldSpec, FieldTable
from verification.levels.context import Context, Plan
from verification.levels.interaction import covering
from verification.levels.machine import run as run_machine
from verification.levels.pairs import compared_paths
from verification.plugin import Mutants, Plugin, Relation
from verification.registry import UnknownPluginError, load_plugin
from verification.results import CheckResult
from verification.runner import Run, execute, to_json
from verification.shrink import Shrinker, ddmin, ddmin_batched
from verification.statistics.margin import Margin


def plan(tmp_path: Path, *levels: str, **changes: Any) -> Plan:
    amounts = {"injected": 400, "interactions": 64, "episodes": 30, "failures": tmp_path / "failures"}
    return Plan(levels=levels or ("L1", "L2", "L3"), **{**amounts, **changes})


def results(plugin: Plugin, chosen: Plan) -> dict[str, CheckResult]:
    return {result.id: result for result in execute(Run(plugin, chosen)).results}


def test_equal_sides_pass_every_check(tmp_path: Path) -> None:
    run = execute(Run(toy_pair.good(), plan(tmp_path)))
    assert run.verdict == "pass", [(r.id, r.verdict, r.reason) for r in run.results]
    assert {r.id for r in run.results} >= {
        "L1/injected",
        "L1/properties",
        "L2/pairs",
        "L2/state-machine",
        "L3/episodes",
    }
    assert all(r.cases > 0 for r in run.results)
    coverage = to_json(run)["coverage"]
    assert coverage["never"] == ["revived"] and coverage["counts"]["poisoned"] > 0


@pytest.mark.parametrize("check", ["L1/injected", "L2/pairs", "L2/state-machine", "L3/episodes"])
def test_every_level_finds_the_bug_and_shrinks_it_to_one_step(check: str, tmp_path: Path) -> None:
    found = results(toy_pair.buggy(), plan(tmp_path, check.split("/")[0]))[check]
    assert found.verdict == "fail" and found.first_fields == {"hp": found.divergences}
    first = found.findings[0]
    assert first.shrunk_steps == 1 and Path(first.file).exists() and first.file in first.repro
    assert first.differences[0].module == "health"
    case = cases.load(Path(first.file))
    # The state that matters: poisoned and no potion left, before the step or by it.
    assert case.snapshot is not None
    action = int(case.actions[0]["agent"])
    assert int(case.snapshot["potions"]) - (action == 1) == 0
    assert bool(case.snapshot["poison"]) or action == 2


def test_suspects_come_from_owners_and_from_what_goes_with_failing(tmp_path: Path) -> None:
    finding = results(toy_pair.buggy(), plan(tmp_path, "L1"))["L1/injected"].findings[0]
    places = [place for place, _ in finding.suspects]
    assert places[0] == "monster.heal", "running out of potions goes with every failure"
    assert "monster.poison" in places


def test_a_bug_that_random_play_does_not_reach_needs_injected_states(tmp_path: Path) -> None:
    def inject(rng: np.random.Generator, snapshots: Any, count: int) -> Any:
        late = dict(snapshots)
        late["steps"] = np.full(len(snapshots["hp"]), toy_pair.LAST_STEP - 2)
        from verification.plugin import Injected

        chosen = rng.integers(len(late["hp"]), size=count)
        batch = {path: values[chosen] for path, values in late.items()}
        return Injected(batch, {"agent": np.zeros(count, int)}, ["near the end"] * count)

    assert results(toy_pair.late(), plan(tmp_path, "L3"))["L3/episodes"].verdict == "pass"
    found = results(toy_pair.changed(toy_pair.late(), inject=inject), plan(tmp_path, "L1"))["L1/injected"]
    assert found.verdict == "fail" and found.findings[0].case["made by"] == "near the end"


def test_draws_are_matched_by_label(tmp_path: Path) -> None:
    assert execute(Run(toy_pair.taped(), plan(tmp_path))).verdict == "pass"
    for bug, words in (("extra-draw", "never made by the reference"), ("no-draw", "candidate did not make")):
        plugin = toy_pair.make("toy_pair:taped", kind=toy_pair.TapedMonster, bug=bug)
        found = results(plugin, plan(tmp_path, "L1", "L3"))
        for check in ("L1/injected", "L3/episodes"):
            first = found[check].findings[0]
            assert found[check].verdict == "fail" and words in first.draws
            assert first.differences[0].name == "noise.tape"


def test_without_restore_the_checks_that_need_it_are_not_run_and_not_green(tmp_path: Path) -> None:
    run = execute(Run(toy_pair.plain(), plan(tmp_path)))
    verdicts = {result.id: (result.verdict, result.reason) for result in run.results}
    assert verdicts["L1/injected"] == ("not_run", "needs a Restorable reference, a Restorable candidate")
    assert verdicts["L3/episodes"][0] == "pass" and run.verdict == "not_run"
    gaps = to_json(run)["capabilities"]["missing"]
    assert ("candidate", "Restorable") in [(gap["side"], gap["capability"]) for gap in gaps]


def test_without_restore_hypothesis_and_ddmin_shrink_the_actions(tmp_path: Path) -> None:
    found = results(toy_pair.plain_buggy(), plan(tmp_path, "L3"))["L3/episodes"]
    first = found.findings[0]
    # Three potions, the poison, and the step that shows it.
    assert found.verdict == "fail" and first.shrunk_steps is not None and first.shrunk_steps <= 5
    assert cases.load(Path(first.file)).snapshot is None


def test_ddmin_keeps_exactly_what_is_needed() -> None:
    assert ddmin(list(range(50)), lambda kept: {7, 23, 41} <= set(kept)) == [7, 23, 41]
    assert ddmin([1, 2, 3], lambda kept: True) == []


def test_ddmin_asks_nothing_behind_the_first_yes() -> None:
    """A case of many steps is played for each question."""
    asked: list[int] = []

    def fails(kept: list[int]) -> bool:
        asked.append(len(kept))
        return {20, 40} <= set(kept)

    def of_all(subsets: Sequence[Sequence[int]]) -> list[bool]:
        return [fails(list(subset)) for subset in subsets]

    assert ddmin(list(range(64)), fails) == [20, 40]
    lazily = len(asked)
    asked.clear()
    assert ddmin_batched(list(range(64)), of_all) == [20, 40]
    assert lazily < len(asked)


def test_shrinking_ends_after_so_many_steps(tmp_path: Path) -> None:
    plugin = toy_pair.plain_buggy()
    found = results(plugin, plan(tmp_path, "L3"))["L3/episodes"]
    context = Context(plugin, Plan())
    shrinker = Shrinker(context.plugin, context.table, compared_paths(context), context.reference, context.candidate)
    case = cases.load(Path(found.findings[0].file))
    long = shrinker.shrink(case, hypothesis_examples=1)
    none = shrinker.shrink(case, hypothesis_examples=1, most_steps=1)
    assert long is not None and none is not None and none.steps >= long.steps
    assert none.history[-1] == "ended after 1 steps" and "ended" not in long.history[-1]


def test_covering_shows_every_pair_that_any_case_shows() -> None:
    rng = np.random.default_rng(0)
    shown = rng.random((400, 12)) < 0.2
    chosen, covered, possible = covering(shown, 400)
    assert covered == possible and len(chosen) < 200
    pairs = {(a, b) for row in shown[chosen] for a in np.flatnonzero(row) for b in np.flatnonzero(row)}
    assert pairs == {(a, b) for row in shown for a in np.flatnonzero(row) for b in np.flatnonzero(row)}


def test_relations_hold_or_are_reported(tmp_path: Path) -> None:
    def older(before: Any, actions: Any) -> Any:
        return {**before, "steps": np.maximum(before["steps"] - 1, 0)}, actions

    def expect(after: Any) -> Any:
        return {path: after[path] for path in ("hp", "potions", "poison")}

    relation = Relation("a step earlier", older, expect)
    found = results(toy_pair.changed(toy_pair.good(), relations=(relation,)), plan(tmp_path, "L2"))["L2/relations"]
    assert found.verdict == "pass" and found.stats["a step earlier"] == found.cases > 0
    wrong = Relation("healing does nothing", older, lambda after: {**expect(after), "hp": after["hp"] + 1})
    found = results(toy_pair.changed(toy_pair.good(), relations=(wrong,)), plan(tmp_path, "L2"))["L2/relations"]
    assert found.verdict == "fail" and found.findings[0].case["relation"] == "healing does nothing"


def test_level_0_compares_with_a_fresh_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    found = results(toy_pair.good(), plan(tmp_path, "L0"))
    assert {id: result.verdict for id, result in found.items()} == {
        "L0/declaration": "pass",
        "L0/fresh-process": "pass",
        "L0/restore": "pass",
    }


def test_steps_to_which_the_reference_has_no_answer_are_counted_and_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every standard check, of a plugin whose fields do not name the protocol's own mark."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    run = execute(Run(toy_pair.silent(), plan(tmp_path, "L0", "L1", "L2", "L3")))
    found = {result.id: (result.verdict, result.reason, result.findings[:1]) for result in run.results}
    assert run.verdict == "pass" and "L0/batch" in found, (run.reason, found)
    counted = {result.id: result.stats.get("reference_threw", 0) for result in run.results}
    assert counted["L1/injected"] > 0 and counted["L2/pairs"] > 0 and counted["L3/episodes"] > 0, counted


def test_a_reference_that_is_not_deterministic_is_refused(tmp_path: Path) -> None:
    run = execute(Run(toy_pair.restless(), plan(tmp_path, "L3")))
    assert run.verdict == "error" and "not deterministic" in run.reason and "reset(seed)" in run.reason
    assert not run.results, "nothing was run"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fields": toy_pair.FIELDS[1:]}, "'potions' is named by no FieldSpec"),
        ({"fields": (*toy_pair.FIELDS, FieldSpec("mana", "bag"))}, "['mana'] match nothing"),
        (
            {"fields": (FieldSpec("pot*", "bag"), FieldSpec("p*s", "health"), *toy_pair.FIELDS[1:])},
            "owned by modules ['bag', 'health']",
        ),
        ({"fields": (*toy_pair.FIELDS[:-1], FieldSpec("out.*", "outcome", "float", atol=0.1))}, "needs a reason"),
        ({"fields": (*toy_pair.FIELDS[:-1], FieldSpec("out.*", "outcome", "ignore"))}, "needs a reason"),
        ({"fields": (*toy_pair.FIELDS[:-1], FieldSpec("out.*", "outcome", atol=1, why="x"))}, "compared exactly"),
        ({"fields": (*toy_pair.FIELDS[:-1], FieldSpec("out.*", "nobody"))}, "module 'nobody' is not one of"),
        ({"noise": "loud"}, "noise 'loud'"),
        ({"options": ()}, "give at least one variant"),
        ({"sources": {"nobody": ("x",)}}, "module 'nobody'"),
        ({"mutants": Mutants(seeded=lambda: [])}, "`mutated`"),
    ],
)
def test_unsound_plugins_are_refused_before_anything_runs(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    run = execute(Run(toy_pair.make("toy_pair:bad", **changes), plan(tmp_path, "L0", "L1")))
    assert run.verdict == "error" and words in run.reason, run.reason
    assert all(result.cases == 0 for result in run.results)


def test_a_margin_needs_a_reason(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="reason"):
        toy_pair.make("toy_pair:bad", margins={"return": Margin(1.0, reason=" ")}).check()


def test_tolerances_by_kind() -> None:
    table = FieldTable(
        [
            FieldSpec("x", "m", "float", atol=0.1, why="test"),
            FieldSpec("a", "m", "angle", atol=0.1, why="test"),
            FieldSpec("u", "m", "float", ulp=2, why="test"),
            FieldSpec("s", "m", "set"),
            FieldSpec("b", "m", "multiset"),
        ],
        ["m"],
    )
    one = np.float32(1)
    near, far = np.nextafter(one, np.float32(2)), np.float32(1.001)
    pairs = {
        "x": ([1.0, 1.0, np.nan, np.nan], [1.05, 1.2, np.nan, 1.0], [False, True, False, True]),
        "a": ([0.01, 0.01, 0.0, 3.1], [2 * np.pi, 0.2, 2 * np.pi, -3.1], [False, True, False, False]),
        "u": (np.array([one] * 2), np.array([near, far]), [False, True]),
        "s": ([[1, 2, 2], [1, 2, 3]], [[2, 1, 1], [1, 2, 2]], [False, True]),
        "b": ([[1, 2, 2], [1, 2, 3]], [[2, 1, 1], [3, 2, 1]], [True, False]),
    }
    for path, (reference, candidate, differs) in pairs.items():
        assert table.differs(path, np.array(reference), np.array(candidate)).tolist() == differs, path


def test_a_case_survives_its_file_exactly(tmp_path: Path) -> None:
    snapshot = {"x": np.float32(0.1), "grid": np.arange(6, dtype=np.uint8).reshape(2, 3), "on": np.bool_(True)}
    case = Case("toy_pair:good", ({"agent": np.int64(2)},), snapshot, 3, {"teams": np.zeros((2, 2), np.uint16)})
    path = tmp_path / "case.json"
    cases.write_json(path, case.to_json())
    again = cases.load(path)
    assert again.digest == case.digest and again.snapshot is not None
    for name, value in snapshot.items():
        assert again.snapshot[name].dtype == value.dtype and np.array_equal(again.snapshot[name], value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"schema": "verification.case/1", "env"', "cut off"),
        ("[1, 2]", "holds a list"),
        ('{"schema": "something/else"}', "is this a counterexample"),
        ('{"schema": "verification.case/1", "env": "x"}', "'snapshot'"),
        (None, "no such file"),
    ],
)
def test_damaged_and_foreign_cases_are_refused(text: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CaseFileError, match=words) as error:
        cases.load(path)
    assert str(path) in str(error.value)


def test_the_shrinker_says_when_a_case_differs_no_more() -> None:
    context = Context(toy_pair.good(), Plan())
    shrinker = Shrinker(context.plugin, context.table, compared_paths(context), context.reference, context.candidate)
    assert shrinker.shrink(Case("toy_pair:good", ({"agent": 0},))) is None


def test_an_interrupted_run_says_so_and_is_continued(tmp_path: Path) -> None:
    from verification.cases import write_json

    calls: list[str] = []

    def stop(check: Any, result: CheckResult) -> None:
        calls.append(check.id)
        if check.id == "L2/pairs":
            raise KeyboardInterrupt

    chosen = plan(tmp_path, "L1", "L2", "L3")
    run = execute(Run(toy_pair.good(), chosen), stop)
    report = to_json(run)
    assert run.interrupted and report["verdict"] == "not_run" and not report["complete"]
    path = tmp_path / "r.json"
    write_json(path, report)
    done = runner.finished_checks(path, toy_pair.good(), chosen)
    assert set(done) == {"L1/injected", "L1/properties"}
    again = execute(Run(toy_pair.good(), chosen, done=done))
    assert again.verdict == "pass" and [r.id for r in again.results][:2] == ["L1/injected", "L1/properties"]
    assert again.results[0].seconds == run.results[0].seconds, "taken over, not run again"
    with pytest.raises(ValueError, match="plan is"):
        runner.finished_checks(path, toy_pair.good(), plan(tmp_path, "L1", "L2", "L3", seed=9))


def test_the_state_machine_jumps_back(tmp_path: Path) -> None:
    context = Context(toy_pair.good(), plan(tmp_path))
    result = CheckResult("L2/state-machine", "L2", "")
    run_machine(context, result)
    assert result.verdict == "pass" and result.steps > 50


def test_plugins_are_found_by_id_by_target_and_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_plugin("toy_pair:good").env == "toy_pair:good"
    with pytest.raises(UnknownPluginError, match="did you mean pokejax/gen1ou"):
        load_plugin("pokejax/gen1uo")
    with pytest.raises(UnknownPluginError, match="no attribute 'nothing'"):
        load_plugin("toy_pair:nothing")

    class Entry:
        name, value = "third", "third_party:FAMILY"

        def load(self) -> Family:
            return Family(name="third", plugins={"third/party": "toy_pair:good"})

    monkeypatch.setattr("families.lookup.entry_points", lambda group: [Entry()])
    assert load_plugin("third/party").env == "toy_pair:good"


def test_reports_are_plain_json(tmp_path: Path) -> None:
    run = execute(Run(toy_pair.buggy(), plan(tmp_path)))
    report = json.loads(json.dumps(to_json(run)))
    assert report["verdict"] == "fail" and report["schema"] == runner.SCHEMA
    level = report["levels"][0]
    assert level["level"] == "L1" and level["divergences"] > 0
    again = CheckResult.from_json(level["checks"][0]).to_json()
    assert json.loads(json.dumps(again)) == level["checks"][0]
