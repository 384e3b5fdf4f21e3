"""A two-player dice game, the reference that the adversaries pretend to be, and its plugin.

Each turn both players choose: hold (bank the pot), roll (a one empties the pot, else the face is added), or gamble
(only with a pot: four and more doubles it, less empties it). Thirty points end the game, or 25 turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from references.protocol import Actions, Batch, Env, EnvInfo, Snapshot
from verification.batches import random_actions
from verification.fields import FieldSpec
from verification.plugin import Draws, Injected, Injection, Play, Plugin, Sides, State

AGENTS = ("p1", "p2")
GOAL, TURNS = 30, 25


class Dice:
    """The reference: plain Python, one player after the other."""

    info = EnvInfo("dice", "1.0", AGENTS)

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """A new game; the generator starts from the seed."""
        self.generator = (seed * 2654435761 + 12345) % 2**32
        self.turn = 0
        self.score, self.pot, self.face = [0, 0], [0, 0], [0, 0]
        self.reward = [0, 0]
        self.terminated = self.truncated = False

    def _roll(self) -> int:
        self.generator = (self.generator * 1664525 + 1013904223) % 2**32
        return 1 + (self.generator >> 16) % 6

    def step(self, actions: Actions) -> None:
        """One turn of both players."""
        for player, agent in enumerate(AGENTS):
            action = int(actions[agent])
            self.face[player] = 0
            if action == 0:
                self.score[player] += self.pot[player]
                self.pot[player] = 0
                continue
            face = self.face[player] = self._roll()
            if action == 1:
                self.pot[player] = 0 if face == 1 else self.pot[player] + face
            else:
                self.pot[player] = 2 * self.pot[player] if face >= 4 else 0
        self.turn += 1
        self.terminated = max(self.score) >= GOAL
        self.truncated = self.turn >= TURNS and not self.terminated
        lead = (self.score[0] > self.score[1]) - (self.score[0] < self.score[1])
        self.reward = [lead, -lead] if self.terminated else [0, 0]

    def snapshot(self) -> Snapshot:
        """Every number of the game."""
        found: dict[str, Any] = {"generator": np.uint32(self.generator), "turn": np.int32(self.turn)}
        for player, agent in enumerate(AGENTS):
            found[f"{agent}.face"] = np.int32(self.face[player])
            found[f"{agent}.pot"] = np.int32(self.pot[player])
            found[f"{agent}.score"] = np.int32(self.score[player])
        found["out.reward"] = np.array(self.reward, np.int32)
        found["out.terminated"], found["out.truncated"] = np.bool_(self.terminated), np.bool_(self.truncated)
        return found

    def restore(self, snapshot: Snapshot) -> None:
        """Any state of non-negative numbers."""
        for path in ("turn", *(f"{agent}.{part}" for agent in AGENTS for part in ("face", "pot", "score"))):
            if int(snapshot[path]) < 0:
                raise ValueError(f"{path} is {int(snapshot[path])}, expected at least 0")
        self.generator, self.turn = int(snapshot["generator"]), int(snapshot["turn"])
        self.face, self.pot, self.score = (
            [int(snapshot[f"{agent}.{part}"]) for agent in AGENTS] for part in ("face", "pot", "score")
        )
        self.reward, self.terminated, self.truncated = [0, 0], False, False

    def legal(self) -> dict[str, np.ndarray]:
        """Gambling takes a pot."""
        return {agent: np.array([True, True, self.pot[player] > 0]) for player, agent in enumerate(AGENTS)}


def inject(rng: np.random.Generator, snapshots: Batch, count: int) -> Injected:
    """Scores around the goal, last turns, large pots; mostly states that no game reaches."""
    picked = rng.integers(len(snapshots["turn"]), size=count)
    states = {path: np.array(values[picked]) for path, values in snapshots.items()}
    states["generator"] = rng.integers(2**32, size=count, dtype=np.uint32)
    states["turn"] = rng.choice([0, 7, TURNS - 2, TURNS - 1], size=count).astype(np.int32)
    for agent in AGENTS:
        states[f"{agent}.score"] = rng.choice([0, 11, GOAL - 2, GOAL - 1], size=count).astype(np.int32)
        states[f"{agent}.pot"] = rng.choice([0, 1, 2, 17, 1000], size=count).astype(np.int32)
    legal = {agent: np.stack([np.ones(count, bool)] * 2 + [states[f"{agent}.pot"] > 0], axis=-1) for agent in AGENTS}
    return Injected(states, random_actions(rng, legal), ["edges"] * count)


def unused() -> Env:
    """The plugin's own candidate, which nobody asks for here."""
    raise AssertionError("an untrusted candidate is judged instead of the plugin's own")


PLUGIN = Plugin(
    env="test/dice",
    sides=Sides(reference=Dice, candidate=unused, same_start=True),
    state=State(
        modules=("generator", "dice", "score", "ending"),
        fields=(
            FieldSpec("generator", "generator"),
            FieldSpec("p?.face", "dice"),
            FieldSpec("p?.pot", "dice"),
            FieldSpec("p?.score", "score"),
            FieldSpec("turn", "ending"),
            FieldSpec("out.*", "ending"),
        ),
    ),
    draws=Draws(noise="same_prng"),
    play=Play(horizon=TURNS),
    injection=Injection(inject=inject),
)
