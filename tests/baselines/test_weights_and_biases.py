"""`--wandb`: what the package is told, by a stand-in with its documented interface; the package itself, offline, where
it is installed (`uv run --with wandb pytest tests/baselines/test_weights_and_biases.py`)."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import small_environments  # noqa: F401 (registers small/chain)

from baselines.cli import main
from baselines.errors import MissingPackageError
from baselines.loggers import WeightsAndBiases, scalars
from baselines.plot import read_rows

ROOT = Path(__file__).parents[2]
STEPS = 128 * 4 * 2
SMALL = ["--steps", str(STEPS), "--ppo.environments", "16", "--ppo.horizon", "8", "--ppo.minibatches", "2"]
SMALL += ["--ppo.epochs", "2", "--ppo.learning-rate", "0.01", "--network.hidden", "16"]  # `TINY_CONFIG`'s program
SMALL += ["--updates-per-chunk", "4", "--backend", "xla", "--eval-episodes", "0"]


class UsageError(Exception):
    """`wandb.errors.UsageError`."""


class Run:
    """`wandb.Run`: figures by step, which never go back."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings, self.logged, self.finished = settings, [], 0

    def log(self, data: dict[str, Any], step: int | None = None, commit: bool | None = None) -> None:
        assert not self.finished and step is not None
        assert not self.logged or step > self.logged[-1][0], "a step that goes back is dropped"
        self.logged.append((step, dict(data)))

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        self.finished += 1


class Module:
    """`wandb`, as far as its reference documents what is used here."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def init(
        self,
        entity: str | None = None,
        project: str | None = None,
        dir: str | os.PathLike[str] | None = None,
        id: str | None = None,
        name: str | None = None,
        notes: str | None = None,
        tags: tuple[str, ...] | None = None,
        config: dict[str, Any] | str | None = None,
        mode: str | None = None,
    ) -> Run:
        if os.environ.get("WANDB_MODE") != "offline" and not os.environ.get("WANDB_API_KEY"):
            raise UsageError("No API key configured. Use `wandb login` to log in.")
        self.runs.append(Run({"project": project, "name": name, "dir": dir, "config": config}))
        return self.runs[-1]


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> Module:
    module = Module()
    monkeypatch.setitem(sys.modules, "wandb", module)
    monkeypatch.setattr("baselines.cli._cache_compiled_programs", lambda: None)
    monkeypatch.setattr("baselines.speed.env_sps", lambda lanes: 1.0)
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("WANDB_MODE", "offline")
    return module


def test_every_row_is_logged_and_the_run_finished(wandb: Module, tmp_path: Path) -> None:
    folder = tmp_path / "chain"
    assert main(["train", "small/chain", *SMALL, "--seed", "3", "--wandb", "try", "--out", str(folder)]) == 0
    (run,) = wandb.runs
    config = {"env": "small/chain", "seed": 3}
    assert run.settings == {"project": "try", "name": "chain", "dir": str(folder), "config": config}
    assert run.finished == 1
    rows = read_rows(folder)
    assert [step for step, _ in run.logged] == [row["steps"] for row in rows] == [STEPS // 2, STEPS]
    for (_, logged), row in zip(run.logged, rows, strict=True):
        assert logged == scalars(row)
        assert {"mean_return", "entropy", "approx_kl", "sps"} <= set(logged)


def test_a_missing_key_is_answered_in_words(
    wandb: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("WANDB_MODE")
    assert main(["train", "small/chain", *SMALL, "--wandb", "try", "--out", str(tmp_path / "run")]) == 1
    said = capsys.readouterr().err
    assert "No API key configured" in said and "set WANDB_API_KEY, or WANDB_MODE=offline" in said
    assert not wandb.runs


def test_a_missing_package_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingPackageError, match=r"`pip install wandb`"):
        WeightsAndBiases(tmp_path, "project", {})


@pytest.mark.skipif(importlib.util.find_spec("wandb") is None, reason="wandb is not installed: uv run --with wandb")
def test_the_package_itself_keeps_a_run_offline(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    env = {**os.environ, "WANDB_MODE": "offline"}
    command = [sys.executable, "-m", "baselines", "train", "pongjax/puffer_pong", *SMALL, "--wandb", "try"]
    done = subprocess.run(
        [*command, "--out", str(folder)], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "wandb sync" in done.stdout + done.stderr
    (kept,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    assert kept.stat().st_size > 1000 and json.loads((folder / "result.json").read_text())["status"] == "done"
