"""Interface of a driven reference, and of what is compared with it.

`Env` is required of reference and candidate, the rest is optional. Capabilities are found by `isinstance`; each unlocks
checks, and every report names the ones that are missing. Values cross these interfaces as plain numpy: a *snapshot*
maps flat paths ("p1.team.0.hp") to numpy scalars or arrays, a *batch* the same paths to arrays with a leading axis of
cases.

Three other interfaces stay beside this one, each for work that `Env` cannot do without losing what it is for:

* `baselines.transfer.arena.Arena` plays whole episodes of policies in many lanes, of the reference or of ours, from
  given starts. It hands out observations as the policies' networks take them, and no state.
* `baselines.transfer.reference_env.ReferenceEnv` is a batch with auto-reset to train in. Restoring or snapshotting its
  state at every step would take most of the time.
* `leaderboard.reference.Session` is a stopwatch around workers that play inside the reference's own process: any call
  for each step would be timed too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Snapshot = Mapping[str, Any]
Batch = Mapping[str, NDArray[Any]]
Actions = Mapping[str, Any]

#: Paths under this prefix are what the last step gave out (rewards, endings, observations); `restore` ignores them.
OUTCOME = "out."
TERMINATED, TRUNCATED = OUTCOME + "terminated", OUTCOME + "truncated"
#: bool: the reference gives no answer to this step (its own code threw), so there is nothing to compare.
UNDEFINED = OUTCOME + "undefined"

#: Paths of the running episode: the sum of its rewards, its steps, and the number of steps at which it is cut off.
RETURN, LENGTH, LIMIT = "state.return", "state.length", "state.limit"
FIGURES = (RETURN, LENGTH, LIMIT)
#: What a side that counts episodes adds to its snapshots, as globs: what a step says at an episode's end, the mask and
#: the player to act after it, and whether a public step is what the contract makes of the environment's own.
EPISODE = (*FIGURES, "out.episode.*", "out.to_act", "out.legal", "out.contract")


@dataclass(frozen=True)
class EnvInfo:
    """Name and version of an implementation, and its agents' names ("agent" when there is only one)."""

    name: str
    version: str
    agents: tuple[str, ...] = ("agent",)


@dataclass(frozen=True)
class Bounds:
    """The value of `Env.legal` for a continuous action: float arrays `low` and `high` of the action's shape."""

    low: NDArray[np.floating]
    high: NDArray[np.floating]


class Env(Protocol):
    """One environment, stateful, driven step by step."""

    info: EnvInfo

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Start an episode; the same seed and options give the same one, in any process."""
        ...

    def step(self, actions: Actions) -> None:
        """Play one action per agent."""
        ...

    def snapshot(self) -> Snapshot:
        """The whole state, and under "out." what the last step gave out; values are copies."""
        ...

    def legal(self) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """Per agent, which actions may be played now."""
        ...


@runtime_checkable
class Restorable(Protocol):
    """Can be put into any state: single steps can be injected, and counterexamples shrink to one step."""

    def restore(self, snapshot: Snapshot) -> None:
        """Become that state. Raises `ValueError`, naming the path, for a state that it cannot be in."""
        ...


@dataclass(frozen=True)
class Draw:
    """One random draw: the call site's label, how many of that label came before it in this step, and the value."""

    label: str
    ordinal: int
    value: Any


class ReferenceUnavailableError(RuntimeError):
    """A reference cannot be run here; the message says what is missing and how to get it."""


class ReferenceVersionError(ReferenceUnavailableError):
    """The reference that would run has another version than the one that the environments are held equal to."""


class ReferenceFailedError(ReferenceUnavailableError):
    """A reference that runs has died, hangs, or answers nonsense; the message names it and the remedy."""


def require_version(name: str, found: str, pinned: str, remedy: str) -> None:
    """Raise `ReferenceVersionError` unless what runs is what is pinned. Drivers call it when their reference starts."""
    if found != pinned:
        raise ReferenceVersionError(
            f"{name} {found} is installed, and the environments are held equal to {name} {pinned}. Remedy: {remedy}"
        )


class TapeError(RuntimeError):
    """The candidate drew something that the reference did not, or left a draw unused."""


class Tape:
    """The reference's draws of one step, consumed by label, so that one surplus draw does not shift all that follow."""

    def __init__(self, draws: Sequence[Draw]) -> None:
        self._values = {(draw.label, draw.ordinal): draw.value for draw in draws}
        self._used: Counter[str] = Counter()

    def take(self, label: str) -> Any:
        """The next value under `label`; a `TapeError` when the reference drew no such number."""
        key = (label, self._used[label])
        if key not in self._values:
            raise TapeError(f"draw {key[1]} of {label!r} was never made by the reference")
        self._used[label] += 1
        return self._values[key]

    def leftover(self) -> list[tuple[str, int]]:
        """Draws of the reference that were not taken."""
        return [key for key in self._values if key[1] >= self._used[key[0]]]


@runtime_checkable
class Taped(Protocol):
    """Records its random draws, and can take them from a tape."""

    def use_tape(self, tape: Tape) -> None:
        """Take the next step's draws from `tape` instead of drawing."""
        ...

    def draws(self) -> Sequence[Draw]:
        """The draws of the last step (of the reset, before the first)."""
        ...


@runtime_checkable
class Covered(Protocol):
    """Counts which of its behaviours ran."""

    def coverage(self) -> Counter[str]:
        """Counts since the last call, by behaviour."""
        ...


@runtime_checkable
class Batched(Protocol):
    """Many injected single steps at once."""

    def restore_many(self, snapshots: Batch) -> Batch:
        """Restore every case and snapshot it again."""
        ...

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """Restore every case, play one joint action, snapshot: the paths of `snapshots`, and "out." ones."""
        ...

    def legal_many(self, snapshots: Batch) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """`Env.legal` of every case: bool [N, A] per agent (or bounds with a leading axis)."""
        ...


@dataclass(frozen=True)
class Rolled:
    """One episode of a rollout: `states` [T + 1], the start first.

    * `stopped`: the reason, where there are fewer of them: an action that was refused, an early end, code that threw
      (the last state is then marked `UNDEFINED`). No states at all: the episode could not be played.
    * `faults`: reasons of attempts that failed for other causes (a process that died), before this one or at last.
    """

    states: Batch
    stopped: str = ""
    faults: Sequence[str] = ()


@runtime_checkable
class Rollable(Protocol):
    """Plays many whole episodes at once, in place: nothing is restored on the way."""

    def rollout(self, resets: Sequence[Mapping[str, Any]], actions: Sequence[Batch]) -> Sequence[Rolled]:
        """Every episode, in order: `resets` are options of `Env.reset`, `actions` [T] what is played."""
        ...


CAPABILITIES: dict[str, type] = {
    "Restorable": Restorable,
    "Taped": Taped,
    "Covered": Covered,
    "Batched": Batched,
    "Rollable": Rollable,
}

#: What cannot be checked without a capability, in a report's words.
WITHOUT = {
    "Restorable": "no injected single steps, no teacher forcing; counterexamples stay as long as their episode",
    "Taped": "draws are not compared by label",
    "Covered": "no coverage from inside the implementation",
    "Batched": "cases run one by one",
    "Rollable": "episodes run one by one",
}


def capabilities(env: Env) -> dict[str, bool]:
    """Capabilities of `env`, by name."""
    return {name: isinstance(env, protocol) for name, protocol in CAPABILITIES.items()}


def with_figures(snapshots: Batch, limit: int) -> dict[str, NDArray[Any]]:
    """A batch that has `FIGURES`: where it lacks them a return of 0, "state.time" as the length, and this limit."""
    found = dict(snapshots)
    count = size(found)
    if RETURN not in found:
        found[RETURN] = np.zeros(count)
    if LENGTH not in found:
        found[LENGTH] = np.asarray(found.get("state.time", np.zeros(count, np.int64)), np.int64)
    if LIMIT not in found:
        found[LIMIT] = np.full(count, limit, np.int64)
    return found


def stack(snapshots: Sequence[Snapshot]) -> Batch:
    """One batch of many snapshots with the same paths."""
    return {path: np.stack([np.asarray(snapshot[path]) for snapshot in snapshots]) for path in snapshots[0]}


def size(batch: Batch) -> int:
    """Number of cases in a batch."""
    return len(next(iter(batch.values()))) if batch else 0


def row(batch: Batch, index: int) -> dict[str, Any]:
    """One case of a batch; a copy."""
    return {path: np.array(values[index]) for path, values in batch.items()}


def rows(batch: Batch, index: Any) -> dict[str, NDArray[Any]]:
    """The cases at `index` (integers, a slice or a mask)."""
    return {path: values[index] for path, values in batch.items()}


def per_case(values: NDArray[Any]) -> NDArray[Any]:
    """Values [N, K] of an array [N, ...], of no cases at all, too (there `reshape(0, -1)` cannot tell K)."""
    return values.reshape(len(values), math.prod(values.shape[1:]))


def concat(batches: Iterable[Batch]) -> dict[str, NDArray[Any]]:
    """The cases of several batches with the same paths."""
    found = list(batches)
    return {path: np.concatenate([batch[path] for batch in found]) for path in found[0]}
