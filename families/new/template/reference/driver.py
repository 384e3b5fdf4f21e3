"""Drives the game: single episodes for the verifier, and lanes of them for the bench and for transfer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.new.template.reference.game import SIZE, TIME_LIMIT, VERSION, Game
from references.protocol import Actions, EnvInfo, Snapshot

AGENT = "agent"
NAMES = ("place", "battery", "cargo", "ore", "time")
OBSERVED = 3 + SIZE
"""Length of an observation: place, battery, cargo, and the ore of every cell."""


def observation(game: Game) -> NDArray[np.float32]:
    """float32 [OBSERVED], in the order of our environment."""
    return np.array([game.place, game.battery, game.cargo, *game.ore], np.float32)


class Driver:
    """One episode at a time, which can be put into any state (`references.protocol.Restorable`)."""

    def __init__(self) -> None:
        self.info = EnvInfo("the toy reference of the template", VERSION, (AGENT,))
        self._game = Game()
        self._out = self._outcome(0.0, np.zeros(OBSERVED, np.float32), False, False, False)
        self._blank = self._out

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Start an episode. `ValueError` for options: there are none."""
        if options:
            raise ValueError(f"{self.info.name}: reset takes no options, got {sorted(options)}; leave them out")
        self._game.reset(np.random.default_rng(seed))
        self._out = self._blank

    def step(self, actions: Actions) -> None:
        """Play {"agent": action}."""
        action = int(actions[AGENT])
        illegal = not self._game.legal()[action]
        reward = self._game.step(action)
        over = self._game.over
        truncated = self._game.time >= TIME_LIMIT and not over
        self._out = self._outcome(reward, observation(self._game), over, truncated, illegal)

    def snapshot(self) -> Snapshot:
        """State and outcome."""
        state = {f"state.{name}": np.array(getattr(self._game, name), np.int32)[()] for name in NAMES}
        return {**state, **self._out}

    def restore(self, snapshot: Snapshot) -> None:
        """Become that state. `ValueError` names the paths that are missing."""
        lacking = [name for name in NAMES if f"state.{name}" not in snapshot]
        if lacking:
            raise ValueError(f"{self.info.name}: cannot restore, the snapshot lacks {lacking} under 'state.'")
        for name in NAMES:
            value = np.array(snapshot[f"state.{name}"], np.int64)
            setattr(self._game, name, value if value.ndim else int(value))
        self._out = self._blank

    def legal(self) -> Mapping[str, NDArray[np.bool_]]:
        """Actions that may be played now."""
        return {AGENT: np.array(self._game.legal())}

    def _outcome(
        self, reward: float, obs: NDArray[np.float32], over: bool, truncated: bool, illegal: bool
    ) -> dict[str, Any]:
        return {
            "out.reward": np.float32(reward),
            "out.terminated": np.bool_(over),
            "out.truncated": np.bool_(truncated),
            "out.obs": obs,
            "out.info.illegal": np.float32(illegal),
        }


def steps_per_second(seconds: float, seed: int = 0) -> float:
    """Speed of the game at random legal play, with observations and masks, on one core."""
    rng, game, steps = np.random.default_rng(seed), Game(), 0
    game.reset(rng)
    begin = time.perf_counter()
    while (passed := time.perf_counter() - begin) < seconds or not steps:
        for _ in range(100):
            game.step(int(rng.choice(np.flatnonzero(game.legal()))))
            observation(game)
            steps += 1
            if game.over or game.time >= TIME_LIMIT:
                game.reset(rng)
    return steps / passed
