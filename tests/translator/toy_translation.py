"""A toy translation: a file of three rules, a verifier that reads it, and runs in a folder of a test."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from translator import machine, reporting, starting
from translator.agents import Agent
from translator.project import Project
from translator.run import Config, Run, create
from translator.states import Position
from translator.verifier import Failure, Outcome, Row, Speed
from verification.mutants.mutant import Mutant
from verification.plugin import Draws, Mutants, Plugin, Sides, State

RULES = '''"""The rules."""

from __future__ import annotations


def move(x, action):
    return x + action


def score(x):
    return x * 2


def over(x):
    return x > 9


def two_turns(x):
    return x + 22


def whole_game(x):
    return x + 33


def rare_seed(x):
    return x + 44


def trained_policy(x):
    return x + 55
'''
_TRUE = {
    "place": ("L1", "x + action"),
    "points": ("L1", "x * 2"),
    "end": ("L1", "x > 9"),
    "turns": ("L2", "x + 22"),
    "game": ("L3", "x + 33"),
    "seed": ("held out", "x + 44"),
    "policy": ("L4", "x + 55"),
}
_MODULE = "toy.rules"
MUTANTS = (
    Mutant("T1", _MODULE, "move", "x + action", "x - action", "moves the other way", "L1", ("place",)),
    Mutant("T2", _MODULE, "score", "x * 2", "x * 3", "scores too much", "L1", ("points",)),
    Mutant("T3", _MODULE, "over", "x > 9", "x >= 9", "ends too early", "L1", ("end",)),
    Mutant("T4", _MODULE, "two_turns", "x + 22", "x + 23", "two turns are wrong", "L2", ("points",)),
    Mutant("T5", _MODULE, "whole_game", "x + 33", "x + 34", "a whole game is wrong", "L3", ("points",)),
    Mutant("T6", _MODULE, "rare_seed", "x + 44", "x + 45", "a rare seed is wrong", "L3", ("points",)),
    Mutant("T7", _MODULE, "trained_policy", "x + 55", "x + 56", "a policy sees it", "L4", ("points",)),
)


def plugin() -> Plugin:
    """The toy's plugin, of which only the mutants are used."""
    nothing: Any = None
    return Plugin(
        env="toy",
        sides=Sides(reference=nothing, candidate=nothing),
        state=State(modules=(), fields=()),
        draws=Draws(noise="none"),
        mutants=Mutants(seeded=lambda: MUTANTS),
    )


TOML = """
[project]
name = "toy"
target = "jax"

[reference]
plugin = "toy_translation:plugin"
sources = ["game.py"]

[candidate]
entry = "port.rules:Toy"

[[module]]
name = "place"
fields = ["state.place"]

[[module]]
name = "points"
needs = ["place"]
fields = ["state.points"]

[[module]]
name = "end"
needs = ["points"]
fields = ["out.*"]

[verify]
levels = ["L0", "L1", "L2", "L3", "L3d", "L4"]

[budget]
strikes = 2

[sandbox]
kind = "auto"

[simulation]
bugs = ["T1", "T3"]

[simulation.solution]
"rules.py" = "candidate/port/rules.py"
"""


class FakeVerifier:
    """Reads the candidate's text; `calls` says what it was asked."""

    digest = "fake"

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def paths(self) -> list[str]:
        """Three fields."""
        return ["state.place", "state.points", "out.end"]

    def preflight(self) -> Outcome:
        """Always well."""
        self.calls.append(("preflight",))
        return Outcome("pass", counts={"seeded bugs found": 7})

    def check(self, tree: Path, levels: Sequence[str], modules: Sequence[str] | None, seed: int, scale: int) -> Outcome:
        """Wrong lines of these levels and modules."""
        self.calls.append(("check", *levels))
        text = self._text(tree)
        if text is None:
            return Outcome("fail", (Failure("L0", "L0/start", "does not start", count=1, cases=1),))
        found = self._wrong(text, levels, modules)
        verdicts: Any = {level: "fail" if any(f.level == level for f in found) else "pass" for level in levels}
        return Outcome("fail" if found else "pass", tuple(found), levels=verdicts, counts={"steps": 10 * scale})

    def held_out(self, tree: Path, secret: bytes, scale: int) -> Outcome:
        """The line of a rare seed."""
        self.calls.append(("held out", secret.hex()[-4:]))
        found = self._wrong(self._text(tree) or "", ("held out",), None)
        return Outcome("fail" if found else "pass", tuple(found))

    def transfer(self, tree: Path, secret: bytes) -> Outcome:
        """The line that a trained policy sees."""
        self.calls.append(("transfer",))
        found = self._wrong(self._text(tree) or "", ("L4",), None)
        return Outcome("fail" if found else "pass", tuple(found), levels={"L4": "fail" if found else "pass"})

    def bench(self, tree: Path, kept: Path | None) -> Speed:
        """Faster or slower by a word in the text."""
        self.calls.append(("bench",))
        text = self._text(tree) or ""
        difference = "state.points" if "# other program" in text else ""
        old = (self._text(kept) or "").count("# fast") if kept else 0
        return Speed(100.0 + 50 * text.count("# fast"), gain=0.5 * (text.count("# fast") - old), difference=difference)

    def close(self) -> None:
        """Nothing to end."""

    def _text(self, tree: Path) -> str | None:
        path = tree / "candidate" / "port" / "rules.py"
        return path.read_text("utf-8") if path.is_file() else None

    def _wrong(self, text: str, levels: Sequence[str], modules: Sequence[str] | None) -> list[Failure]:
        found = []
        for name, (level, line) in _TRUE.items():
            owner = name if level == "L1" else "points"
            if level in levels and line not in text and (modules is None or owner in modules):
                row = Row(f"state.{name}", 1, 2, owner)
                kind = level if level.startswith("L") else "L3"
                found.append(Failure(kind, f"{kind}/{name}", rows=(row,), count=3, cases=10))
        return found


def make_project(folder: Path, text: str = TOML) -> Path:
    """Write the toy project into a folder; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "translation.toml").write_text(text, "utf-8")
    (folder / "rules.py").write_text(RULES, "utf-8")
    (folder / "game.py").write_text("def step(points):\n    return points * 2\n", "utf-8")
    return folder


def begin(
    folder: Path, agent: str, change: Any = lambda project: project, text: str = TOML, made: Agent | None = None
) -> Run:
    """A new run in `folder/run` of the toy project in `folder/project`. `change`: makes another project of it."""
    from translator.project import load

    origin = make_project(folder / "project", text)
    config = Config(change(load(origin)), str(origin), agent, 0)
    create(folder / "run", config)
    return again(folder, made)


def again(folder: Path, made: Agent | None = None) -> Run:
    """The run of `begin`, opened as a new process would."""
    run = starting.open_run(folder / "run", verifier=lambda project, cases: FakeVerifier())
    return dataclasses.replace(run, protected=[folder / "project"], **({"agent": made} if made else {}))


def finish(run: Run) -> tuple[Position, dict[str, Any]]:
    """Go on to the end; returns the last position and the result."""
    try:
        position = machine.go(run)
        return position, reporting.write(run, position)
    finally:
        run.close()


def with_budget(**values: Any) -> Any:
    """A change of the project's budget."""

    def change(project: Project) -> Project:
        return msgspec.structs.replace(project, budget=msgspec.structs.replace(project.budget, **values))

    return change
