"""Batches of cases: stacking snapshots, and single steps of any implementation, one by one or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import (
    TERMINATED,
    TRUNCATED,
    UNDEFINED,
    Actions,
    Batch,
    Batched,
    Bounds,
    Env,
    Restorable,
    Snapshot,
    Tape,
    Taped,
    TapeError,
)
from references.protocol import concat as concat
from references.protocol import per_case as per_case
from references.protocol import row as row
from references.protocol import rows as rows
from references.protocol import size as size
from references.protocol import stack as stack
from verification.plugin import Plugin

Legal = Mapping[str, NDArray[np.bool_] | Bounds]

#: The path under which a draw too many or too few is reported when draws are matched by tape.
TAPE_PATH = "noise.tape"


def ended(snapshot: Mapping[str, Any]) -> Any:
    """True if the episode is over, of a snapshot (bool) or a batch (bool [N])."""
    flags = [np.asarray(snapshot[path], bool) for path in (TERMINATED, TRUNCATED) if path in snapshot]
    return np.logical_or.reduce(flags) if flags else np.False_


def is_over(snapshot: Mapping[str, Any]) -> Any:
    """Nothing is played on from here: the episode has ended, or the reference gave no answer. bool, or bool [N]."""
    return ended(snapshot) | np.asarray(snapshot.get(UNDEFINED, False), bool)


def restore_many(env: Env, snapshots: Batch) -> Batch:
    """Every case restored and snapshotted again. `TypeError` if `env` is not Restorable."""
    if isinstance(env, Batched):
        return env.restore_many(snapshots)
    return stack([_restored(env, row(snapshots, i)).snapshot() for i in range(size(snapshots))])


def step_many(env: Env, snapshots: Batch, actions: Batch) -> Batch:
    """Every case restored and stepped once. `TypeError` if `env` is not Restorable."""
    if isinstance(env, Batched):
        return env.step_many(snapshots, actions)
    after = []
    for i in range(size(snapshots)):
        restored = _restored(env, row(snapshots, i))
        restored.step(row(actions, i))
        after.append(restored.snapshot())
    return stack(after)


def legal_many(env: Env, snapshots: Batch) -> Legal:
    """Legal actions of every case, per agent."""
    if isinstance(env, Batched):
        return env.legal_many(snapshots)
    found = [_restored(env, row(snapshots, i)).legal() for i in range(size(snapshots))]
    return {agent: _stack_legal([legal[agent] for legal in found]) for agent in found[0]}


def _stack_legal(found: Sequence[NDArray[np.bool_] | Bounds]) -> NDArray[np.bool_] | Bounds:
    if isinstance(found[0], Bounds):
        return Bounds(np.stack([b.low for b in found]), np.stack([b.high for b in found]))  # type: ignore[union-attr]
    return np.stack([np.asarray(mask) for mask in found])


def _restored(env: Env, snapshot: Snapshot) -> Env:
    if not isinstance(env, Restorable):
        raise TypeError(f"{env.info.name} is not Restorable: it has no `restore(snapshot)`")
    env.restore(snapshot)
    return env


def random_actions(rng: np.random.Generator, legal: Legal) -> dict[str, NDArray[Any]]:
    """A uniform legal action per agent; masks bool [..., A] give integers [...], bounds floats of their shape."""
    actions = {}
    for agent, allowed in legal.items():
        if isinstance(allowed, Bounds):
            drawn = rng.uniform(allowed.low, allowed.high)  # a Python float where the bounds are scalars
            actions[agent] = np.asarray(drawn, np.asarray(allowed.low).dtype)
        else:
            allowed = np.asarray(allowed)
            actions[agent] = np.where(allowed, rng.random(allowed.shape), -1.0).argmax(axis=-1)
    return actions


@dataclass(frozen=True)
class Pair:
    """The same single steps on both sides. `tape_errors`: case → what went wrong with its draws."""

    reference: Batch
    candidate: Batch
    tape_errors: Mapping[int, str]

    def different(self, by_path: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """bool [N]: cases that differ in a path or in their draws, where the reference gives an answer."""
        wrong = np.zeros(size(self.reference), bool)
        for cases in by_path.values():
            wrong |= cases
        wrong[list(self.tape_errors)] = True
        return wrong & ~undefined(self.reference)


def undefined(batch: Batch) -> NDArray[np.bool_]:
    """bool [N]: steps to which the reference gives no answer."""
    return np.asarray(batch.get(UNDEFINED, np.zeros(size(batch), bool)), bool)


def step_pair(plugin: Plugin, reference: Env, candidate: Env, snapshots: Batch, actions: Batch) -> Pair:
    """Step every case on both sides, the candidate with the reference's draws where the plugin says "tape"."""
    if plugin.draws.noise != "tape":
        return Pair(step_many(reference, snapshots, actions), step_many(candidate, snapshots, actions), {})
    theirs, ours, errors = [], [], {}
    for i in range(size(snapshots)):
        snapshot, joint = row(snapshots, i), row(actions, i)
        _restored(reference, snapshot).step(joint)
        theirs.append(reference.snapshot())
        problem = step_with_tape(reference, _restored(candidate, snapshot), joint)
        ours.append(candidate.snapshot())
        if problem:
            errors[i] = problem
    return Pair(stack(theirs), stack(ours), errors)


def step_with_tape(reference: Env, candidate: Env, actions: Actions) -> str:
    """Step the candidate with the draws of the reference's last step; returns what went wrong with them, or ""."""
    if not isinstance(reference, Taped) or not isinstance(candidate, Taped):
        raise TypeError("noise='tape' needs both sides to be Taped: use_tape(tape) and draws()")
    tape = Tape(reference.draws())
    candidate.use_tape(tape)
    try:
        candidate.step(actions)
    except TapeError as error:
        return str(error)
    left = tape.leftover()
    return f"draws of the reference that the candidate did not make: {left[:5]}" if left else ""
