"""One checkpoint, by Orbax: the whole learner's state, and the facts that it takes to make sense of it.

A checkpoint is the folder `checkpoints/UPDATE` of a run. It is written under another name and renamed when all is
there: a folder of that name was complete once, whatever killed the run. `manifest.json` has the hash of every file in
it, which tells one that was damaged since, before Orbax reads it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxenv
from baselines import config as configuration
from baselines import devices, host, named_arrays
from baselines.config import Config
from baselines.errors import CheckpointError, ConfigError, DamagedCheckpointError, StorageError
from baselines.policy import TrainedPolicy
from jaxenv.policy import mismatch

FORMAT = 2
"""Format 1, by Orbax's first interface and without a manifest, can still be read."""
UNFINISHED = ".unfinished"
"""Part of the names of checkpoints that were never completed."""
_ORBAX_UNFINISHED = ".orbax-checkpoint-tmp"
_MANIFEST = "manifest.json"
_OVERHEAD = 2048
"""Bytes that an array takes on the disk beside its elements, at most."""


@dataclasses.dataclass(frozen=True)
class Facts:
    """The facts of a run that are stored beside the arrays, as JSON.

    * `mean_return`: of the last episodes, by member; None where none has ended yet.
    * `window`: the episodes that it is of (`metrics.Window.to_json`).
    * `best_update`, `best_return`: the checkpoint with the highest mean return so far, and that return.
    * `layout`: the fingerprint of the observation's layout (`ObsSpec.fingerprint`); "" where it is older than that.
    """

    env: str
    env_version: str
    config: Config
    seed: int
    members: int
    update: int
    seconds: float
    budget: dict[str, Any]
    mean_return: list[float | None]
    window: list[Any] = dataclasses.field(default_factory=list)
    best_update: int | None = None
    best_return: float | None = None
    layout: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {"format": FORMAT, **data, "config": configuration.to_json(self.config)}


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as it was read: `arrays` by dotted name (`named_arrays`)."""

    path: Path
    facts: Facts
    arrays: dict[str, np.ndarray]

    def check_version(self, env: jaxenv.Environment) -> None:
        """`CheckpointError` if it was trained on another environment, another version or other observations."""
        facts = self.facts
        if facts.env != env.id:
            raise CheckpointError(f"{self.path}: trained on {facts.env}, not on {env.id}")
        if problem := mismatch(env, facts.env_version, facts.layout or env.obs_spec.fingerprint):
            raise CheckpointError(f"{self.path}: {problem}")

    def state(self, template: Any) -> Any:
        """The state as numpy arrays, in the structure of `template` (arrays or shapes).

        `CheckpointError` naming the first array that is missing, unknown or of another shape.
        """
        leaves = []
        expected = named_arrays.shapes(template)
        for name, (shape, dtype) in expected.items():
            array = self.arrays.get(name)
            if 0 in shape:  # nothing is stored of it
                array = np.zeros(shape, dtype)
            if array is None:
                raise CheckpointError(
                    f"{self.path}: holds no array {name!r}: it is of another network or configuration"
                )
            if array.shape != shape or array.dtype != dtype:
                raise CheckpointError(
                    f"{self.path}: {name} is {array.dtype}{list(array.shape)}, this network needs "
                    f"{dtype.name}{list(shape)}; load it with the network that it was trained with"
                )
            leaves.append(array)
        extra = sorted(set(self.arrays) - set(expected))
        if extra:
            raise CheckpointError(f"{self.path}: holds {extra[0]!r}, which this network or configuration has not")
        return named_arrays.unflatten(template, leaves)

    def policies(self, *, greedy: bool) -> list[TrainedPolicy]:
        """One policy for each member, called as the run, or RUN#0, RUN#1, … where there are several.

        `CheckpointError` where it was trained on another version of its environment, or of its network.
        """
        from baselines import normalise
        from baselines.program import make_setup

        facts, name = self.facts, self.path.absolute().parent.parent.name
        env = host.make(facts.env)
        self.check_version(env)
        network = make_setup(env, facts.config, "xla").network
        parameters = self._branch("parameters", jax.eval_shape(network.init, jax.random.key(0)))
        statistics = None
        if facts.config.learner.normalise_observations:
            shape = jax.eval_shape(lambda: normalise.initial((network.features.size,)))
            statistics = self._branch("observations", shape)
        policies = []
        for member in range(facts.members):
            own, seen = jax.tree.map(lambda leaf, at=member: jnp.asarray(leaf[at]), (parameters, statistics))
            label = name if facts.members == 1 else f"{name}#{member}"
            policies.append(TrainedPolicy(facts.env, facts.env_version, label, network, own, seen, greedy))
        return policies

    def _branch(self, branch: str, shapes: Any) -> Any:
        """One branch of the state, stacked by member."""
        leaves = []
        for name, (shape, _) in named_arrays.shapes(shapes).items():
            array = self.arrays.get(f"{branch}.{name}")
            if array is None or array.shape != (self.facts.members, *shape):
                holds = "nothing" if array is None else list(array.shape[1:])
                raise CheckpointError(
                    f"{self.path}: {branch}.{name} is {holds}, its network needs {list(shape)}: "
                    "it was trained with another version of the network; train anew"
                )
            leaves.append(array)
        return jax.tree.unflatten(jax.tree.structure(shapes), leaves)


def write(target: Path, state: Any, facts: Facts) -> None:
    """Write the checkpoint `target`, which is not there yet. `state` holds numpy arrays (`devices.to_host`).

    In several processes all of them call; the main one writes. `StorageError` if the disk does not take it.
    """
    from orbax.checkpoint import v1 as orbax

    part = target.with_name(target.name + UNFINISHED)
    items = {"state": named_arrays.flatten(state), "facts": facts.to_json()}
    try:
        if target.exists():
            raise FileExistsError("it is there already")
        if devices.is_main():
            _check_room(target.parent, items["state"])
        with _orbax():
            orbax.save_checkpointables(str(part.absolute()), items)
        if devices.is_main():
            (part / _MANIFEST).write_text(json.dumps(_hashes(part), indent=1))
            os.replace(part, target)
    except Exception as error:  # Orbax and TensorStore promise no particular ones
        remove_unfinished(target.parent)
        raise StorageError(
            f"{target}: cannot write the checkpoint: {_reason(error)}. Earlier checkpoints are kept; "
            "make room on the disk or choose another folder with --out"
        ) from error


def _check_room(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """`OSError` where the disk might not take the checkpoint: Orbax, which meets that in many threads, prints pages."""
    folder.mkdir(parents=True, exist_ok=True)
    size = sum(array.nbytes for array in arrays.values()) + _OVERHEAD * (len(arrays) + 32)
    probe = folder / f".{os.getpid()}.part"
    try:
        with probe.open("wb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.write(bytes(size))
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


def read(target: Path) -> Checkpoint:
    """The checkpoint `target`.

    `DamagedCheckpointError` where it is not whole, `CheckpointError` where it may not be read or is of another format.
    """
    from orbax.checkpoint import v1 as orbax

    try:
        _check_whole(target)
        with _orbax(by_itself=True):
            found = orbax.load_checkpointables(str(target.absolute()))
        arrays, data = dict(found["state"]), dict(found["facts"])
        written = data.pop("format")
    except DamagedCheckpointError:
        raise
    except Exception as error:  # whatever bytes that are not those of a checkpoint lead to
        reason = _reason(error)
        if isinstance(error, PermissionError) or "PERMISSION_DENIED" in reason:
            raise CheckpointError(
                f"{target}: may not be read: {reason}; run as its owner, or make it readable"
            ) from error
        raise DamagedCheckpointError(target, f"not a readable checkpoint: {reason}") from error
    if written not in (1, FORMAT):
        raise CheckpointError(f"{target}: of format {written}, written by another version of baselines; train anew")
    try:
        return Checkpoint(target, Facts(**{**data, "config": configuration.from_json(data["config"])}), arrays)
    except (KeyError, TypeError, ConfigError) as error:
        raise CheckpointError(f"{target}: written by another version of baselines ({error}); train anew") from error


def _check_whole(target: Path) -> None:
    """`DamagedCheckpointError` where a file is missing or not what was written. Format 1 cannot be checked so."""
    manifest = target / _MANIFEST
    if not manifest.exists():
        if not (target / "facts" / "metadata").exists():
            raise DamagedCheckpointError(target, "not a readable checkpoint: its manifest is missing")
        return
    try:
        expected = dict(json.loads(manifest.read_text()))
    except (ValueError, TypeError) as error:
        raise DamagedCheckpointError(target, f"not a readable checkpoint: its {_MANIFEST} is damaged") from error
    found = _hashes(target)
    for name in sorted(expected):
        if expected[name] != found.get(name):
            what = "is missing" if name not in found else "is not what was written"
            raise DamagedCheckpointError(target, f"not a readable checkpoint: {name} {what}")


def _hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a checkpoint, by its path in it."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != _MANIFEST)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def remove_unfinished(folder: Path) -> None:
    """Remove what is left in `checkpoints/` of checkpoints that were never completed."""
    for ending in (UNFINISHED, _ORBAX_UNFINISHED):
        for left in folder.glob(f"*{ending}*"):
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _orbax(*, by_itself: bool = False) -> Iterator[None]:
    """Orbax's settings. `by_itself`: this process reads without waiting for the others."""
    from orbax.checkpoint import v1 as orbax

    settings = orbax.Context()
    settings.checkpointables.registry = orbax.handlers.local_registry()
    settings.checkpointables.registry.add(orbax.handlers.JsonHandler, checkpointable_name="facts")
    settings.atomicity.mode = orbax.options.AtomicityMode.ATOMIC_RENAME
    if by_itself:
        settings.multiprocessing.primary_host = jax.process_index()
        settings.multiprocessing.active_processes = {jax.process_index()}
    with settings:
        yield


def _reason(error: BaseException) -> str:
    """The first cause of an error, in one line: Orbax wraps it in what it tried next, TensorStore adds its settings."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    lines = (str(error) or type(error).__name__).strip().splitlines()
    return lines[0].partition(" [tensorstore_spec=")[0][:300]
