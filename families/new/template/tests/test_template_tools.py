"""The bench, training and transfer, each on the smallest scale."""

from __future__ import annotations

import json
from pathlib import Path

import jax.numpy as jnp
import pytest

import leaderboard.__main__
from baselines.cli import main
from baselines.transfer.reference_env import reference_env
from families.new.template.package.env import ID


def test_the_bench_times_both_sides(tmp_path: Path) -> None:
    out = tmp_path / "rows.json"
    small = ["--batch", "64", "--samples", "2", "--seconds", "0.05", "--json", str(out)]
    assert leaderboard.__main__.main(["bench", ID, *small]) == 0
    (row,) = json.loads(out.read_text())["rows"]
    assert row["reference"]["name"] == "the toy reference of the template"
    assert row["median_sps"] > 0 and row["ratio"] > 0


def test_it_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    few = ["--steps", "1024", "--ppo.environments", "32", "--updates-per-chunk", "1", "--eval-episodes", "8"]
    assert main(["train", ID, *few, "--backend", "xla", "--out", "run"]) == 0
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["status"] == "done" and result["steps"] == 1024 and result["mean_return"] is not None
    assert main(["play", "run", "--steps", "5", "--out", "rover.html"]) == 0
    page = (tmp_path / "rover.html").read_text()
    assert page.count("<tr>") == 7 and page.count("R") >= 6  # a head, the start and five steps


def test_the_same_policy_earns_the_same_in_the_reference(tmp_path: Path) -> None:
    """Nothing is drawn after the start, so that a policy which draws nothing plays the same episodes on both sides."""
    out = tmp_path / "transfer.json"
    asked = ["--policies", "uniform", "miner", "--episodes", "32", "--json", str(out)]
    assert main(["transfer", ID, *asked]) == 0
    episodes = json.loads(out.read_text())["policies"]
    mine, theirs = episodes["miner"]["candidate"], episodes["miner"]["reference"]
    assert mine["outcome"] == theirs["outcome"] and mine["length"] == theirs["length"]
    assert sum(mine["outcome"]) > sum(episodes["uniform"]["candidate"]["outcome"])


def test_the_reference_is_a_batch_to_train_in() -> None:
    with reference_env(ID, 4) as batch:
        first = batch.reset(range(4))
        told = [batch.step(jnp.zeros(4, jnp.int32)) for _ in range(12)]
    assert first.shape == told[0].obs.shape == (4, 11)
    assert told[-1].terminated.all() or any(step.terminated.any() for step in told)
