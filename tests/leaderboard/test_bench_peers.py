"""Other engines beside ours: in turns, in every row, never left out without a word."""

import json

import numpy as np
import pytest
import toy_peers

from leaderboard.__main__ import main
from leaderboard.accuracy import errors
from leaderboard.settings import Settings


@pytest.fixture(autouse=True)
def peers(toys, monkeypatch):
    monkeypatch.setattr(toy_peers, "PEERS", [toy_peers.peer("quick", 500.0), toy_peers.peer("slow", 20.0)])
    monkeypatch.setattr(toy_peers, "log", [])
    return toy_peers


def run(*arguments, samples="2"):
    return main(["bench", "toys/quick", *arguments, "--samples", samples, "--seconds", "0.01"])


def rows(out):
    return json.loads(out.read_text())["rows"]


def test_peers_take_turns_in_the_row_of_their_batch(peers, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    out = tmp_path / "rows.json"
    assert run("--batch", "4", "16", "--peer-batch", "16", "--json", str(out)) == 0
    first, second = rows(out)
    assert [first["peers_in_turns"], second["peers_in_turns"]] == [False, True]
    assert peers.log == ["quick", "slow"] * 2, "in one row only, one after the other"
    devices = first["machine"]["device_count"]
    for row in (first, second):
        quick, slow = row["peers"]
        assert quick == {
            **{"name": "quick", "version": "0.1", "config": {"iterations": 4, "devices": devices}, "batch": 16},
            **{"median_sps": 500, "samples": [500.0, 500.0], "physics_sps": 2500, "trace_seconds": 0.5},
            **{"compile_seconds": 2.0, "error": {**peers.ERROR, "max_dv": 0.25, "not_finite": 1}},
            "ratio": row["median_sps"] / 500,
        }
        assert slow["ratio"] == row["median_sps"] / 20
        assert row["error"] == {**peers.ERROR, "states": 16} and row["solver"] is None
        assert row["physics_sps"] is None, "a game without frames"
    captured = capsys.readouterr()
    assert "other engines in the same run" in captured.out
    assert "2.5e-01 (1 lost)" in captured.out and "3.0e-05" in captured.out and "2.5K" in captured.out
    assert "quick 0.1: iterations 4" in captured.out
    assert "2 peers in one row: about 2 s" in captured.err and "(the peers': about 3 min)" in captured.err


def test_peers_of_another_batch(peers, tmp_path):
    out = tmp_path / "rows.json"
    assert run("--batch", "4", "8", "--json", str(out)) == 0
    assert [row["peers_in_turns"] for row in rows(out)] == [True, False]
    assert {row["peers"][0]["batch"] for row in rows(out)} == {256}
    assert Settings().default_batches(True) == (1, 64, 256, 512, 4096)
    assert Settings().default_batches(False) == (1, 64, 512, 4096)
    assert [Settings().times_peers(batch, row) for row, batch in enumerate((1, 64, 256))] == [False, False, True]


def test_missing_peers_are_named(peers, tmp_path, capsys, monkeypatch):
    absent = toy_peers.peer("gone", 1.0, ("no_such_engine",)), toy_peers.peer("lost", 1.0, ("no_such.part", "json"))
    monkeypatch.setattr(toy_peers, "PEERS", [*absent, toy_peers.PEERS[0]])
    out = tmp_path / "rows.json"
    assert run("--batch", "4", "--json", str(out), samples="1") == 0
    assert [one["name"] for one in rows(out)[0]["peers"]] == ["quick"]
    expected = (
        "left out: gone, lost, for want of no_such_engine, no_such.part; get them by `uv run --group peers python"
    )
    assert expected in capsys.readouterr().err


def test_without_peers(peers, tmp_path, capsys):
    out = tmp_path / "rows.json"
    assert run("--batch", "4", "--no-peers", "--json", str(out), samples="1") == 0
    (row,) = rows(out)
    assert row["peers"] == [] and row["error"] is None and not row["peers_in_turns"] and not peers.log
    assert "other engines" not in capsys.readouterr().out
    assert run("--batch", "4", "--mode", "policy_in_loop", "--no-reference", samples="1") == 0
    assert "left out: quick, slow, which only play at random" in capsys.readouterr().err and not peers.log


@pytest.mark.parametrize(("fails", "complaint"), [("at the start", "no such engine"), ("later", "it fell over")])
def test_failing_peer(fails, complaint, capsys, monkeypatch):
    monkeypatch.setattr(toy_peers, "PEERS", [toy_peers.peer("bad", 1.0, fails=fails)])
    assert run("--batch", "4") == 2
    assert f"the peer bad could not be timed: {complaint}; --no-peers goes without" in capsys.readouterr().err


def test_bad_peer_batch(capsys):
    assert run("--peer-batch", "0") == 2
    assert "--peer-batch: '0' is not an integer of at least 1" in capsys.readouterr().err


def test_errors():
    expected = np.zeros((4, 2)), np.zeros((4, 2))
    dq = np.array([[1e-7, -2e-6], [0, 0], [0, 0], [np.nan, 0]])
    dv = np.array([[0, 1e-4], [-0.5, 0], [0, 2e-4], [0, 0]])
    assert errors((dq, dv), expected, "zero") == {
        **{"against": "zero", "states": 4, "max_dq": 2e-6, "max_dv": 0.5, "median_dv": 2e-4, "large_dv": 1 / 3},
        "not_finite": 1,
    }
    lost = errors((dq * np.nan, dv), expected, "zero")
    assert lost["max_dv"] is None and lost["not_finite"] == 4
    with pytest.raises(ValueError, match="beside the reference's"):
        errors((dq[:1], dv[:1]), expected, "zero")
