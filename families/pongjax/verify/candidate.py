"""PongJAX as the verifier's candidate: one program for each frame skip, cases sent to the one they belong to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from families.pongjax.verify.engine import Program, shared_program
from pongjax.params import NEVER, PongParams
from references.protocol import LENGTH, LIMIT, RETURN, Actions, Batch, Bounds, EnvInfo, Rolled, Snapshot, with_figures
from references.puffer_pong.library import serves
from verification.backends import Vmap
from verification.batches import concat, rows
from verification.mutants.mutant import Mutant
from verification.mutants.rewrite import load_mutated

AGENT = "agent"
FRAME_SKIP = "config.frame_skip"
TIME = "state.time"
"""Steps of the game, which the C does not count."""
FRAME_SKIPS = (1, 8)
"""PufferLib's class has 1, its training 8."""
STATE_TYPES: dict[str, tuple[type, tuple[int, ...]]] = {
    **{f"state.{name}": (np.float32, ()) for name in ("paddle_yl", "paddle_yr", "ball_x", "ball_y")},
    **{f"state.{name}": (np.float32, ()) for name in ("ball_vx", "ball_vy")},
    **{f"state.{name}": (np.int32, ()) for name in ("score_l", "score_r", "tick", "n_bounces")},
    "state.observation": (np.float32, (8,)),
    "state.serve": (np.uint32, ()),
    TIME: (np.int32, ()),
    RETURN: (np.float32, ()),
    LENGTH: (np.int32, ()),
    LIMIT: (np.int32, ()),
    FRAME_SKIP: (np.int32, ()),
}
"""Path of a snapshot's state → dtype and shape."""

MUTATED = ("pongjax", "jaxenv", "families.pongjax.verify.engine")
"""Packages that are copied for the mutants."""

_FEW, _MANY = 8, 1024  # lanes that batches are padded to: two programs serve every size
_EPISODES, _STRETCH = 64, 256  # lanes and steps that rollouts are padded to


class PongCandidate:
    """`Restorable`, `Batched`, `Rollable`. A reset's options: "frame_skip" (1, or 8 by default), "limit" (of the game's
    steps, by default none), and "seed", which goes before the argument of that name (a rollout gets only options).

    The default params go in as data (`compiled_in`: as constants). `make(frame_skip, continuous)`: another program.
    `vmap` makes the programs.
    """

    def __init__(
        self,
        continuous: bool,
        compiled_in: bool = False,
        make: Callable[[int, bool], Program] | None = None,
        vmap: Vmap = jax.vmap,
    ) -> None:
        make = make or functools.partial(shared_program, compiled_in=compiled_in, vmap=vmap)
        self._programs = {skip: make(skip, continuous) for skip in FRAME_SKIPS}
        env = self._programs[FRAME_SKIPS[0]].env
        self.info = EnvInfo(env.id, env.version, (AGENT,))
        self._continuous = continuous
        self._frame_skip = 0
        self._game: Any = None  # the same game in a few lanes, so that no program is compiled for one lane
        self._seen: Mapping[str, Any] = {}

    # ---- one game

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Start an episode. `ValueError` for options that it does not know."""
        self._frame_skip, serve, limit = self._read(seed, options)
        program = self._programs[self._frame_skip]
        self._game, self._seen = program.begin(np.repeat(serve, _FEW), np.repeat(limit, _FEW))

    def step(self, actions: Actions) -> None:
        """Play one action, in place."""
        program = self._programs[self._held()]
        action = np.repeat(self._action(actions[AGENT])[None], _FEW)
        self._game, seen = program.roll(self._game, action[None])
        self._seen = {path: values[0] for path, values in seen.items()}

    def snapshot(self) -> Snapshot:
        """State and outcome."""
        seen = jax.device_get(self._seen)
        return _named({path: values[0] for path, values in seen.items()}, np.int32(self._held()))

    def restore(self, snapshot: Snapshot) -> None:
        """Become that state. `ValueError` names a path that does not fit."""
        one = self._fit({path: np.asarray(value)[None] for path, value in snapshot.items()})
        self._frame_skip = int(one[FRAME_SKIP][0])
        same = rows(one, np.zeros(_FEW, int))
        self._game, self._seen = self._programs[self._frame_skip].restore(_without_skip(same))

    def legal(self) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """Everything, always."""
        return {agent: _first(allowed) for agent, allowed in self._everything(1).items()}

    # ---- many

    def restore_many(self, snapshots: Batch) -> Batch:
        """Every case restored and snapshotted again."""
        return self._in_parts(self._fit(snapshots), lambda program, part: program.restore(part)[1])

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """Every case restored and stepped once."""

        def play(program: Program, part: dict[str, NDArray[Any]]) -> dict[str, Any]:
            action = part.pop(AGENT)
            after = program.roll(program.restore(part)[0], action[None])[1]
            return {path: values[0] for path, values in after.items()}

        return self._in_parts({**self._fit(snapshots), AGENT: self._action(actions[AGENT])}, play)

    def legal_many(self, snapshots: Batch) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """Everything, always."""
        return self._everything(len(self._fit(snapshots)[FRAME_SKIP]))

    def rollout(self, resets: Sequence[Mapping[str, Any]], actions: Sequence[Batch]) -> Sequence[Rolled]:
        """Whole episodes, in place."""
        found: dict[int, Batch] = {}
        for skip in FRAME_SKIPS:
            chosen = [k for k, options in enumerate(resets) if self._read(0, options)[0] == skip]
            for first in range(0, len(chosen), _EPISODES):
                part = chosen[first : first + _EPISODES]
                read = [self._read(0, resets[k])[1:] for k in part]
                starts, limits = (np.concatenate(values) for values in zip(*read, strict=True))
                played = self._roll_out(skip, starts, limits, [self._action(actions[k][AGENT]) for k in part])
                found.update(zip(part, played, strict=True))
        return [Rolled(found[k]) for k in range(len(resets))]

    def _roll_out(
        self, skip: int, starts: NDArray[np.uint32], limits: NDArray[np.int32], played: list[NDArray[Any]]
    ) -> list[Batch]:
        program, lengths = self._programs[skip], [len(actions) for actions in played]
        lanes = np.minimum(np.arange(_EPISODES), len(played) - 1)
        games, seen = program.begin(starts[lanes], limits[lanes])
        stretches = [{path: np.asarray(values)[None] for path, values in seen.items()}]
        padded = np.zeros((-(-max(lengths) // _STRETCH) * _STRETCH, _EPISODES), played[0].dtype)
        for lane, actions in enumerate(played):
            padded[: len(actions), lane] = actions
        for first in range(0, len(padded), _STRETCH):
            games, seen = program.roll(games, padded[first : first + _STRETCH])
            stretches.append({path: np.asarray(values) for path, values in seen.items()})
        states = concat(stretches)
        episodes = [
            {path: values[: steps + 1, k] for path, values in states.items()} for k, steps in enumerate(lengths)
        ]
        return [_named(one, np.full(len(one["state.tick"]), skip, np.int32)) for one in episodes]

    # ---- inner workings

    def _held(self) -> int:
        if not self._frame_skip:
            raise ValueError(f"{self.info.name}: reset or restore it first")
        return self._frame_skip

    def _read(self, seed: int, options: Mapping[str, Any] | None) -> tuple[int, NDArray[np.uint32], NDArray[np.int32]]:
        """(frame skip, generator before its first draw [1], limit of steps [1]) of a reset."""
        chosen = {"frame_skip": FRAME_SKIPS[-1], "seed": seed, "limit": NEVER, **(options or {})}
        if unknown := sorted(set(chosen) - {"frame_skip", "seed", "limit"}):
            raise ValueError(
                f"{self.info.name}: reset knows the options 'frame_skip', 'limit' and 'seed', got {unknown}"
            )
        if chosen["frame_skip"] not in FRAME_SKIPS:
            raise ValueError(f"{self.info.name}: option frame_skip is one of {FRAME_SKIPS}, got {chosen['frame_skip']}")
        return int(chosen["frame_skip"]), serves(int(chosen["seed"]), 1), np.array([chosen["limit"]], np.int32)

    def _action(self, action: Any) -> NDArray[Any]:
        return np.asarray(action, np.float32 if self._continuous else np.int32)

    def _everything(self, cases: int) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        if self._continuous:
            return {AGENT: Bounds(np.full(cases, -1, np.float32), np.ones(cases, np.float32))}
        return {AGENT: np.ones((cases, 3), bool)}

    def _in_parts(
        self, batch: dict[str, NDArray[Any]], run: Callable[[Program, dict[str, NDArray[Any]]], Mapping[str, Any]]
    ) -> dict[str, NDArray[Any]]:
        """Run the program of each case's frame skip, in lanes padded to a fixed number, and put all in order again."""
        skips = batch[FRAME_SKIP]
        order, done = [], []
        for skip in FRAME_SKIPS:
            chosen = np.flatnonzero(skips == skip)
            lanes = _FEW if len(chosen) <= _FEW else _MANY
            for first in range(0, len(chosen), lanes):
                part = chosen[first : first + lanes]
                padded = part[np.minimum(np.arange(lanes), len(part) - 1)]
                out = run(self._programs[skip], _without_skip(rows(batch, padded)))
                order.append(part)
                done.append({path: np.asarray(values)[: len(part)] for path, values in out.items()})
        back = np.argsort(np.concatenate(order))
        return _named(rows(concat(done), back), skips)

    def _fit(self, snapshots: Batch) -> dict[str, NDArray[Any]]:
        """The state's paths in their own dtypes; `ValueError` for a missing path, a shape or a value that is none."""
        fitted, snapshots = {}, with_counters(snapshots)
        for path, (dtype, shape) in STATE_TYPES.items():
            if path not in snapshots:
                raise ValueError(f"{self.info.name}: cannot restore, the snapshot lacks {path!r}")
            values = np.asarray(snapshots[path])
            if values.shape[1:] != shape:
                raise ValueError(f"{self.info.name}: {path!r} has shape {values.shape[1:]}, the state holds {shape}")
            fitted[path] = values.astype(dtype)
            if dtype is not np.float32 and not np.array_equal(fitted[path], values):
                wrong = values[fitted[path] != values].ravel()[0]
                raise ValueError(f"{self.info.name}: {path!r} cannot be {wrong!r}, the state holds {dtype.__name__}")
        strange = ~np.isin(fitted[FRAME_SKIP], FRAME_SKIPS)
        if strange.any():
            raise ValueError(
                f"{self.info.name}: {FRAME_SKIP!r} is one of {FRAME_SKIPS}, got {fitted[FRAME_SKIP][strange][0]}"
            )
        return fitted


class MutatedPong(PongCandidate):
    """PongJAX with every mutant in it (`plugin.Mutated`); which one is active is an argument of each program."""

    def __init__(self, continuous: bool, mutants: Sequence[Mutant]) -> None:
        self._copies = load_mutated(mutants, MUTATED)
        engine = self._copies.module("families.pongjax.verify.engine")
        jit = self._copies.switch.jit
        super().__init__(continuous, make=lambda skip, kind: engine.Program(skip, kind, PongParams(), jit))

    def select_mutant(self, index: int) -> None:
        """Be the mutant of that number, counted from 1; 0 is the original."""
        self._copies.switch.select(index)


def with_counters(snapshots: Batch) -> Batch:
    """A batch that has the game's steps, its figures and its limit: 0 and none where it lacks them."""
    if not len(snapshots):
        return snapshots
    count = len(np.asarray(next(iter(snapshots.values()))))
    return with_figures({TIME: np.zeros(count, np.int32), **snapshots}, NEVER)


def _named(seen: Mapping[str, Any], skips: Any) -> dict[str, Any]:
    """A snapshot in the reference's order, the frame skip in it."""
    state = {path: skips if path == FRAME_SKIP else seen[path] for path in STATE_TYPES}
    return {**state, **{path: values for path, values in seen.items() if path not in state}}


def _without_skip(batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {path: values for path, values in batch.items() if path != FRAME_SKIP}


def _first(allowed: NDArray[np.bool_] | Bounds) -> NDArray[np.bool_] | Bounds:
    return Bounds(allowed.low[0], allowed.high[0]) if isinstance(allowed, Bounds) else allowed[0]
