"""The quickstart's last act, on a small game whose right answer is known: 2 wins the last round."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2] / "baselines"))
import small_environments as small

import baselines.train
from baselines import family
from baselines.policy import load
from baselines.train import Budget, Request, Result, train
from baselines.transfer import game as games
from baselines.transfer.game import Game
from families.pokejax_gen1.quickstart import training
from families.pokejax_gen1.quickstart.findings import Findings
from jaxenv import make
from references.showdown.install import ReferenceUnavailableError

ENV = "small/pennies"
CONFIG = dataclasses.replace(small.TINY_CONFIG, updates_per_chunk=24)
STEPS = 128 * 48


class Pennies(Game):
    """Our own environment is the reference."""

    def given(self, keys: Any, rng: np.random.Generator) -> dict[str, Any]:
        return {}

    def outcome(self, total: Any) -> Any:
        return (total + 1) / 2

    def reference(self, lanes: int, workers: int) -> Any:
        return self.candidate(lanes)


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Result:
    request = Request(ENV, CONFIG, Budget(steps=STEPS), tmp_path_factory.mktemp("policy") / "run")
    return train(request, Console(file=io.StringIO()))


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, trained_once: Result) -> list[Request]:
    """Requests for training, all answered by one run that the tests share."""
    requests: list[Request] = []

    def once(request: Request, console: Console) -> Result:
        requests.append(request)
        return trained_once

    monkeypatch.setattr(baselines.train, "train", once)
    monkeypatch.setattr(family, "config_of", lambda env_id: CONFIG)
    monkeypatch.setattr(games, "game", lambda env_id: Pennies(make(env_id)))
    monkeypatch.setattr(training, "RANDOM_BATTLES", 60)
    return requests


@pytest.fixture
def findings() -> Findings:
    return Findings(ENV, 0, "xla:cpu", 2)


def act(findings: Findings, out: Path) -> str:
    from families.pokejax_gen1.quickstart.command import _bars

    console = Console(file=io.StringIO(), record=True, width=200)
    options = argparse.Namespace(seed=0, train=STEPS, out=out, backend="auto")
    training.train_and_play(findings, ENV, options, console, _bars(console))
    return console.export_text()


def test_a_policy_is_trained_and_plays_both(findings: Findings, tmp_path: Path, asked: list[Request]) -> None:
    said = act(findings, tmp_path)
    (request,) = asked
    assert request.budget == Budget(steps=STEPS) and request.env == ENV and request.config == CONFIG
    assert request.folder.parent == tmp_path / "policy"
    assert findings.not_done == [] and "Training a policy" in said
    trained = findings.trained
    assert trained is not None and trained.steps == STEPS and not trained.interrupted
    # Whoever names 2 loses to nobody, and ties with a third of random play.
    assert trained.random_battles == 60 and 0.5 < trained.random_wins / 60 < 0.85
    assert sum(trained.showdown) == training.SHOWDOWN_BATTLES and trained.showdown[2] <= 3 < trained.showdown[0]
    assert trained.rival == "uniform"
    assert load(trained.folder, 0).env == ENV
    rows = dict(findings.rows())
    assert rows["  against random play"] == f"{trained.random_wins / 60:.1%} of 60 battles won, in JAX"
    assert rows["  in the real Showdown"].endswith("lost against uniform")
    assert f"train {ENV} --resume {trained.folder}" in rows["to train on"]
    findings.write(tmp_path / "quickstart.json")
    told = json.loads((tmp_path / "quickstart.json").read_text())["trained"]
    assert told["random_wins"] == trained.random_wins and told["showdown"] == trained.showdown


def test_without_the_packages_one_line_says_how(
    findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = training.importlib.util.find_spec
    monkeypatch.setattr(training.importlib.util, "find_spec", lambda name: None if name == "flax" else found(name))
    act(findings, tmp_path)
    (line,) = findings.not_done
    assert line == "training a policy: flax: not installed. Remedy: `uv sync`"
    monkeypatch.setattr(training, "INSTALLED", True)
    assert "pip install 'pokejax[tools]'" in training.missing()
    assert findings.trained is None and not list(tmp_path.iterdir())


def test_an_interrupt_keeps_what_was_learned(
    findings: Findings, tmp_path: Path, trained_once: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = dataclasses.replace(trained_once, status="interrupted")
    monkeypatch.setattr(baselines.train, "train", lambda request, console: stopped)
    with pytest.raises(KeyboardInterrupt):
        act(findings, tmp_path)
    assert findings.trained is not None and findings.trained.random_battles == 0
    (line,) = findings.not_done
    assert line == f"training a policy: interrupted; what it had learned is in {findings.trained.folder}"
    assert load(findings.trained.folder, 0).env == ENV


def test_without_showdown_the_rest_is_told(findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(self: Pennies, lanes: int, workers: int) -> Any:
        raise ReferenceUnavailableError("no Node. Remedy: install it")

    monkeypatch.setattr(Pennies, "reference", unavailable)
    act(findings, tmp_path)
    assert findings.not_done == ["playing the trained policy in Showdown: no Node. Remedy: install it"]
    assert findings.trained is not None and findings.trained.random_wins > 30 and not findings.trained.showdown
