"""The bench keeps its protocol, on a toy and a pretended reference."""

import dataclasses
import json
import statistics
import sys
from contextlib import contextmanager
from pathlib import Path

import jax
import pytest

import jaxenv
from jaxenv import EnvSpec, Reference, registry
from leaderboard import bench, reference
from leaderboard.__main__ import main
from leaderboard.program import Program, scan_length

sys.path.insert(0, str(Path(__file__).parents[1] / "jaxenv"))
from toys import Duel

ROW = {
    *("env", "mode", "backend", "batch", "median_sps", "q25", "q75", "samples", "best", "noisy", "short", "checksum"),
    *("compile_seconds", "trace_seconds", "reset_fraction", "mean_episode_length", "protocol", "versions", "machine"),
    *("reference", "ratio", "ratio_per_reference_core", "commit", "dirty", "date"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReferencedDuel(Duel):
    @property
    def spec(self) -> EnvSpec:
        return dataclasses.replace(super().spec, reference=Reference(name="slow-duel", version="1.2", licence="MIT"))


@contextmanager
def session(env_id, workers):
    """The pretended reference: a thousand steps per second on each worker."""
    yield reference.Session(
        name="slow-duel", version="1.2", cores=workers, unit="steps/s", timer=lambda s: 1000 * workers
    )


@contextmanager
def broken_session(env_id, workers):
    raise RuntimeError("no Node here")
    yield


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(reference, "_SESSIONS", {"slow-duel": __name__})
    jaxenv.register("toys/duel", "toys:Duel")
    jaxenv.register("toys/referenced", f"{__name__}:ReferencedDuel")


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
        assert row["reference"]["median_sps"] == 1000 * cores and len(row["reference"]["samples"]) == 6
        assert row["ratio"] == pytest.approx(row["median_sps"] / (1000 * cores))
        assert row["ratio_per_reference_core"] == pytest.approx(row["ratio"] * cores)
        assert 3 < row["mean_episode_length"] < 30
        assert row["reset_fraction"] == pytest.approx(1 / row["mean_episode_length"], rel=0.3)
        assert row["compile_seconds"] > 0 and row["machine"]["cores"] >= 1 and row["protocol"] == 1
    assert sum(row["best"] for row in rows) == 1
    assert jax.config.jax_enable_compilation_cache, "only switched off while measuring"
    assert "slow-duel 1.2" in capsys.readouterr().out


def test_without_reference(tmp_path, capsys):
    out = tmp_path / "rows.json"
    assert run("toys/referenced", "--batch", "4", "--no-reference", "--json", str(out)) == 0
    (row,) = json.loads(out.read_text())["rows"]
    assert row["reference"] is None and row["ratio"] is None
    assert run("toys/duel", "--batch", "4") == 0
    assert "no timer for its reference" in capsys.readouterr().err


def test_cannot_run(capsys, monkeypatch):
    assert run("toys/dual") == 2
    assert "did you mean toys/duel" in capsys.readouterr().err.replace("\n", " ")
    assert run("toys/duel", "--batch", "12", "--chunk", "8") == 2
    assert run("toys/duel", "--batch", "0") == 2
    monkeypatch.setattr(sys.modules[__name__], "session", broken_session)
    assert run("toys/referenced", "--batch", "4") == 2
    assert "no Node here" in capsys.readouterr().err.replace("\n", " ")


def test_interrupted_run_leaves_a_valid_file(tmp_path, monkeypatch):
    out, measure = tmp_path / "rows.json", bench._measure

    def interrupted(env, params, batch, *rest):
        if batch == 8:
            raise KeyboardInterrupt
        return measure(env, params, batch, *rest)

    monkeypatch.setattr(bench, "_measure", interrupted)
    assert run("toys/duel", "--batch", "4", "8", "--no-reference", "--json", str(out)) == 130
    assert [row["batch"] for row in json.loads(out.read_text())["rows"]] == [4]


def test_search_climbs_from_the_best_default():
    speeds = {1: 1, 64: 50, 512: 300, 4096: 200, 1024: 400, 2048: 401, 256: 250}
    rows: list[dict] = []
    for batch in bench._batches(bench.Settings(), rows):
        rows.append({"batch": batch, "median_sps": speeds[batch]})
    assert [row["batch"] for row in rows] == [1, 64, 512, 4096, 1024, 2048]


def test_program_is_deterministic_and_counts():
    checksums = set()
    for _ in range(2):
        program = Program(Duel(), Duel().default_params, 8, chunk=None, devices=1)
        summary = program.run()
        checksums.add(int(summary.checksum))
        assert int(summary.steps) == program.steps_per_run == 8 * scan_length(8)
        assert program.trace_seconds > 0 and program.compile_seconds > 0
    assert len(checksums) == 1
    assert (scan_length(1), scan_length(512), scan_length(2**20)) == (1024, 128, 16)
