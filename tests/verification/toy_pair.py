"""A small game beside a copy of itself with a bug that a test chooses: what the generic levels are tried on.

A monster has HP and three potions; poison, once caught, takes 1 HP a step. An episode ends at 0 HP or after 40 steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

import numpy as np

from references.protocol import UNDEFINED, Batch, Draw, EnvInfo, Tape, row, size, stack
from verification.fields import FieldSpec
from verification.plugin import Behaviours, Draws, Laws, Option, Play, Plugin, Property, Running, Sides, State
from verification.statistics.margin import Margin

LAST_STEP = 40
STATE = ("hp", "potions", "steps", "poison")


class Monster:
    """The game. `bug`: "no-potions" (poison stops when potions are out), "late" (1 HP more from step 26 on)."""

    def __init__(self, name: str, bug: str = "") -> None:
        self.info = EnvInfo(name, "1")
        self.bug = bug

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        rng = np.random.default_rng(seed)
        hp = int(rng.integers(5, 20)) + (options or {}).get("more", 0)
        self.state: dict[str, Any] = {"hp": hp, "potions": 3, "steps": 0, "poison": False}
        self.reward, self.over = 0.0, False

    def step(self, actions: Mapping[str, Any]) -> None:
        state, action = self.state, int(actions["agent"])
        state["steps"] += 1
        if action == 0:
            state["hp"] -= self.damage()
        elif action == 1 and state["potions"] > 0:
            state["potions"] -= 1
            state["hp"] += 3
        elif action == 2:
            state["poison"] = True
        if state["poison"] and not (self.bug == "no-potions" and state["potions"] == 0):
            state["hp"] -= 1
        if self.bug == "late" and state["steps"] > 25:
            state["hp"] -= 1
        state["hp"] = max(state["hp"], 0)
        self.over = state["hp"] == 0 or state["steps"] >= LAST_STEP
        self.reward = float(state["hp"] == 0)

    def damage(self) -> int:
        return 2

    def snapshot(self) -> dict[str, Any]:
        values = {name: np.int64(self.state[name]) for name in STATE[:3]}
        outcome = {"out.reward": np.float32(self.reward), "out.terminated": np.bool_(self.over)}
        return {**values, "poison": np.bool_(self.state["poison"]), **outcome}

    def legal(self) -> Mapping[str, Any]:
        return {"agent": np.array([True, self.state["potions"] > 0, not self.state["poison"]])}


class RestorableMonster(Monster):
    """… that can be put into any state."""

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        if int(snapshot["hp"]) < 0:
            raise ValueError(f"hp: {int(snapshot['hp'])} is below 0")
        self.state = {name: int(snapshot[name]) for name in STATE[:3]} | {"poison": bool(snapshot["poison"])}
        self.reward, self.over = 0.0, False


class TapedMonster(RestorableMonster):
    """… whose damage is drawn: 1 or 2. `bug`: "extra-draw" (draws once more), "no-draw" (never draws)."""

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.rng, self.tape, self.made = np.random.default_rng([seed, 1]), None, []

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        super().restore(snapshot)
        self.tape, self.made = None, []

    def step(self, actions: Mapping[str, Any]) -> None:
        self.made = []
        super().step(actions)
        self.tape = None

    def damage(self) -> int:
        if self.bug == "no-draw":
            return 2
        value = self.tape.take("damage") if self.tape else int(self.rng.integers(1, 3))
        self.made.append(Draw("damage", len(self.made), value))
        if self.bug == "extra-draw" and self.tape:
            self.tape.take("damage")
        return int(value)

    def use_tape(self, tape: Tape) -> None:
        self.tape = tape

    def draws(self) -> Sequence[Draw]:
        return list(self.made)


class SilentMonster(RestorableMonster):
    """… played many at once, that may say that it has no answer. `bug`: "silent" (it has none to a second poison)."""

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.silent = False

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        super().restore(snapshot)
        self.silent = False

    def step(self, actions: Mapping[str, Any]) -> None:
        again = self.state["poison"] and int(actions["agent"]) == 0 and self.state["hp"] % 5 == 0
        super().step(actions)
        self.silent = bool(self.bug == "silent" and again)
        if self.silent:
            self.state = {"hp": -1, "potions": -1, "steps": -1, "poison": False}

    def snapshot(self) -> dict[str, Any]:
        return {**super().snapshot(), UNDEFINED: np.bool_(self.silent)}

    def restore_many(self, snapshots: Batch) -> Batch:
        return self._each(snapshots, None)

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        return self._each(snapshots, actions)

    def legal_many(self, snapshots: Batch) -> Mapping[str, Any]:
        count = size(snapshots)
        potions, poison = np.asarray(snapshots["potions"]) > 0, np.asarray(snapshots["poison"])
        return {"agent": np.stack([np.ones(count, bool), potions, ~poison], axis=1)}

    def _each(self, snapshots: Batch, actions: Batch | None) -> Batch:
        other, found = type(self)(self.info.name, self.bug), []
        for case in range(size(snapshots)):
            other.restore(row(snapshots, case))
            if actions is not None:
                other.step(row(actions, case))
            found.append(other.snapshot())
        return stack(found)


def behaviours(before: Any, actions: Any, after: Any) -> dict[str, Any]:
    return {
        "heal": actions["agent"] == 1,
        "hit": actions["agent"] == 0,
        "poisoned": before["poison"],
        "no-potions": before["potions"] == 0,
        "dead": after["hp"] == 0,
    }


FIELDS = (
    FieldSpec("potions", "bag"),
    FieldSpec("hp", "health"),
    FieldSpec("poison", "health"),
    FieldSpec("steps", "clock"),
    FieldSpec("out.*", "outcome"),
)


def make(env: str, kind: type[Monster] = RestorableMonster, bug: str = "", **changes: Any) -> Plugin:
    made = Plugin(
        env=env,
        sides=Sides(reference=lambda: kind("reference"), candidate=lambda: kind("candidate", bug), same_start=True),
        state=State(
            modules=("bag", "health", "clock", "outcome"),
            fields=FIELDS,
            sources={"health": ("monster.poison", "monster.hit"), "bag": ("monster.heal",)},
        ),
        draws=Draws(noise="tape" if kind is TapedMonster else "none"),
        play=Play(horizon=60),
        behaviours=Behaviours(
            shown=behaviours,
            declared=("heal", "hit", "poisoned", "no-potions", "dead", "revived"),
            sources={"no-potions": ("monster.heal",)},
        ),
        laws=Laws(properties=(Property("HP is never negative", lambda before, actions, after: after["hp"] >= 0),)),
    )
    return changed(made, **changes)


def changed(plugin: Plugin, **changes: Any) -> Plugin:
    """A plugin with other values: whole groups, or fields of groups by their own names."""
    groups = {group.name: getattr(plugin, group.name) for group in fields_of(plugin)}
    for name, value in changes.items():
        if name in groups:
            groups[name] = value
            continue
        owners = (g for g, values in groups.items() if g != "env" and name in {f.name for f in fields_of(values)})
        owner = next(owners)  # "sources" are the state's, "options" those of play
        groups[owner] = replace(groups[owner], **{name: value})
    return Plugin(**groups)


class Restless(RestorableMonster):
    """Draws what no seed decides."""

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.state["hp"] += int(np.random.default_rng().integers(0, 1000))


def good() -> Plugin:
    return make("toy_pair:good")


def buggy() -> Plugin:
    return make("toy_pair:buggy", bug="no-potions")


def late() -> Plugin:
    return make("toy_pair:late", bug="late")


def plain() -> Plugin:
    return make("toy_pair:plain", kind=Monster)


def plain_buggy() -> Plugin:
    return make("toy_pair:plain_buggy", kind=Monster, bug="no-potions")


def restless() -> Plugin:
    return make("toy_pair:restless", kind=Restless)


def taped() -> Plugin:
    return make("toy_pair:taped", kind=TapedMonster)


def silent() -> Plugin:
    """A reference that does not answer every step; the candidate does."""
    fields = (*FIELDS[:-1], FieldSpec("out.reward", "outcome"), FieldSpec("out.terminated", "outcome"))
    return make(
        "toy_pair:silent",
        fields=fields,
        reference=lambda: SilentMonster("reference", "silent"),
        candidate=lambda: SilentMonster("candidate"),
    )


def with_margin() -> Plugin:
    return make(
        "toy_pair:with_margin", margins={"return": Margin(1.0, reason="a tenth of a potion", anchor="declared")}
    )


CHOSEN: list[dict[str, str]] = []
"""Choices that `choosy` was configured with."""


def choosy() -> Plugin:
    """A plugin with options of its own."""
    options = (
        Option(name="mood", help="how it feels", default="calm", values=("calm", "wild")),
        Option(name="lives", help="how often it returns", default="1"),
    )

    def configure(choices: Mapping[str, str]) -> Plugin:
        CHOSEN.append(dict(choices))
        return make("toy_pair:choosy", running=running)

    running = Running(options=options, configure=configure)
    return make("toy_pair:choosy", running=running)


def weathered() -> Plugin:
    """A plugin with a setting of its own: the candidate has a bug, but in wet weather only."""

    def under(setting: Mapping[str, Any]) -> Plugin:
        return make("toy_pair:weathered", bug="no-potions" if setting["weather"] == "wet" else "", running=running)

    running = Running(settings={"weather": ("dry", "wet")}, under=under)
    return make("toy_pair:weathered", running=running)
