"""Cases of E1 are played again as they were found, and joints at their limits are a class of their own."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cheetahjax.envs.inverted_pendulum import InvertedPendulum
from cheetahjax.model import INVERTED_PENDULUM
from families.cheetahjax.verify import one_step, sides, teacher
from families.cheetahjax.verify.arbiter import APART, AT_LIMIT, FAR, Arbiter
from families.cheetahjax.verify.limits import compared
from families.cheetahjax.verify.plugin import make
from families.cheetahjax.verify.poses import model_of
from families.cheetahjax.verify.tasks import TASKS, Task, compiled
from verification import cases
from verification.batches import size, stack
from verification.cli import main
from verification.fields import PluginError
from verification.levels.context import Context, Plan
from verification.levels.pairs import compared_paths
from verification.levels.study import Settings, Study
from verification.results import CheckResult

TASK = TASKS["InvertedPendulum-v5"]
REGRESSION = Path(__file__).parents[2] / "regression"
DOUBLE = {"precision": "float64", "frame skip": 1}


class Heavier(InvertedPendulum):
    """Gravity off by a millionth, which float64 alone can see."""

    model = dataclasses.replace(
        INVERTED_PENDULUM, gravity=tuple((1 + 1e-6) * part for part in INVERTED_PENDULUM.gravity)
    )


def test_a_case_of_float64_is_shrunk_and_replayed_in_float64(tmp_path: Path) -> None:
    context = Context(make(TASK.name), Plan(levels=("L1",), episodes=2, injected=32, lanes=64, failures=tmp_path))
    result = CheckResult(one_step.PHYSICS, "L1", "title")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teacher, "environment", lambda task, **options: Heavier(**options))
        one_step.run_physics(TASK, Study(Settings()), context, result)
        context.close()
        first = result.findings[0]
        assert cases.load(Path(first.file)).setting == DOUBLE
        assert first.case["shrunk"], "the shrinker saw the difference, too"
        assert main(["replay", first.file]) == 1
        single = json.loads(Path(first.file).read_text()) | {"setting": {**DOUBLE, "precision": "float32"}}
        other = tmp_path / "single.json"
        other.write_text(json.dumps(single))
        assert main(["replay", str(other)]) == 0, "float32 has not the digits"
    assert main(["replay", first.file]) == 0, "the engine as it is"


@pytest.mark.parametrize(("precision", "skip"), [("float32", 1), ("float32", 2), ("float64", 1)])
def test_both_sides_take_so_many_steps_in_that_precision(precision: str, skip: int) -> None:
    plugin = make(TASK.name).under({"precision": precision, "frame skip": skip})
    context = Context(plugin, Plan())
    paths = compared_paths(context)
    assert set(compared(TASK, precision)) == set(paths)
    start = {"state.qpos": np.array([0.1, 0.05]), "state.qvel": np.array([0.2, -0.1]), "state.time": np.int64(3)}
    case = cases.Case(TASK.env_id, ({"agent": np.ones(1, np.float32)},), {**start, "state.warmstart": np.zeros(2)})
    assert cases.play(plugin, context.table, paths, context.reference, context.candidate, case) is None
    moved = context.candidate.snapshot()["state.qpos"]
    assert moved.dtype == precision
    usual = sides.plain_reference(TASK, frame_skip=skip)
    usual.restore(case.snapshot)
    usual.step(case.actions[0])
    assert np.allclose(moved, usual.snapshot()["state.qpos"], rtol=0, atol=1e-5)
    context.close()


def test_older_files_tell_their_setting_among_what_was_found() -> None:
    old, new = (REGRESSION / f"hopper-parallel-capsules-{name}.json" for name in ("8e1cad8a2963", "3295f3492529"))
    assert "setting" not in cases.read(old) and "setting" in cases.read(new)
    assert cases.load(old).setting == cases.load(new).setting == DOUBLE
    assert cases.load(REGRESSION / "inverted-double-pendulum-rail-force.json").setting == {}


def test_unknown_settings_are_refused() -> None:
    plugin = make(TASK.name)
    with pytest.raises(PluginError, match="setting 'precision' cannot be 'float16'; it is one of float32, float64"):
        plugin.under({"precision": "float16"})
    with pytest.raises(PluginError, match="setting 'frame skip' cannot be 3; it is one of 1, 2"):
        plugin.under({"frame skip": 3})


def hopper_states(beyond: list[float]) -> dict[str, np.ndarray]:
    """The hopper in the air, its knee so far beyond its limit."""
    task, count = TASKS["Hopper-v5"], len(beyond)
    qpos = np.tile(compiled(task.name).qpos0, (count, 1))
    qpos[:, 1], qpos[:, 3:] = 3.0, [-0.5, -1.0, 0.2]
    known = model_of(task.name)
    knee = known.joints.index("leg_joint")
    qpos[:, known.limited[knee]] = known.high[knee] + np.array(beyond)
    still = np.zeros_like(qpos)
    return {"state.qpos": qpos, "state.qvel": still, "state.warmstart": still, "state.time": np.zeros(count, np.int64)}


def test_joints_at_their_limits_are_counted_apart_in_float32_only() -> None:
    arbiter = Arbiter(TASKS["Hopper-v5"])
    states = hopper_states([-2e-6, -9e-7, 0.0, 9e-7, 2e-6])
    assert arbiter.at_limit(states).tolist() == [False, True, True, True, False]
    actions = {"agent": np.zeros((size(states), 3), np.float32)}
    wrong = {path: np.array(values) for path, values in arbiter.reference.step_many(states, actions).items()}
    wrong["state.qvel"] = wrong["state.qvel"] + 0.1
    assert arbiter.settles("float32", states, actions, wrong).tolist() == [False, True, True, True, False]
    assert arbiter.to_json()[AT_LIMIT] == 3 and sum(arbiter.settled.values()) == 0, "no share of what may be settled"
    assert not arbiter.settles("float64", states, actions, wrong).any()
    assert arbiter.to_json()[AT_LIMIT] == 3
    arbiter.reference.close()


EARLY: dict[str, Any] = {
    "state.qpos": np.array([1.1372963e-3, 1.25278461, -3.46748251e-3, 1.60635123e-3, -4.84062778e-3, 4.7280374e-3]),
    "state.qvel": np.array([2.13988329e-4, -7.61662349e-2, -1.55012533e-2, -2.24776752e-2, 2.92859459e-3, 1.799769e-3]),
    "state.warmstart": np.array([-8.22388530e-2, -9.80648804, -1.42980492, -1.76601481, 0.144421354, 1.87423490e-2]),
    "state.time": np.int64(0),
}
"""A hopper that lands, at whose step MuJoCo's solver stops 1e-6 rad/s before its minimum."""


@pytest.mark.parametrize(("tolerance", "seen"), [(1e-8, False), (1e3, True)])
def test_solver_s_early_stops_are_counted_by_what_float32_sees_of_them(tolerance: float, seen: bool) -> None:
    arbiter, actions = Arbiter(TASKS["Hopper-v5"]), {"agent": np.zeros((1, 3), np.float32)}
    early = stack([{**EARLY, "state.warmstart": EARLY["state.warmstart"] + (100 if seen else 0)}])
    option = arbiter.reference.unwrapped.model.opt
    option.tolerance = 0.0
    minimum = arbiter.reference.step_many(early, actions)
    option.tolerance = tolerance
    gap = np.abs(arbiter.reference.step_many(early, actions)["state.qvel"] - minimum["state.qvel"]).max()
    assert gap > 1e-3 if seen else 1e-9 < gap < 1e-5
    assert arbiter.settles("float64", early, actions, minimum).all()
    assert arbiter.stopped == (not seen) and arbiter.settled == {FAR: int(seen), APART: 0}
    assert option.tolerance == tolerance
    arbiter.reference.close()


def test_too_many_early_stops_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(Arbiter):
        def __init__(self, task: Task) -> None:
            super().__init__(task)
            self.stopped = 5

    monkeypatch.setattr(one_step, "Arbiter", Lazy)
    context = Context(make(TASK.name), Plan(levels=("L1",), episodes=2, injected=32, lanes=64, failures=tmp_path))
    result = CheckResult(one_step.PHYSICS, "L1", "title")
    one_step.run_physics(TASK, Study(Settings()), context, result)
    context.close()
    assert result.verdict == "fail" and result.cases < 5 / one_step.STOPPED_SHARE
    assert "solver stopped early in 5 physics steps" in result.findings[0].message
