"""Many games on both sides at once, never re-synchronised: the reference plays, the candidate repeats its actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.pongjax.verify.candidate import FRAME_SKIP
from families.pongjax.verify.policies import POLICIES, encode
from families.pongjax.verify.sides import COUNTED, ReferenceSide, Side, snapshots_of, with_skip
from pongjax.params import NEVER
from references.protocol import Batch

STRETCH = 64
"""Steps between two comparisons: one call of the candidate plays them all."""


@dataclass(frozen=True)
class Stretch:
    """`steps` steps of N games. `states`, the reference's [T + 1, N], the first of them from before the steps;
    `actions` [T, N]; `ours`, the candidate's states after each [T, N]. Snapshots lack "config.frame_skip"."""

    states: Batch
    actions: NDArray[Any]
    ours: Batch

    @property
    def after(self) -> dict[str, NDArray[Any]]:
        """The reference's states after each step [T, N]."""
        return {path: values[1:] for path, values in self.states.items()}


def shares(lanes: int, policies: Sequence[str] | None = None) -> list[str]:
    """The policy of every lane, in blocks of about the same size."""
    names = list(POLICIES) if policies is None else list(policies)
    return [names[lane * len(names) // lanes] for lane in range(lanes)]


def play(
    rng: np.random.Generator, reference: ReferenceSide, policies: Sequence[str], steps: int, continuous: bool
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Let the reference go on for `steps` steps: its states `sides.COUNTED` [T + 1, N] and the actions [T, N]."""
    lanes = len(reference.cases)
    states = np.empty((steps + 1, lanes), COUNTED)
    states[0] = reference.cases
    blocks = [(name, np.flatnonzero(np.array(policies) == name)) for name in dict.fromkeys(policies)]
    blocks = [(name, slice(index[0], index[-1] + 1)) for name, index in blocks]
    actions = np.empty((steps, lanes), np.float32 if continuous else np.int32)
    for step in range(steps):
        before = states[step]
        for name, block in blocks:
            view = {f"state.{field}": before[field][block] for field in _LOOKED_AT}
            view[FRAME_SKIP] = before["frameskip"][block]
            actions[step, block] = encode(POLICIES[name](rng, view), continuous)
        states[step + 1] = reference.step(actions[step])
    return states, actions


def limits(rng: np.random.Generator, lanes: int) -> NDArray[np.int32]:
    """[N]: limits of steps: none for three games of four, and low ones that some reach long before their end."""
    low = np.exp(rng.uniform(np.log(2), np.log(1000), lanes)).astype(np.int32)
    return np.where(rng.random(lanes) < 0.25, low, NEVER).astype(np.int32)


_LOOKED_AT = ("paddle_yr", "ball_x", "ball_y", "ball_vx", "tick", "n_bounces", "serve")


def stretches(
    rng: np.random.Generator,
    reference: ReferenceSide,
    candidate: Side,
    policies: Sequence[str],
    steps: int,
    continuous: bool,
) -> Iterator[Stretch]:
    """At least `steps` steps, in whole stretches. Both sides must have begun with the same generators."""
    for _ in range(0, steps, STRETCH):
        states, actions = play(rng, reference, policies, STRETCH, continuous)
        yield Stretch(snapshots_of(states), actions, candidate.roll(actions))


def flat(batch: Batch) -> dict[str, NDArray[Any]]:
    """[T, N, …] as [T · N, …]."""
    return {path: np.reshape(values, (-1, *values.shape[2:])) for path, values in batch.items()}


def at(batch: Batch, step: int, lane: int, frame_skip: int) -> dict[str, Any]:
    """One snapshot of a stretch, as the plugin's sides give it."""
    return with_skip({path: np.array(values[step, lane]) for path, values in batch.items()}, frame_skip)


def unlike_bits(reference: NDArray[Any], candidate: NDArray[Any]) -> NDArray[np.bool_]:
    """bool [T, N]: where values of any component differ in a bit; a float's sign of zero is one."""
    theirs, ours = (np.ascontiguousarray(values) for values in (reference, candidate))
    if theirs.dtype != ours.dtype or theirs.shape != ours.shape:
        raise ValueError(f"the reference gives {theirs.dtype}{theirs.shape}, the candidate {ours.dtype}{ours.shape}")
    if theirs.dtype.kind == "f":
        theirs, ours = theirs.view(np.uint32), ours.view(np.uint32)
    wrong = theirs != ours
    return wrong.any(axis=-1) if wrong.ndim > 2 else wrong


def ulps(reference: NDArray[Any], candidate: NDArray[Any]) -> NDArray[np.int64]:
    """Distance in float32 numbers; [..., 8]."""
    theirs, ours = (np.ascontiguousarray(v).view(np.int32).astype(np.int64) for v in (reference, candidate))
    ordered = [np.where(bits < 0, -(2**31) - bits, bits) for bits in (theirs, ours)]
    return np.abs(ordered[0] - ordered[1])


def events(states: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """Counts of events in steps [T, N], by their outcomes."""
    reward = states["out.reward"]
    return {
        "returns": int((reward == np.float32(0.1)).sum()),
        "points": int((np.abs(reward) == 1).sum()),
        "games": int(states["out.terminated"].sum()),
        "games cut off": int(states["out.truncated"].sum()),
    }
