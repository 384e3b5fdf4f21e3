"""Seeds of a run shared among shards: each is a run of its own, and together they are the run of one process."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import small_environments  # noqa: F401 (registers them)

from baselines import sharding
from baselines.cli import main
from baselines.errors import ConfigError
from baselines.sharding import Part
from jaxenv.shards import Shard, ShardError


@pytest.fixture(autouse=True)
def _no_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baselines.speed.env_sps", lambda lanes: 1.0)


TRAIN = (
    *("train", "small/chain", "--steps", "512", "--seed", "5", "--seeds", "4", "--eval-episodes", "8"),
    *("--backend", "xla", "--ppo.environments", "8", "--ppo.horizon", "8", "--ppo.minibatches", "2"),
    *("--network.hidden", "8", "--updates-per-chunk", "2"),
)


def run(*words: Any) -> int:
    return main([str(word) for word in words])


def test_two_shards_are_the_run_of_four_members(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(*TRAIN, "--out", tmp_path / "whole") == 0
    for number in (1, 2):
        assert run(*TRAIN, "--out", tmp_path / "shared", "--shard", f"{number}/2") == 0
    folders = [tmp_path / "shared" / f"shard-{number}-of-2" for number in (2, 1)]
    assert run("merge", *folders, "--json", tmp_path / "all.json") == 0
    whole, merged = (json.loads((tmp_path / name).read_text()) for name in ("whole/result.json", "all.json"))
    for key in ("env", "env_version", "status", "algorithm", "seed", "seeds", "steps", "ratings"):
        assert merged[key] == whole[key], key
    # Members that are trained together are the same ones up to how XLA rounds batched products.
    assert merged["training_mean_return"] == pytest.approx(whole["training_mean_return"], abs=0.05)
    played = [result["evaluation"]["played"] for result in (merged, whole)]
    assert [one["episodes"] for one in played[0]] == [one["episodes"] for one in played[1]] == [8] * 4
    capfd.readouterr()
    assert run("merge", folders[0], "--json", tmp_path / "no.json") == 1
    assert "shard 1/2 is missing" in capfd.readouterr().err and not (tmp_path / "no.json").exists()
    # A shard goes on as any run does, and is the same shard.
    assert sharding.of_run(folders[1]) == Part(Shard(1, 2), 5, 4)
    assert run(*TRAIN, "--resume", folders[1], "--shard", "2/2") == 1
    assert "--shard 2/2 cannot be changed" in capfd.readouterr().err
    assert run(*TRAIN, "--resume", folders[1]) == 0


def test_each_seed_falls_to_one_shard() -> None:
    parts = [Part(Shard(number, 3), 5, 7) for number in (1, 2, 3)]
    seeds = [seed for part in parts for seed in range(part.own[0], sum(part.own))]
    assert seeds == list(range(5, 12))
    with pytest.raises(ConfigError, match="no member falls to it, there are 2"):
        for number in (1, 2, 3):
            Part(Shard(number, 3), 0, 2)


RESULT = {
    **{"env": "a/b", "env_version": "v0", "status": "done", "algorithm": "ppo", "minutes": 1.0, "train_sps": 2.0},
    **{"training_mean_return": [1.0], "mean_return": 1.0, "checkpoint": "c", "evaluation": None, "seed": 0, "seeds": 1},
    "made_with": {"commit": "c0", "dirty": False, "versions": {"jax": "1"}},
    "shard": {"number": 1, "of": 2, "seed": 0, "seeds": 2, "config": {}, "budget": {}, "eval_episodes": 0},
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"env": "a/c"}, "b: the environment is"),
        ({"shard.seed": 3}, "the first seed is 3"),
        ({"shard.seeds": 3}, "the number of seeds is 3"),
        ({"shard.config": {"x": 1}}, "the configuration is"),
        ({"shard.budget": {"steps": 1}}, "the budget is"),
        ({"made_with.commit": "c1"}, "the commit is"),
        ({"shard.number": 1}, "shard 1/2 is there already, in a"),
        ({"status": "interrupted"}, "b: shard is interrupted"),
        ({"shard": None}, "is no shard but a whole result"),
    ],
)
def test_shards_that_do_not_fit_are_refused(changes: dict[str, Any], words: str) -> None:
    second: Any = copy.deepcopy(RESULT)
    second["shard"]["number"] = 2
    assert sharding.merge([("a", copy.deepcopy(RESULT)), ("b", copy.deepcopy(second))])["seeds"] == 2
    for name, value in changes.items():
        owner, _, key = name.rpartition(".")
        (second[owner] if owner else second)[key] = value
    with pytest.raises(ShardError, match=words):
        sharding.merge([("a", copy.deepcopy(RESULT)), ("b", second)])
