"""PufferLib's Pong as the verifier's reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import OUTCOME, Actions, Batch, Bounds, EnvInfo, Snapshot
from references.puffer_pong.install import VERSION
from references.puffer_pong.library import (
    CASE,
    STATE,
    TRAINING_FRAME_SKIP,
    library,
    new_cases,
    serves,
)

AGENT = "agent"
FRAME_SKIP = "config.frame_skip"
MOST_FRAMES = 1000
"""Longest frame skip that `restore` accepts: a state made up by a search must not stop everything."""

_STATE_PREFIX = "state."
_PATHS = {**{_STATE_PREFIX + name: name for name in STATE}, FRAME_SKIP: "frameskip"}
_LAST = 2**31 - 1 - 2 * MOST_FRAMES  # above it a counter could overflow in one step: a frame has up to two bounces


class PufferPong:
    """One game, or a batch of them: `Restorable` and `Batched`. Holds nothing but numpy arrays, so it can be pickled.

    * Actions, under "agent": integers 0 (still), 1 (up), 2 (down); or floats, clipped to [−1, 1] as `pong.py` does.
    * Snapshots: "state.<name>" for `library.STATE`, "config.frame_skip"; under "out." reward, terminated, truncated
      (never), obs [8] and log [5] (`library.CASE`), all blank (zeros) before the first step after a reset or `restore`.
    * `reset` takes the option "frame_skip", by default PufferLib's for training, 8.
    * `params`: values other than `library.DEFAULTS`.

    Raises `ReferenceUnavailableError` where the C cannot be fetched or compiled.
    """

    def __init__(self, continuous: bool = False, params: Mapping[str, float] | None = None) -> None:
        self.info = EnvInfo("pufferlib puffer_pong", VERSION, (AGENT,))
        library()
        self._continuous = continuous
        self._template = new_cases(1, TRAINING_FRAME_SKIP, continuous, params)
        self._case: NDArray[Any] | None = None
        self._blank = True  # no step since the reset

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Start an episode; the seed (≥ 0) decides all its serves. `ValueError` for other options than "frame_skip"."""
        chosen = {"frame_skip": TRAINING_FRAME_SKIP, **(options or {})}
        if unknown := sorted(set(chosen) - {"frame_skip"}):
            raise ValueError(f"{self.info.name}: reset knows the option 'frame_skip', got {unknown}")
        frame_skip = chosen["frame_skip"]
        if not 1 <= frame_skip <= MOST_FRAMES or frame_skip != int(frame_skip):
            raise ValueError(
                f"{self.info.name}: option frame_skip cannot be {frame_skip!r}, it is a whole number from 1 to "
                f"{MOST_FRAMES}"
            )
        self._case = self._template.copy()
        self._case["frameskip"], self._case["serve"] = frame_skip, serves(seed, 1)
        library().reset(self._case)
        self._blank = True

    def step(self, actions: Actions) -> None:
        """Play one action. A game that ends starts anew in the same step."""
        case = self._held()
        case["action"] = self._action(actions)
        library().step(case)
        self._blank = False

    def snapshot(self) -> Snapshot:
        """State and outcome."""
        batch = _snapshots(self._held(), self._blank)
        return {path: values[0] for path, values in batch.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Become that state. `ValueError` names the path of a value that a game cannot have."""
        self._case = self._cases({path: np.asarray(snapshot[path])[None] for path in _PATHS if path in snapshot})
        self._blank = True

    def legal(self) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """Always everything."""
        if self._continuous:
            return {AGENT: Bounds(np.full((), -1, np.float32), np.ones((), np.float32))}
        return {AGENT: np.ones(3, bool)}

    def restore_many(self, snapshots: Batch) -> Batch:
        """Every case restored and snapshotted again."""
        return _snapshots(self._cases(snapshots), blank=True)

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """Every case restored and stepped once; frame skips may differ from case to case."""
        cases = self._cases(snapshots)
        cases["action"] = self._action(actions)
        library().step(cases)
        return _snapshots(cases, blank=False)

    def legal_many(self, snapshots: Batch) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """Always everything."""
        count = len(self._cases(snapshots))
        if self._continuous:
            return {AGENT: Bounds(np.full(count, -1, np.float32), np.ones(count, np.float32))}
        return {AGENT: np.ones((count, 3), bool)}

    def _held(self) -> NDArray[Any]:
        if self._case is None:
            raise ValueError(f"{self.info.name}: reset or restore it first")
        return self._case

    def _action(self, actions: Mapping[str, Any]) -> NDArray[np.float32]:
        action = np.asarray(actions[AGENT], np.float32)
        return np.clip(action, np.float32(-1), np.float32(1)) if self._continuous else action

    def _cases(self, snapshots: Batch) -> NDArray[Any]:
        """`CASE` [N] of a batch, with this environment's parameters; `ValueError` for what no game can be."""
        for path in _PATHS:
            if path not in snapshots:
                raise ValueError(f"{self.info.name}: cannot restore, the snapshot lacks {path!r}")
        cases = np.repeat(self._template, len(np.asarray(snapshots[FRAME_SKIP])))
        for path, name in _PATHS.items():
            cases[name] = self._fitted(path, np.asarray(snapshots[path]), CASE[name])
        return cases

    def _fitted(self, path: str, values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        """`values` in the struct's type, floats rounded to it; `ValueError` for a shape or value that does not fit."""
        base, shape = dtype.base, dtype.shape
        if values.shape[1:] != shape:
            raise ValueError(f"{self.info.name}: {path!r} has shape {values.shape[1:]}, the state holds {shape}")
        if base.kind == "f":
            with np.errstate(over="ignore"):
                fitted = values.astype(base)
            good, reason = np.isfinite(fitted), "it is a finite float32"
        else:
            low, high = self._range(path)
            good, reason = (values >= low) & (values <= high) & (values == np.round(values)), f"it is {low} to {high}"
            fitted = np.where(good, values, low).astype(base)
        if not good.all():
            case = int(np.argwhere(~good)[0][0])
            wrong = values[~good].ravel()[0]
            raise ValueError(f"{self.info.name}: {path!r} cannot be {wrong!r} (case {case}): {reason}")
        return fitted

    def _range(self, path: str) -> tuple[int, int]:
        if path.startswith(_STATE_PREFIX + "score_"):
            return 0, int(self._template["max_score"][0]) - 1  # a game that reaches it starts anew in the same step
        if path == FRAME_SKIP:
            return 1, MOST_FRAMES
        return 0, 2**32 - 1 if path == _STATE_PREFIX + "serve" else _LAST


def _snapshots(cases: NDArray[Any], blank: bool) -> dict[str, NDArray[Any]]:
    """The snapshots' batch of `CASE` [N]; `blank`: nothing was played yet."""
    state = {path: cases[name].copy() for path, name in _PATHS.items()}
    outcome = {
        "reward": cases["reward"],
        "terminated": cases["terminal"] != 0,
        "truncated": np.zeros(len(cases), bool),
        "obs": cases["observation"],
        "log": cases["log"],
    }
    give = np.zeros_like if blank else np.array
    return {**state, **{OUTCOME + name: give(values) for name, values in outcome.items()}}
