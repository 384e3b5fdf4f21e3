"""Seeds of a run shared among shards, each a run of its own, and the result of all of them as one."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from baselines.errors import ConfigError
from jaxenv import shards
from jaxenv.shards import Shard, ShardError

_OTHER = "shards of one run have it in common: train that shard again as the others, or leave it out"


@dataclasses.dataclass(frozen=True)
class Part:
    """A shard of the members with the seeds `seed` … `seed + seeds - 1`. `ConfigError` for one without a member."""

    shard: Shard
    seed: int
    seeds: int

    def __post_init__(self) -> None:
        """Refuse a shard that has nothing to do."""
        if not self.shard.stretch(self.seeds):
            raise ConfigError(
                f"--shard {self.shard}: no member falls to it, there are {self.seeds}; give more --seeds, or no more "
                "shards than seeds"
            )

    @property
    def own(self) -> tuple[int, int]:
        """The first seed and the number of members of this shard."""
        mine = self.shard.stretch(self.seeds)
        return self.seed + mine.start, len(mine)

    def to_json(self) -> dict[str, int]:
        """Plain values, which `of_run` reads."""
        return {**self.shard.to_json(), "seed": self.seed, "seeds": self.seeds}


def of_run(folder: Path) -> Part | None:
    """The part that a run's `config.json` says it is; None for a whole run, or where there is no such file."""
    try:
        data = json.loads((folder / "config.json").read_text("utf-8")).get("shard")
        return None if data is None else Part(Shard(data["number"], data["of"]), data["seed"], data["seeds"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def load(path: Path) -> tuple[str, dict[str, Any]]:
    """(name, data) of a run's result: of its folder, or of a file. `ShardError` where there is none."""
    file = path / "result.json" if path.is_dir() else path
    missing = f"there is no result; give the folder of a run that has ended, or go on with it by --resume {path}"
    data = shards.read(file, missing, "train that shard again")
    if not isinstance(data, dict) or "algorithm" not in data:
        raise ShardError(f"{file}: is no result of training; give the folder or the --json file of `train --shard`")
    return str(path), data


def merge(results: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """The result of all members, from (name, result) of all shards in any order. `ShardError` where they do not fit."""
    found = [(name, shards.from_json(data.get("shard"), name)) for name, data in results]
    names = [name for name, _ in results]
    for what, pick in _IN_COMMON.items():
        shards.same(names, [pick(data) for _, data in results], what, _OTHER)
    ordered = [results[place] for place in shards.complete(found)]
    for name, data in ordered:
        if data["status"] != "done" or (data["shard"]["eval_episodes"] and data["evaluation"] is None):
            raise ShardError(f"{name}: shard is {data['status']}, not finished; go on with --resume, then merge again")
    parts = [data for _, data in ordered]
    first = parts[0]
    returns = [value for data in parts for value in data["training_mean_return"]]
    played = [one for data in parts for one in (data["evaluation"] or {}).get("played", ())]
    scores = [one["mean_return"] for one in played if one.get("opponent") == played[0].get("opponent")]
    evaluation = {"mean_return": _mean(scores), "played": played} if played else None
    if evaluation is not None and "lines" in first["evaluation"]:
        evaluation["lines"] = [line for data in parts for line in data["evaluation"]["lines"]]
    return {
        **{key: value for key, value in first.items() if key != "shard"},
        "seed": first["shard"]["seed"],
        "seeds": first["shard"]["seeds"],
        "minutes": round(sum(data["minutes"] for data in parts), 3),
        "train_sps": _sum([data["train_sps"] for data in parts]),
        "training_mean_return": returns,
        "mean_return": _mean(scores if played else returns),
        "checkpoint": [data["checkpoint"] for data in parts],
        "evaluation": evaluation,
        "made_with": {**first["made_with"], "shards": [data["made_with"] for data in parts]},
    }


_IN_COMMON = {
    "the environment": lambda data: [data["env"], data["env_version"]],
    "the first seed": lambda data: data["shard"]["seed"],
    "the number of seeds": lambda data: data["shard"]["seeds"],
    "the configuration": lambda data: data["shard"]["config"],
    "the budget": lambda data: data["shard"]["budget"],
    "the number of episodes of the evaluation": lambda data: data["shard"]["eval_episodes"],
    "the commit": lambda data: [data["made_with"]["commit"], data["made_with"]["dirty"]],
    "the versions": lambda data: data["made_with"]["versions"],
}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def facts(part: Part, config: Mapping[str, Any], budget: Mapping[str, Any], eval_episodes: int) -> dict[str, Any]:
    """The part of a result that says which shard it is, and of which run."""
    return {**part.to_json(), "config": dict(config), "budget": dict(budget), "eval_episodes": eval_episodes}
