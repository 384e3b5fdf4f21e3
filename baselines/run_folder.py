"""The folder of a run: what is in it, which of its checkpoints is meant, and what a run that goes on finds there.

`config.json` what was asked for, `metrics.jsonl` a row a chunk, `checkpoints/UPDATE/` the last two and the best, whose
number `checkpoints/best` holds; at the end `curve.png`, `curve.html` and `result.json`.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

from baselines import checkpoint as checkpoints
from baselines import config as configuration
from baselines.checkpoint import Checkpoint, Facts
from baselines.errors import (
    CheckpointError,
    ConfigError,
    DamagedCheckpointError,
    DamagedCheckpointWarning,
    StorageError,
)
from baselines.sharding import Part
from jaxenv.commands import files

REMEDY = "choose another folder with --out"
_KEPT = 2
"""Checkpoints kept beside the best one."""
_DAMAGED, _LATER = "damaged", "set-aside"
"""Endings of checkpoints that a run did not go on from: not whole, or later than the one that it was given."""


def locate(path: Path) -> tuple[Path, int | None]:
    """`(the run's folder, None)`, or with the number of the checkpoint that `path` is."""
    inside = path.absolute().parent
    if path.name.isdigit() and inside.name == "checkpoints" and not (path / "config.json").exists():
        return inside.parent if path.parent == Path() else path.parent.parent, int(path.name)
    if path.name == "checkpoints" and path.is_dir():
        return path.parent, None
    return path, None


def updates(run: Path) -> list[int]:
    """Numbers of a run's checkpoints, ascending."""
    try:
        names = [path.name for path in (run / "checkpoints").iterdir() if path.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise CheckpointError(
            f"{run}: may not be read: {error.strerror}; run as its owner, or make it readable"
        ) from error
    return sorted(int(name) for name in names if name.isdigit())


def open_run(path: Path, which: str = "latest") -> Checkpoint:
    """The checkpoint that `path` is; or of the run that it is the latest one that is whole, or the "best" one.

    A `DamagedCheckpointWarning` names newer ones that are not whole. `CheckpointError` if there is none,
    `DamagedCheckpointError` if the one that was asked for is not whole.
    """
    run, number = locate(path)
    found = updates(run)
    if not found:
        raise CheckpointError(f"{path}: no checkpoint; give the folder of a run, which holds the folder checkpoints/")
    if number is None and which == "best":
        number = best_update(run)
    if number is not None:
        return _read_named(run, number, found)
    checkpoint, damaged = _read_latest(run, found)
    if damaged:
        told = f"{'; '.join(map(str, damaged))}. {checkpoint.path} is used instead"
        warnings.warn(told, DamagedCheckpointWarning, stacklevel=2)
    return checkpoint


def open_to_resume(
    run: Path, number: int | None = None
) -> tuple[Checkpoint | None, tuple[DamagedCheckpointError, ...]]:
    """`(the checkpoint to go on from, what was wrong with newer ones)`; None for a run that has none yet.

    Errors as in `open_run`.
    """
    found = updates(run)
    if number is not None:
        return _read_named(run, number, found), ()
    if found:
        return _read_latest(run, found)
    read_config(run)
    return None, ()


def best_so_far(run: Path, facts: Facts) -> tuple[int | None, float]:
    """`(update, mean return)` of the best checkpoint that is still there, for a run that goes on from `facts`."""
    there = updates(run)
    if facts.best_update in there:
        return facts.best_update, -math.inf if facts.best_return is None else facts.best_return
    known = [mean for mean in facts.mean_return if mean is not None]
    # Format 1 does not say which one it was: the file does, and it has to be beaten by this one's level.
    return best_update(run) or facts.update, sum(known) / len(known) if known else -math.inf


def best_update(run: Path) -> int | None:
    """The number of the checkpoint with the highest mean return, if it is known and there."""
    try:
        text = (run / "checkpoints" / "best").read_text().strip()
    except (OSError, ValueError):
        return None
    return int(text) if text.isdigit() and int(text) in updates(run) else None


def keep(run: Path, facts: Facts) -> None:
    """After a checkpoint was written: note which is the best one, and remove old ones. `StorageError`."""
    if facts.best_update is not None and facts.best_update != best_update(run):
        files.write(run / "checkpoints" / "best", f"{facts.best_update}\n", REMEDY)
    for update in updates(run)[:-_KEPT]:
        if update != facts.best_update:
            # Renamed first: one that is half removed must not be taken for a checkpoint.
            going = _place(run, update).with_name(f"{update}{checkpoints.UNFINISHED}")
            try:
                os.replace(_place(run, update), going)
            except OSError:
                continue  # it is tried again at the next one
            shutil.rmtree(going, ignore_errors=True)


def settle(run: Path, checkpoint: Checkpoint | None, damaged: tuple[DamagedCheckpointError, ...]) -> list[str]:
    """Make a run ready to go on from `checkpoint` (None: from its beginning); says what was done, a line each.

    Newer checkpoints get other names, and nothing is lost. `StorageError` where the folder cannot be written.
    """
    said = [str(error) for error in damaged]
    folder = run / "checkpoints"
    checkpoints.remove_unfinished(folder)
    for left in [*run.glob(".*.part"), *folder.glob(".*.part")]:
        left.unlink(missing_ok=True)
    reached = -1 if checkpoint is None else checkpoint.facts.update
    for update in updates(run):
        if update > reached:
            ending = _DAMAGED if _place(run, update) in {error.path for error in damaged} else _LATER
            said.append(f"checkpoint {update} is kept as {_rename(_place(run, update), ending).name}")
    best = None if checkpoint is None else checkpoint.facts.best_update
    if best in updates(run) and best != best_update(run):  # stopped between the two
        files.write(folder / "best", f"{best}\n", REMEDY)
    return said


def make(run: Path) -> None:
    """The folder and that of its checkpoints. `StorageError` if they cannot be made."""
    try:
        (run / "checkpoints").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(run, error, REMEDY) from error


def check_free(run: Path) -> None:
    """`ConfigError` where a new run would write over another, or over the `config.json` of another program."""
    if updates(run):
        raise ConfigError(f"{run}: holds a run already; go on with it by --resume, or choose another --out")
    if (run / "config.json").exists():
        try:
            read_config(run)
        except CheckpointError as error:
            raise ConfigError(f"{error}, in another folder: choose another --out") from error


def write_config(run: Path, facts: Facts, backend: str, made_with: dict[str, Any], part: Part | None = None) -> None:
    """`config.json`: what the run was asked for, for people, and for a run that was stopped before any checkpoint."""
    data = {
        "env": facts.env,
        "env_version": facts.env_version,
        "seed": facts.seed,
        "seeds": facts.members,
        "budget": facts.budget,
        "backend": backend,
        "resumed_at_update": facts.update or None,
        **({"shard": part.to_json()} if part else {}),
        "config": configuration.to_json(facts.config),
        "made_with": made_with,
    }
    files.write_json(run / "config.json", data, REMEDY)


def read_config(run: Path) -> Facts:
    """The beginning of a run that has no checkpoint yet, from its `config.json`. `CheckpointError` without one."""
    path = run / "config.json"
    try:
        data = json.loads(path.read_text())
        config = configuration.from_json(data["config"])
        numbers = {"seed": int(data["seed"]), "members": int(data["seeds"]), "update": 0, "seconds": 0.0}
        return Facts(data["env"], data["env_version"], config, budget=dict(data["budget"]), mean_return=[], **numbers)
    except FileNotFoundError:
        raise CheckpointError(
            f"{run}: no checkpoint; give the folder of a run, which holds the folder checkpoints/"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, ConfigError) as error:
        raise CheckpointError(f"{path}: not what a run has written ({error}); begin a new run") from error


def _read_latest(run: Path, found: list[int]) -> tuple[Checkpoint, tuple[DamagedCheckpointError, ...]]:
    damaged: list[DamagedCheckpointError] = []
    for update in reversed(found):
        try:
            return checkpoints.read(_place(run, update)), tuple(damaged)
        except DamagedCheckpointError as error:
            damaged.append(error)
    raise CheckpointError(f"{run}: none of its checkpoints can be read ({'; '.join(map(str, damaged))}); train anew")


def _read_named(run: Path, update: int, found: list[int]) -> Checkpoint:
    if update not in found:
        raise CheckpointError(
            f"{_place(run, update)}: no such checkpoint; there are: {', '.join(map(str, found)) or 'none'}"
        )
    try:
        return checkpoints.read(_place(run, update))
    except DamagedCheckpointError as error:
        others = ", ".join(str(other) for other in found if other != update) or "none"
        raise DamagedCheckpointError(error.path, f"{error.reason}; other checkpoints of the run: {others}") from error


def _place(run: Path, update: int) -> Path:
    return run / "checkpoints" / str(update)


def _rename(place: Path, ending: str) -> Path:
    """Another name for a folder, which nothing has yet."""
    names = (f"{place.name}.{ending}" + (f"-{count}" if count else "") for count in range(10_000))
    target = next(place.with_name(name) for name in names if not place.with_name(name).exists())
    try:
        os.replace(place, target)
    except OSError as error:
        raise StorageError(f"{place}: cannot be renamed: {error.strerror}; make the run's folder writable") from error
    return target
