"""Two commits timed in turns: the verdict, and the processes of both."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from leaderboard import comparison
from leaderboard.__main__ import main
from leaderboard.commands import compare

ROOT = Path(__file__).resolve().parents[2]


def noisy(speed: float, seed: int, count: int = 10) -> list[float]:
    return (speed * (1 + 0.02 * np.random.default_rng(seed).standard_normal(count))).tolist()


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(1.0, "no difference"), (0.97, "no difference"), (0.8, "slower beyond the noise"), (1.25, "faster beyond")],
)
def test_verdicts(factor: float, verdict: str) -> None:
    found = comparison.judged(noisy(1e6 * factor, 1), noisy(1e6, 2))
    assert verdict in compare.words(found, "abc") and found.low <= found.ratio <= found.high
    assert (found.slower, found.faster) == (factor == 0.8, factor == 1.25)


def test_a_drift_of_the_machine_is_no_difference() -> None:
    drift = np.linspace(1, 3, 10)
    found = comparison.judged((drift * noisy(1e6, 1)).tolist(), (drift * noisy(1e6, 2)).tolist())
    assert not found.slower and not found.faster


def test_a_commit_beside_itself(capsys) -> None:
    """Both processes start, each with the code of its own folder, and nothing is left behind."""
    words = ["bench", "pongjax/puffer_pong", "--compare", "HEAD", "--batch", "8", "--backend", "xla"]
    assert main([*words, "--samples", "2", "--seconds", "0.05", "--devices", "1"]) in (0, 1)  # noise at this length
    captured = capsys.readouterr()
    assert "ratio" in captured.out and "HEAD in turns, 2 samples" in captured.err
    listed = subprocess.run(["git", "worktree", "list"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "leaderboard-" not in listed


def test_what_cannot_be_compared(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["bench", "pongjax/puffer_pong", "--backend", "xla", "--compare"]
    assert main([*words, "nowhere"]) == 2
    assert "git knows no commit 'nowhere'" in capsys.readouterr().err
    assert main([*words, "HEAD", "--json", "x.json", "--sweep"]) == 2
    assert "leave --json --sweep out" in capsys.readouterr().err
    assert main([*words, "HEAD", "--batch", "1", "2"]) == 2
    assert "give one --batch, not 2" in capsys.readouterr().err
    assert main(["bench", "pongjax/puffer_pung", "--compare", "HEAD"]) == 2
    assert "did you mean pongjax/puffer_pong" in capsys.readouterr().err
    row = {"env": "pongjax/puffer_pong", "set": ["wings=2"], "mode": "env_random_legal", "batch": 8, "backend": "xla"}
    with pytest.raises(comparison.ComparisonError, match=r"this checkout cannot time pongjax/puffer_pong: .*wings"):
        comparison.compare("HEAD", {**row, "devices": 1}, 1, 0.1, lambda what, done: None)
