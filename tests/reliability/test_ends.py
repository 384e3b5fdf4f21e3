"""Ctrl-C and closed pipes, the same in every command: status 130, no traceback, what is written stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from forks import CLOSED, ROOT, Forks

HELP = [
    *(("verification", word, "--help") for word in ("check", "run", "fuzz", "replay", "mutants", "power", "compare")),
    ("verification", "--help"),
    ("leaderboard", "--help"),
    ("leaderboard", "bench", "--help"),
    ("families", "--help"),
    ("families", "list"),
    ("families", "show", "cartpole"),
    ("pokejax", "--help"),
    ("pokejax", "--version"),
    *(("pokejax", word, "--help") for word in ("quickstart", "replay", "verify", "bench", "train", "transfer", "tool")),
    ("pokejax", "translate", "--help"),
    ("pools", "--help"),
    ("built-in pools", "--help"),
    ("tables", "--help"),
    ("cheetahjax.render", "--help"),
    ("pongjax.render", "--help"),
    ("sweep", "--help"),
]
VERIFY = ("run", "toy_pair:good", "--levels", "0,1,3", "--injected", 200, "--json", "r.json", "--failures", "cases")
ENDLESS: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "verification run": ("verification", (*VERIFY, "--episodes", 1_000_000), "r.json"),
    "verification fuzz": (
        "verification",
        ("fuzz", "toy_pair:good", "--episodes", 8, "--injected", 50, "--duration", "1h", "--json", "r.json"),
        ".r.json.lock",
    ),
    "pokejax verify": ("pokejax", ("verify", *VERIFY, "--episodes", 1_000_000), "r.json"),
}
"""Commands that Ctrl-C ends, and a file that shows that they have begun."""


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_a_reader_that_has_gone(words: tuple[str, ...], forker: Forks) -> None:
    assert forker.run(*words, said=CLOSED) == 130


def test_a_verification_whose_reader_has_gone_keeps_its_reports(forker: Forks, tmp_path: Path) -> None:
    assert forker.run("verification", *VERIFY, "--episodes", 20, said=CLOSED, cwd=tmp_path) == 130
    assert json.loads((tmp_path / "r.json").read_text())["complete"]
    assert (tmp_path / "r.html").exists() and (tmp_path / "r.md").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_family_whose_reader_has_gone_is_there(forker: Forks, tmp_path: Path) -> None:
    assert forker.run("families", "new", "lunar_rover", "--out", tmp_path / "rover", said=CLOSED) == 130
    assert (tmp_path / "rover" / "pyproject.toml").exists()


@pytest.mark.parametrize("command", ENDLESS)
def test_ctrl_c(command: str, forker: Forks, tmp_path: Path) -> None:
    name, words, file = ENDLESS[command]
    said = tmp_path / "said.txt"
    pid = forker.start(name, *words, said=said, cwd=tmp_path)
    ends = time.monotonic() + 300
    while time.monotonic() < ends and not (tmp_path / file).exists():
        time.sleep(0.05)
    time.sleep(1)
    os.kill(pid, signal.SIGINT)
    assert forker.wait(pid, 120) == 130, said.read_text()
    assert "Traceback" not in said.read_text() and "interrupted" in said.read_text()
    assert not (tmp_path / ".r.json.lock").exists()
    if file == "r.json":
        report = json.loads((tmp_path / file).read_text())
        assert report["interrupted"] and not report["complete"] and (tmp_path / "r.html").exists()


def test_as_it_is_typed(tmp_path: Path) -> None:
    """A process from its first line to its last, behind a pipe to `head`."""
    line = f"set -o pipefail; {sys.executable} -m families list 2>&1 | head -1"
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert len(done.stdout.splitlines()) == 1 and not done.stderr and done.returncode in (0, 130)


TILDE: list[tuple[str, tuple[str, ...], str]] = [
    ("verification", ("run", "toy_pair:good", "--levels", "3", "--episodes", "2", "--json=~/x/r.json"), "x/r.json"),
    ("verification", ("check", "toy_pair:good", "--json=~/x/c.json"), "x/c.json"),
    ("verification", ("run", "toy_pair:buggy", "--levels", "3", "--episodes", "9", "--failures=~/x/cases"), "x/cases"),
    ("families", ("new", "lunar_rover", "--out=~/x/rover"), "x/rover"),
    ("pools", ("build", "~/teams.txt", "~/x.npz"), "x.npz"),
]


@pytest.mark.parametrize(("name", "words", "file"), TILDE)
def test_a_home_is_written_as_a_tilde(
    name: str, words: tuple[str, ...], file: str, forker: Forks, tmp_path: Path
) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    (home / "teams.txt").write_text("=== one ===\nTauros\n- Body Slam\n")
    cache = str(tmp_path / "cache")
    status = forker.run(name, *words, said=tmp_path / "said.txt", cwd=work, HOME=str(home), POKEJAX_CACHE_DIR=cache)
    assert status in (0, 1, 2), (tmp_path / "said.txt").read_text()
    assert (home / file).exists() and not (work / "~").exists(), (tmp_path / "said.txt").read_text()


OPTIONS = [
    ("verification", ("run", "toy_pair:good", "--returns=~nobody-of-that-name/x")),
    ("verification", ("run", "toy_pair:good", "--untrusted=~nobody-of-that-name/x.py:f")),
    ("verification", ("replay", "~nobody-of-that-name/x")),
    ("verification", ("shrink", "x", "--out=~nobody-of-that-name/x")),
    ("verification", ("compare", "x", "~nobody-of-that-name/x")),
    ("leaderboard", ("bench", "pongjax/puffer_pong", "--json=~nobody-of-that-name/x")),
    ("pokejax", ("replay", "--out=~nobody-of-that-name/x")),
    ("pokejax", ("quickstart", "--out=~nobody-of-that-name/x")),
    ("built-in pools", ("--format", "gen1ou", "--out=~nobody-of-that-name/x")),
    ("tables", ("--out=~nobody-of-that-name/x",)),
    ("cheetahjax.render", ("--out=~nobody-of-that-name/x.html",)),
    ("pongjax.render", ("--out=~nobody-of-that-name/x.html",)),
    ("sweep", ("--json=~nobody-of-that-name/x",)),
]


@pytest.mark.parametrize(("name", "words"), OPTIONS)
def test_every_path_is_of_the_one_type(name: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """The path names a user's home, which is looked up; there is none, and the message says so."""
    from forks import program

    assert program(name)(list(words)) in (2, 3)
    said = capsys.readouterr().err
    assert "~nobody-of-that-name/x" in said and "write the folder out in full" in said
