"""A board in a repository of its own, with a fresh file of the bench to hand in."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

from leaderboard.__main__ import main
from leaderboard.checking.history import History
from leaderboard.checking.verdict import Checker, Verdict
from leaderboard.records import submission


class Board:
    """`base` is the commit that files are compared with; `fresh` a file as the bench writes it, of that commit."""

    def __init__(self, root: Path, env: str = "toys/exact", *words: str) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")
        (root / "ERRATA.md").write_text("# Errata\n")
        self.commit("first", "2026-01-02T00:00:00+00:00")
        out = root / "out.json"
        arguments = ["--batch", "8", "16", "--samples", "4", "--seconds", "0.01", "--json", str(out), *words]
        assert main(["bench", env, *arguments]) == 0
        self.fresh = submission.load(out)
        out.unlink()
        for row in self.fresh["rows"]:
            row.update(commit=self.base, dirty=False)
            # A pretended reference has no noise, which no clock would say.
            for number in range(len(row["reference"]["samples"])):
                row["reference"]["samples"][number] += (number % 2) * 1e-6
        self.fresh["submitter"] = "somebody"
        derive(self.fresh)

    def git(self, *arguments: str, **environment: str) -> str:
        """Output of git in the repository."""
        identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a"}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.root),
                "GIT_COMMITTER_EMAIL": "a@b",
                **identity,
                **environment,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, subject: str, date: str = "2026-01-03T00:00:00+00:00") -> str:
        """Everything, as a commit; returns its hash, which becomes the base."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject, GIT_COMMITTER_DATE=date, GIT_AUTHOR_DATE=date)
        self.base = self.git("rev-parse", "HEAD")
        return self.base

    def put(self, data: dict[str, Any]) -> Path:
        """Write a file into its place."""
        path = self.root / submission.place(data)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(submission.text(data))
        return path

    def check(self, data: dict[str, Any], *, with_rerun: bool = True) -> Verdict:
        """The verdict on a file in its place."""
        return self.checker(with_rerun=with_rerun).check(self.put(data))

    def checker(self, *, with_rerun: bool = True) -> Checker:
        """Compares with the base."""
        history = History(self.root, self.base)
        return Checker(history=history, with_rerun=with_rerun, say=lambda line: None)

    def edited(self, change: Any, *, derived: bool = False) -> dict[str, Any]:
        """The fresh file after `change(data)`; `derived`: with all that follows from the samples made to fit."""
        data = copy.deepcopy(self.fresh)
        change(data)
        if derived:
            derive(data)
        return data


def derive(data: dict[str, Any]) -> None:
    """Make every number that follows from the samples fit them, as a careful forger would."""
    import numpy as np

    for row in data["rows"]:
        q25, median, q75 = np.percentile(row["samples"], (25, 50, 75)).tolist()
        row.update(q25=q25, median_sps=median, q75=q75, agent_sps=median, noisy=q75 - q25 > 0.1 * median)
        reference = row["reference"]
        theirs = reference["median_sps"] = float(np.median(reference["samples"]))
        row["ratio"], row["ratio_per_reference_core"] = median / theirs, median / (theirs / reference["cores"])
    best = max(row["median_sps"] for row in data["rows"])
    for row in data["rows"]:
        row["best"] = row["median_sps"] == best


def weights(verdict: Verdict) -> list[tuple[str, str]]:
    """(weight, check) of each finding."""
    return [(finding.weight, finding.check) for finding in verdict.findings]


def plain(verdict: Verdict) -> str:
    """Text of a verdict, its JSON checked on the way."""
    json.dumps([finding.line() for finding in verdict.findings])
    return verdict.text()
