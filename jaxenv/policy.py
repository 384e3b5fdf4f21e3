"""Trained policies in one file each, which run with JAX alone.

>>> policy = load("package/name")  # or a file of your own: load("first.policy")
>>> carry = policy.initial_carry(batch=64)
>>> actions, carry = policy.act(key, obs, mask, carry, first)

A file is a zip archive: `facts.json`; `sampled.bin` and `greedy.bin`, the policy as programs of `jax.export` for CPUs
and CUDA and any batch; `arrays.npz`, the numbers that they read. `python -m baselines export` writes it.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import importlib.util
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jax
import jax.export
import jax.numpy as jnp
import numpy as np

from jaxenv.builtin import make
from jaxenv.commands.files import path as expanded
from jaxenv.commands.files import write
from jaxenv.environment import Environment
from jaxenv.obs import ObsSpec

FORMAT = 1
SUFFIX = ".policy"
PLATFORMS = ("cpu", "cuda")
_PROGRAMS = ("sampled", "greedy")
_NAME = re.compile(r"[A-Za-z_]\w*/[\w.-]+")
_REMEDY = "choose another place for the file"


class PolicyFileError(ValueError):
    """A file that holds no policy, or one of another environment, version or observation layout."""


@dataclasses.dataclass(frozen=True, eq=False)
class ExportedPolicy:
    """A policy from a file. `greedy`: the most likely action (the mean, if continuous) instead of a draw.

    * ``env``, ``env_version``: id and version of the environment that it plays.
    * ``facts``: what the file says of it: the run, the commit, the versions, ratings with intervals.
    """

    env: str
    env_version: str
    name: str
    facts: Mapping[str, Any]
    program: jax.export.Exported
    arrays: tuple[jax.Array, ...]
    spec: ObsSpec
    greedy: bool = False

    def __repr__(self) -> str:
        kind = "greedy, " if self.greedy else ""
        return f"ExportedPolicy({self.name}: {kind}plays {self.env} version {self.env_version})"

    def initial_carry(self, batch: int) -> tuple[jax.Array, ...]:
        """The memory before any first step: zeros `[batch, …]`, or `()` if it remembers nothing."""
        return tuple(jnp.zeros((batch, *shape), dtype) for shape, dtype in self.facts["carry"])

    def act(
        self, key: jax.Array, obs: Any, mask: jax.Array | None, carry: Any, first: jax.Array
    ) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        """`(actions, carry)` for a batch; pure, and ready for `jax.jit`.

        * ``key``: one random key for the whole batch.
        * ``obs``: one player's observation as the environment gives it, every leaf `[batch, ...]`.
        * ``mask``: bool `[batch, n]`, the legal actions; None for continuous actions.
        * ``first``: bool `[batch]`, an episode begins here: the memory of that row is cleared before the step.

        Actions are int32 `[batch]`, or float32 `[batch, *shape]` within the bounds of the action space.
        `ValueError` where a mask is missing.
        """
        if self.facts["masked"] and mask is None:
            raise ValueError(f"{self.name} chooses among legal actions: give mask, bool [batch, n] (env.legal_actions)")
        words = jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else key
        seen = tuple(self.spec.get(obs, field.name) for field in self.spec.fields)
        masks = (mask,) if self.facts["masked"] else ()
        actions, carry = self.program.call(words, seen, masks, tuple(carry), first, self.arrays)
        return actions, tuple(carry)


def load(source: str | Path, *, greedy: bool = False) -> ExportedPolicy:
    """The policy in a file, or one that a package brings: "PACKAGE/NAME" is `PACKAGE/policies/NAME.policy`.

    `FileNotFoundError` where there is none (it names those that there are); `PolicyFileError` for a file that holds no
    policy, or one that was trained on another version or observation layout than the installed environment's.
    """
    file = find(source)
    facts, programs, arrays = _read(file)
    env = make(facts["env"])
    if problem := mismatch(env, facts["env_version"], facts["layout"]):
        raise PolicyFileError(f"{source}: {problem}")
    program = jax.export.deserialize(bytearray(programs["greedy" if greedy else "sampled"]))
    if not program.nr_devices:  # JAX before 0.9 does not find the number in a file of a later one
        program = dataclasses.replace(program, nr_devices=1)
    return ExportedPolicy(
        facts["env"], facts["env_version"], facts["name"], facts, program, arrays, env.obs_spec, greedy
    )


def mismatch(env: Environment[Any, Any, Any], version: str, layout: str) -> str:
    """The reason why a policy of this version and observation layout cannot play the installed `env`; "" if it can."""
    train_anew = "Train anew, or install the version that it was trained on"
    if version != env.version:
        return (
            f"trained on {env.id} version {version}; the installed version is {env.version}, which behaves "
            f"differently. {train_anew}"
        )
    own = env.obs_spec.fingerprint
    if layout != own:
        return f"reads observations of layout {layout}; the installed {env.id} gives layout {own}. {train_anew}"
    return ""


def find(source: str | Path) -> Path:
    """The file that `load` means. `FileNotFoundError`, or `PolicyFileError` for a folder that may not be read."""
    file = expanded(source)
    try:
        if file.is_file():
            return file
    except PermissionError as error:
        raise PolicyFileError(_unreadable(source, error)) from error
    if _NAME.fullmatch(str(source)):
        package, _, name = str(source).partition("/")
        if importlib.util.find_spec(package) is not None:
            folder = Path(str(resources.files(package))) / "policies"
            if (folder / (name + SUFFIX)).is_file():
                return folder / (name + SUFFIX)
            known = shipped(package)
            close = difflib.get_close_matches(name, [one.partition("/")[2] for one in known], n=1)
            told = f"{package} brings {', '.join(known) or 'none'}"
            told += f"; did you mean {package}/{close[0]}?" if close else ""
            raise FileNotFoundError(f"{source}: no file of that name, and no policy of that name: {told}")
    if file.is_dir():
        raise FileNotFoundError(
            f"{source}: a folder, not a policy's file; of a run, `python -m baselines export RUN FILE` makes a file "
            "and `python -m baselines play RUN` shows an episode"
        )
    raise FileNotFoundError(f"{source}: no such file; give a policy's file, or PACKAGE/NAME of one that ships")


def shipped(package: str) -> tuple[str, ...]:
    """Names of the policies that a package brings, as `load` takes them; () for a package that is not there."""
    if importlib.util.find_spec(package) is None:
        return ()
    folder = Path(str(resources.files(package))) / "policies"
    return tuple(f"{package}/{one.stem}" for one in sorted(folder.glob("*" + SUFFIX)))


def save(
    file: Path, facts: Mapping[str, Any], programs: Mapping[str, jax.export.Exported], arrays: Sequence[Any]
) -> None:
    """Write a policy's file, whole or not at all. `facts`: see `baselines.export`. `StorageError`."""
    held, numbers = io.BytesIO(), io.BytesIO()
    named: dict[str, Any] = {f"a{place}": np.asarray(one) for place, one in enumerate(arrays)}
    np.savez_compressed(numbers, **named)
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        contents = {"facts.json": json.dumps({"format": FORMAT, **facts}, indent=1).encode()}
        contents |= {f"{name}.bin": bytes(program.serialize()) for name, program in programs.items()}
        for name, data in {**contents, "arrays.npz": numbers.getvalue()}.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)  # a fixed date: equal files are equal
    write(file, held.getvalue(), _REMEDY)


def _read(file: Path) -> tuple[dict[str, Any], dict[str, bytes], tuple[jax.Array, ...]]:
    try:
        with zipfile.ZipFile(file) as archive:
            facts = json.loads(archive.read("facts.json"))
            if facts["format"] != FORMAT:
                raise PolicyFileError(f"{file}: of format {facts['format']}, this jaxenv reads {FORMAT}; update jaxenv")
            programs = {name: archive.read(f"{name}.bin") for name in _PROGRAMS}
            with np.load(io.BytesIO(archive.read("arrays.npz"))) as numbers:
                arrays = tuple(jnp.asarray(numbers[f"a{place}"]) for place in range(len(numbers.files)))
    except PolicyFileError:
        raise
    except PermissionError as error:
        raise PolicyFileError(_unreadable(file, error)) from error
    except Exception as error:  # whatever bytes that are no policy lead to
        reason = str(error) or type(error).__name__
        raise PolicyFileError(
            f"{file}: holds no policy ({reason}); `python -m baselines export RUN FILE` writes one"
        ) from error
    return facts, programs, arrays


def _unreadable(file: str | Path, error: OSError) -> str:
    return f"{file}: may not be read: {error.strerror}; run as its owner, or make it readable"


def export(function: Any, arguments: Any) -> jax.export.Exported:
    """`function` for all `PLATFORMS`; `arguments`: shapes, whose batch may be symbolic."""
    return jax.export.export(jax.jit(function), platforms=PLATFORMS)(*arguments)


def batch_of(*shapes: tuple[tuple[int, ...], Any]) -> tuple[jax.ShapeDtypeStruct, ...]:
    """Arrays `[batch, *shape]` of any batch, all of the same one."""
    return tuple(jax.ShapeDtypeStruct((_batch(), *shape), dtype) for shape, dtype in shapes)


@functools.cache
def _batch() -> Any:
    return jax.export.symbolic_shape("batch")[0]
