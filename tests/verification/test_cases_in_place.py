"""A case that is equal step by step is played once more in place, where both sides keep what a state does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import toy_pair
from test_shards import RollingMonster

from references.protocol import Batch
from verification import cases
from verification.cases import Case
from verification.fields import FieldTable
from verification.levels.context import Context, Plan
from verification.levels.pairs import compared_paths
from verification.plugin import Plugin, SelfPlay


class Forgetful(RollingMonster):
    """… that forgets at every single step how many came before. `bug`: "tires" (2 HP less at its third in place)."""

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.before = 0

    def step(self, actions: Mapping[str, Any]) -> None:
        self.before = 0
        self.go_on(actions)

    def go_on(self, actions: Mapping[str, Any]) -> None:
        super().step(actions)
        self.before += 1
        if self.bug == "tires" and self.before == 3:
            self.state["hp"] = max(self.state["hp"] - 2, 0)

    def play(self, options: Mapping[str, Any], actions: Batch) -> Batch:
        kept = _InPlace(self.info.name, self.bug)
        return RollingMonster.play(kept, options, actions)


class _InPlace(Forgetful):
    def step(self, actions: Mapping[str, Any]) -> None:
        self.go_on(actions)


def forgetful(bug: str) -> Plugin:
    alone = SelfPlay(play=lambda seed, count, policy: iter(()), policies=("none",))
    return toy_pair.make("toy_pair:forgetful", Forgetful, bug, alone=alone)


def played(bug: str, options: Mapping[str, Any], length: int = 4) -> Any:
    plugin = forgetful(bug)
    context = Context(plugin, Plan())
    table: FieldTable = context.table
    case = Case(plugin.env, ({"agent": 0},) * length, None, 0, options)
    return cases.play(plugin, table, compared_paths(context), context.reference, context.candidate, case)


def test_a_difference_that_only_memory_makes_is_found() -> None:
    found = played("tires", {"start": 3})
    assert found is not None
    step, differences, message = found
    assert step == 3 and differences[0].name == "hp" and not message
    assert played("", {"start": 3}) is None


def test_nothing_is_rolled_out_of_a_case_whose_options_name_no_start() -> None:
    assert played("tires", {}) is None
    assert played("tires", {"start": 3}, length=2) is None  # too short to tire
