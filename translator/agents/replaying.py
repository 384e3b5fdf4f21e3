"""Agents that are people: a recorded run played again, and one who works in the tree by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from translator.agents import Answer, Task
from translator.errors import AgentError

PATCHES, CALLS = "patches", "calls.json"


class Replay:
    """Applies the patches of a recorded run, one a call. Costs are those on record, or 0 where nobody knew them."""

    metered, proxied = True, False

    def __init__(self, folder: Path) -> None:
        self.name, self.folder = f"replay:{folder}", folder
        self._patches = sorted((folder / PATCHES).glob("*.patch"))

    def check(self) -> None:
        """Refuse a folder without patches."""
        if not self._patches:
            raise AgentError(
                f"{self.folder}: has no {PATCHES}/*.patch; name the folder of a run, or of a recording in that shape"
            )

    def run(self, task: Task) -> Answer:
        """Apply the next patch."""
        if task.number > len(self._patches) and task.phase == "optimise":
            return Answer("done", Decimal(0), text="the recording proposes nothing more")
        if task.number > len(self._patches):
            return Answer("crashed", Decimal(0), text=f"the recording has {len(self._patches)} patches and no more")
        path = self._patches[task.number - 1]
        if path.read_text("utf-8").strip():
            done = subprocess.run(
                ["git", "apply", "--whitespace=nowarn", str(path.resolve())],
                cwd=task.tree,
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "GIT_CEILING_DIRECTORIES": str(task.tree.resolve().parent)},
            )
            if done.returncode:
                return Answer("crashed", Decimal(0), text=f"{path.name} does not apply: {done.stderr.strip()[-500:]}")
        return Answer("done", self._cost(task.number), text=f"applied {path.name}")

    def _cost(self, number: int) -> Decimal:
        try:
            calls = json.loads((self.folder / CALLS).read_text("utf-8"))
            return next((Decimal(call["cost_usd"]) for call in calls if call["number"] == number), Decimal(0))
        except (OSError, ValueError, KeyError):
            return Decimal(0)


class Human:
    """Somebody who changes the tree by hand and then presses Enter. Costs nothing."""

    name, metered, proxied = "human", True, False

    def check(self) -> None:
        """Refuse to wait for a keyboard that is not there."""
        if not sys.stdin.isatty():
            raise AgentError("--agent human waits for a keyboard, and there is none: run it in a terminal")

    def run(self, task: Task) -> Answer:
        """Show the task and wait."""
        print(f"{task.prompt}\n\nWork in {task.tree}, then press Enter (or type `abort`): ", end="", flush=True)
        said = sys.stdin.readline()
        stopped = not said or said.strip() == "abort"
        return Answer("aborted" if stopped else "done", Decimal(0), text=said.strip())
