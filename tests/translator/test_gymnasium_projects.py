"""Projects from Gymnasium ids: their plugin, their ports, what is refused; and the page that walks them to DONE."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from translator import plugins
from translator.cli import main
from translator.gymnasium_probe import probe
from translator.initialising import settings
from translator.project import load
from verification.adapters.jaxenv import JaxenvCandidate
from verification.batches import legal_many, random_actions, stack, step_many

ROOT = Path(__file__).resolve().parents[2]
CLASSICS = {
    "MountainCar-v0": ("mountain_car", "MountainCar", [], ["state.state", "state.time"]),
    "Acrobot-v1": ("acrobot", "Acrobot", [], ["state.state", "state.time"]),
    "FrozenLake-v1": ("frozen_lake", "FrozenLake", ["--set", "is_slippery=false"], ["state.s", "state.time"]),
}


@pytest.mark.parametrize("name", CLASSICS)
def test_a_classic_becomes_a_project_whose_port_steps_as_it_does(name: str, tmp_path: Path) -> None:
    file, entry, options, paths = CLASSICS[name]
    solution = ROOT / "examples/translations" / f"{file}.py"
    folder = tmp_path / "project"
    words = ["init", "--reference", f"gymnasium:{name}", *options, "--solution", str(solution), "--out", str(folder)]
    assert main(words) == 0
    project = load(folder)
    assert project.candidate.entry.endswith(f".env:{entry}") and "L4" in project.verify.levels
    assert project.reference.sources and all(one.startswith("gymnasium:envs/") for one in project.reference.sources)
    plugin = plugins.load(project.reference.plugin)
    plugin.check()
    reference = plugin.sides.reference()
    rng, found = np.random.default_rng(0), []
    while len(found) < 64:
        reference.reset(int(rng.integers(1000)))
        for _ in range(40):
            found.append(reference.snapshot())
            reference.step({"agent": int(rng.integers(reference.legal()["agent"].shape[0]))})
            if reference.snapshot()["out.terminated"]:
                break
    starts = stack(found)
    assert [path for path in starts if path.startswith("state.")] == paths
    spec = importlib.util.spec_from_file_location(f"port_{file}", solution)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    candidate = JaxenvCandidate(getattr(module, entry)(), lanes=(256,))
    actions = random_actions(rng, legal_many(reference, starts))
    theirs, ours = (step_many(side, starts, actions) for side in (reference, candidate))
    table = plugin.table()
    assert {path: table.compare([path], theirs, ours) for path in theirs if table.compare([path], theirs, ours)} == {}
    start = candidate.reset_many(0, 64, 1)["state." + paths[0].removeprefix("state.")]
    firsts = []
    for seed in range(64):
        reference.reset(seed)
        firsts.append(reference.snapshot()[paths[0]])
    assert np.allclose(np.min(start, (0, 1)), np.min(firsts, 0), atol=0.03)
    assert np.allclose(np.max(start, (0, 1)), np.max(firsts, 0), atol=0.03)


class Drawing(gymnasium.Env):
    """A step that draws, a state in two attributes, one of them None until the end, and one that nothing reads."""

    observation_space = gymnasium.spaces.Box(-9.0, 9.0, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, drawing: bool = False, hidden: bool = False) -> None:
        self.drawing, self.hidden = drawing, hidden
        self._secret: Any = [object(), 0]

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.x, self.speed, self.shown, self.over = self.np_random.uniform(-1, 1), 0.0, 0, None
        self._secret[1] = int(self.np_random.integers(5))
        return np.array([self.x], np.float32), {}

    def step(self, action: Any) -> Any:
        self.speed += 0.5 if action else -0.5
        self.x += self.speed + (self.np_random.normal() if self.drawing else 0.0) + (self._secret[1] * self.hidden)
        self.shown += 7
        ended = bool(abs(self.x) > 5)
        if ended:
            self.over = 1
        return np.array([self.x], np.float32), 1.0, ended, False, {}


@pytest.fixture(autouse=True)
def drawing() -> Any:
    gymnasium.register("translator-test/Drawing-v0", entry_point=Drawing, max_episode_steps=30)
    yield
    gymnasium.registry.pop("translator-test/Drawing-v0")


def test_the_state_is_what_decides_the_next_step() -> None:
    found = probe("translator-test/Drawing-v0", {})
    assert sorted(one.name for one in found.attributes) == ["speed", "x"]
    assert found.unset == ("over",) and found.limit == 30 and found.source == ""
    assert all(0 < one.rounding < 1e-5 for one in found.attributes)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--reference", "gymnasium:FrozenLake-v1"], "draw random numbers, or depend on something beside"),
        (["--reference", "gymnasium:translator-test/Drawing-v0", "--set", "drawing=true"], "draw random numbers, or"),
        (
            ["--reference", "gymnasium:translator-test/Drawing-v0", "--set", "hidden=true"],
            "or depend on something beside",
        ),
        (["--reference", "gymnasium:Nothing-v0"], "gymnasium:Nothing-v0: "),
        (["--reference", "brax:ant"], "write gymnasium:ID, as gymnasium:Acrobot-v1"),
        (["--reference", "gymnasium:Blackjack-v1"], "observations are a Tuple"),
        (["--reference", "gymnasium:Acrobot-v1", "--set", "x"], "--set 'x': write NAME=VALUE"),
        (["--reference", "gymnasium:Acrobot-v1", "--solution", __file__], "has no class of jaxenv.Environment"),
        (["example/cartpole", "--set", "x=1"], "--set and --solution go with --reference"),
        ([], "name one of the two: ENV, or --reference gymnasium:ID"),
    ],
)
def test_what_no_project_can_be_made_of_is_refused(
    words: list[str], told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", *words, "--out", str(tmp_path / "new")]) == 3
    said = capfd.readouterr().err
    assert said.startswith("translator init: ") and told in said and not (tmp_path / "new").exists()


def test_settings_are_json_or_text() -> None:
    assert settings(["is_slippery=false", "map_name=8x8", "n=3"]) == {"is_slippery": False, "map_name": "8x8", "n": 3}


def test_a_plugin_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"gone.py: there is no such file; mend reference.plugin"):
        plugins.load(f"{tmp_path / 'gone.py'}:plugin")
    assert plugins.in_folder("example/cartpole", tmp_path) == "example/cartpole"
    assert plugins.in_folder("plugin.py:plugin", tmp_path) == f"{tmp_path / 'plugin.py'}:plugin"


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_the_page_is_walked_as_written(tmp_path: Path) -> None:
    """`uv run pytest -m sweep tests/translator/test_gymnasium_projects.py`: all commands of the page, then the rest."""
    page = (ROOT / "docs/translator-walk.md").read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    for name in ("frozen-lake", "acrobot"):
        lines.append(f"uv run python -m translator run out/{name} --agent scripted:perfect --json {name}.json")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for line in lines:
        words = shlex.split(line)
        assert words[:3] == ["uv", "run", "python"]
        variables = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, *words[3:]], cwd=tmp_path, env=variables, check=True)
    for name in ("frozen-lake", "acrobot"):
        result = json.loads((tmp_path / f"{name}.json").read_text())
        assert result["state"] == "DONE" and result["levels"]["L4"] == "pass"
