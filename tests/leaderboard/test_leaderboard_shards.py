"""Shards of a bench and of a sweep: together they have every row once, and they are merged only where they fit."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from jaxenv.shards import Shard, ShardError
from leaderboard import merging
from leaderboard.__main__ import main
from leaderboard.commands.bench import _has_peers_row, _own_rows
from leaderboard.section import MODES, Section
from leaderboard.settings import Settings
from leaderboard.sweeping.plan import plan

PONG = "pongjax/puffer_pong"
SHORT = ("--samples", "2", "--seconds", "0.01", "--no-reference", "--no-peers", "--backend", "xla", "--cores", "1")


def test_rows_of_a_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def bench(out: str, *words: str) -> int:
        modes = ("--mode", MODES[0], "--batch", "2", "4", "8")
        return main(["bench", PONG, *modes, *SHORT, "--json", str(tmp_path / out), *words])

    assert [bench(f"r{number}.json", "--shard", f"{number}/2") for number in (1, 2)] == [0, 0]
    files = [str(tmp_path / f"r{number}.json") for number in (2, 1)]
    assert main(["merge", *files, "--json", str(tmp_path / "all.json")]) == 0
    assert bench("whole.json") == 0
    merged, whole = (json.loads((tmp_path / name).read_text()) for name in ("all.json", "whole.json"))
    assert {key: merged[key] for key in merged if key != "rows"} == {key: whole[key] for key in whole if key != "rows"}
    same = ("env", "env_version", "config", "mode", "cores", "backend", "batch", "checksum", "commit", "protocol")
    for ours, theirs in zip(merged["rows"], whole["rows"], strict=True):
        assert {key: ours[key] for key in same} == {key: theirs[key] for key in same}
    fastest = max(row["median_sps"] for row in merged["rows"])
    assert [row["best"] for row in merged["rows"]] == [row["median_sps"] == fastest for row in merged["rows"]]
    other = json.loads(Path(files[0]).read_text())
    other["rows"][0]["samples"].pop()
    with pytest.raises(ShardError, match="a row's number of samples is 1"):
        merging.merge([("a", json.loads(Path(files[1]).read_text())), ("b", other)])
    capsys.readouterr()
    assert main(["merge", files[0], "--json", str(tmp_path / "no.json")]) == 2
    assert "shard 1/2 is missing" in capsys.readouterr().err


def test_every_row_falls_to_one_shard() -> None:
    sections = [Section(mode=mode, cores=cores) for mode in MODES for cores in (1, 2)]
    batches = (16, 256, 1024)
    found = [_own_rows(Shard(number, 5), sections, batches)[0] for number in range(1, 6)]
    rows = [(section, batch) for one in found for section, own in one.items() for batch in own or ()]
    assert len(rows) == len(set(rows)) == 12
    whole = Settings(batches=batches, peer_batch=256)
    with_peers = [section for one in found for section, own in one.items() if _has_peers_row(whole, own)]
    assert sorted(map(str, with_peers)) == sorted(map(str, sections)), "peers take their turns once in each section"
    with pytest.raises(ValueError, match="no row falls to it, there are 12 rows"):
        _own_rows(Shard(13, 13), sections, batches)


def swept(number: int) -> dict[str, Any]:
    names = [item.name for item in plan("cpu", "equivalence")]
    machine = {"cpu": "c", "cores": 2, "device": "cpu", "device_count": 1}
    facts = {"machine": machine, "commit": "c0", "versions": {"jax": "1"}}
    own = {name: {"status": "done", "seconds": 1.0} for name in Shard(number, 2).every(names)}
    made = {"schema": 1, "kind": "sweep", "device": "cpu", "command": "x", "facts": facts, "items": own}
    return {**made, "shard": {"number": number, "of": 2, "plan": names}}


def test_items_of_a_sweep() -> None:
    merged = merging.merge([("b", swept(2)), ("a", swept(1))])
    assert list(merged["items"]) == [item.name for item in plan("cpu", "equivalence")] and "shard" not in merged


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "gpu"}, "the device is 'gpu'"),
        ({"kind": "sps"}, "the kind is 'sps'"),
        ({"facts.commit": "c1"}, "its commit is 'c1'"),
        ({"facts.versions": {"jax": "2"}}, "its versions is"),
        ({"facts.machine": {"cpu": "d", "cores": 2, "device": "cpu", "device_count": 1}}, "its machine is"),
        ({"shard.plan": ["x"]}, "its plan is"),
        ({"shard.number": 1}, "shard 1/2 is there already"),
        ({"items": {}}, "was not reached"),
        ({"shard": None}, "is no shard but a whole result"),
    ],
)
def test_shards_that_do_not_fit_are_refused(changes: dict[str, Any], words: str) -> None:
    second = copy.deepcopy(swept(2))
    for name, value in changes.items():
        owner, _, key = name.rpartition(".")
        (second[owner] if owner else second)[key] = value
    with pytest.raises(ShardError, match=words):
        merging.merge([("a", swept(1)), ("b", second)])


def test_a_sweeps_shard_is_gone_on_with_as_that_shard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def sweep(*words: str) -> int:
        return main(["sweep", "--device", "cpu", "--out", str(tmp_path), "--only", "equivalence", *words])

    (tmp_path / "sweep.json").write_text(json.dumps(swept(1)))
    assert sweep("--resume", "--shard", "2/2") == 2
    assert "is shard 1/2 of a sweep" in capsys.readouterr().err
    assert sweep("--resume") == 2
    assert "not a whole sweep" in capsys.readouterr().err
    assert sweep("--shard", "2/2", "--plan") == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.partition("s  ")[2] for line in shown] == Shard(2, 2).every(
        [i.name for i in plan("cpu", "equivalence")]
    )
