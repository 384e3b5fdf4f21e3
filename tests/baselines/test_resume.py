"""Runs that go on: from which checkpoint, past damaged ones, and what is refused."""

from __future__ import annotations

import dataclasses
import io
import json
import random
import shutil
from pathlib import Path
from typing import Any

import chex
import numpy as np
import pytest
import small_environments as small
from rich.console import Console

from baselines import checkpoint as checkpoints
from baselines import config as configuration
from baselines import run_folder
from baselines.cli import main
from baselines.cli.train import Options, _request
from baselines.errors import (
    CheckpointError,
    ConfigError,
    DamagedCheckpointError,
    DamagedCheckpointWarning,
    StorageError,
)
from baselines.plot import read_rows
from baselines.policy import load, load_all
from baselines.run_folder import open_run, updates
from baselines.train import Budget, Request, Result, train

CHUNK, CHUNKS = 512, 4
LAST = 4 * CHUNKS


def go(folder: Path, **changes: Any) -> tuple[Result, str]:
    """Train, with a checkpoint after every chunk; the result, and what was said."""
    console = Console(file=io.StringIO(), record=True, width=1000)
    budget = Budget(steps=CHUNK * CHUNKS)
    settings = {"budget": budget, "checkpoint_seconds": 0.0, "backend": "xla", "members": 2, **changes}
    return train(Request("small/chain", small.TINY_CONFIG, folder=folder, **settings), console), console.export_text()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "chain"
    go(folder)
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of a finished run, whose checkpoints are those of the last two chunks and of the best one."""
    return Path(shutil.copytree(finished, tmp_path / "chain"))


def assert_same_end(run: Path, finished: Path) -> None:
    one, other = open_run(run), open_run(finished)
    assert one.facts.update == other.facts.update == LAST
    chex.assert_trees_all_equal(one.arrays, other.arrays, strict=True)
    assert [row["update"] for row in read_rows(run)] == [4, 8, 12, 16]


def cut(checkpoint: Path) -> None:
    """Cut the file with the arrays short, as a disk that was full or a copy that was stopped leaves it."""
    largest = max((path for path in checkpoint.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[: largest.stat().st_size // 2])


@pytest.mark.parametrize("damage", ["cut short", "an empty folder", "both"])
def test_a_run_goes_on_past_damaged_checkpoints(damage: str, run: Path, finished: Path) -> None:
    if damage != "cut short":
        (run / "checkpoints" / "999999").mkdir()
    if damage != "an empty folder":
        cut(run / "checkpoints" / str(LAST))
    left = LAST if damage == "an empty folder" else LAST - 4
    _, said = go(run, resume=True)
    where = run / "checkpoints" / str(left)
    assert (
        f"resumed at update {left} ({left * 128:,} steps, {left / LAST:.0%} of the budget), checkpoint {where}" in said
    )
    damaged = [LAST] * (damage != "an empty folder") + [999999] * (damage != "cut short")
    for update in damaged:
        assert f"checkpoints/{update}: not a readable checkpoint" in said
        assert f"checkpoint {update} is kept as {update}.damaged" in said
        assert (run / "checkpoints" / f"{update}.damaged").is_dir()
    assert_same_end(run, finished)


def test_any_damage_to_any_file_is_noticed(run: Path) -> None:
    """Emptied, cut, a bit turned, removed: the checkpoint is refused, or what is read is exactly what was written."""
    place = run / "checkpoints" / str(LAST)
    whole = checkpoints.read(place)
    copy = run.parent / "copy"
    rng = random.Random(0)
    files = sorted(path.relative_to(place) for path in place.rglob("*") if path.is_file())
    refused: list[Path] = []
    for name in files:
        for kind in ("emptied", "cut", "bit", "removed"):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(place, copy)
            data = bytearray((copy / name).read_bytes())
            if kind == "bit" and data:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            (copy / name).write_bytes({"emptied": b"", "cut": bytes(data[: len(data) // 2])}.get(kind, bytes(data)))
            if kind == "removed":
                (copy / name).unlink()
            try:
                found = checkpoints.read(copy)
            except DamagedCheckpointError:
                refused.append(name)
                continue
            assert dataclasses.replace(found, path=place, arrays={}) == dataclasses.replace(whole, arrays={})
            chex.assert_trees_all_equal(found.arrays, whole.arrays, strict=True)
    assert all(refused.count(name) >= (4 if (place / name).stat().st_size else 1) for name in files), refused


def test_nothing_is_whole(run: Path) -> None:
    for update in updates(run):
        cut(run / "checkpoints" / str(update))
    with pytest.raises(CheckpointError, match=r"none of its checkpoints can be read .*; train anew"):
        go(run, resume=True)
    with pytest.raises(CheckpointError, match="none of its checkpoints"):
        load(run)


def test_a_run_goes_on_from_the_checkpoint_that_it_is_given(run: Path, finished: Path) -> None:
    _, said = go(run, resume=True, checkpoint=LAST - 4)
    assert f"resumed at update {LAST - 4}" in said and f"checkpoint {LAST} is kept as {LAST}.set-aside" in said
    assert_same_end(run, finished)
    _, said = go(run, resume=True, checkpoint=LAST - 4)
    assert f"checkpoint {LAST} is kept as {LAST}.set-aside-1" in said
    with pytest.raises(CheckpointError, match=r"checkpoints/5: no such checkpoint; there are: .*16"):
        go(run, resume=True, checkpoint=5)
    cut(run / "checkpoints" / str(LAST))
    with pytest.raises(DamagedCheckpointError, match=rf"other checkpoints of the run: .*{LAST - 4}"):
        go(run, resume=True, checkpoint=LAST)


@pytest.mark.parametrize("form", ["absolute", "relative", "inside", "~"])
def test_resume_takes_a_run_or_one_of_its_checkpoints(form: str, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(run.parent))
    monkeypatch.chdir(run / "checkpoints" if form == "inside" else run.parent)
    start = {"absolute": str(run), "relative": "chain", "inside": ".", "~": "~/chain"}[form]
    given = str(LAST - 4) if form == "inside" else f"{start}/checkpoints/{LAST - 4}"
    heard: list[Request] = []

    def hear(request: Request, *_: Any) -> None:
        heard.append(request)
        raise ConfigError("heard")

    monkeypatch.setattr("baselines.cli.train.train", hear)
    assert main(["train", "small/chain", "--resume", given]) == 1
    assert heard[0].folder.resolve() == run.resolve() and heard[0].checkpoint == LAST - 4 and heard[0].resume
    if form != "inside":
        assert main(["train", "small/chain", "--resume", start]) == 1
        assert heard[1].folder.resolve() == run.resolve() and heard[1].checkpoint is None
    assert not (run.parent / "~").exists()


def test_a_folder_named_like_a_checkpoint_is_a_run(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints" / "7"
    go(folder)
    assert open_run(folder).facts.update == LAST and load(folder).name == "7#0"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"env": "small/endless"}, "that run trains small/chain, not small/endless"),
        ({"seed": 3}, "--seed 3 cannot be changed in a run that goes on"),
        ({"seeds": 5}, "--seeds 5 cannot be changed"),
        ({"config": dataclasses.replace(small.TINY_CONFIG, updates_per_chunk=2)}, "its settings cannot be changed"),
        ({"out": Path("elsewhere")}, "goes on in its own folder, .*; leave out --out"),
    ],
)
def test_what_a_run_that_goes_on_cannot_change(changes: dict[str, Any], words: str, finished: Path) -> None:
    options = {"env": "small/chain", "resume": finished, "config": configuration.Config(), **changes}
    with pytest.raises((ConfigError, CheckpointError), match=words):
        _request(Options(**options))
    same = {"seeds": 2, "config": small.TINY_CONFIG, "out": finished}
    request = _request(Options("small/chain", resume=finished, **same))
    assert (request.config, request.members, request.budget.steps) == (small.TINY_CONFIG, 2, CHUNK * CHUNKS)


def test_a_run_says_what_it_was_asked_for(run: Path, finished: Path) -> None:
    told = json.loads((run / "config.json").read_text())
    assert (told["env"], told["env_version"], told["seed"], told["seeds"]) == ("small/chain", "v0", 0, 2)
    assert told["budget"] == {"minutes": None, "steps": CHUNK * CHUNKS} and told["resumed_at_update"] is None
    assert configuration.from_json(told["config"]) == small.TINY_CONFIG
    assert {"commit", "dirty", "versions", "machine"} <= set(told["made_with"])
    assert len((run / "config.json").read_text().splitlines()) > 50, "a person reads it line by line"
    go(run, resume=True)
    assert json.loads((run / "config.json").read_text())["resumed_at_update"] == LAST


def test_a_run_that_was_stopped_before_any_checkpoint_begins_anew(run: Path, finished: Path) -> None:
    shutil.rmtree(run / "checkpoints")
    facts = run_folder.read_config(run)
    assert (facts.update, facts.members, facts.config) == (0, 2, small.TINY_CONFIG)
    request = _request(Options("small/chain", resume=run))
    assert (request.members, request.budget) == (2, Budget(steps=CHUNK * CHUNKS))
    _, said = go(run, resume=True)
    assert "resumed at its beginning: there is no checkpoint yet" in said
    assert_same_end(run, finished)
    shutil.rmtree(run / "checkpoints")
    (run / "config.json").write_text('{"env": "small/chain"')
    with pytest.raises(CheckpointError, match=r"config.json: not what a run has written .*; begin a new run"):
        go(run, resume=True)


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder; give that of a run to --resume"):
        go(tmp_path / "nowhere", resume=True)
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(CheckpointError, match="no checkpoint; give the folder of a run"):
        go(tmp_path, resume=True)
    with pytest.raises(StorageError, match=r"file/run: cannot be written: Not a directory; .*--out"):
        (tmp_path / "file").write_text("")
        go(tmp_path / "file" / "run")


def test_a_run_is_not_begun_twice(run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match=r"holds a run already; go on with it by --resume, or choose another --out"):
        go(run)
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_a_file_of_another_program_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"theirs": 1}')
    with pytest.raises(ConfigError, match=r"not what a run has written .* choose another --out"):
        go(tmp_path)
    assert (tmp_path / "config.json").read_text() == '{"theirs": 1}'


def test_policies_of_a_damaged_run_are_the_older_ones_with_a_warning(
    run: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    older = load_all(run / "checkpoints" / str(LAST - 4))
    assert len(older) == 2
    cut(run / "checkpoints" / str(LAST))
    with pytest.warns(DamagedCheckpointWarning, match=rf"checkpoints/{LAST}: not a .*{LAST - 4} is used instead"):
        policy = load(run, 1)
    chex.assert_trees_all_equal(_arrays(policy), _arrays(older[1]), strict=True)
    with pytest.raises(DamagedCheckpointError, match="other checkpoints of the run"):
        load(run / "checkpoints" / str(LAST))
    assert main(["play", str(run), "--steps", "2"]) == 0
    said = capfd.readouterr().err
    assert said.startswith(f"play: {run}/checkpoints/{LAST}: not a readable") and ".py" not in said


def test_the_best_checkpoint_outlives_a_resumption(tmp_path: Path) -> None:
    """A later checkpoint is the best one only if it beats the best so far, not the one that the run went on from."""
    go(tmp_path / "run", budget=Budget(steps=CHUNK * 2))
    best = open_run(tmp_path / "run")
    high = dataclasses.replace(best.facts, best_update=4, best_return=1e9)
    shutil.move(tmp_path / "run" / "checkpoints" / "8", tmp_path / "old")
    checkpoints.write(tmp_path / "run" / "checkpoints" / "8", checkpoint_state(tmp_path / "old"), high)
    go(tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "checkpoints" / "best").read_text() == "4\n" and updates(tmp_path / "run") == [4, 12, 16]
    assert open_run(tmp_path / "run", "best").facts.update == 4
    assert open_run(tmp_path / "run").facts.best_return == 1e9


def checkpoint_state(place: Path) -> dict[str, np.ndarray]:
    """Its arrays, whose names say where they belong, as a state that can be written again."""
    return checkpoints.read(place).arrays


def test_a_checkpoint_of_the_first_format_is_still_read(run: Path, finished: Path) -> None:
    """As baselines wrote them with Orbax's first interface: facts without a window or the best one."""
    import orbax.checkpoint as orbax

    latest = open_run(run, "latest")
    facts = latest.facts.to_json()
    old = {name: facts[name] for name in facts if name not in ("window", "best_update", "best_return")}
    place = run / "checkpoints" / str(LAST)
    shutil.rmtree(place)
    items = orbax.args.Composite(
        state=orbax.args.StandardSave(latest.arrays), facts=orbax.args.JsonSave({**old, "format": 1})
    )
    with orbax.Checkpointer(orbax.CompositeCheckpointHandler()) as checkpointer:
        checkpointer.save(place.absolute(), items)
    found = open_run(run)
    assert found.path == place and found.facts.config == small.TINY_CONFIG and found.facts.window == []
    chex.assert_trees_all_equal(_arrays(load(run, 1)), _arrays(load(finished, 1)), strict=True)
    result, _ = go(run, resume=True, budget=Budget(steps=CHUNK * (CHUNKS + 1)))
    assert result.update == LAST + 4


def test_a_checkpoint_of_another_format_is_refused(run: Path) -> None:
    latest = open_run(run)
    for update, format in ((LAST + 4, 99),):
        facts = dataclasses.replace(latest.facts, update=update)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(checkpoints, "FORMAT", format)
            checkpoints.write(run / "checkpoints" / str(update), latest.arrays, facts)
    with pytest.raises(CheckpointError, match=rf"checkpoints/{LAST + 4}: of format 99, written by another version"):
        load(run)


def _arrays(policy: Any) -> Any:
    return policy.parameters, policy.statistics
