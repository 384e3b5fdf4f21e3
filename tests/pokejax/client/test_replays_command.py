"""``pokejax replays``: files that were converted are kept, those that cannot be are named, and a run goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import replayed

from families.showdown import replays as command
from pokejax.cli.command import CannotRunError
from pokejax.client import replays
from references.showdown.workers import WorkerPool


@pytest.fixture(scope="module")
def folder(pool: WorkerPool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("battles")
    for place, played in enumerate(replayed.battles(pool, 41, 3, "randbats", "max-damage")):
        (made / f"{place}.log").write_text(played.spectators_log(), "utf-8")
    (made / "2.json").write_text(json.dumps({"log": (made / "2.log").read_text("utf-8")}), "utf-8")
    (made / "results.json").write_text("{}")
    return made


def test_convert_resume_and_info(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "data.npz"
    assert command.main(["convert", str(folder / "0.log"), "--out", str(out)]) == 0
    before = replays.load(out)
    assert len(before.files) == 1 and len(before.seat) == 2
    with pytest.raises(CannotRunError, match="--resume"):
        command.main(["convert", str(folder), "--out", str(out)])
    capsys.readouterr()
    assert command.main(["convert", str(folder), "--out", str(out), "--resume"]) == 0
    assert "2 of the files hold battles that were there already" in capsys.readouterr().out
    data = replays.load(out)
    assert len(data.files) == len(set(data.digests)) == 3 and data.files[0] == before.files[0]
    assert np.array_equal(data.rows["obs.turn"][: len(before)], before.rows["obs.turn"])
    assert int(data.rows["terminated"].sum()) == 6
    whole = [track for name in data.files for track in replays.convert(name)]
    rows = data.observations(data.track == 3)
    assert np.array_equal(rows.foe_species, whole[3].observations.foe_species)
    assert np.array_equal(data.known().own_hp, np.concatenate([track.known.own_hp for track in whole]))
    assert command.main(["info", str(out)]) == 0
    told = capsys.readouterr().out
    assert "3 battles of generation 1" in told and "own_max_hp" in told


def test_a_bad_file_does_not_spoil_the_others(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, out = tmp_path / "bad.log", tmp_path / "data.npz"
    bad.write_text("nothing\nhere\n")
    assert command.main(["convert", str(bad), str(folder / "1.log"), "--out", str(out)]) == 1
    assert f"left out: {bad}: has no |gen| message" in capsys.readouterr().out
    assert len(replays.load(out).files) == 1
    assert command.main(["convert", str(bad), "--out", str(tmp_path / "none.npz")]) == 2
    assert not (tmp_path / "none.npz").exists()


def test_an_interrupt_keeps_what_is_done(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, out = replays.convert, tmp_path / "data.npz"

    def convert(replay: replays.Replay) -> object:
        if replay.name.endswith("1.log"):
            raise KeyboardInterrupt
        return real(replay)

    monkeypatch.setattr(replays, "convert", convert)
    assert command.main(["convert", str(folder), "--out", str(out)]) == 130
    assert len(replays.load(out).files) == 1
    monkeypatch.undo()
    assert command.main(["convert", str(folder), "--out", str(out), "--resume"]) == 0
    assert len(replays.load(out).files) == 3


def test_refusals(tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    np.savez(other, a=np.zeros(3))
    with pytest.raises(CannotRunError, match="schema None"):
        command.main(["info", str(other)])
    other.write_text("no archive")
    with pytest.raises(CannotRunError, match="is no converted data"):
        command.main(["info", str(other)])
    with pytest.raises(CannotRunError, match="no such file"):
        command.main(["convert", str(tmp_path / "nowhere"), "--out", str(tmp_path / "x.npz")])
    with pytest.raises(CannotRunError, match="no replay in"):
        command.main(["convert", str(tmp_path), "--out", str(tmp_path / "x.npz")])
