"""The bench keeps its protocol, on a toy and a pretended reference."""

import json
import statistics

import jax
import pytest

from jaxenv.rollouts import rollout
from leaderboard import bench, machine
from leaderboard.__main__ import main
from leaderboard.policy import Network
from leaderboard.program import Program, scan_length

pytestmark = pytest.mark.usefixtures("toys")

ROW = {
    *("env", "mode", "backend", "batch", "median_sps", "q25", "q75", "samples", "best", "noisy", "short", "checksum"),
    *("compile_seconds", "trace_seconds", "reset_fraction", "mean_episode_length", "protocol", "versions", "machine"),
    *("reference", "ratio", "ratio_per_reference_core", "commit", "dirty", "date", "cores", "config", "policy"),
}
PLAY = ("toys/sectioned", "--batch", "4", "--mode", "policy_in_loop")  # all cores: in this process


def run(*arguments):
    return main(["bench", *arguments, "--samples", "3", "--seconds", "0.01"])


def test_rows(tmp_path, capsys):
    out = tmp_path / "deep" / "rows.json"
    assert run("toys/referenced", "--batch", "1", "16", "--chunk", "8", "--json", str(out)) == 0
    rows = json.loads(out.read_text())["rows"]
    assert [row["batch"] for row in rows] == [1, 16] and [row["chunk"] for row in rows] == [None, 8]
    for row in rows:
        assert not ROW - set(row)
        assert row["median_sps"] == pytest.approx(statistics.median(row["samples"])) and len(row["samples"]) == 3
        assert row["q25"] <= row["median_sps"] <= row["q75"] and row["short"]
        cores = row["reference"]["cores"]
        assert row["cores"] == row["machine"]["cores"] == cores == machine.cores()
        assert row["reference"]["median_sps"] == 1000 * cores and len(row["reference"]["samples"]) == 6
        assert row["ratio"] == pytest.approx(row["median_sps"] / (1000 * cores))
        assert row["ratio_per_reference_core"] == pytest.approx(row["ratio"] * cores)
        assert 3 < row["mean_episode_length"] < 30
        assert row["reset_fraction"] == pytest.approx(1 / row["mean_episode_length"], rel=0.3)
        assert row["compile_seconds"] > 0 and row["protocol"] == 1
        assert row["mode"] == "env_random_legal" and row["policy"] is None
        assert row["config"] == {"autoreset": "pool", "broken": ""}
    assert sum(row["best"] for row in rows) == 1
    assert jax.config.jax_enable_compilation_cache, "only switched off while measuring"
    captured = capsys.readouterr()
    assert "slow-duel 1.2" in captured.out
    assert "1 section × 2 rows × 3 samples × 0.01 s, the reference in turns: 0 s" in captured.err


def test_without_reference(tmp_path, capsys):
    out = tmp_path / "rows.json"
    assert run(*PLAY, "--no-reference", "--json", str(out)) == 0
    (row,) = json.loads(out.read_text())["rows"]
    assert row["reference"] is None and row["ratio"] is None
    assert run("toys/walk", "--batch", "4") == 0
    assert "no timer for its reference" in capsys.readouterr().err


def test_cannot_run(capsys):
    assert run("toys/dual") == 2
    assert "did you mean toys/duel" in capsys.readouterr().err
    assert run("toys/duel", "--batch", "12", "--chunk", "8") == 2
    assert run("toys/duel", "--batch", "0") == 2
    assert run(*PLAY, "--set", "missing='Node'") == 2
    assert "no Node here; --no-reference goes without" in capsys.readouterr().err


def test_rows_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for out in (tmp_path, tmp_path / "file" / "rows.json"):
        assert run("toys/duel", "--json", str(out)) == 2
        said = capsys.readouterr().err
        assert f"{out}: cannot be written" in said and "choose another file with --json" in said
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_interrupted_run_leaves_a_valid_file(tmp_path, monkeypatch, capsys):
    out, measure = tmp_path / "rows.json", bench._measure

    def interrupted(env, params, batch, *rest):
        if batch == 8:
            raise KeyboardInterrupt
        return measure(env, params, batch, *rest)

    monkeypatch.setattr(bench, "_measure", interrupted)
    assert run("toys/walk", "--batch", "4", "8", "--no-reference", "--json", str(out)) == 130
    assert [row["batch"] for row in json.loads(out.read_text())["rows"]] == [4]
    captured = capsys.readouterr()
    assert "interrupted; 1 row so far in" in captured.err and "toys/walk, env_random_legal" in captured.out


def test_search_climbs_from_the_best_default():
    speeds = {1: 1, 64: 50, 512: 300, 4096: 200, 1024: 400, 2048: 401, 256: 250}
    rows: list[dict] = []
    for batch in bench._batches(bench.Settings(), rows):
        rows.append({"batch": batch, "median_sps": speeds[batch]})
    assert [row["batch"] for row in rows] == [1, 64, 512, 4096, 1024, 2048]


def test_program_is_deterministic_and_counts(toys):
    from toys import Walk

    env = Walk()
    network = Network(env)
    checksums = []
    for policy in (None, None, network):
        program = Program(env, env.default_params, 8, chunk=None, devices=1, policy=policy, seed=5)
        summary = program.run()
        checksums.append(int(summary.checksum))
        assert int(summary.steps) == program.steps_per_run == 8 * scan_length(8)
        assert program.trace_seconds > 0 and program.compile_seconds > 0
    assert checksums[0] == checksums[1] != checksums[2]
    key = jax.random.split(jax.random.key(5), 1)[0]
    _, expected = rollout(env, 8, scan_length(8), network)(key)
    assert checksums[2] == int(expected.checksum), "it is a rollout"
    assert (scan_length(1), scan_length(512), scan_length(2**20)) == (1024, 128, 16)
    assert (scan_length(1, "simd"), scan_length(4096, "simd"), scan_length(2**20, "simd")) == (1024, 64, 64)
