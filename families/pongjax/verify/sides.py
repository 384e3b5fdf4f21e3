"""Both implementations as many games in place, played side by side: what the lockstep checks drive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from families.pongjax.verify.candidate import AGENT, FRAME_SKIP
from families.pongjax.verify.engine import Program
from references.protocol import OUTCOME, Batch
from references.puffer_pong.env import PufferPong
from references.puffer_pong.library import STATE, library, new_cases


class Side(Protocol):
    """Games of one frame skip, in place. Snapshots lack "config.frame_skip"."""

    def begin(self, serves: NDArray[np.uint32]) -> Batch:
        """New games, the generators before their first draw; their snapshots [N]."""
        ...

    def roll(self, actions: NDArray[Any]) -> Batch:
        """Play actions [T, N]; the snapshots after every step [T, N]."""
        ...


class CandidateSide:
    """PongJAX. Nothing but the actions goes in after `begin`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._games: Any = None

    def begin(self, serves: NDArray[np.uint32]) -> Batch:
        """See `Side`."""
        self._games, seen = self.program.begin(serves)
        return _arrays(seen)

    def roll(self, actions: NDArray[Any]) -> Batch:
        """See `Side`."""
        self._games, seen = self.program.roll(self._games, actions)
        return _arrays(seen)


class ReferenceSide:
    """PufferLib's C; `params`: name → value, or values [N]. Also plays step by step, for policies that look."""

    def __init__(self, frame_skip: int, continuous: bool, params: Mapping[str, Any] | None = None) -> None:
        self._frame_skip, self._continuous, self._params = frame_skip, continuous, dict(params or {})
        self._cases: NDArray[Any] = new_cases(0)

    def begin(self, serves: NDArray[np.uint32]) -> Batch:
        """See `Side`."""
        self._cases = new_cases(len(serves), self._frame_skip, self._continuous)
        for name, values in self._params.items():
            self._cases[name] = values
        self._cases["serve"] = serves
        library().reset(self._cases)
        seen = snapshots_of(self._cases.copy())
        return {path: np.zeros_like(values) if path.startswith(OUTCOME) else values for path, values in seen.items()}

    @property
    def cases(self) -> NDArray[Any]:
        """`CASE` [N]: the games as they are; read only."""
        return self._cases

    def step(self, actions: NDArray[Any]) -> NDArray[Any]:
        """Play actions [N]; a copy of the games after it."""
        self._cases["action"] = actions
        library().step(self._cases)
        return self._cases.copy()

    def roll(self, actions: NDArray[Any]) -> Batch:
        """See `Side`."""
        return snapshots_of(np.stack([self.step(joint) for joint in actions]))


class SeededPong(PufferPong):
    """The reference; its reset knows the option "seed" as well, as the candidate's does."""

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """See `protocol.Env.reset`."""
        others = dict(options or {})
        super().reset(int(others.pop("seed", seed)), others)


def snapshots_of(cases: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """`CASE` of any shape as snapshots, without the frame skip."""
    state = {"state." + name: cases[name] for name in STATE}
    return {
        **state,
        "out.reward": cases["reward"],
        "out.terminated": cases["terminal"] != 0,
        "out.truncated": np.zeros(cases.shape, bool),
        "out.obs": cases["observation"],
        "out.log": cases["log"],
    }


def with_skip(batch: Batch, frame_skip: int) -> dict[str, NDArray[Any]]:
    """The snapshots as the plugin's sides give them."""
    return {**batch, FRAME_SKIP: np.full(np.shape(batch["state.tick"]), frame_skip, np.int32)}


def as_actions(actions: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """A batch of joint actions."""
    return {AGENT: actions}


def _arrays(seen: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    return {path: np.asarray(values) for path, values in seen.items()}
