"""The error of a broken contract, and comparisons of pytrees that name the first leaf that differs and both values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


class ContractError(AssertionError):
    """A broken clause: the message names the environment, the clause, the values and the remedy."""


@contextlib.contextmanager
def holding(env: Any, remedy: str) -> Iterator[None]:
    """Make an AssertionError raised inside a `ContractError` of `env` with this remedy."""
    try:
        yield
    except ContractError:
        raise
    except AssertionError as error:
        raise ContractError(f"{name_of(env)}: {error}. Remedy: {remedy}") from error


def name_of(env: Any) -> str:
    """Id of the environment, or its class where the spec itself is broken."""
    try:
        return env.id or type(env).__name__
    except Exception:
        return type(env).__name__


def is_type(name: str, value: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """`value` has this shape and dtype."""
    assert value.shape == shape and value.dtype == dtype, (
        f"{name} must be {np.dtype(dtype).name}{list(shape)}, got {value.dtype}{list(value.shape)}"
    )


def same_types(name: str, a: Any, b: Any, lead: int = 0) -> None:
    """Equal structures, shapes and dtypes, without the first `lead` axes of `b`."""
    for where, x, y in _pairs(name, a, b):
        shape = y.shape[lead:]
        assert x.shape == shape and x.dtype == y.dtype, f"{where}: {x.dtype}{list(x.shape)} and {y.dtype}{list(shape)}"


def same_values(name: str, a: Any, b: Any) -> None:
    """Equal structures, dtypes and values. NaN equals NaN: that values are finite is another check's business."""
    for where, x, y in _pairs(name, a, b):
        x, y = plain(x), plain(y)
        same = np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
        assert x.dtype == y.dtype and same, f"{where}: {_difference(x, y)}"


def close(name: str, a: Any, b: Any, tolerance: float) -> None:
    """Equal integers; floats up to how XLA rounds another program, `tolerance` both absolute and relative."""
    for where, x, y in _pairs(name, a, b):
        x, y = plain(x), plain(y)
        if x.shape != y.shape:
            differ = np.array(True)
        elif x.dtype.kind == "f":
            differ = ~np.isclose(x, y, rtol=tolerance, atol=tolerance, equal_nan=True)
        else:
            differ = x != y
        assert not np.any(differ), f"{where}: {_difference(x, y, differ)}"


def first(wrong: Any) -> tuple[int, ...]:
    """Index of the first True."""
    return tuple(int(i) for i in np.argwhere(wrong)[0]) if np.ndim(wrong) and np.any(wrong) else ()


def plain(leaf: Any) -> np.ndarray:
    """A leaf as a NumPy array; a key as its data."""
    return np.asarray(jax.random.key_data(leaf)) if is_key(leaf) else np.asarray(leaf)


def is_key(leaf: Any) -> bool:
    """The leaf is a typed random key."""
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _pairs(name: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
    """Leaves of equal path. Struct classes must match: compares structures first."""
    tree_a, tree_b = jax.tree.structure(a), jax.tree.structure(b)
    assert tree_a == tree_b, f"{name}: structures differ:\n{tree_a}\n{tree_b}"
    for (path, x), y in zip(jax.tree_util.tree_flatten_with_path(a)[0], jax.tree.leaves(b), strict=True):
        yield f"{name}: at {jax.tree_util.keystr(path) or 'the root'}", x, y


def _difference(x: np.ndarray, y: np.ndarray, differ: np.ndarray | None = None) -> str:
    if x.shape != y.shape:
        return f"shapes {x.shape} and {y.shape}"
    at = first(x != y if differ is None else differ)
    return f"first at {at}: {x[at]} and {y[at]}"
