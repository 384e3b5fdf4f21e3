"""Checkpoints by Orbax: the whole learner's state and what it takes to make sense of it.

A checkpoint is the folder `checkpoints/<update>` of a run. Orbax writes beside it and renames when all is there, so
that a folder of that name is complete, whatever killed the run. `best` names the one with the highest mean return.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxenv
from baselines import config as configuration
from baselines import devices
from baselines.config import Config
from baselines.errors import CheckpointError, StorageError
from baselines.policy import TrainedPolicy

FORMAT = 1
_KEPT = 2
"""Checkpoints kept beside the best one."""


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is stored beside the arrays, as JSON."""

    env: str
    env_version: str
    config: Config
    seed: int
    members: int
    update: int
    seconds: float
    budget: dict[str, Any]
    mean_return: list[float | None]

    def to_json(self) -> dict[str, Any]:
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {"format": FORMAT, **data, "config": configuration.to_json(self.config)}


def save(run: Path, state: Any, facts: Facts, is_best: bool) -> Path:
    """Write a checkpoint and drop old ones. `state` holds numpy arrays (`devices.to_host`); the main process calls.

    `StorageError` if the disk does not take it; what was there before is still there.
    """
    import orbax.checkpoint as orbax

    target = run / "checkpoints" / str(facts.update)
    items = orbax.args.Composite(
        state=orbax.args.StandardSave(_flatten(state)), facts=orbax.args.JsonSave(facts.to_json())
    )
    try:
        with _checkpointer() as checkpointer:
            checkpointer.save(target.absolute(), items, force=True)
        if is_best:
            _write(run / "checkpoints" / "best", str(facts.update))
    except (OSError, ValueError, RuntimeError) as error:
        raise StorageError(
            f"{target}: cannot write the checkpoint: {error}. Earlier checkpoints are kept; "
            "make room on the disk or choose another folder with --out"
        ) from error
    _drop_old(run)
    return target


def updates(run: Path) -> list[int]:
    """Complete checkpoints of a run, ascending."""
    folder = run / "checkpoints"
    names = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return sorted(int(name) for name in names if name.isdigit())


def find(path: Path, which: str = "latest") -> Path:
    """The checkpoint of a run ("latest" or "best"), or the checkpoint itself that `path` is."""
    if path.name.isdigit() and path.parent.name == "checkpoints" and path.is_dir():
        return path
    found = updates(path)
    if not found:
        raise CheckpointError(f"{path}: no checkpoint; give the folder of a run, which holds the folder checkpoints/")
    best = path / "checkpoints" / "best"
    if which == "best" and best.exists() and (update := best.read_text().strip()).isdigit() and int(update) in found:
        return best.with_name(update)
    return path / "checkpoints" / str(found[-1])


def read_facts(checkpoint: Path) -> Facts:
    """What is stored beside the arrays. `CheckpointError` if it is not of this format."""
    import orbax.checkpoint as orbax

    try:
        with _checkpointer() as checkpointer:
            items = orbax.args.Composite(facts=orbax.args.JsonRestore())
            data = dict(checkpointer.restore(checkpoint.absolute(), items)["facts"])
        if data.pop("format", None) != FORMAT:
            raise CheckpointError(f"{checkpoint}: written by another version of baselines; train anew")
        data["config"] = configuration.from_json(data["config"])
        return Facts(**data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{checkpoint}: not a readable checkpoint: {error}") from error


def check_version(checkpoint: Path, facts: Facts, env: jaxenv.Environment) -> None:
    """`CheckpointError` if it was trained on another environment, or another version of it."""
    if facts.env != env.id:
        raise CheckpointError(f"{checkpoint}: trained on {facts.env}, not on {env.id}")
    if facts.env_version != env.version:
        raise CheckpointError(
            f"{checkpoint}: trained on {facts.env} version {facts.env_version}; the installed version is "
            f"{env.version}, which behaves differently. Train anew, or install the version that it was trained on"
        )


def restore(checkpoint: Path, template: Any) -> Any:
    """The state as numpy arrays, in the structure of `template` (arrays or shapes).

    `CheckpointError` naming the first array that is missing, unknown or of another shape.
    """
    found = _read(checkpoint)
    leaves = []
    expected = _flatten_shapes(template)
    for name, (shape, dtype) in expected.items():
        if name not in found:
            raise CheckpointError(f"{checkpoint}: holds no array {name!r}: it is of another network or configuration")
        array = found[name]
        if array.shape != shape or array.dtype != dtype:
            raise CheckpointError(
                f"{checkpoint}: {name} is {array.dtype}{list(array.shape)}, this network needs "
                f"{np.dtype(dtype).name}{list(shape)}; load it with the network that it was trained with"
            )
        leaves.append(array)
    extra = sorted(set(found) - set(expected))
    if extra:
        raise CheckpointError(f"{checkpoint}: holds {extra[0]!r}, which this network or configuration has not")
    return _unflatten(template, leaves)


def load_policies(path: Path, *, greedy: bool, which: str) -> list[TrainedPolicy]:
    """`baselines.policy.load`, always a list."""
    from baselines.program import make_setup

    checkpoint = find(path, which)
    facts = read_facts(checkpoint)
    env = jaxenv.make(facts.env)
    check_version(checkpoint, facts, env)
    network = make_setup(env, facts.config, "xla").network
    found = _read(checkpoint)
    shapes = jax.eval_shape(network.init, jax.random.key(0))
    parameters = _pick(checkpoint, found, "parameters", shapes, facts.members)
    statistics = None
    if facts.config.learner.normalise_observations:
        from baselines import normalise

        shape = jax.eval_shape(lambda: normalise.initial((network.features.size,)))
        statistics = _pick(checkpoint, found, "observations", shape, facts.members)
    name = path.name if not path.name.isdigit() else path.parent.parent.name
    policies = []
    for member in range(facts.members):
        own, seen = jax.tree.map(lambda leaf, member=member: jnp.asarray(leaf[member]), (parameters, statistics))
        label = name if facts.members == 1 else f"{name}#{member}"
        policies.append(TrainedPolicy(facts.env, facts.env_version, label, network, own, seen, greedy))
    return policies


def _pick(checkpoint: Path, found: dict[str, np.ndarray], branch: str, shapes: Any, members: int) -> Any:
    """One branch of the state, stacked by member."""
    leaves = []
    for name, (shape, _) in _flatten_shapes(shapes).items():
        array = found.get(f"{branch}.{name}")
        if array is None or array.shape != (members, *shape):
            holds = "nothing" if array is None else list(array.shape[1:])
            raise CheckpointError(
                f"{checkpoint}: {branch}.{name} is {holds}, its network needs {list(shape)}: "
                "it was trained with another version of the network; train anew"
            )
        leaves.append(array)
    return jax.tree.unflatten(jax.tree.structure(shapes), leaves)


def _read(checkpoint: Path) -> dict[str, np.ndarray]:
    import orbax.checkpoint as orbax

    try:
        with _checkpointer() as checkpointer:
            items = orbax.args.Composite(state=orbax.args.StandardRestore())
            return dict(checkpointer.restore(checkpoint.absolute(), items)["state"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{checkpoint}: not a readable checkpoint: {error}") from error


def _checkpointer() -> Any:
    import orbax.checkpoint as orbax

    # Arrays are on the host: a process that reads or writes does so by itself, without a barrier for the others.
    own = jax.process_index()
    options = orbax.options.MultiprocessingOptions(primary_host=own, active_processes={own})
    handler = orbax.CompositeCheckpointHandler(
        composite_options=orbax.CompositeOptions(multiprocessing_options=options)
    )
    return orbax.Checkpointer(handler, multiprocessing_options=options)


def _flatten(state: Any) -> dict[str, np.ndarray]:
    """Arrays by dotted name. Random keys are stored as their words."""
    leaves = jax.tree_util.tree_flatten_with_path(state)[0]
    return {_name(path): np.asarray(_plain(leaf)) for path, leaf in leaves}


def _flatten_shapes(template: Any) -> dict[str, tuple[tuple[int, ...], Any]]:
    leaves = jax.tree_util.tree_flatten_with_path(jax.eval_shape(lambda: jax.tree.map(_plain, _zeros(template))))[0]
    return {_name(path): (leaf.shape, leaf.dtype) for path, leaf in leaves}


def _unflatten(template: Any, arrays: list[np.ndarray]) -> Any:
    leaves, structure = jax.tree.flatten(template)
    wrapped = [
        jax.random.wrap_key_data(jnp.asarray(a)) if _is_key(t) else a for t, a in zip(leaves, arrays, strict=True)
    ]
    return jax.tree.unflatten(structure, wrapped)


def _zeros(template: Any) -> Any:
    def zero(leaf: Any) -> Any:
        return jax.random.split(jax.random.key(0), leaf.shape) if _is_key(leaf) else jnp.zeros(leaf.shape, leaf.dtype)

    return jax.tree.map(zero, template)


def _plain(leaf: Any) -> Any:
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _name(path: Any) -> str:
    return ".".join(str(getattr(part, "name", getattr(part, "key", getattr(part, "idx", part)))) for part in path)


def _write(path: Path, text: str) -> None:
    """All or nothing."""
    part = path.with_suffix(".part")
    part.write_text(text)
    os.replace(part, path)


def write_json(path: Path, data: Any) -> None:
    """All or nothing. `StorageError` if the disk does not take it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, json.dumps(data, indent=2) + "\n")
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


def _drop_old(run: Path) -> None:
    if not devices.is_main():
        return
    found = updates(run)
    best = find(run, "best").name
    for update in found[:-_KEPT]:
        if str(update) != best:
            shutil.rmtree(run / "checkpoints" / str(update), ignore_errors=True)
