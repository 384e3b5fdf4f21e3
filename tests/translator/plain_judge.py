"""The real verifier on a candidate in plain numpy, in this process: for tests of the loop that need no sandbox."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from references.protocol import Batch, EnvInfo
from translator.evaluation import CANDIDATE
from translator.inside import REPEATS, SEED
from translator.judging import Judge
from verification.batches import stack
from verification.remote.guard import tree_hash

CARTPOLE = '''"""CartPole in numpy: a state is (x, x_dot, theta, theta_dot) and the steps taken."""

import numpy as np


def reset(rng):
    return rng.uniform(-0.05, 0.05, 4)


def step(state, time, action):
    x, x_dot, theta, theta_dot = state
    sin, cos = np.sin(theta), np.cos(theta)
    push = ((10.0 if action else -10.0) + 0.05 * theta_dot**2 * sin) / 1.1
    turn = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
    state = np.array([x + 0.02 * x_dot, x_dot + 0.02 * (push - 0.05 * turn * cos / 1.1),
                      theta + 0.02 * theta_dot, theta_dot + 0.02 * turn])
    over = abs(state[0]) > 2.4 or abs(state[2]) > 12 * 2 * np.pi / 360
    return state, time + 1, 1.0, over
'''
NAMES = ("x", "x_dot", "theta", "theta_dot")


class PlainCartPole:
    """A candidate made of the file's `reset` and `step`, with the paths of the reference without its episode."""

    info = EnvInfo("plain", "1")

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._rules = rules
        self.reset(0)

    def reset(self, seed: int, options: Any = None) -> None:
        self.state, self.time = self._rules["reset"](np.random.default_rng(seed)), 0
        self.out = (0.0, False, np.zeros(4))

    def step(self, actions: Any) -> None:
        self.state, self.time, reward, over = self._rules["step"](self.state, self.time, int(actions["agent"]))
        self.out = (reward, over, self.state)

    def snapshot(self) -> dict[str, Any]:
        reward, over, obs = self.out
        return {
            **{f"state.{name}": self.state[i] for i, name in enumerate(NAMES)},
            "state.time": np.int64(self.time),
            "out.reward": np.float64(reward),
            "out.terminated": np.bool_(over),
            "out.truncated": np.bool_(self.time >= 500 and not over and reward),
            "out.obs": np.array(obs, np.float32),
        }

    def restore(self, snapshot: Any) -> None:
        self.state = np.array([snapshot[f"state.{name}"] for name in NAMES], float)
        self.time, self.out = int(snapshot["state.time"]), (0.0, False, np.zeros(4))

    def legal(self) -> dict[str, Any]:
        return {"agent": np.ones(2, bool)}

    def restore_many(self, snapshots: Batch) -> Batch:
        if SEED in snapshots:
            rng = np.random.default_rng(int(snapshots[SEED][0]))
            repeats = int(snapshots[REPEATS][0])
            starts = np.array([[self._rules["reset"](rng) for _ in range(repeats)] for _ in snapshots[SEED]])
            first = {f"state.{name}": starts[:, :, i] for i, name in enumerate(NAMES)}
            return {**first, "state.time": np.zeros(starts.shape[:2], np.int64)}
        return self._each(snapshots, None)

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        return self._each(snapshots, actions["agent"])

    def legal_many(self, snapshots: Batch) -> dict[str, Any]:
        return {"agent": np.ones((len(snapshots["state.x"]), 2), bool)}

    def _each(self, snapshots: Batch, actions: Any) -> Batch:
        found = []
        for case in range(len(snapshots["state.x"])):
            self.restore({path: values[case] for path, values in snapshots.items()})
            if actions is not None:
                self.step({"agent": actions[case]})
            found.append(self.snapshot())
        return stack(found)


class PlainEvaluation:
    """In the place of a sandbox."""

    kind, reports = "none, a test", ()

    def __init__(self, tree: Path) -> None:
        self.hash = tree_hash(tree / CANDIDATE)
        self._env = PlainCartPole(runpy.run_path(str(tree / CANDIDATE / "port/env.py")))

    def env(self) -> Any:
        return self._env

    def close(self) -> None:
        pass


class PlainJudge(Judge):
    """`Judge`, whose candidates run here; held-out seeds are played once, in this process."""

    def _of(self, tree: Path, anew: bool = False) -> Any:
        kept: Any = self._evaluation
        if kept is None or kept.hash != tree_hash(tree / CANDIDATE):
            kept = PlainEvaluation(tree)
        self._evaluation = kept
        return kept

    def _in_new_processes(self, *words: Any) -> list[Any]:
        return []
