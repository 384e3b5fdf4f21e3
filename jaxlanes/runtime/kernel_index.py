"""The kernel index: finds the kernel of a function that another process traced, without tracing it again.

An entry lies beside the kernels: text, and the arrays that are the kernel's last arguments. Its key is the hash of all
that decides the result of tracing. It is used only if it is what was written; else the function is traced.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import json
import platform
from contextlib import suppress
from typing import Any

import jax
import jaxlib.version
import numpy as np

from jaxlanes.emit.targets import host_target
from jaxlanes.errors import CacheError, CompilerNotFoundError
from jaxlanes.runtime import cache
from jaxlanes.runtime.batched import Batched, key_impl
from jaxlanes.runtime.compiler import locate_compiler
from jaxlanes.runtime.kernel import load_kernel
from jaxlanes.runtime.serialization import NotDescribableError, decode_structure, encode, encode_structure
from jaxlanes.runtime.source_hash import UnknownSourcesError, hash_of
from jaxlanes.trace.axes import Axes
from jaxlanes.trace.program import is_key

_FORMAT = 2
_UNREADABLE = (ValueError, KeyError, TypeError, ImportError, AttributeError)
_IRRELEVANT = ("cache", "log", "traceback", "transfer_guard", "platform", "num_cpu_devices", "default_device", "pprint",
               "distributed", "explain", "no_execution")  # fmt: skip
"""Parts of the names of JAX's settings that do not change what a function computes."""


@dataclasses.dataclass(frozen=True, eq=False)
class Entry:
    """A kernel and `structure`, the pytree structure of its function's results."""

    batched: Batched
    structure: Any


def entry_key(fingerprint: str, name: str, structure: Any, types: Any, axes: Axes, fast: bool) -> str | None:
    """Hash of all that decides the kernel of a function and arguments; None where that cannot be known.

    `structure`, `types`, `axes`: of the function's arguments, on one lane.
    """
    try:
        compiler, target = locate_compiler(), host_target()
        parts = [
            *(_FORMAT, fingerprint, name, encode_structure(structure), [_type(t) for t in types], axes, fast),
            *(jax.__version__, jaxlib.version.__version__, np.__version__, platform.python_version()),
            *(compiler, target.name, encode(list(settings())), hash_of(["jaxlanes"])),
        ]
    except (NotDescribableError, UnknownSourcesError, CompilerNotFoundError):
        return None
    return cache.content_hash(json.dumps(parts))


def load(key: str, axes: Axes) -> Entry | None:
    """The kernel, loaded; None if it is not there or not what was written."""
    try:
        stored = (cache.cache_folder() / _name(key)).read_bytes()
    except (OSError, CacheError):  # whoever compiles will say it
        return None
    digest, content = stored[:64], stored[64:]
    if hashlib.sha256(content).hexdigest().encode() != digest:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        text = json.loads(bytes(arrays["text"]))
        constants = tuple(arrays[f"constant{i}"] for i in range(text["constants"]))
    kernel = None
    try:
        structure = decode_structure(text["structure"])
    except _UNREADABLE:  # a class is another than it was
        return None
    with suppress(CacheError):
        kernel = load_kernel(text["library"], tuple((dtype, size) for dtype, size in text["outputs"]), constants)
    if kernel is None:
        return None
    outputs = tuple(_read_type(output) for output in text["results"])
    return Entry(Batched(kernel, outputs, axes), structure)


def save(key: str, entry: Entry) -> None:
    """Keep it for other processes, if another could read it."""
    kernel = entry.batched.kernel
    try:
        text = {
            "library": kernel.library_key,
            "outputs": kernel.outputs,
            "results": [_type(output) for output in entry.batched.outputs],
            "structure": encode_structure(entry.structure),
            "constants": len(kernel.large_constants),
        }
        if decode_structure(json.loads(json.dumps(text["structure"]))) != entry.structure:
            return
    except (NotDescribableError, *_UNREADABLE):
        return
    constants = {f"constant{i}": array for i, array in enumerate(kernel.large_constants)}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, text=np.frombuffer(json.dumps(text).encode(), np.uint8), **constants)
    content = file.getvalue()
    with suppress(OSError, CacheError):  # a full disk costs the next process its time, and this one nothing
        cache.write(_name(key), hashlib.sha256(content).hexdigest().encode() + content)


def _name(key: str) -> str:
    return f"{key}.index"


def _type(value: Any) -> list[Any]:
    """Shape, dtype, the generator of keys, and the weak type."""
    if is_key(value.dtype):
        return [list(value.shape), "key", key_impl(value.dtype), False]
    return [list(value.shape), np.dtype(value.dtype).name, None, bool(value.weak_type)]


def _read_type(text: list[Any]) -> jax.ShapeDtypeStruct:
    shape, name, generator, weak = text
    dtype = np.dtype(name) if generator is None else jax.eval_shape(lambda: jax.random.key(0, impl=generator)).dtype
    return jax.ShapeDtypeStruct(tuple(shape), dtype, weak_type=weak)


def settings() -> tuple[tuple[str, Any], ...]:
    """JAX's settings in this thread, but for those that do not change what is computed."""
    values = jax.config.values
    return tuple((name, getattr(jax.config, name, values[name])) for name in _relevant(frozenset(values)))


@functools.lru_cache(maxsize=4)
def _relevant(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if not any(part in name for part in _IRRELEVANT)))
