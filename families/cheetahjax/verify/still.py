"""Steps in which the physics stands still: the task's own code acts on a state just as it was injected.

A step of the physics ends beside a threshold by chance only, and float32 ends elsewhere than float64. Where the state
stands still both sides judge the same float32 numbers, one component of the state at, just below or just above a
threshold. The reference is Gymnasium's own `step` with its `TimeLimit`, in float32 as well: MuJoCo's simulation is left
out, and the arrays that Gymnasium reads are float32. The candidate is the registered environment, its public `step`,
with `advance`, which is the physics, left out.

Not of InvertedDoublePendulum and Reacher: their outcomes are of what the physics computes on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify.tasks import Task
from references.gymnasium_env import GymnasiumReference
from references.mujoco.gymnasium_env import STATE_NAMES, MujocoReference
from references.protocol import UNDEFINED, Actions, Batch, Bounds, Snapshot
from verification.adapters.public import like
from verification.batches import rows, size

STILL = "state.still"
"""bool: the physics stands still."""


class FrozenReference(MujocoReference):
    """Gymnasium's task without MuJoCo's simulation, in float32. States may hold what is no number."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.name, task.metrics, episode=True)
        inner = self.unwrapped
        inner.data = SimpleNamespace(
            **{name: np.array(getattr(inner.data, name), np.float32) for name in STATE_NAMES.values()}
        )
        inner.do_simulation = lambda ctrl, frames: None

    def restore(self, snapshot: Snapshot) -> None:
        """See `protocol.Restorable.restore`."""
        GymnasiumReference.restore(self, snapshot)


class _Advance(NamedTuple):
    state: Any
    displacement: Any
    report: Any


def frozen(env: Any) -> Any:
    """A planar environment whose physics stands still; all else is its own."""

    def advance(self: Any, state: Any, ctrl: Any) -> Any:
        del ctrl
        return _Advance(self.state_at(state.physics, state.time + 1), jnp.zeros_like(state.physics.qpos), jnp.int32(0))

    return like(env, advance=advance)


class Either:
    """Two implementations of one interface as one: `live`, and `still` for the cases that say so.

    `Restorable` and `Batched` as both are; snapshots have `STILL` too. `still()` is made when it is first needed.
    """

    def __init__(self, live: Any, still: Callable[[], Any]) -> None:
        self.info = live.info
        self.live, self._make, self._still = live, still, None
        self._now = live

    @property
    def still(self) -> Any:
        """The implementation whose physics stands still."""
        if self._still is None:
            self._still = self._make()
        return self._still

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Start an episode, which does not stand still."""
        self._now = self.live
        self._now.reset(seed, options)

    def step(self, actions: Actions) -> None:
        """Play one action."""
        self._now.step(actions)

    def snapshot(self) -> Snapshot:
        """State and outcome."""
        return {**self._now.snapshot(), STILL: np.bool_(self._now is not self.live)}

    def restore(self, snapshot: Snapshot) -> None:
        """Become that state; one that does not say so does not stand still."""
        self._now = self.still if snapshot.get(STILL, False) else self.live
        self._now.restore(_without(snapshot))

    def legal(self) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """The motors' ranges."""
        return self.live.legal()

    def legal_many(self, snapshots: Batch) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """The motors' ranges in every case."""
        return self.live.legal_many(_without(snapshots))

    def restore_many(self, snapshots: Batch) -> Batch:
        """Every case restored and snapshotted again."""
        return self._each(snapshots, lambda env, part, index: env.restore_many(part))

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """Every case restored and stepped once."""
        return self._each(snapshots, lambda env, part, index: env.step_many(part, rows(actions, index)))

    def reset_many(self, seed: int, lanes: int, repeats: int) -> Batch:
        """See `JaxenvCandidate.reset_many`."""
        return self.live.reset_many(seed, lanes, repeats)

    def close(self) -> None:
        """Free what both hold."""
        for env in (self.live, self._still):
            close = getattr(env, "close", None)
            if close:
                close()

    def _each(self, snapshots: Batch, run: Callable[[Any, Batch, NDArray[np.int64]], Batch]) -> Batch:
        flags = np.asarray(snapshots.get(STILL, np.zeros(size(snapshots), bool)), bool)
        order, parts = [], []
        for flag in (False, True):
            index = np.flatnonzero(flags == flag)
            if len(index):
                env = self.still if flag else self.live
                part = dict(run(env, rows(_without(snapshots), index), index))
                order.append(index)
                parts.append({**part, STILL: np.full(len(index), flag)})
        for part in parts:
            if any(UNDEFINED in other for other in parts):
                part.setdefault(UNDEFINED, np.zeros(size(part), bool))
        back = np.argsort(np.concatenate(order))
        return {path: np.concatenate([np.asarray(part[path]) for part in parts])[back] for path in parts[0]}


class MutatedEither(Either):
    """`Either` of two candidates that hold every mutant."""

    _mutant = 0

    @property
    def still(self) -> Any:
        """The implementation whose physics stands still, with the same mutant at work."""
        made = super().still
        made.select_mutant(self._mutant)
        return made

    def select_mutant(self, index: int) -> None:
        """Be the mutant of that number, counted from 1; 0 is the original."""
        self._mutant = index
        self.live.select_mutant(index)
        if self._still is not None:
            self._still.select_mutant(index)


def _without(snapshots: Mapping[str, Any]) -> dict[str, Any]:
    return {path: values for path, values in snapshots.items() if path != STILL}


def stands_still(batch: Batch) -> NDArray[np.bool_]:
    """bool [N]."""
    return np.asarray(batch.get(STILL, np.zeros(size(batch), bool)), bool)
