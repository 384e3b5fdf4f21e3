"""A small game in a package of its own, written to a folder, with its plugin: what random mutants are tried on."""

from __future__ import annotations

from pathlib import Path

RULES = '''"""A counter that goes up by a table's steps until a limit."""

import json
from pathlib import Path

LIMIT = 12
STEPS = json.loads((Path(__file__).parent / "steps.json").read_text())["steps"]
SIZE = len([0, 1, 2])


def advance(count, action):
    """The next count; 99 is a word here."""
    step = STEPS[action]
    while count < 0:
        count = count + 1
    if action == 2 and count > 5:
        step = step - 1
    return min(count + step, LIMIT)


def is_over(count):
    return count >= LIMIT
'''

PLUGIN = '''"""The game beside a copy that does not use its package."""

import numpy as np

from references.protocol import EnvInfo
from verification.fields import FieldSpec
from verification.plugin import Draws, Mutants, Play, Plugin, Sides, State


class Game:
    """A counter; `rules`: its two functions."""

    def __init__(self, name, advance, is_over, limit):
        self.info = EnvInfo(name, "1")
        self.advance, self.is_over, self.limit = advance, is_over, limit

    def reset(self, seed, options=None):
        self.count, self.over = seed % 4, False

    def step(self, actions):
        self.count = self.advance(self.count, int(actions["agent"]))
        self.over = bool(self.is_over(self.count))

    def snapshot(self):
        return {"count": np.int64(self.count), "out.reward": np.float32(0), "out.terminated": np.bool_(self.over)}

    def legal(self):
        return {"agent": np.ones(3, bool)}

    def restore(self, snapshot):
        self.count, self.over = int(snapshot["count"]), False


def reference():
    def advance(count, action):
        return min(count + (1, 2, 3 - (count > 5))[action], 12)

    return Game("reference", advance, lambda count: count >= 12, 12)


def candidate():
    from drawn_game import rules

    assert rules.SIZE == 3, "made for three actions"
    return Game("candidate", rules.advance, rules.is_over, rules.LIMIT)


def plugin():
    return Plugin(
        env="drawn_plugin:plugin",
        sides=Sides(reference=reference, candidate=candidate, same_start=True),
        state=State(
            modules=("count", "outcome"),
            fields=(FieldSpec("count", "count"), FieldSpec("out.*", "outcome")),
            sources={"count": ("drawn_game.rules",)},
        ),
        draws=Draws(noise="none"),
        play=Play(horizon=40),
        mutants=Mutants(packages=("drawn_game",)),
    )


def homeless():
    from dataclasses import replace

    return replace(plugin(), env="drawn_plugin:homeless", mutants=Mutants())


def lost():
    from dataclasses import replace

    return replace(plugin(), env="drawn_plugin:lost", mutants=Mutants(packages=("drawn_nowhere",)))
'''


def write(folder: Path) -> None:
    """Write the package `drawn_game` and the module `drawn_plugin` into a folder."""
    package = folder / "drawn_game"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "rules.py").write_text(RULES)
    (package / "steps.json").write_text('{"steps": [1, 2, 3]}')
    (folder / "drawn_plugin.py").write_text(PLUGIN)
