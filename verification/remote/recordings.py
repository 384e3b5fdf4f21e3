"""Episodes of the reference, recorded before an untrusted candidate sees them, then played to it and compared."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from references.protocol import UNDEFINED, Actions, Bounds, Draw, Env, Restorable, Snapshot, Tape, Taped, TapeError
from verification import cases
from verification.batches import TAPE_PATH, is_over
from verification.fields import FieldTable, PluginError
from verification.levels.mining import policies
from verification.plugin import Plugin
from verification.remote.frames import RemoteError
from verification.results import FieldDifference


@dataclass(frozen=True)
class Recording:
    """One episode of T steps: `snapshots` and `legal` have T + 1 entries, `actions` and `draws` (of a tape) T.

    `instead`: of a `branch`, the same steps without the changed action.
    """

    seed: int
    options: Mapping[str, Any]
    policy: str
    actions: Sequence[Actions]
    snapshots: Sequence[Snapshot]
    legal: Sequence[Mapping[str, Any]]
    draws: Sequence[Sequence[Draw]]
    instead: Recording | None = None


@dataclass
class Played:
    """Result of a candidate: `step` and `differences` of the first divergence (none: equal), or what it did instead.

    `digest` (SHA-256) stands for everything that it answered; `dead`: its process has ended.
    """

    steps: int = 0
    differences: tuple[FieldDifference, ...] = ()
    trouble: str = ""
    digest: str = ""
    seconds: float = 0.0
    dead: bool = False

    @property
    def equal(self) -> bool:
        """True if the whole episode was equal."""
        return not self.differences and not self.trouble


def record(plugin: Plugin, env: Env, rng: np.random.Generator, seed: int, number: int) -> Recording:
    """Play one episode of the reference; policies and options take turns with `number`."""
    chosen = policies(plugin)
    policy = list(chosen)[number % len(chosen)]
    options = plugin.play.options[(number // len(chosen)) % len(plugin.play.options)]
    env.reset(seed, options)
    snapshots, legal, actions, draws = [_copy(env.snapshot())], [_copy(env.legal())], [], []
    while len(actions) < plugin.play.horizon and not is_over(snapshots[-1]):
        actions.append(chosen[policy](rng, snapshots[-1], legal[-1]))
        env.step(actions[-1])
        draws.append(tuple(env.draws()) if plugin.draws.noise == "tape" and isinstance(env, Taped) else ())
        snapshots.append(_copy(env.snapshot()))
        legal.append(_copy(env.legal()))
    if snapshots[-1].get(UNDEFINED, False):  # nobody is asked for what the reference does not answer
        for told in (snapshots, legal, actions, draws):
            told.pop()
    return Recording(seed, options, policy, actions, snapshots, legal, draws)


def branch(plugin: Plugin, env: Env, rng: np.random.Generator, source: Recording) -> Recording | None:
    """`source` up to some step, with another action of one agent there that leads the reference elsewhere; or None.

    Tries a few steps and actions, since many actions make no difference.
    """
    for _ in range(8):
        if not source.actions:
            return None
        at = int(rng.integers(len(source.actions)))
        other = policies(plugin)["uniform"](rng, source.snapshots[at], source.legal[at])
        agent = list(other)[int(rng.integers(len(other)))]
        changed = {**source.actions[at], agent: other[agent]}
        if np.array_equal(changed[agent], source.actions[at][agent]):
            continue
        env.reset(source.seed, source.options)
        for actions in source.actions[:at]:
            env.step(actions)
        env.step(changed)
        draws = tuple(env.draws()) if plugin.draws.noise == "tape" and isinstance(env, Taped) else ()
        after, legal = _copy(env.snapshot()), _copy(env.legal())
        expected = source.snapshots[at + 1]
        if all(np.array_equal(after[path], expected[path]) for path in expected):
            continue
        told = dataclasses.replace(
            source,
            actions=source.actions[: at + 1],
            snapshots=source.snapshots[: at + 2],
            legal=source.legal[: at + 2],
            draws=source.draws[: at + 1],
        )
        return dataclasses.replace(
            told,
            actions=[*source.actions[:at], changed],
            snapshots=[*source.snapshots[: at + 1], after],
            legal=[*source.legal[: at + 1], legal],
            draws=[*source.draws[:at], draws],
            instead=told,
        )
    return None


@dataclass
class Player:
    """Plays recordings to a candidate. `paths`: what is compared, from the reference's own snapshots."""

    plugin: Plugin
    table: FieldTable
    paths: Sequence[str] = field(default_factory=list)

    def play(self, env: Env, recording: Recording) -> Played:
        """To the end, or to the first difference. Whatever the candidate does wrong is in the result, never raised."""
        found, answers = Played(), hashlib.sha256()
        begin = time.perf_counter()
        try:
            self._play(env, recording, found, answers)
        except RemoteError as error:
            found.trouble = str(error)
        except (ValueError, TypeError) as error:  # an error that the protocols let it raise, but not here
            found.trouble = f"{type(error).__name__}: {error}"
        found.dead = not getattr(getattr(env, "link", None), "is_open", True)
        found.seconds, found.digest = time.perf_counter() - begin, answers.hexdigest()
        return found

    def ignores(self, env: Env, changed: Recording) -> bool:
        """True if a `branch` leads the candidate to the same state as without the changed action."""
        assert changed.instead is not None
        try:
            first, second = self._end(env, changed), self._end(env, changed.instead)
        except (RemoteError, TapeError, ValueError, TypeError):
            return False  # told already by `play`
        return first.keys() == second.keys() and all(np.array_equal(first[path], second[path]) for path in first)

    def _end(self, env: Env, recording: Recording) -> Snapshot:
        self._start(env, recording)
        for step in range(len(recording.actions)):
            self._step(env, recording, step)
        return env.snapshot()

    def _start(self, env: Env, recording: Recording) -> None:
        env.reset(recording.seed, recording.options)
        if not self.plugin.sides.same_start:
            if not isinstance(env, Restorable):
                raise RemoteError("resets are not compared (same_start=False), so the candidate must be Restorable")
            env.restore(recording.snapshots[0])

    def _play(self, env: Env, recording: Recording, found: Played, answers: Any) -> None:
        self._start(env, recording)
        for step in range(len(recording.actions) + 1):
            draws = ""
            if step:
                draws = self._step(env, recording, step - 1)
            snapshot, legal = env.snapshot(), env.legal()
            for values in (snapshot, legal):
                for name in sorted(values):
                    answers.update(name.encode())
                    answers.update(_bytes(values[name]))
            found.steps = step
            found.differences = self.compare(recording.snapshots[step], snapshot) or _compare_legal(
                recording.legal[step], legal
            )
            if draws:
                found.differences = (FieldDifference(TAPE_PATH, "noise", draws, "the same draws"), *found.differences)
            if found.differences:
                return

    def _step(self, env: Env, recording: Recording, step: int) -> str:
        if self.plugin.draws.noise != "tape":
            env.step(recording.actions[step])
            return ""
        if not isinstance(env, Taped):
            raise RemoteError("draws come from a tape (noise='tape'), so the candidate must be Taped")
        tape = Tape(recording.draws[step])
        env.use_tape(tape)
        try:
            env.step(recording.actions[step])
        except TapeError as error:
            return str(error)
        left = tape.leftover()
        return f"draws of the reference that the candidate did not make: {left[:5]}" if left else ""

    def compare(self, reference: Snapshot, candidate: Snapshot) -> tuple[FieldDifference, ...]:
        """Differing paths; a path too many or too few, and another shape or kind of dtype, is a difference too."""
        paths = list(self.paths) or self.table.ordered(
            path for path in reference if self.table.spec(path).kind != "ignore"
        )
        wrong = []
        for path in paths:
            module = self.table.spec(path).module
            theirs = np.asarray(reference[path])
            if path not in candidate:
                wrong.append(FieldDifference(path, module, "missing", f"{theirs.dtype} {theirs.shape}"))
                continue
            ours = np.asarray(candidate[path])
            if theirs.shape != ours.shape or _family(theirs) != _family(ours):
                told = [f"{array.dtype} {array.shape}" for array in (ours, theirs)]
                wrong.append(FieldDifference(path, module, *told))
        for path in sorted(candidate.keys() - reference.keys()):
            if not self._ignored(path):
                wrong.append(FieldDifference(path[:200], "contract", "a path of its own", "missing"))
        return tuple(wrong) or cases.compare_one(self.table, paths, reference, candidate)

    def _ignored(self, path: str) -> bool:
        try:
            return self.table.spec(path).kind == "ignore"
        except PluginError:
            return False


def _family(array: np.ndarray) -> str:
    """Whole numbers and booleans compare exactly; a float in their place would be rounded before it is compared."""
    return "whole" if array.dtype.kind in "biu" else array.dtype.kind


def _compare_legal(reference: Mapping[str, Any], candidate: Mapping[str, Any]) -> tuple[FieldDifference, ...]:
    wrong = []
    for agent in sorted(reference.keys() | candidate.keys()):
        theirs, ours = (_plain(legal[agent]) if agent in legal else "missing" for legal in (reference, candidate))
        if theirs != ours:
            wrong.append(FieldDifference(f"legal.{agent}"[:200], "contract", ours, theirs))
    return tuple(wrong)


def _plain(allowed: Any) -> Any:
    if isinstance(allowed, Bounds):
        return {"low": np.asarray(allowed.low).tolist(), "high": np.asarray(allowed.high).tolist()}
    return np.asarray(allowed).tolist()


def _bytes(value: Any) -> bytes:
    if isinstance(value, Bounds):
        return _bytes(value.low) + _bytes(value.high)
    array = np.asarray(value)
    return f"{array.dtype.str}{array.shape}".encode() + array.tobytes()


def _copy(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, Bounds) else np.array(value) for name, value in values.items()}
