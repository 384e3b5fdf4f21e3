"""Families whose code a branch touches, and the workflow that checks them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from leaderboard import touched
from leaderboard.__main__ import main, parser
from leaderboard.checking.history import History

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"


class Changed(History):
    """A history in which some paths have changed."""

    def __init__(self, *paths: str) -> None:
        self.paths_that_changed = list(paths)

    def changed_paths(self) -> list[str]:
        return self.paths_that_changed


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("pongjax/env.py", ["pongjax/puffer_pong"]),
        ("families/pongjax/bench.py", ["pongjax/puffer_pong"]),
        ("cheetahjax/step.py", ["cheetahjax/HalfCheetah-v5"]),
        ("docs/pongjax.md", []),
        ("pongjax.md", []),
    ],
)
def test_a_path_touches_its_family(path: str, found: list[str]) -> None:
    assert touched.touched(Changed(path)) == found


def test_what_is_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    titles = list(touched.commands("pongjax/puffer_pong"))
    assert titles == ["contract (check_env)", "levels", "mutants", "bench"]
    monkeypatch.setattr(touched, "touched", lambda history: ["a/b"])
    ours = {"fine": ["true"], "broken": ["sh", "-c", "echo; echo '\x1b[1mall is lost\x1b[0m'; exit 3"]}
    monkeypatch.setattr(touched, "commands", lambda env_id: ours)
    out = tmp_path / "out.md"
    assert main(["touched", "--base", "HEAD", "--markdown", str(out)]) == 1
    assert "a/b: fine: passed\na/b: broken: all is lost" in capsys.readouterr().out
    assert "broken: status 3" in out.read_text() and "\x1b" not in out.read_text()
    monkeypatch.setattr(touched, "SECONDS", 0.2)
    monkeypatch.setattr(touched, "commands", lambda env_id: {"slow": ["sleep", "60"]})
    assert main(["touched", "--base", "HEAD"]) == 1
    monkeypatch.setattr(touched, "touched", lambda history: [])
    assert main(["touched", "--base", "HEAD"]) == 0
    assert "no family's code is touched" in capsys.readouterr().out
    assert main(["touched", "--base", "nowhere"]) == 2


def test_changed_paths_are_those_since_the_branch_left(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "first")
    git("checkout", "-q", "-b", "branch")
    (tmp_path / "mine").write_text("")
    git("add", "-A")
    git("commit", "-q", "-m", "mine")
    git("checkout", "-q", "main")
    (tmp_path / "theirs").write_text("")
    git("add", "-A")
    git("commit", "-q", "-m", "theirs")
    git("checkout", "-q", "branch")
    (tmp_path / "fresh").write_text("")
    assert History(tmp_path, "main").changed_paths() == ["fresh", "mine"]


def test_the_workflow_calls_commands_that_there_are() -> None:
    text = (WORKFLOWS / "leaderboard.yml").read_text("utf-8")
    lines = [line for line in text.replace("\\\n", " ").splitlines() if "python -m leaderboard" in line]
    assert len(lines) == 3
    for line in lines:
        parser().parse_args(line.partition("python -m leaderboard")[2].replace('"$BASE"', "main").split())


def test_code_of_a_pull_request_runs_without_the_right_to_write() -> None:
    judging = yaml.safe_load((WORKFLOWS / "leaderboard.yml").read_text("utf-8"))
    commenting = yaml.safe_load((WORKFLOWS / "leaderboard-comment.yml").read_text("utf-8"))
    assert judging["permissions"] == {"contents": "read"} and "pull_request" in judging[True]
    steps = commenting["jobs"]["comment"]["steps"]
    assert "workflow_run" in commenting[True] and not any("run" in step or "checkout" in step["uses"] for step in steps)
