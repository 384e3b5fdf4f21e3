"""A planar task by one SIMD kernel: levels 1 and 3 pass, and what they compare is the kernel's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from families.cheetahjax.verify import duties, free, sides
from families.cheetahjax.verify.tasks import TASKS
from families.cheetahjax.verify.teacher import Teacher
from references.protocol import with_figures
from verification.backends import vmap_of
from verification.levels.context import Context, Plan
from verification.registry import load_plugin
from verification.runner import Run, checks_of, execute

TASK = TASKS["InvertedPendulum-v5"]


@pytest.fixture(scope="module", autouse=True)
def _kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("kernels")
    folder.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAXLANES_CACHE", str(folder))
        yield


def test_levels_1_and_3_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit_seed: int) -> None:
    monkeypatch.setattr(duties, "LEAST_EPISODES", 30)
    monkeypatch.setattr(duties, "PLAYED_ON", 40)
    monkeypatch.setattr(free, "STEPS", 60)
    plugin = load_plugin(TASK.env_id).configured({"backend": "simd"})
    plan = Plan(levels=("L1", "L3"), injected=128, episodes=8, lanes=256, seed=commit_seed, failures=tmp_path)
    done = execute(Run(plugin, plan))
    found = {result.id: result for result in done.results}
    assert list(found) == [check.id for check in checks_of(Context(plugin, plan), plan.levels)] and len(found) == 7
    # So few episodes leave it open how close the long statistics are, but they show no difference.
    open_ends = found.pop("L3/statistics")
    assert open_ends.divergences == 0 and open_ends.verdict in ("pass", "inconclusive"), open_ends.reason
    assert {result.verdict for result in found.values()} == {"pass"}, [
        (result.id, result.reason, result.findings[:1]) for result in found.values() if result.verdict != "pass"
    ]
    assert done.info["candidate"]["backend"] == "simd"


def _states(lanes: int) -> dict[str, np.ndarray]:
    shapes = {"qpos": (lanes, 2), "qvel": (lanes, 2), "warmstart": (lanes, 2), "time": (lanes,)}
    return {
        "state." + name: np.zeros(shape, np.int32 if name == "time" else np.float32) for name, shape in shapes.items()
    }


@pytest.mark.parametrize("backend", ["xla", "simd"])
def test_the_steps_are_the_kernels(backend: str) -> None:
    """Those of the candidate, many and one, and the teacher's in float32; in float64 the teacher's are XLA's."""
    vmap, lanes = vmap_of(backend), 8
    paths, actions = _states(lanes), np.zeros((lanes, 1), np.float32)
    made = sides.candidate(TASK, vmap).live
    made.reset(0)
    figures = {
        path: value.astype(np.float32)
        if value.dtype == np.float64
        else value.astype(np.int32)
        if value.dtype == np.int64
        else value
        for path, value in with_figures(paths, 1000).items()
    }
    texts = [
        made._step_many.lower(figures, actions).as_text(),
        made._step.lower(made._held(), actions[0]).as_text(),
        Teacher(TASK, 1, vmap=vmap)._step.lower(paths, actions).as_text(),
    ]
    assert ["jaxlanes_" in text for text in texts] == [backend == "simd"] * 3
    with jax.enable_x64(True):
        double = {path: values if path == "state.time" else values.astype(float) for path, values in paths.items()}
        text = Teacher(TASK, 1, "float64", vmap=vmap)._step.lower(double, jnp.asarray(actions)).as_text()
    assert "jaxlanes_" not in text


def test_one_state_steps_as_it_does_among_others() -> None:
    made = sides.candidate(TASK, vmap_of("simd"))
    made.reset(3)
    before = made.snapshot()
    action = np.array([0.7], np.float32)
    made.step({"agent": action})
    alone, batch = made.snapshot(), {path: np.repeat(np.asarray(v)[None], 5, 0) for path, v in before.items()}
    among = made.step_many(batch, {"agent": np.repeat(action[None], 5, 0)})
    for path, values in among.items():
        assert np.array_equal(values, np.repeat(np.asarray(alone[path])[None], 5, 0)), path
