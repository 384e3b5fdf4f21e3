"""Two commits timed in turns, each in a worktree and a process of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from leaderboard.child import variables
from leaderboard.machine import ROOT

ALLOWED = 0.05
"""Slower by less is not told from the noise of two processes that place their memory differently."""
_DRAWS = 2000


class ComparisonError(RuntimeError):
    """Two commits cannot be compared; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Steps per second of both, sample by sample in turns; `low` to `high` holds the ratio in 95 of 100 cases."""

    ours: list[float]
    theirs: list[float]
    ratio: float
    low: float
    high: float
    versions: tuple[str, str]

    @property
    def slower(self) -> bool:
        """True where ours is slower beyond the noise."""
        return self.high < 1 - ALLOWED

    @property
    def faster(self) -> bool:
        """True where ours is faster beyond the noise."""
        return self.low > 1 + ALLOWED


def compare(
    commit: str, row: dict[str, Any], samples: int, seconds: float, report: Callable[[str, int], None]
) -> Comparison:
    """Time a `row` (env, set, mode, batch, backend, devices) here and at `commit`. Raises `ComparisonError`."""
    with contextlib.ExitStack() as stack:
        report("checking out", 0)
        other = stack.enter_context(worktree(commit))
        report("compiling ours", 0)
        ours, our_version = stack.enter_context(_process(ROOT, row, "this checkout"))
        report("compiling theirs", 0)
        theirs, their_version = stack.enter_context(_process(other, row, commit))
        speeds: dict[str, list[float]] = {"ours": [], "theirs": []}
        sides = [("ours", ours), ("theirs", theirs)]
        for number in range(samples):
            for name, ask in sides if number % 2 else reversed(sides):  # neither is always the first
                report(name, number)
                speeds[name].append(ask(seconds))
        report("done", samples)
    return judged(speeds["ours"], speeds["theirs"], (our_version, their_version))


def judged(ours: list[float], theirs: list[float], versions: tuple[str, str] = ("", "")) -> Comparison:
    """Median of the ratios of pairs of samples, and its interval by bootstrap."""
    ratios = np.asarray(ours) / np.asarray(theirs)
    drawn = np.random.default_rng(0).choice(ratios, (_DRAWS, len(ratios)))
    low, high = np.percentile(np.median(drawn, axis=1), (2.5, 97.5)).tolist()
    return Comparison(ours, theirs, float(np.median(ratios)), low, high, versions)


@contextlib.contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """A folder with the files of a commit of this checkout, removed afterwards. `ComparisonError` if there is none."""
    known = _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if known.returncode:
        raise ComparisonError(f"git knows no commit {commit!r} in {ROOT}; fetch it, or name another one")
    with tempfile.TemporaryDirectory(prefix="leaderboard-") as folder:
        place = Path(folder) / "checkout"
        added = _git("worktree", "add", "--detach", "--quiet", str(place), known.stdout.strip())
        if added.returncode:
            raise ComparisonError(f"{commit} cannot be checked out: {added.stderr.strip()}")
        try:
            yield place
        finally:
            _git("worktree", "remove", "--force", str(place))
            _git("worktree", "prune")


@contextlib.contextmanager
def _process(root: Path, row: dict[str, Any], name: str) -> Iterator[tuple[Callable[[float], float], str]]:
    """A process of a checkout that times the row: a function of the seconds, and the environment's version."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-P", str(ROOT / "leaderboard" / "timed.py")],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=variables(root),
        )
        assert process.stdin is not None and process.stdout is not None

        def ask(line: str) -> dict[str, Any]:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(line + "\n")  # type: ignore[union-attr]
                process.stdin.flush()  # type: ignore[union-attr]
            answer = json.loads(process.stdout.readline() or "{}")  # type: ignore[union-attr]
            if not answer or "failed" in answer:
                said.seek(0)
                why = answer.get("failed") or (said.read().strip().splitlines() or ["it ended"])[-1]
                raise ComparisonError(f"{name} cannot time {row['env']}: {why}")
            return answer

        try:
            ready = ask(json.dumps(row))
            yield (lambda seconds: ask(str(seconds))["sps"]), ready["version"]
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
