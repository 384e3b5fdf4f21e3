"""Shards of a run: their merged report is that of one process, and shards that do not fit are refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_pair

from jaxenv.shards import Shard, ShardError
from references.protocol import Batch, Rolled, row, size, stack
from verification import merging, runner
from verification.check import Check
from verification.cli import main
from verification.levels import rolled
from verification.levels.context import Plan
from verification.plugin import Episode, Plugin, SelfPlay
from verification.reporting.validate import validate
from verification.results import CheckResult
from verification.runner import Run, execute, to_json

LEVELS = ("L1", "L3")


def plan(folder: Path, **changes: Any) -> Plan:
    made = Plan(levels=LEVELS, episodes=50, injected=150, interactions=16, lanes=32, failures=folder / "failures")
    return replace(made, **changes)


def report(plugin: Plugin, asked: Plan, **options: Any) -> dict[str, Any]:
    found = json.loads(json.dumps(to_json(execute(Run(plugin, asked, **options)))))
    validate(found)
    return found


def sharded(plugin: Plugin, asked: Plan, of: int) -> list[tuple[str, dict[str, Any]]]:
    return [(f"r{k}.json", report(plugin, replace(asked, shard=Shard(k, of)))) for k in range(1, of + 1)]


def timeless(value: Any) -> Any:
    """Without times and without how it was made."""
    if isinstance(value, dict):
        gone = ("seconds", "started", "command", "shards")
        return {name: timeless(entry) for name, entry in value.items() if name not in gone}
    return [timeless(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize("make", [toy_pair.good, toy_pair.buggy, toy_pair.silent, toy_pair.plain])
def test_the_merged_report_is_that_of_one_process(make: Callable[[], Plugin], tmp_path: Path) -> None:
    asked = plan(tmp_path)
    whole = report(make(), asked)
    parts = sharded(make(), asked, 3)
    merged = json.loads(json.dumps(merging.merge(parts[::-1])))
    validate(merged)
    assert timeless(merged) == timeless(whole)
    assert whole["levels"][-1]["checks"][0]["cases"] == 50
    assert all(part["verdict"] != "pass" and not part["complete"] for _, part in parts), "a shard alone shows little"


def test_more_findings_are_shrunk_by_shards_and_one_process_shrinks_the_first(tmp_path: Path) -> None:
    asked = plan(tmp_path, levels=("L3",), shrink=2)
    parts = sharded(toy_pair.buggy(), asked, 3)
    shrunk = [f["shrunk_steps"] for _, part in parts for f in part["levels"][0]["checks"][0]["findings"]]
    merged = merging.merge(parts)["levels"][0]["checks"][0]["findings"]
    assert sum(steps is not None for steps in shrunk) > 2
    assert [f["shrunk_steps"] is not None for f in merged] == [True] * 2 + [False] * (len(merged) - 2)
    assert all(Path(f["file"]).is_file() for f in merged)


def test_all_levels_of_more_shards_than_parts(tmp_path: Path) -> None:
    asked = plan(tmp_path, levels=("L1", "L2", "L3"), episodes=8, injected=30)
    parts = sharded(toy_pair.good(), asked, 7)
    empty = [part for _, part in parts if not part["levels"]]
    assert empty and "nothing of this run falls to shard" in empty[0]["reason"]
    assert timeless(json.loads(json.dumps(merging.merge(parts)))) == timeless(report(toy_pair.good(), asked))


def test_episodes_that_the_candidate_plays_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolled, "EACH", 10)
    own = SelfPlay(play=lambda seed, count, policy: iter(()), policies=("a", "b"))
    found = rolled.divided(own, 7, 45)
    assert [(part.policy, part.episodes) for part in found] == [
        ("a", 10),
        ("a", 10),
        ("a", 3),
        ("b", 10),
        ("b", 10),
        ("b", 2),
    ]
    assert found[0].seed == found[3].seed == 7 and len({part.seed for part in found}) == 3


class RollingMonster(toy_pair.RestorableMonster):
    """… that plays whole episodes, whose starts their options name."""

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        super().reset(int((options or {}).get("start", seed)))

    def rollout(self, resets: Sequence[Mapping[str, Any]], actions: Sequence[Batch]) -> list[Rolled]:
        return [Rolled(self.play(options, played)) for options, played in zip(resets, actions, strict=True)]

    def play(self, options: Mapping[str, Any], actions: Batch) -> Batch:
        self.reset(0, options)
        states = [self.snapshot()]
        for step in range(size(actions)):
            self.step(row(actions, step))
            states.append(self.snapshot())
        return stack(states)


def rolling() -> Plugin:
    """A candidate with a bug that plays by itself: two policies, five episodes at a time."""

    def play(seed: int, count: int, policy: str) -> Iterator[list[Episode]]:
        rng, candidate = np.random.default_rng([seed, len(policy)]), RollingMonster("candidate", "no-potions")
        for first in range(0, count, 5):
            batch = []
            for _ in range(min(5, count - first)):
                options = {"start": int(rng.integers(2**31))}
                actions = {"agent": rng.integers(0, 3, rng.integers(3, 9))}
                batch.append(Episode(0, options, actions, candidate.play(options, actions), dict(options)))
            yield batch

    kind = RollingMonster
    return toy_pair.make("toy_pair:rolling", kind, "no-potions", alone=SelfPlay(play=play, policies=("a", "bc")))


def test_episodes_that_the_candidate_plays_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolled, "EACH", 8)
    asked = plan(tmp_path, levels=("L3",), episodes=44)
    whole = report(rolling(), asked)
    merged = json.loads(json.dumps(merging.merge(sharded(rolling(), asked, 4))))
    assert timeless(merged) == timeless(whole)
    check = whole["levels"][0]["checks"][0]
    assert check["cases"] == 44 and check["divergences"] > 3
    assert check["stats"]["episodes_by_policy"] == {"a": 22, "bc": 22}


def test_a_shard_that_was_stopped_goes_on_in_the_middle_of_a_check(tmp_path: Path) -> None:
    asked, seen = plan(tmp_path, levels=("L3",), shard=Shard(1, 2)), []

    def stop(check: Check, result: CheckResult) -> None:
        seen.append(result.cases)
        if result.cases > 20:
            raise KeyboardInterrupt

    path = tmp_path / "r1.json"
    path.write_text(json.dumps(report_of_stopped(asked, stop)))
    done = runner.finished_checks(path, toy_pair.late(), asked)
    assert done["L3/episodes"]["cases"] == 16, "the whole part that was done"
    again = report(toy_pair.late(), asked, done=done)
    assert timeless(again) == timeless(report(toy_pair.late(), asked))
    with pytest.raises(ValueError, match="shard is 1/2, this run's is 2/2"):
        runner.finished_checks(path, toy_pair.late(), replace(asked, shard=Shard(2, 2)))


def report_of_stopped(asked: Plan, stop: Any) -> dict[str, Any]:
    return to_json(execute(Run(toy_pair.late(), asked), stop))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, dict[str, Any]]]:
    return sharded(toy_pair.good(), plan(tmp_path_factory.mktemp("two"), levels=("L1",)), 2)


def changed(one: tuple[str, dict[str, Any]], **changes: Any) -> tuple[str, dict[str, Any]]:
    """A shard with other values: of its plan, its provenance or its own."""
    made = copy.deepcopy(one[1])
    for name, value in changes.items():
        owner = next(part for part in (made["plan"], made["provenance"], made["shard"], made) if name in part)
        owner[name] = value
    return one[0], made


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (None, "shard 2/2 is missing"),
        ({"number": 1}, "shard 1/2 is there already, in r1.json"),
        ({"of": 3}, "is shard 2/3, r1.json is one of 2"),
        ({"commit": "abc"}, "provenance.commit is 'abc'"),
        ({"seed": 9}, "plan.seed is 9, that of r1.json is 0"),
        ({"injected": 7}, "plan.injected is 7, that of r1.json is 150"),
        ({"env": "toy_pair:late"}, "the environment is 'toy_pair:late'"),
        ({"finished": False}, "shard 2/2 is not finished"),
        ({"interrupted": True}, "repeat its command with --resume"),
        ({"shard": None}, "r2.json: is no shard but a whole result"),
        ({"shard": {"number": "x"}}, "no shard can be read"),
        ({"checks": []}, "its list of checks is"),
        ({"reference": {"name": "r", "version": "9"}}, "the reference is"),
    ],
)
def test_shards_that_do_not_fit_are_refused(two: Any, second: dict[str, Any] | None, words: str) -> None:
    given = [two[0]] if second is None else [two[0], changed(two[1], **second)]
    with pytest.raises(ShardError) as error:
        merging.merge(given)
    assert words in str(error.value)


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: Any) -> int:
        return main([str(word) for word in words])

    common = ("toy_pair:buggy", "--levels", "3", "--episodes", 40, "--failures", tmp_path / "failures")
    names = [tmp_path / f"r{k}.json" for k in (1, 2)]
    whole = tmp_path / "whole.json"
    assert [
        run("run", *common, "--shard", f"{k}/2", "--json", name) for k, name in zip((1, 2), names, strict=True)
    ] == [
        1,
        1,
    ]
    assert run("run", *common, "--shard", "2/2", "--json", names[1], "--resume") == 1, "finished: nothing runs again"
    assert "1 checks are taken over" in capsys.readouterr().err
    assert run("merge", *names, "--json", tmp_path / "all.json") == 1
    assert run("run", *common, "--json", whole) == 1
    found = [json.loads((tmp_path / name).read_text()) for name in ("all.json", "whole.json")]
    assert timeless(found[0]) == timeless(found[1])
    assert (tmp_path / "all.html").exists() and (tmp_path / "all.md").exists()
    assert run("merge", names[0], "--json", tmp_path / "no.json") == 3 and not (tmp_path / "no.json").exists()
    assert "shard 2/2 is missing" in capsys.readouterr().err
    before = names[0].read_bytes()
    assert run("merge", *names, "--json", names[0]) == 3 and names[0].read_bytes() == before
