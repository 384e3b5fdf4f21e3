"""Agents without a model, which take a run through all its states. Their work is a simulation, and reports say so.

What they remember lies in the tree's `notes/`, so that a run that was killed goes on with the same memory.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from decimal import Decimal

from translator.agents import Answer, Task
from translator.agents.bugs import Bug, Material, Slip
from translator.agents.cheats import CHEATS
from translator.errors import AgentError
from verification.mutants.mutant import MutantError

COST = Decimal("0.05")
"""Dollars that each scripted call is said to cost: an invented figure, so that budgets can be tried."""
KINDS = ("perfect", "buggy", "stubborn", "crasher", "overspender", "format-breaker")
MEMORY = "notes/scripted.json"


def make(words: str, material: Material, chosen: Sequence[str], seed: int) -> Scripted:
    """The agent of "scripted:WORDS": a kind, "buggy:C1,C7" with bugs by id, "cheater-NAME". `AgentError` for others."""
    kind, _, ids = words.partition(":")
    if kind.startswith("cheater-"):
        name = kind.removeprefix("cheater-")
        if name not in CHEATS:
            raise AgentError(f"no cheater {name!r}; there are {', '.join(CHEATS)}")
        return Scripted(kind, material, (), seed)
    if kind not in KINDS:
        raise AgentError(f"no scripted agent {kind!r}; there are {', '.join(KINDS)} and cheater-NAME")
    if ids and kind not in ("buggy", "stubborn"):
        raise AgentError(f"scripted:{kind} takes no bugs, got {ids!r}")
    default = list(chosen) if kind in ("buggy", "stubborn") else []
    wanted = [name.strip() for name in ids.split(",")] if ids else default
    known = {bug.id: bug for bug in material.bugs}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise AgentError(f"no bug {', '.join(unknown)}; this project has {', '.join(known) or 'none'}")
    bugs = tuple(known[name] for name in wanted) if kind in ("buggy", "stubborn") else ()
    if kind in ("buggy", "stubborn") and not bugs:
        raise AgentError(f"scripted:{kind} needs bugs: name them in simulation.bugs, or as scripted:{kind}:ID,ID")
    try:
        material.written(bugs)
    except MutantError as error:
        raise AgentError(f"the bugs {', '.join(wanted)} cannot be had together: {error}") from error
    return Scripted(kind, material, bugs, seed)


class Scripted:
    """One of the scripted agents."""

    metered, proxied = True, False

    def __init__(self, kind: str, material: Material, bugs: tuple[Bug | Slip, ...], seed: int) -> None:
        self.name, self.kind = f"scripted:{kind}", kind
        self._material, self._bugs, self._seed = material, bugs, seed

    def check(self) -> None:
        """Nothing that could be missing."""

    def run(self, task: Task) -> Answer:
        """Write the files, with the bugs that are left."""
        if self.kind == "crasher":
            return Answer("crashed", COST, text="the agent's process ended with status 1")
        memory = self._memory(task)
        if self.kind == "format-breaker" and task.number == 1:
            return Answer("unparsable", COST, text="<<< not JSON", transcript="<<< not JSON")
        if task.phase == "optimise":
            return Answer("done", COST, text="nothing to propose")
        left = [bug for bug in self._bugs if bug.id in memory["left"]]
        said = "wrote the whole environment"
        if self.kind == "buggy" and task.phase == "repair" and left:
            fixed = self._chosen(left, task)
            left.remove(fixed)
            said = f"took back {fixed.id}: {fixed.changes}"
        self._write(task, left)
        if self.kind.startswith("cheater-"):
            CHEATS[self.kind.removeprefix("cheater-")](task.tree, self._entry())
            said = "wrote the whole environment, and more"
        cost = 40 * task.budget_usd if self.kind == "overspender" else COST
        return Answer("done", cost, {"input": len(task.prompt) // 4, "output": 2000}, said, said)

    def _chosen(self, left: Sequence[Bug | Slip], task: Task) -> Bug | Slip:
        """A bug that shows in the fields which differ; any of them where none does."""
        owners = {row.owner for failure in task.failures for row in failure.rows[:1]}
        near = [bug for bug in left if owners & set(bug.owners)] or list(left)
        return random.Random(f"{self._seed}/{task.number}").choice(near)

    def _memory(self, task: Task) -> dict[str, list[str]]:
        path = task.tree / MEMORY
        return json.loads(path.read_text("utf-8")) if path.is_file() else {"left": [bug.id for bug in self._bugs]}

    def _write(self, task: Task, left: Sequence[Bug | Slip]) -> None:
        files = self._material.written(left)
        files[MEMORY] = json.dumps({"left": [bug.id for bug in left]}) + "\n"
        for place, text in files.items():
            path = task.tree / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def _entry(self) -> str:
        """The file of the solution that a cheat is put into."""
        return next(iter(self._material.solution))
