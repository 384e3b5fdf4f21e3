"""Shards of a continuous environment: checks do not depend on those that ran before them in the same process."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from families.cartpole.verify.plugin import plugin, reference
from jaxenv.shards import Shard
from references.protocol import LIMIT
from verification import merging
from verification.levels.context import Plan
from verification.runner import Run, execute, to_json


def timeless(value: Any) -> Any:
    """Without times and without how it was made."""
    if isinstance(value, dict):
        gone = ("seconds", "started", "command", "shards")
        return {name: timeless(entry) for name, entry in value.items() if name not in gone}
    return [timeless(entry) for entry in value] if isinstance(value, list) else value


def test_a_reset_has_the_usual_limit_after_any_restored_one() -> None:
    env = reference()
    env.reset(0)
    usual = env.snapshot()
    env.restore({**usual, LIMIT: 7})
    assert env.snapshot()[LIMIT] == 7
    env.reset(0)
    assert env.snapshot()[LIMIT] == usual[LIMIT] == 500


def test_the_merged_report_is_that_of_one_process(tmp_path: Path) -> None:
    asked = Plan(levels=("L1", "L3"), episodes=10, injected=200, lanes=128, failures=tmp_path)

    def report(part: Plan) -> dict[str, Any]:
        return json.loads(json.dumps(to_json(execute(Run(plugin(), part)))))

    parts = [(f"r{k}.json", report(replace(asked, shard=Shard(k, 3)))) for k in (1, 2, 3)]
    whole = report(asked)
    assert whole["verdict"] == "pass"
    assert timeless(json.loads(json.dumps(merging.merge(parts)))) == timeless(whole)
