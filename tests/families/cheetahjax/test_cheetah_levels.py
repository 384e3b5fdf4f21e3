"""The plugin's own checks (E1 to E4) on the smallest task: they pass, and a wrong constant of the model fails them."""

import dataclasses
from functools import partial

import pytest

from cheetahjax.envs.inverted_pendulum import InvertedPendulum
from cheetahjax.model import INVERTED_PENDULUM
from families.cheetahjax.verify import duties, free, one_step, teacher
from families.cheetahjax.verify.plugin import make
from families.cheetahjax.verify.tasks import TASKS
from verification.levels.context import Context, Plan
from verification.levels.study import Settings, Study

TASK = TASKS["InvertedPendulum-v5"]


def scaled(model, factor):
    """The model under another gravity."""
    return dataclasses.replace(model, gravity=tuple(factor * part for part in model.gravity))


@pytest.fixture(params=["as it is", "gravity off by a millionth", "gravity off by a tenth"])
def gravity(request, monkeypatch):
    """By how much the engine under test is wrong."""
    factor = {"as it is": 1.0, "gravity off by a millionth": 1 + 1e-6, "gravity off by a tenth": 1.1}[request.param]

    class Wrong(InvertedPendulum):
        model = scaled(INVERTED_PENDULUM, factor)

    if factor != 1:
        monkeypatch.setattr(teacher, "environment", lambda task, **options: Wrong(**options))
    return factor


def run(check, tmp_path, **amounts):
    """One check's result on the smallest task."""
    plan = Plan(levels=("L1",), **{"episodes": 8, "injected": 256, "lanes": 256, "shrink": 0, **amounts})
    context = Context(make(TASK.name), dataclasses.replace(plan, failures=tmp_path))
    from verification.results import CheckResult

    result = CheckResult("id", "L1", "title")
    check(context, result)
    context.close()
    return result


def test_physics_steps(gravity, tmp_path):
    result = run(partial(one_step.run_physics, TASK, Study(Settings())), tmp_path)
    assert result.verdict == ("pass" if gravity == 1 else "fail")
    if gravity == 1:
        stress = result.stats["stress, float64"]
        assert stress["errors"]["state.qvel"]["max"] < 1e-9 and stress["solver"]["unconverged"] == 0
        assert result.stats["rollout, float32"]["errors"]["state.qpos"]["over"] == 0
    elif gravity < 1.01:  # far too little for float32
        assert {finding.case["precision"] for finding in result.findings} == {"float64"}


def test_env_steps(gravity, tmp_path):
    result = run(partial(one_step.run_env, TASK, Study(Settings())), tmp_path)
    assert result.verdict == ("pass" if gravity < 1.01 else "fail")
    assert result.stats["stress"]["steps"] == 256


def test_runs_part_no_sooner_than_rounding_parts_them(gravity, tmp_path, monkeypatch):
    monkeypatch.setattr(free, "STEPS", 40)
    monkeypatch.setattr(free, "RUNS", 16)
    result = run(partial(free.run, TASK), tmp_path)
    assert result.verdict == ("pass" if gravity < 1.01 else "fail")


def test_statistics(tmp_path, monkeypatch):
    monkeypatch.setattr(duties, "LEAST_EPISODES", 48)
    monkeypatch.setattr(duties, "PLAYED_ON", 40)
    result = run(partial(duties.run, TASK), tmp_path)
    assert result.divergences == 0 and result.cases == 96
    assert {one["metric"] for one in result.stats["equivalence"]} >= {"return"}
