"""A counterexample as a JSON file: where it starts, what is played, what each side gave. `replay` runs it again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jaxenv.commands import files
from references.protocol import UNDEFINED, Actions, Env, Restorable, Rollable, Snapshot
from verification.batches import rows, size, stack, step_with_tape, undefined
from verification.fields import FieldTable
from verification.localise import differences
from verification.plugin import Plugin
from verification.results import FieldDifference, Finding

SCHEMA = "verification.case/1"
_AGAIN = "run the verification again, which writes it anew"
REMEDY = "choose another file with --json"
FAILURES_REMEDY = "choose another folder with --failures"


class CaseFileError(ValueError):
    """A file that is no counterexample; the message names the file, what is wrong, and what is expected."""


@dataclass(frozen=True)
class Case:
    """`actions` played from `snapshot`, or from a reset with `seed` and `options` when there is none.

    `backend`: of the candidate's steps that it was found with. `setting`: what else the sides were in, by name, where
    that was not the plugin's usual (a precision, say): see `Plugin.under`.
    """

    env: str
    actions: tuple[Actions, ...]
    snapshot: Snapshot | None = None
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    backend: str = "xla"
    setting: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values, exact: dtypes and shapes included."""
        return {
            "schema": SCHEMA,
            "env": self.env,
            **({} if self.backend == "xla" else {"backend": self.backend}),
            **({"setting": dict(self.setting)} if self.setting else {}),
            "snapshot": None if self.snapshot is None else _encode_all(self.snapshot),
            "seed": self.seed,
            "options": _encode_all(self.options),
            "actions": [_encode_all(actions) for actions in self.actions],
        }

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits, the same for the same case."""
        text = json.dumps(self.to_json(), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def save(folder: Path, case: Case, finding: Finding, remedy: str = FAILURES_REMEDY) -> Path:
    """Write the case, with what was found, into `folder` in one go; returns the file. `files.StorageError`."""
    data = {
        **case.to_json(),
        "found": {
            "step": finding.step,
            "draws": finding.draws,
            "case": finding.case,
            "message": finding.message,
            "suspects": [list(suspect) for suspect in finding.suspects],
            "differences": [vars(difference) for difference in finding.differences],
        },
    }
    path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '-', case.env)}-{case.digest}.json"
    write_json(path, data, remedy)
    return path


def read(path: Path) -> dict[str, Any]:
    """A counterexample file's JSON object. `CaseFileError` if it cannot be read or is no object."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CaseFileError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CaseFileError(f"{path}: cannot be read ({error})") from error
    except json.JSONDecodeError as error:
        raise CaseFileError(f"{path}: is not whole JSON, cut off or damaged ({error}); {_AGAIN}") from error
    if not isinstance(data, dict):
        raise CaseFileError(f"{path}: holds a {type(data).__name__}, expected a counterexample object")
    return data


def load(path: Path) -> Case:
    """Read a counterexample. `CaseFileError` names the file and what is wrong with it."""
    return from_json(read(path), str(path))


def from_json(data: Mapping[str, Any], where: str) -> Case:
    """The case of a counterexample object. `CaseFileError`, naming `where`, for anything else."""
    if data.get("schema") != SCHEMA:
        raise CaseFileError(f"{where}: schema {data.get('schema')!r}, expected {SCHEMA!r}; is this a counterexample?")
    try:
        snapshot = data["snapshot"]
        return Case(
            env=str(data["env"]),
            backend=str(data.get("backend", "xla")),
            actions=tuple(_decode_all(actions) for actions in data["actions"]),
            snapshot=None if snapshot is None else _decode_all(snapshot),
            seed=int(data["seed"]),
            options=_decode_all(data["options"]),
            setting=_setting(data),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CaseFileError(f"{where}: no counterexample, {type(error).__name__}: {error}; {_AGAIN}") from error


def _setting(data: Mapping[str, Any]) -> dict[str, Any]:
    """The case's setting. Files of before it had a field of its own told a precision among what was found."""
    if "setting" in data:
        return dict(data["setting"])
    made = (data.get("found") or {}).get("case") or {}
    return {name: made[name] for name in ("precision", "frame skip") if name in made} if "precision" in made else {}


def _encode_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {path: _encode(value) for path, value in values.items()}


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return {"dtype": str(value.dtype), "shape": list(np.shape(value)), "values": np.asarray(value).ravel().tolist()}
    return value


def _decode_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {path: _decode(value) for path, value in values.items()}


def _decode(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"dtype", "shape", "values"}:
        return np.array(value["values"], dtype=value["dtype"]).reshape(value["shape"])
    return value


def write_json(path: Path, data: Any, remedy: str = REMEDY) -> None:
    """Write a JSON file in one go; see `write_text`."""
    write_text(path, json.dumps(data, indent=1, default=_plain) + "\n", remedy)


def write_text(path: Path, text: str, remedy: str = REMEDY) -> Path:
    """Write a text file whole or not at all; returns the path. `files.StorageError` where it cannot be written."""
    files.write(path, text, remedy)
    return path


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path | set | frozenset):
        return str(value) if isinstance(value, Path) else sorted(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


def play(
    plugin: Plugin, table: FieldTable, paths: Sequence[str], reference: Env, candidate: Env, case: Case
) -> tuple[int, tuple[FieldDifference, ...], str] | None:
    """Play a case on both sides: None if equal, else the first differing step, its differences, and a message.

    Step 0 is the start itself. A state that is restored at each step may have forgotten what came before (a player's
    memory), so that whole episodes which are equal step by step are played once more in place, where both sides can.
    `CaseFileError` when a side cannot be put into the case's start.
    """
    found = _step_by_step(plugin, table, paths, reference, candidate, case)
    if found is None and case.snapshot is None and case.options and plugin.play.alone is not None and case.actions:
        found = _in_place(table, paths, reference, candidate, case)
    return found


def _step_by_step(
    plugin: Plugin, table: FieldTable, paths: Sequence[str], reference: Env, candidate: Env, case: Case
) -> tuple[int, tuple[FieldDifference, ...], str] | None:
    start(plugin, reference, candidate, case)
    for step in range(len(case.actions) + 1):
        message = ""
        if step:
            actions = case.actions[step - 1]
            reference.step(actions)
            if plugin.draws.noise == "tape":
                message = step_with_tape(reference, candidate, actions)
            else:
                candidate.step(actions)
        theirs, ours = reference.snapshot(), candidate.snapshot()
        found = compare_one(table, paths, theirs, ours)
        if found or message:
            return step, found, message
        if theirs.get(UNDEFINED, False):
            return None
    return None


def _in_place(
    table: FieldTable, paths: Sequence[str], reference: Env, candidate: Env, case: Case
) -> tuple[int, tuple[FieldDifference, ...], str] | None:
    """The same of a whole episode that both sides roll out. Nothing is said where one of them cannot."""
    if not isinstance(reference, Rollable) or not isinstance(candidate, Rollable):
        return None
    actions = stack(case.actions)
    (theirs,), (ours,) = (side.rollout([case.options], [actions]) for side in (reference, candidate))
    count = size(theirs.states)
    if not count:
        raise RuntimeError(f"{reference.info.name} could not play the episode: {'; '.join(theirs.faults)}")
    states = rows(ours.states, slice(0, count))
    wrong = np.logical_or.reduce([np.zeros(count, bool), *table.compare(paths, theirs.states, states).values()])
    wrong &= ~undefined(theirs.states)
    if wrong.any():
        step = int(wrong.argmax())
        return step, differences(table, list(paths), theirs.states, states, step), theirs.stopped
    threw = bool(undefined(theirs.states)[-1])
    return (count, (), theirs.stopped) if theirs.stopped and not threw else None


def compare_one(
    table: FieldTable, paths: Sequence[str], reference: Snapshot, candidate: Snapshot
) -> tuple[FieldDifference, ...]:
    """The differing paths of two snapshots, in the order of `paths`; none where the reference gives no answer."""
    if reference.get(UNDEFINED, False):
        return ()
    theirs = {path: np.asarray(reference[path])[None] for path in paths}
    ours = {path: np.asarray(candidate[path])[None] for path in paths}
    return differences(table, paths, theirs, ours, 0)


def start(plugin: Plugin, reference: Env, candidate: Env, case: Case) -> None:
    """Put both sides into the case's start."""
    if case.snapshot is not None:
        for env in (reference, candidate):
            if not isinstance(env, Restorable):
                raise CaseFileError(f"the case starts from a snapshot, but {env.info.name} is not Restorable")
            env.restore(case.snapshot)
        return
    reset_pair(plugin, reference, candidate, case.seed, case.options)


def reset_pair(plugin: Plugin, reference: Env, candidate: Env, seed: int, options: Mapping[str, Any]) -> None:
    """Reset both sides; the candidate takes the reference's first state, unless one seed gives both the same."""
    reference.reset(seed, options)
    if not plugin.sides.same_start:
        if not isinstance(candidate, Restorable):
            raise TypeError(f"{plugin.env}: same_start is False, so the candidate must be Restorable")
        candidate.reset(seed, options)
        candidate.restore(reference.snapshot())
    else:
        candidate.reset(seed, options)
