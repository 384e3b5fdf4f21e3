"""The example that learns from replays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import replayed
from example_files import load

from pokejax.client import replays
from references.showdown.workers import WorkerPool

pytestmark = pytest.mark.promotes
behaviour_cloning = load("behaviour_cloning", longest=110)


@pytest.fixture(scope="module")
def data(pool: WorkerPool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = [
        (replay, replays.convert(replay))
        for played in replayed.battles(pool, 61, 5, "randbats", "max-damage")
        for replay in [replays.read(played.spectators_log())]
    ]
    file = tmp_path_factory.mktemp("replays") / "data.npz"
    file.write_bytes(replays.gather(found).save())
    return file


def test_it_learns(data: Path) -> None:
    lines = behaviour_cloning.main([str(data), "--updates", "60", "--batch", "64", "--everybody"])
    assert [line["updates"] for line in lines] == [12, 24, 36, 48, 60]
    assert lines[-1]["loss"] < 0.7 * lines[0]["loss"]
    assert all(0 <= line["accuracy"] <= 1 for line in lines)


def test_only_choices_that_a_replay_tells(data: Path) -> None:
    held = replays.load(data)
    found, all_of_them = behaviour_cloning.examples(held), behaviour_cloning.examples(held, everybody=True)
    assert 30 < len(found["action"]) < len(all_of_them["action"]) <= held.rows["action_known"].sum()
    assert found["legal"][np.arange(len(found["action"])), found["action"]].all()


def test_too_few_battles(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = replays.load(data)
    held.file[:] = 0
    (tmp_path / "one.npz").write_bytes(held.save())
    with pytest.raises(SystemExit):
        behaviour_cloning.main([str(tmp_path / "one.npz")])
    assert "fewer than 5 battles; convert more" in capsys.readouterr().err
